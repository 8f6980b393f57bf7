"""Publications whose values stand in `resources/`, and what each comparison with one is made of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Publication:
    """One publication.

    Attributes
    ----------
    title : str
        How a caption names it.
    resources : tuple of str
        Files of its values in ``resources/``.
    tables : tuple of str
        Names of the tables that a comparison writes.
    task : str
        The task whose runs are compared; empty where the values themselves
        say so.
    """

    title: str
    resources: tuple
    tables: tuple
    task: str = ""


PUBLICATIONS = {
    "yuan_hong": Publication(
        "Yuan & Hong, arXiv 2402.02561", ("yuan_hong_tables.csv",), ("table1", "table2", "table3", "table4")
    ),
    "levy": Publication("Levy et al., arXiv 2601.18532", ("levy_reported.csv",), ("reported",), "segmentation"),
    "acft": Publication(
        "Zhou et al., Medical Image Analysis 71 (2021) 101997",
        ("acft_table4_alc.csv", "acft_fig5_savings.csv"),
        ("alc", "savings"),
        "classification",
    ),
    "lmi_al": Publication(
        "Ma et al., IJCNN 2025, doi 10.1109/IJCNN64981.2025.11229353",
        ("lmi_al_reported.csv",),
        ("reported",),
        "segmentation",
    ),
}

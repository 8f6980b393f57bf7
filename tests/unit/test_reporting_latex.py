"""Every kind of LaTeX table in one document: pdflatex makes it, and nothing runs over the line."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_study import study_summary

from coldstart.publications import PUBLICATIONS
from coldstart.reporting import plain_tables, table_formats
from coldstart.reporting.efficiency import efficiency
from coldstart.reporting.efficiency_table import efficiency_table
from coldstart.reporting.encoder_tables import encoder_table, pair_table
from coldstart.reporting.encoders import study as encoder_study
from coldstart.reporting.encoders import targets
from coldstart.reporting.paired import study
from coldstart.reporting.paired_tables import paired_table, ranks_table
from coldstart.reporting.published import compare, read_published
from coldstart.reporting.published_tables import published_table
from coldstart.reporting.reported_tables import reported_tables
from coldstart.reporting.summary import STAGES
from coldstart.reporting.tables import comparison_table
from coldstart.reporting.variance import variance_table

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
NOTE = 'Synthetic: 100 % made up_by #1, 5 < 6 > 4, a|b, [c] {d} ~ ^ \\ & $ "quoted" ≤ 10⁹ ±'
STOP = {"patience": 3, "min_gain": 0.0}
DOCUMENT = r"""\documentclass[a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage{booktabs,graphicx}
\extrafloats{200}
\begin{document}
%s
\end{document}
"""


def compared(summary):
    """Tables of the arms of a study: values, pairs, ranks, selection and training apart, labels to a target."""
    for task, metrics in (("classification", ["auprc", "f1", "auroc"]), ("segmentation", ["dice", "hd_px"])):
        for stage in STAGES:
            for wanted in (metrics[:1], metrics):
                yield table_formats.to_latex(comparison_table(summary, task, stage, wanted, note=NOTE))
            studies = [study(summary, task, stage, metric, full="full") for metric in metrics]
            yield plain_tables.to_latex(paired_table(studies, note=NOTE))
            yield plain_tables.to_latex(ranks_table(studies, note=NOTE))
        yield plain_tables.to_latex(variance_table(summary, task, metrics, note=NOTE))
    for target in (0.4, 0.6, 0.99):
        found = efficiency(summary, "classification", "auprc", pool=400, stop=STOP, target=target, of="value")
        yield plain_tables.to_latex(efficiency_table(found, "study", note=NOTE))


def encoders():
    """Tables of two embeddings."""
    rng = np.random.default_rng(0)
    labels = pd.Series(np.arange(40) % 2, dtype="Int64")
    models = {"sees": rng.normal(size=(40, 4)) + labels.to_numpy(int)[:, None], "blind": rng.normal(size=(40, 3))}
    patients = [f"p{i // 2}" for i in range(40)]
    found = encoder_study(models, *targets("classification", labels=labels), patients, (6, 3), pool=40)
    for table in (encoder_table, pair_table):
        yield plain_tables.to_latex(table(found, dataset="study", task="classification", note=NOTE))


def published(summary):
    """Tables of the publications beside the study."""
    # One query is the published one.
    values = compare(
        summary[summary["query"] != "bald"],
        read_published(RESOURCES / "yuan_hong_tables.csv"),
        {"random": ("none", "random")},
    )
    for number in range(1, 5):
        yield table_formats.to_latex(published_table(values, number, note=NOTE))
    settings = {"stop": STOP, "alc": "linear", "target": 1.0, "of": "full", "metrics": None}
    for paper in ("levy", "acft", "lmi_al"):
        paths = [RESOURCES / name for name in PUBLICATIONS[paper].resources]
        for table in reported_tables(paper, paths, summary, arms={}, settings=settings, pool=400, note=NOTE):
            yield plain_tables.to_latex(table)


@pytest.mark.slow
def test_all_tables_compile_and_stay_within_the_line(tmp_path):
    if shutil.which("pdflatex") is None:
        pytest.skip("no pdflatex is installed (apt-get install texlive-latex-recommended)")
    summary = study_summary(seeds=3, resamples=20)
    tables = [*compared(summary), *encoders(), *published(summary)]
    (tmp_path / "tables.tex").write_text(DOCUMENT % "\n\\clearpage\n".join(tables), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "tables.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    log = (tmp_path / "tables.log").read_text(encoding="utf-8", errors="replace")
    assert done.returncode == 0, re.findall(r"^!.*(?:\n.*){3}", log, re.MULTILINE)
    assert re.findall(r"^(?:Overfull|LaTeX Warning: Float).*", log, re.MULTILINE) == []
    placed = (tmp_path / "tables.aux").read_text(encoding="utf-8").count(r"\@writefile{lot}")
    assert placed == sum(text.count(r"\begin{table}") for text in tables) >= 30

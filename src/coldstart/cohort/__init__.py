"""Data sets as tables of samples, their images, their masks and their splits.

Facts: `synthetic` images claim nothing about medicine; `files` is the parameter
that names the files, below the root, that the data set is read from; `fetched`
are their names where they are published and can be fetched.
"""

from coldstart.registry import Entry, Registry

KINDS = Registry(
    "data set kind",
    "build",
    {
        "chestx_det": Entry(
            "coldstart.cohort.chestx_det",
            {"files": "annotations", "fetched": ["ChestX_Det_train.json", "ChestX_Det_test.json"]},
        ),
        "phantom": Entry("coldstart.cohort.phantom", {"synthetic": True}),
        "table": Entry("coldstart.cohort.table", {"files": "table"}),
        "volumes": Entry("coldstart.cohort.volumes"),
    },
)

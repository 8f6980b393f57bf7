"""Data sets as tables of samples, their images, their masks and their splits.

Facts: `synthetic` images claim nothing about medicine; `files` is the parameter
that names the files, below the root, that the data set is read from; `fetched`
are their names where they are published and can be fetched; `channels` is the
number of channels of images whose channels are no colours, and must stay apart,
and `shown` the one that contact sheets show (from 0);
`longitudinal` samples are pairs of scans in which something may have changed;
patients of a kind that `names_patients` are called as the user's own table calls
them, and are numbered in their place; the files of a `scanned` kind are read once by the rule of that name, whose table
`build` is handed.
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
        "chexmask": Entry("coldstart.cohort.chexmask", {"files": "table", "names_patients": True}),
        "longitudinal": Entry("coldstart.cohort.longitudinal", {"channels": 3, "shown": 1, "longitudinal": True}),
        "longitudinal_phantom": Entry(
            "coldstart.cohort.longitudinal_phantom",
            {"synthetic": True, "channels": 3, "shown": 1, "longitudinal": True},
        ),
        "montgomery": Entry("coldstart.cohort.montgomery"),
        "phantom": Entry("coldstart.cohort.phantom", {"synthetic": True}),
        "pool": Entry("coldstart.cohort.pool", {"files": "table", "scanned": True}),
        "synthstrip": Entry("coldstart.cohort.synthstrip"),
        "table": Entry("coldstart.cohort.table", {"files": "table", "names_patients": True}),
        "volumes": Entry("coldstart.cohort.volumes"),
    },
    supplied=("scan",),
)

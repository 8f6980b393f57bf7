"""Data sets as tables of samples, their images, their masks and their splits."""

from coldstart.registry import Entry, Registry

KINDS = Registry(
    "data set kind",
    "build",
    {
        "chestx_det": Entry("coldstart.cohort.chestx_det"),
        "phantom": Entry("coldstart.cohort.phantom", {"synthetic": True}),
        "table": Entry("coldstart.cohort.table"),
        "volumes": Entry("coldstart.cohort.volumes"),
    },
)

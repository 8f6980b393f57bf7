"""Probes: small models on frozen features, fitted by the hundred in one job.

A probe is named by its task: ``learning.<task>.network: probe``. Its function
gives an object of which `coldstart.probing.chains` says what it must do.
"""

from coldstart.registry import Entry, Registry

PROBES = Registry(
    "probe",
    "probe",
    {
        "classification": Entry("coldstart.probing.linear"),
        "segmentation": Entry("coldstart.probing.patchwise"),
    },
)

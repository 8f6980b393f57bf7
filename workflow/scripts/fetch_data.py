"""Fetch a published data set into its root."""

from scripting import snakemake

from coldstart.cohort.fetch import fetch_chestx_det
from coldstart.errors import InputError

params = snakemake.params
if params.kind != "chestx_det":
    raise InputError(f"dataset.kind '{params.kind}' is read from files of your own: there is nothing to fetch.")
for path in fetch_chestx_det(params.root):
    print(f"There: {path}")

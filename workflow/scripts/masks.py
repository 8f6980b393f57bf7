"""Decode every mask once into a memory-mapped array."""

from functools import partial

from scripting import snakemake

from coldstart.cohort import KINDS
from coldstart.cohort.images import write_masks
from coldstart.storage import read_table

params = snakemake.params
cohort = read_table(snakemake.input.cohort)
read = partial(KINDS.module(params.kind).masks, **params.dataset)
size = int(snakemake.wildcards.size)
write_masks(snakemake.output[0], read, cohort, size, params.interpolation, workers=snakemake.threads)

"""Decode every mask once into a memory-mapped array."""

from scripting import snakemake

from coldstart.cohort import KINDS
from coldstart.cohort.images import write_masks
from coldstart.storage import read_table

params = snakemake.params
cohort = read_table(snakemake.input.cohort)
arrays = KINDS.module(params.kind).masks(cohort, **params.dataset)
write_masks(snakemake.output[0], arrays, cohort, int(snakemake.wildcards.size), params.interpolation)

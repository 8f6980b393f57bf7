"""Decode every image once into a memory-mapped array."""

from functools import partial

from scripting import snakemake

from coldstart.cohort import KINDS
from coldstart.cohort.images import write_images
from coldstart.storage import read_table

params = snakemake.params
cohort = read_table(snakemake.input.cohort)
read = partial(KINDS.module(params.kind).images, **params.dataset)
size = int(snakemake.wildcards.size)
write_images(snakemake.output[0], read, cohort, size, workers=snakemake.threads, **params.store)

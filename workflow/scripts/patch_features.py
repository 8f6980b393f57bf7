"""Describe the patches of every image once, for the probes of a segmentation."""

from scripting import snakemake

from coldstart.cohort.images import read_images
from coldstart.probing.patch_features import write_features

write_features(snakemake.output[0], read_images(snakemake.input[0]), int(snakemake.wildcards.patch))

"""Lay out the images that one arm selected."""

import pandas as pd
from scripting import snakemake

from coldstart.cohort.images import read_images
from coldstart.reporting.contact_sheet import contact_sheet, pick_captions, save_sheet
from coldstart.selection.store import read_selection
from coldstart.storage import read_table

wildcards = snakemake.wildcards
samples = read_table(snakemake.input.samples)
selection = read_selection(snakemake.input.selection)
rows = pd.Series(range(len(samples)), index=samples.sample_id).loc[selection.sample_id].to_numpy()
images = read_images(snakemake.input.images)[rows]
if snakemake.params.channel is not None:
    images = images[..., snakemake.params.channel]
title = f"{wildcards.task}: {wildcards.method} on {wildcards.model}, {len(selection)} images"
sheet = contact_sheet(images, pick_captions(selection), title=title, note=snakemake.params.note)
save_sheet(sheet, **dict(snakemake.output.items()))

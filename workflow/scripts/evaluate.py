"""Evaluate the predictions for the test split, with bootstrap errors."""

import numpy as np
import pandas as pd
from scripting import snakemake

from coldstart.cohort.images import effective_spacing, read_masks
from coldstart.evaluation.evaluate import evaluate_classification, evaluate_segmentation
from coldstart.probability_maps import read_maps
from coldstart.storage import read_json, read_table, write_table

params, wildcards = snakemake.params, snakemake.wildcards
options = dict(params.evaluation)
unit, empty, decimals, rules = (options.pop(key) for key in ("bootstrap_unit", "empty", "decimals", "volumes"))
cohort = read_table(snakemake.input.cohort)
predictions = read_table(snakemake.input.predictions)
tested = np.flatnonzero(predictions.split == "test")
rows = pd.Series(np.arange(len(cohort)), index=cohort.sample_id).loc[predictions.sample_id.iloc[tested]].to_numpy()
truth = cohort.iloc[rows]
groups = truth.patient_id.fillna(truth.sample_id).to_numpy() if unit == "patient" else None
if wildcards.task == "classification":
    threshold = read_json(snakemake.input.fit)["threshold"]
    probabilities = predictions.probability.to_numpy()[tested]
    metrics = evaluate_classification(truth.label.to_numpy(int), probabilities, threshold, groups=groups, **options)
else:
    masks = read_masks(snakemake.input.masks)[rows]
    maps = read_maps(snakemake.input.maps, tested)
    spacing = effective_spacing(cohort, masks.shape[-1])[rows]
    options |= {"spacing": spacing, "groups": groups, "decimals": decimals, "empty": empty}
    stacks = truth if {"volume", "slice"} <= set(truth) else None
    metrics, _ = evaluate_segmentation(masks, maps, stacks=stacks, **options, **rules)
write_table(snakemake.output[0], metrics)

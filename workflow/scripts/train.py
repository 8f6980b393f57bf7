"""Train on the labelled set of one round, and predict validation, test and pool."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scripting import snakemake

from coldstart.cohort.assemble import pool_of
from coldstart.cohort.images import read_images, read_masks
from coldstart.devices import lease, slots_folder, torch_device
from coldstart.evaluation.classification import auprc_trapezoid, youden_threshold
from coldstart.evaluation.segmentation import mean_dice
from coldstart.learning.carrying import carry_over
from coldstart.learning.checkpoint import content_digest
from coldstart.learning.one_round import fit_report, run_round
from coldstart.learning.settings import Settings
from coldstart.learning.visible_targets import VisibleTargets
from coldstart.learning.weights_file import save_weights
from coldstart.probability_maps import write_maps
from coldstart.provenance import file_digest
from coldstart.storage import read_metadata, read_table, replacing, write_json, write_table

wildcards, params = snakemake.wildcards, snakemake.params
task, folder = wildcards.task, Path(snakemake.output.labelled).parent
if read_metadata(snakemake.input.picks).get("stopped"):
    outputs = dict(snakemake.output.items())
    carry_over({name: snakemake.input[f"carried_{name}"] for name in outputs}, outputs, dict(wildcards.items()))
    sys.exit()
training_seed = int(np.random.SeedSequence([int(wildcards.seed), int(wildcards.repeat)]).generate_state(1)[0])

# The labelled set: that of the round before, and what was selected or queried since.
picks = read_table(snakemake.input.picks)[["sample_id", "rank", "score"]]
picks.insert(1, "round", np.full(len(picks), int(wildcards.round)))
before = [read_table(snakemake.input.before)] if snakemake.input.get("before") else []
labelled = pd.concat([frame for frame in (*before, picks) if len(frame)] or [picks], ignore_index=True)

# The oracle answers for the labelled and the validation samples, and for no others.
cohort = read_table(snakemake.input.cohort)
rows = pd.Series(np.arange(len(cohort)), index=cohort.sample_id)
parts = {part: np.flatnonzero((cohort.split == part) & cohort[task]) for part in ("val", "test")}
parts["train"] = rows.loc[pool_of(cohort, task).sample_id[lambda ids: ~ids.isin(labelled.sample_id)]].to_numpy()
images = read_images(snakemake.input.images)
if task == "classification":
    truth, validate = cohort.label.fillna(-1).to_numpy(np.int64), auprc_trapezoid
else:
    truth, validate = read_masks(snakemake.input.masks), mean_dice

settings = Settings.read(params.learning)
# A checkpoint is gone on from only if it saw just these pixels, targets, starting weights, settings and code.
labelled_rows = rows.loc[labelled.sample_id].to_numpy()
seen = np.concatenate([labelled_rows, parts["val"]])
targets = VisibleTargets(truth, seen)
starts = [file_digest(path) for name in ("weights", "start") for path in [snakemake.input.get(name)] if path]
content = [starts, params.learning, params.code, training_seed, labelled.sample_id.tolist()]
with lease(int(snakemake.resources.get("gpu", 0)), slots_folder()) as leased:
    device = torch_device(leased)
    run = run_round(
        images,
        targets,
        labelled_rows,
        labelled["round"].to_numpy(),
        int(wildcards.round),
        parts,
        settings,
        weights=snakemake.input.get("weights"),
        validate=validate,
        val_rows=parts["val"],
        seed=training_seed,
        device=device,
        checkpoint=folder / "checkpoint.pt",
        fingerprint=content_digest(content, images[seen], targets[seen]),
    )
    if snakemake.output.get("weights"):
        save_weights(snakemake.output.weights, run.fit.network)

predicted = run.predicted
threshold = 0.5
frames = [pd.DataFrame({"sample_id": cohort.sample_id.iloc[index], "split": part}) for part, index in parts.items()]
predictions = pd.concat(frames, ignore_index=True)
if task == "classification":
    predictions["probability"] = np.concatenate(list(predicted.values()))
    if run.patches:
        predictions["patches"] = list(np.concatenate(list(run.patches.values())))
    threshold = youden_threshold(targets[parts["val"]], predicted["val"], decimals=params.threshold_decimals)
    threshold = min(float(threshold), 2.0)  # infinite where nothing beats chance; JSON knows no infinity
else:
    write_maps(snakemake.output.maps, np.concatenate(list(predicted.values())))
write_table(snakemake.output.predictions, predictions)
labelled["trained"] = np.isin(np.arange(len(labelled)), run.plan.rows)
write_table(snakemake.output.labelled, labelled)
with replacing(snakemake.output.history) as temporary:
    run.fit.history.to_csv(temporary, index=False)
write_json(
    snakemake.output.fit,
    {
        **fit_report(run, settings),
        "cell": dict(wildcards.items()),
        "n_labelled": len(labelled),
        "replayed": labelled.sample_id.iloc[run.plan.replayed].tolist(),
        "threshold": threshold,
        "training_seed": training_seed,
        "device": device,
        "slot": leased.slot,
        "settings": params.learning,
    },
)

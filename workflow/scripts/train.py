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
from coldstart.learning.pixels import channels_of
from coldstart.learning.prediction import predict, predict_patches
from coldstart.learning.rounds import plan_round
from coldstart.learning.settings import Settings
from coldstart.learning.training import fit, untrained
from coldstart.learning.weights_file import load_weights, save_weights
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

# The oracle answers for the labelled and the validation samples; test labels are not looked at here.
cohort = read_table(snakemake.input.cohort)
rows = pd.Series(np.arange(len(cohort)), index=cohort.sample_id)
parts = {part: np.flatnonzero((cohort.split == part) & cohort[task]) for part in ("val", "test")}
parts["train"] = rows.loc[pool_of(cohort, task).sample_id[lambda ids: ~ids.isin(labelled.sample_id)]].to_numpy()
images = read_images(snakemake.input.images)
if task == "classification":
    targets = cohort.label.where(cohort.split != "test").fillna(-1).to_numpy(np.int64)
    validate = auprc_trapezoid
else:
    targets = read_masks(snakemake.input.masks)
    validate = mean_dice

settings = Settings.read(params.learning)
# A checkpoint is gone on from only if it saw just these pixels, targets, starting weights, settings and code.
labelled_rows = rows.loc[labelled.sample_id].to_numpy()
seen = np.concatenate([labelled_rows, parts["val"]])
starts = [file_digest(path) for name in ("weights", "start") for path in [snakemake.input.get(name)] if path]
content = [starts, params.learning, params.code, training_seed, labelled.sample_id.tolist()]
with lease(int(snakemake.resources.get("gpu", 0)), slots_folder()) as leased:
    device = torch_device(leased)
    network = settings.build(channels=channels_of(images), seed=training_seed)
    if snakemake.input.get("weights"):
        load_weights(snakemake.input.weights, network)
    added = labelled["round"].to_numpy()
    plan = plan_round(
        network, images, targets, labelled_rows, added, int(wildcards.round), settings=settings, device=device
    )
    if len(plan.rows):
        fitted = fit(
            network,
            images,
            targets,
            labelled_rows[plan.rows],
            parts["val"],
            settings,
            validate=validate,
            seed=training_seed,
            device=device,
            rate_factor=plan.rate_factor,
            checkpoint=folder / "checkpoint.pt",
            fingerprint=content_digest(content, images[seen], targets[seen]),
        )
    else:
        fitted = untrained(network, settings, device)
    ask = predict_patches if settings.patches else predict
    found = {part: ask(fitted.network, images, index, settings, device) for part, index in parts.items()}
    if snakemake.output.get("weights"):
        save_weights(snakemake.output.weights, fitted.network)

# A candidate that is seen as patches has the mean of their probabilities.
predicted = {part: values.mean(axis=1) if settings.patches else values for part, values in found.items()}
threshold = 0.5
frames = [pd.DataFrame({"sample_id": cohort.sample_id.iloc[index], "split": part}) for part, index in parts.items()]
predictions = pd.concat(frames, ignore_index=True)
if task == "classification":
    predictions["probability"] = np.concatenate(list(predicted.values()))
    if settings.patches:
        predictions["patches"] = list(np.concatenate(list(found.values())))
    threshold = youden_threshold(targets[parts["val"]], predicted["val"], decimals=params.threshold_decimals)
    threshold = min(float(threshold), 2.0)  # infinite where nothing beats chance; JSON knows no infinity
else:
    with replacing(snakemake.output.maps) as temporary:
        np.savez_compressed(temporary, maps=np.concatenate(list(predicted.values())))
write_table(snakemake.output.predictions, predictions)
labelled["trained"] = np.isin(np.arange(len(labelled)), plan.rows)
write_table(snakemake.output.labelled, labelled)
with replacing(snakemake.output.history) as temporary:
    fitted.history.to_csv(temporary, index=False)
write_json(
    snakemake.output.fit,
    {
        "cell": dict(wildcards.items()),
        "n_labelled": len(labelled),
        "n_trained": len(plan.rows),
        "replayed": labelled.sample_id.iloc[plan.replayed].tolist(),
        "strategy": settings.strategy,
        "best_epoch": fitted.best_epoch,
        "best_value": None if np.isnan(fitted.best_value) else fitted.best_value,
        "threshold": threshold,
        "training_seed": training_seed,
        "device": device,
        "slot": leased.slot,
        "settings": params.learning,
    },
)

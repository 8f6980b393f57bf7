"""Train on the annotators' answers, and predict the hold-out and all of the pool that is not answered."""

from pathlib import Path

import numpy as np
import pandas as pd
from scripting import snakemake

from coldstart.cohort.images import read_images, read_masks
from coldstart.devices import lease, slots_folder, torch_device
from coldstart.labelling.measuring import both_classes, decision_threshold, holdout_metrics, holdout_table, validation
from coldstart.learning.checkpoint import content_digest
from coldstart.learning.one_round import fit_report, run_round
from coldstart.learning.settings import Settings
from coldstart.learning.visible_targets import VisibleTargets
from coldstart.learning.weights_file import save_weights
from coldstart.probability_maps import write_maps
from coldstart.provenance import file_digest
from coldstart.storage import read_table, replacing, write_json, write_table

params, files, outputs = snakemake.params, snakemake.input, snakemake.output
task, number = snakemake.wildcards.list.split("/list")
samples, answers = read_table(files.samples), read_table(files.answers)
rows = pd.Series(np.arange(len(samples)), index=samples.sample_id)
answered = rows.loc[answers.sample_id].to_numpy()
trained, held = ((answers.part == part).to_numpy() for part in ("train", "holdout"))
parts = {"holdout": answered[held], "pool": np.setdiff1d(rows, answered)}
images = read_images(files.images)
# Answers stand in an order of their own; what annotators skipped or contradict each other about is not looked at.
truth = answers.label.fillna(-1).to_numpy(np.int64) if task == "classification" else read_masks(files.masks)
used = np.flatnonzero(trained | held)
targets = VisibleTargets(truth, answered[used], used)

settings = Settings.read(params.learning)
seed = int(np.random.SeedSequence([params.seed, int(number)]).generate_state(1)[0])
weights = files.get("weights")
# The first training is on everything there is, whatever the learning strategy goes on from.
added = answers["list"].to_numpy()[trained] if weights else np.zeros(trained.sum(), np.int64)
seen = np.concatenate([answered[trained], parts["holdout"]])
starts = [file_digest(path) for path in (weights, files.get("start")) if path]
content = [starts, params.learning, params.code, seed, samples.sample_id.iloc[seen].tolist()]
with lease(int(snakemake.resources.get("gpu", 0)), slots_folder()) as leased:
    device = torch_device(leased)
    run = run_round(
        images,
        targets,
        answered[trained],
        added,
        int(number) if weights else 0,
        parts,
        settings,
        weights=weights,
        validate=validation(task),
        val_rows=parts["holdout"],
        seed=seed,
        device=device,
        checkpoint=Path(outputs.fit).parent / "checkpoint.pt",
        fingerprint=content_digest(content, images[seen], targets[seen]),
    )
    save_weights(outputs.weights, run.fit.network)

frames = [pd.DataFrame({"sample_id": samples.sample_id.iloc[index], "part": part}) for part, index in parts.items()]
predictions, threshold = pd.concat(frames, ignore_index=True), 0.5
if task == "classification":
    predictions["probability"] = np.concatenate(list(run.predicted.values()))
    if run.patches:
        predictions["patches"] = list(np.concatenate(list(run.patches.values())))
    threshold = decision_threshold(targets[parts["holdout"]], run.predicted["holdout"])
else:
    write_maps(outputs.maps, np.concatenate(list(run.predicted.values())))
write_table(outputs.predictions, predictions)
held_out = samples.iloc[parts["holdout"]]
truth, predicted = targets[parts["holdout"]], run.predicted["holdout"]
write_table(outputs.holdout, holdout_table(task, held_out, truth, predicted))
write_table(outputs.metrics, holdout_metrics(task, held_out, truth, predicted, threshold))
with replacing(outputs.history) as temporary:
    run.fit.history.to_csv(temporary, index=False)
write_json(
    outputs.fit,
    {
        **fit_report(run, settings),
        "task": task,
        "list": int(number),
        "n_labelled": int(trained.sum()),
        "n_holdout": int(held.sum()),
        "tells_apart": both_classes(targets[answered[trained]]),
        "threshold": threshold,
        "training_seed": seed,
        "device": device,
        "slot": leased.slot,
        "settings": params.learning,
    },
)

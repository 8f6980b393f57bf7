"""Prepare what the annotators are given: pictures, tasks with the network's guesses, contact sheets, the map."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from scripting import snakemake

from coldstart.cohort import KINDS
from coldstart.cohort.images import read_masks
from coldstart.embedding.store import align, read_map
from coldstart.errors import InputError, shown
from coldstart.labelling.asked_map import plot_asked, states
from coldstart.labelling.coco import coco
from coldstart.labelling.datalist import datalist
from coldstart.labelling.hand_out import WINDOWED, export_images, export_masks, files_in
from coldstart.labelling.label_studio_tasks import labelling_config, tasks
from coldstart.labelling.sheet_html import sheet_html
from coldstart.labelling.sheet_png import sheet_png
from coldstart.labelling.worklist import read_worklist
from coldstart.probability_maps import read_maps
from coldstart.reporting.figures import save_figure
from coldstart.storage import read_json, read_table, write_json, write_text

params, files, outputs = snakemake.params, snakemake.input, snakemake.output
task, number = snakemake.wildcards.list.split("/list")
folder, classes = Path(outputs.html).parent, params.classes
# A list may be empty: its folders are there all the same.
for place in (outputs.pictures, *([outputs.masks] if outputs.get("masks") else [])):
    Path(place).mkdir(parents=True, exist_ok=True)
cohort, answers = read_table(files.cohort).set_index("sample_id", drop=False), read_table(files.answers)
# Files may have come and gone since the list was made.
answers = answers[answers.sample_id.isin(cohort.index)]
worklist = read_worklist(files.worklist)
if gone := [name for name in worklist.sample_id if name not in cohort.index]:
    raise InputError(
        f"{len(gone)} images of the list are no longer in the pool ({shown(gone)}): put their files back, or delete "
        f"{folder} to have the list made anew."
    )
rows = cohort.loc[worklist.sample_id].reset_index(drop=True)
arrays = KINDS.module(params.kind).images(rows, **params.dataset)
images = export_images(worklist, arrays, outputs.pictures, side_by_side=params.dataset.get("volumes") == "volumes")

# A network that was shown one class only guesses nothing worth showing.
guesses, threshold, fit = None, 0.5, read_json(files.fit) if files.get("fit") else {"tells_apart": False}
if fit["tells_apart"]:
    predictions, threshold = read_table(files.predictions), fit["threshold"]
    at = pd.Index(predictions.sample_id).get_indexer(worklist.sample_id)
    values = predictions.probability.to_numpy()[at] if task == "classification" else read_maps(files.maps, at)
    guesses = dict(zip(worklist.sample_id, values, strict=True))

shared = {"task": task, "classes": classes, "folder": folder}
found = tasks(
    worklist,
    images,
    **shared,
    image_url=params.image_url,
    predictions=guesses,
    threshold=threshold,
    version=f"{params.name} list {number}",
)
write_text(outputs.label_studio, json.dumps(found, ensure_ascii=False) + "\n")
write_text(outputs.labelling_config, labelling_config(task, classes))
title = f"{params.name}: {task}, list {number}, {len(worklist)} images"
write_json(
    outputs.coco,
    coco(
        worklist,
        images,
        **shared,
        description=title,
        maps=guesses if task == "segmentation" else None,
        threshold=threshold,
    ),
)
note = WINDOWED if (rows.bits > 8).any() else ""
write_text(outputs.html, sheet_html(worklist, images, folder=folder, title=title, note=note))
save_figure(sheet_png(worklist, images, title=title, note=note), png=outputs.png)

# Those answered of whom a picture was handed out, with their labels.
before = [(Path(path).parent / "images", read_worklist(path)) for path in files.get("lists", [])]
pictures = {name: path for place, table in before for name, path in files_in(place, table).items() if path.is_file()}
answered = answers[answers.sample_id.isin(pictures)]
labels = dict(answered[["sample_id", "label"]].dropna().itertuples(index=False))
if task == "segmentation":
    source = cohort.loc[answered.sample_id, ["sample_id", "height", "width"]].reset_index(drop=True)
    masks = read_masks(files.masks)[answered.index] if len(answered) else []
    labels = export_masks(source.assign(rank=np.arange(1, len(source) + 1)), masks, outputs.masks)
training = {"answers": answered, "answered_images": pictures, "labels": labels}
write_json(outputs.datalist, datalist(worklist, images, **shared, name=params.name, **training))
if files.get("map"):
    ids, plane, _ = read_map(files.map)
    pool = read_table(files.pool).sample_id.to_numpy()
    drawn = states(pool, worklist, answers, int(number))
    save_figure(plot_asked(align(ids, plane, pool), drawn, title=title), png=outputs.map)

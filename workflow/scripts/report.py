"""Write the report of the data set: one page that needs no other file."""

import os
from itertools import groupby
from pathlib import Path

import pandas as pd
from scripting import snakemake

from coldstart.cohort.images import read_images
from coldstart.embedding.store import align, read_map
from coldstart.probing.store import read_labelled
from coldstart.provenance import file_digest
from coldstart.reporting.report import pairs_of, results
from coldstart.reporting.report_choices import Chosen, maps, picks_of, sheets
from coldstart.reporting.report_cost import by_rule, job_seconds, training_seconds
from coldstart.reporting.report_design import as_yaml, commands, design, versions
from coldstart.reporting.report_page import Report, figure, fragment, render
from coldstart.reporting.summary import read_summary
from coldstart.selection.store import read_selection
from coldstart.storage import read_json, read_table, write_text

files, params = snakemake.input, snakemake.params
folder, config = Path(snakemake.output[0]).parent, params.design
name, tasks = config["dataset"]["name"], config["tasks"]


def below(path):
    """Place of a file as seen from the report."""
    return Path(path).relative_to(folder).as_posix()


summary, note = read_summary(files.summary)
jobs = job_seconds(folder / "benchmarks")
seconds = {
    Path(path).parent.relative_to("results").as_posix(): training_seconds(path)
    for path, fit in zip(files.histories, map(read_json, files.fits), strict=True)
    if not fit.get("stopped")
}
tables = {below(path): Path(path).read_text(encoding="utf-8") for path in files.tables}
# The comparison tables are drawn anew, with their marks.
others = {path: text for path, text in tables.items() if not path.endswith(("initialisation.html", "subsequent.html"))}
pairs = pairs_of(folder, tables, tasks)
parts, curves = results(
    summary,
    pairs=pairs,
    metrics=config["evaluation"]["metrics"],
    seconds=seconds,
    jobs=jobs,
    against=params.against,
    **params.aggregation,
)
for part in parts:
    own = [path for path in [*files.figures, *files.diagrams] if part["name"] in below(path)]
    part["figures"] = [figure(path, below(path)) for path in own]

# What every arm labelled, task by task.
places = [read_map(path)[:2] for path in files.maps]
drawn, shown, arms = {}, [], zip(params.arms, files.labelled, files.selections, strict=True)
for (task, found), pool in zip(groupby(arms, key=lambda arm: arm[0][0]), files.pools, strict=True):
    chosen = [
        Chosen(*arm, picks_of(read_labelled(labelled, seed, 0), read_selection(selection)))
        for (_, seed, *arm), labelled, selection in found
    ]
    ids = read_table(pool).sample_id.to_numpy()
    planes = {model: align(*place, ids) for model, place in zip(params.models, places, strict=True)}
    if planes:
        drawn[task] = maps(ids, planes, chosen)
    shown += [(task, arm) for arm in chosen if len(arm.picks)]
samples = read_table(files.samples).sample_id
rows = pd.Series(range(len(samples)), index=samples)
cards = sheets([arm for _, arm in shown], read_images(files.images), rows, params.channel)

report = Report(
    name,
    note,
    design(config, read_table(files.cohort)),
    tasks=parts,
    curves=curves,
    maps=drawn,
    sheets=[(*one, thumbnails) for one, thumbnails in zip(shown, cards, strict=True)],
    tables=[fragment(text, path) for path, text in others.items()],
    rules=by_rule(jobs),
    files=[(below(path), file_digest(path)) for path in [files.summary, files.cohort, *files.pools, *files.maps]],
    config=as_yaml(params.given),
    versions=versions(),
    commands=commands(name, params.uri and params.uri.replace(f"{os.getcwd()}/", "")),
)
write_text(snakemake.output[0], render(report))

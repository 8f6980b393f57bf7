"""Fit probes for every seed, repeat and round of one arm, and measure each."""

import logging

import numpy as np
from scripting import snakemake

from coldstart.embedding.store import READERS, align, read_measures
from coldstart.probing import PROBES
from coldstart.probing.chains import Query, run_chains
from coldstart.probing.data import read_data
from coldstart.probing.starts import selected, started
from coldstart.storage import read_table, write_table

files, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
task, choice = wildcards.task, dict(params.choice)
data = read_data(files, task, params.evaluation)
probe, pool = PROBES.load(task)(**params.probe).prepare(data), data.pool
reader, vectors = READERS[choice.pop("space")], None
if files.get("vectors"):
    vectors = align(*reader(files.vectors)[:2], pool.sample_ids)
if wildcards.query == "none":
    budget = len(pool.rows) if params.whole_pool else int(wildcards.budget)
    vectors = np.empty((len(pool.rows), 0), np.float32) if vectors is None else vectors
    if files.get("measures"):
        choice["parameters"] = {**choice["parameters"], "measures": read_measures(files.measures, pool.sample_ids)}
    starts, query = selected(params.seeds, vectors, budget, groups=pool.groups, **choice), None
else:
    starts = started(read_table(files.start), params.seeds, pool.sample_ids)
    query = Query(task=task, vectors=vectors, **choice, **params.rounds)
metrics, fits, picks = run_chains(probe, pool, starts, params.repeats, query)
logging.getLogger("coldstart").info("%d fits, %d of one class alone", len(fits), fits.one_class.sum())
settings = {"network": "probe", "network_parameters": params.probe, **params.choice, **params.rounds}
metadata = {"cell": dict(wildcards.items()), "settings": settings}
write_table(snakemake.output.metrics, metrics)
write_table(snakemake.output.labelled, picks, metadata)
write_table(snakemake.output.fits, fits, metadata)

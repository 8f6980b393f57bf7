"""Choose the images to label in the next round, from the predictions of the one before."""

import logging
import sys

import numpy as np
from scripting import snakemake

from coldstart.devices import lease, slots_folder, torch_device
from coldstart.evaluation.stopping import has_stopped
from coldstart.learning.carrying import no_picks
from coldstart.query import STRATEGIES
from coldstart.query.reading import read_inputs
from coldstart.storage import read_json, write_table

wildcards, params = snakemake.wildcards, snakemake.params.query
fits = [read_json(path) for path in snakemake.input.get("fits", [])]
if has_stopped(fits, snakemake.params.stop):
    logging.getLogger("coldstart").info("validation has reached a plateau: nothing more is labelled")
    write_table(snakemake.output[0], no_picks(), {**params, "round": int(wildcards.round), "stopped": True})
    sys.exit()
with lease(int(snakemake.resources.get("gpu", 0)), slots_folder()) as leased:
    inputs, waiting = read_inputs(
        dict(snakemake.input.items()),
        task=wildcards.task,
        round_=int(wildcards.round),
        space=params["space"],
        device=torch_device(leased) if snakemake.input.get("weights") else "cpu",
    )
    picks = STRATEGIES.load(params["strategy"])(
        inputs,
        params["batch"],
        rng=np.random.default_rng([int(wildcards.seed), int(wildcards.repeat), int(wildcards.round)]),
        **params["parameters"],
    )
chosen = waiting.iloc[picks.indices][["sample_id"]].assign(rank=range(1, len(picks.indices) + 1), score=picks.scores)
state = {} if picks.state is None else {"state": picks.state}
write_table(snakemake.output[0], chosen, {**params, **state, "round": int(wildcards.round)})

"""Choose the images to label in the next round, from the predictions of the one before."""

import numpy as np
import pandas as pd
from scripting import snakemake

from coldstart.embedding.store import align, read_embedding
from coldstart.query import STRATEGIES
from coldstart.query.base import QueryInputs
from coldstart.storage import read_json, read_table, write_table

wildcards, params = snakemake.wildcards, snakemake.params.query
pool = read_table(snakemake.input.pool)
labelled = read_table(snakemake.input.labelled)
waiting = pool[~pool.sample_id.isin(labelled.sample_id)]
predictions = read_table(snakemake.input.predictions)
rows = pd.Series(np.arange(len(predictions)), index=predictions.sample_id).loc[waiting.sample_id].to_numpy()
state = {}
if wildcards.task == "classification":
    positive = predictions.probability.to_numpy()[rows]
    state["probabilities"] = np.column_stack([1 - positive, positive])
else:
    with np.load(snakemake.input.maps) as stored:
        state["maps"] = stored["maps"][rows]
if snakemake.input.get("embedding"):
    ids, vectors, _ = read_embedding(snakemake.input.embedding)
    state["embedding"] = align(ids, vectors, waiting.sample_id)
    state["labelled_embedding"] = align(ids, vectors, labelled.sample_id)
picks = STRATEGIES.load(params["strategy"])(
    QueryInputs(
        task=wildcards.task,
        threshold=read_json(snakemake.input.fit)["threshold"],
        groups=waiting.patient_id.to_numpy(),
        **state,
    ),
    params["batch"],
    rng=np.random.default_rng([int(wildcards.seed), int(wildcards.repeat), int(wildcards.round)]),
    **params["parameters"],
)
chosen = waiting.iloc[picks.indices][["sample_id"]].assign(rank=range(1, len(picks.indices) + 1), score=picks.scores)
write_table(snakemake.output[0], chosen, {**params, "round": int(wildcards.round)})

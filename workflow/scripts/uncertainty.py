"""Measure how uncertain a network is about the embedding of every image of the pool; no label is read."""

import numpy as np
import pandas as pd
from scripting import snakemake

from coldstart.cohort.images import read_images
from coldstart.devices import lease, slots_folder, torch_device
from coldstart.embedding.store import align, read_embedding
from coldstart.learning.embedding_regression import embedding_uncertainty
from coldstart.storage import read_table, write_table

samples, params = read_table(snakemake.input.samples), snakemake.params
rows = np.flatnonzero(samples.split.isin(["train", "unlabelled"]))
pool = samples.sample_id.iloc[rows]
ids, vectors, _ = read_embedding(snakemake.input.embedding)
images = np.ascontiguousarray(read_images(snakemake.input.images)[rows])
with lease(int(snakemake.resources.get("gpu", 0)), slots_folder()) as leased:
    found = embedding_uncertainty(
        images, align(ids, vectors, pool), seed=params.seed, device=torch_device(leased), **params.uncertainty
    )
table = pd.DataFrame({"sample_id": pool.to_numpy(), "uncertainty": found})
write_table(snakemake.output[0], table, {**params.uncertainty, "seed": params.seed})

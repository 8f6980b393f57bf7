"""Select the initial labelled set in an embedding of the pool."""

import logging

import numpy as np
from scripting import snakemake

from coldstart.embedding.store import align, read_embedding
from coldstart.provenance import file_digest
from coldstart.selection import STRATEGIES
from coldstart.selection.base import check_selection
from coldstart.selection.store import write_selection
from coldstart.storage import read_table

wildcards, method = snakemake.wildcards, snakemake.params.method
pool = read_table(snakemake.input.pool)
if snakemake.input.embedding:
    ids, vectors, _ = read_embedding(snakemake.input.embedding)
    vectors = align(ids, vectors, pool.sample_id)
else:
    vectors = np.empty((len(pool), 0), np.float32)
selection = STRATEGIES.load(method["strategy"])(
    vectors,
    int(wildcards.budget),
    rng=np.random.default_rng(int(wildcards.seed)),
    groups=pool.patient_id.to_numpy(),
    seed=int(wildcards.seed),
    **method["parameters"],
)
check_selection(selection, int(wildcards.budget), len(pool))
logging.getLogger("coldstart").info("selected %d of %d images", len(selection.indices), len(pool))
embedding = file_digest(snakemake.input.embedding) if snakemake.input.embedding else None
metadata = {**method, "seed": int(wildcards.seed), "pool": len(pool), "embedding": embedding}
write_selection(snakemake.output[0], pool.sample_id.to_numpy(), selection, metadata)

"""Select the initial labelled set in an embedding of the pool."""

import logging

import numpy as np
from scripting import snakemake

from coldstart.embedding.store import READERS, align
from coldstart.provenance import file_digest
from coldstart.selection import STRATEGIES
from coldstart.selection.base import check_selection, empty_selection
from coldstart.selection.store import write_selection
from coldstart.storage import read_table

wildcards, method = snakemake.wildcards, snakemake.params.method
pool = read_table(snakemake.input.pool)
if snakemake.input.vectors:
    ids, vectors, _ = READERS[method["space"]](snakemake.input.vectors)
    vectors = align(ids, vectors, pool.sample_id)
else:
    vectors = np.empty((len(pool), 0), np.float32)
budget = len(pool) if snakemake.params.whole_pool else int(wildcards.budget)
if budget:
    selection = STRATEGIES.load(method["strategy"])(
        vectors,
        budget,
        rng=np.random.default_rng(int(wildcards.seed)),
        groups=pool.patient_id.to_numpy(),
        seed=int(wildcards.seed),
        **method["parameters"],
    )
else:
    selection = empty_selection()
check_selection(selection, budget, len(pool))
logging.getLogger("coldstart").info("selected %d of %d images", len(selection.indices), len(pool))
digest = file_digest(snakemake.input.vectors) if snakemake.input.vectors else None
metadata = {**method, "seed": int(wildcards.seed), "pool": len(pool), "vectors": digest}
write_selection(snakemake.output[0], pool.sample_id.to_numpy(), selection, metadata)

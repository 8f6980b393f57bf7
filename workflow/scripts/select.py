"""Select the initial labelled set in an embedding of the pool."""

import logging

import numpy as np
from scripting import snakemake

from coldstart.embedding.store import READERS, align, read_measures
from coldstart.provenance import file_digest
from coldstart.selection.first import select_first
from coldstart.selection.store import write_selection
from coldstart.storage import read_table

wildcards, method = snakemake.wildcards, snakemake.params.method
pool = read_table(snakemake.input.pool)
if snakemake.input.vectors:
    ids, vectors, _ = READERS[method["space"]](snakemake.input.vectors)
    vectors = align(ids, vectors, pool.sample_id)
else:
    vectors = np.empty((len(pool), 0), np.float32)
told = {"measures": read_measures(snakemake.input.measures, pool.sample_id)} if snakemake.input.measures else {}
selection = select_first(
    vectors,
    len(pool) if snakemake.params.whole_pool else int(wildcards.budget),
    strategy=method["strategy"],
    parameters={**method["parameters"], **told},
    seed=int(wildcards.seed),
    groups=pool.patient_id.to_numpy(),
)
logging.getLogger("coldstart").info("selected %d of %d images", len(selection.indices), len(pool))
digest = file_digest(snakemake.input.vectors) if snakemake.input.vectors else None
metadata = {**method, "seed": int(wildcards.seed), "pool": len(pool), "vectors": digest}
write_selection(snakemake.output[0], pool.sample_id.to_numpy(), selection, metadata)

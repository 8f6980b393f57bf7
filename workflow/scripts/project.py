"""Project the embedding of the pool to two dimensions; no image of another split shapes the map."""

from scripting import snakemake

from coldstart.embedding.projection import project
from coldstart.embedding.store import align, read_embedding, write_map
from coldstart.storage import read_table

samples = read_table(snakemake.input.samples)
pool = samples.sample_id[samples.split.isin(["train", "unlabelled"])].to_numpy()
ids, vectors, _ = read_embedding(snakemake.input.embedding)
plane = project(align(ids, vectors, pool), seed=snakemake.params.seed, **snakemake.params.map)
write_map(snakemake.output[0], pool, plane, {**snakemake.params.map, "seed": snakemake.params.seed})

"""Project an embedding to two dimensions."""

import pandas as pd
from scripting import snakemake

from coldstart.embedding.store import read_embedding
from coldstart.reporting.embedding_map import project
from coldstart.storage import write_table

LARGE = 5000

ids, vectors, _ = read_embedding(snakemake.input[0])
# t-SNE takes minutes beyond some thousand images, and PCA no time at all.
method = "tsne" if len(vectors) <= LARGE else "pca"
xy = project(vectors, seed=snakemake.params.seed, method=method)
write_table(snakemake.output[0], pd.DataFrame({"sample_id": ids, "x": xy[:, 0], "y": xy[:, 1]}))

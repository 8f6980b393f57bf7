"""Draw the pool in two dimensions with the selections of every method."""

import pandas as pd
from scripting import snakemake

from coldstart.reporting.embedding_map import plot_map
from coldstart.reporting.figures import save_figure
from coldstart.selection.store import read_selection
from coldstart.storage import read_table

task, model = snakemake.wildcards.task, snakemake.wildcards.model
pool = read_table(snakemake.input.pool)
projection = read_table(snakemake.input.projection[0]).set_index("sample_id").loc[pool.sample_id]
row_of = pd.Series(range(len(pool)), index=pool.sample_id)
picks = {
    method: row_of.loc[read_selection(path).sample_id].to_numpy()
    for method, path in zip(snakemake.params.methods, snakemake.input.selections, strict=True)
}
title = f"{task}: selections in the embedding {model}"
figure = plot_map(projection.to_numpy(), picks, title=title, note=snakemake.params.note)
save_figure(figure, **dict(snakemake.output.items()))

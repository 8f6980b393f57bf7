"""Draw the pool in two dimensions with what one arm chose in it, first and in every round."""

from scripting import snakemake

from coldstart.embedding.store import align, read_map
from coldstart.probing.store import read_labelled
from coldstart.reporting.captions import arm_label
from coldstart.reporting.figures import save_figure
from coldstart.reporting.picks_map import picks_table, plot_picks
from coldstart.selection.store import read_selection
from coldstart.storage import read_metadata, read_table

files, wildcards = snakemake.input, snakemake.wildcards
pool = read_table(files.pool).sample_id.to_numpy()
ids, plane, _ = read_map(files.map)
labelled = read_labelled(files.labelled, read_metadata(files.selection)["seed"], 0)
picks = picks_table(pool, read_selection(files.selection), labelled)
arm = arm_label(wildcards.model, wildcards.method, wildcards.query)
place = "" if snakemake.params.model == wildcards.model else f" on the map of {snakemake.params.model}"
figure = plot_picks(
    align(ids, plane, pool),
    picks,
    clusters=read_metadata(files.selection).get("pool_clusters"),
    title=f"{wildcards.task}: choices of {arm}{place}",
    note=snakemake.params.note,
)
save_figure(figure, **dict(snakemake.output.items()))

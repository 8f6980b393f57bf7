"""Draw the pool by its baseline pixels and lesion sizes, with what every arm labelled up to its last round."""

import pandas as pd
from scripting import snakemake

from coldstart.cohort.images import read_images
from coldstart.probing.store import read_labelled
from coldstart.reporting.captions import arm_label
from coldstart.reporting.figures import save_figure
from coldstart.reporting.lesion_size_map import baseline_map, plot_lesion_sizes
from coldstart.storage import read_table

files, params = snakemake.input, snakemake.params
cohort, pool = read_table(files.cohort), read_table(files.pool).sample_id
rows = pd.Series(range(len(cohort)), index=cohort.sample_id).loc[pool].to_numpy()
place = pd.Series(range(len(pool)), index=pool)
rounds = {}
for arm, seed, path in zip(params.arms, params.seeds, files.labelled, strict=True):
    labelled = read_labelled(path, seed, 0)
    rounds[arm_label(*arm)] = place.loc[labelled.sample_id].to_numpy(), labelled["round"].to_numpy()
figure = plot_lesion_sizes(
    baseline_map(read_images(files.images)[rows]),
    cohort.lesion_pixels.to_numpy(int)[rows],
    rounds,
    title=f"{snakemake.wildcards.task}: lesion sizes of the pool, and what was labelled",
    note=params.note,
)
save_figure(figure, **dict(snakemake.output.items()))

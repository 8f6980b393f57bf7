"""Compare the embeddings of all models of one task: tables and figure. Reads labels, and nothing reads its answer."""

import pandas as pd
from scripting import snakemake

from coldstart.cohort.images import read_masks
from coldstart.embedding.store import align, read_embedding
from coldstart.reporting.encoder_figure import plot_encoders
from coldstart.reporting.encoder_tables import encoder_table, pair_table
from coldstart.reporting.encoders import draw_samples, study, targets
from coldstart.reporting.figures import save_figure
from coldstart.reporting.plain_tables import write_plain_table
from coldstart.storage import read_table

files, params, task = snakemake.input, snakemake.params, snakemake.wildcards.task
cohort, pool = read_table(files.cohort), read_table(files.pool)
samples = draw_samples(pool)
rows = pd.Series(range(len(cohort)), index=cohort.sample_id).loc[samples.sample_id].to_numpy()
masks = read_masks(files.masks)[rows] if task == "segmentation" else None
# One after the other: of a large pool only the vectors of the samples drawn are kept.
vectors = {}
for model, path in zip(params.models, files.embeddings, strict=True):
    ids, of_all, _ = read_embedding(path)
    vectors[model] = align(ids, of_all, samples.sample_id.to_numpy())
found = study(
    vectors,
    *targets(task, labels=cohort.label.iloc[rows], masks=masks),
    samples.patient_id,
    params.clusters,
    pool=len(pool),
    resamples=params.bootstrap,
    unit=params.unit,
)
about = {"dataset": params.dataset, "task": task, "note": params.note}
out, formats = snakemake.output, ("csv", "markdown", "latex", "html")
write_plain_table(encoder_table(found, **about), **{kind: out[kind] for kind in formats})
write_plain_table(pair_table(found, **about), **{kind: out[f"pairs_{kind}"] for kind in formats})
save_figure(plot_encoders(found, **about), png=out.png, svg=out.svg, pdf=out.pdf)

"""Draw the learning curves of one task and stage."""

from scripting import snakemake

from coldstart.reporting.curves import plot_curves
from coldstart.reporting.figures import save_figure
from coldstart.reporting.headline import headline_metrics
from coldstart.reporting.summary import read_summary

task, stage = snakemake.wildcards.task, snakemake.wildcards.stage
summary, note = read_summary(snakemake.input[0])
metrics = headline_metrics(summary, task, snakemake.params.metrics)
figure = plot_curves(summary, task, metrics, stage, note=note, **snakemake.params.aggregation)
save_figure(figure, **dict(snakemake.output.items()))

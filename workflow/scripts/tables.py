"""Draw one comparison table from the summary, in four formats."""

from scripting import snakemake

from coldstart.reporting.headline import headline_metrics
from coldstart.reporting.summary import read_summary
from coldstart.reporting.tables import comparison_table, write_tables

task, stage = snakemake.wildcards.task, snakemake.wildcards.stage
summary, note = read_summary(snakemake.input[0])
metrics = headline_metrics(summary, task, snakemake.params.metrics)
table = comparison_table(summary, task, stage, metrics, note=note, **snakemake.params.aggregation)
write_tables(table, **dict(snakemake.output.items()))

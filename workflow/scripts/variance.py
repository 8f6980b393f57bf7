"""Tell the spread by selection and by training of every arm apart."""

from scripting import snakemake

from coldstart.reporting.headline import headline_metrics
from coldstart.reporting.plain_tables import write_plain_table
from coldstart.reporting.summary import read_summary
from coldstart.reporting.variance import variance_table

task, params = snakemake.wildcards.task, snakemake.params
summary, note = read_summary(snakemake.input[0])
metrics = headline_metrics(summary, task, params.metrics)
table = variance_table(summary, task, metrics, one_optimum=params.one_optimum, note=note)
write_plain_table(table, **dict(snakemake.output.items()))

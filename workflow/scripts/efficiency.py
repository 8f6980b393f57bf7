"""Measure the label efficiency of the arms of one task, over budgets or rounds."""

from scripting import snakemake

from coldstart.reporting.efficiency import efficiency
from coldstart.reporting.efficiency_table import efficiency_table
from coldstart.reporting.headline import headline_metrics
from coldstart.reporting.plain_tables import write_plain_table
from coldstart.reporting.summary import INITIALISATION, SUBSEQUENT, read_summary
from coldstart.storage import read_table

task, params = snakemake.wildcards.task, dict(snakemake.params.efficiency)
summary, note = read_summary(snakemake.input.summary[0])
metric = headline_metrics(summary, task, params.pop("metrics"))[0]
stage = SUBSEQUENT if snakemake.wildcards.curve == "efficiency" else INITIALISATION
found = efficiency(summary, task, metric, pool=len(read_table(snakemake.input.pool)), stage=stage, **params)
table = efficiency_table(found, summary["dataset"].iloc[0], note=note)
write_plain_table(table, **dict(snakemake.output.items()))

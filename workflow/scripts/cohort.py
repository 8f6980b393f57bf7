"""Read the data set into the cohort table, and its label-free view for the selecting side."""

from scripting import snakemake

from coldstart.cohort.assemble import assemble, label_free
from coldstart.storage import read_table, write_table

params = snakemake.params
supplied = {"scan": read_table(snakemake.input.scan)} if snakemake.input.get("scan") else {}
cohort = assemble(params.dataset, **supplied)
metadata = {"kind": params.dataset["kind"], "note": params.note}
write_table(snakemake.output.cohort, cohort, metadata)
write_table(snakemake.output.samples, label_free(cohort), metadata)

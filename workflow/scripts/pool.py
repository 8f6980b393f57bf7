"""Give the selecting side the pool of one task: which samples may be selected, and nothing of their labels."""

from scripting import snakemake

from coldstart.cohort.assemble import check_task, pool_of
from coldstart.storage import read_table, write_table

cohort, task = read_table(snakemake.input.cohort), snakemake.wildcards.task
check_task(cohort, task)
write_table(snakemake.output[0], pool_of(cohort, task)[["sample_id", "patient_id"]])

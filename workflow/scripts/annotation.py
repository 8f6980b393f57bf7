"""Tell how many positives every arm had labelled, and how often each label was trained on."""

from scripting import snakemake

from coldstart.probing.store import read_chains
from coldstart.reporting.annotation_figure import plot_annotation
from coldstart.reporting.annotation_log import class_balance, label_reuse, positives
from coldstart.reporting.figures import save_figure
from coldstart.storage import read_json, read_table, write_text

files, task = snakemake.input, snakemake.wildcards.task
fits = [read_json(path) for path in files.fits]
# Of every run, the labelled set of each of its rounds.
rounds = len(files.labelled) // max(1, len(fits))
labelled = [
    [read_table(path) for path in files.labelled[start : start + rounds]]
    for start in range(0, len(files.labelled), rounds or 1)
]
chains = [(fit["cell"], tables[-1]) for fit, tables in zip(fits, labelled, strict=True)]
trained = [
    (*chain, fit["strategy"], [table.sample_id[table.trained] for table in tables])
    for chain, fit, tables in zip(chains, fits, labelled, strict=True)
]
for path in files.probed:
    for cell, table, rounds_of in read_chains(path):
        chains.append((cell, table))
        trained.append((cell, table, "scratch", rounds_of))
balance = class_balance(chains, positives(read_table(files.cohort)), read_table(files.pool).sample_id)
reuse = label_reuse(trained)
write_text(snakemake.output.balance, balance.to_csv(index=False))
write_text(snakemake.output.reuse, reuse.to_csv(index=False))
title = f"{snakemake.params.dataset}: annotation, {task}"
figure = plot_annotation(balance, reuse, title=title, note=snakemake.params.note)
save_figure(figure, **{kind: snakemake.output[kind] for kind in ("png", "svg", "pdf")})

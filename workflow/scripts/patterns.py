"""Tell which prediction patterns the queried candidates of every arm had."""

import numpy as np
import pandas as pd
from scripting import snakemake

from coldstart.reporting.figures import save_figure
from coldstart.reporting.patterns import pattern_shares, plot_patterns, read_patterns
from coldstart.storage import read_json, read_table, write_text

files = snakemake.input


def queries():
    """Yield what `pattern_shares` wants to know of each query."""
    for fit, queried, predictions in zip(files.fits, files.queried, files.predictions, strict=True):
        picks, before = read_table(queried), read_table(predictions)
        if picks.empty:  # after the end of the rounds
            continue
        waiting = before[before.split == "train"]
        rows = pd.Series(np.arange(len(waiting)), index=waiting.sample_id).loc[picks.sample_id]
        yield read_json(fit)["cell"], np.stack(waiting.patches.to_numpy()), rows.to_numpy()


patterns = read_patterns(files.patterns)
shares = pattern_shares(queries(), patterns)
title = f"{snakemake.params.dataset}: patterns of the queried candidates, {snakemake.wildcards.task}"
figure = plot_patterns(shares, patterns, title=title, note=snakemake.params.note)
write_text(snakemake.output.csv, shares.to_csv(index=False))
save_figure(figure, **{kind: snakemake.output[kind] for kind in ("png", "svg", "pdf")})

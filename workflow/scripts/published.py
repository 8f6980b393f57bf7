"""Write Tables 1-4 beside the published values, and check the published claims on both."""

from pathlib import Path

import pandas as pd
from scripting import snakemake

from coldstart.reporting.claims import compare_claims
from coldstart.reporting.published import compare, match_arms, read_published, values_of, winner_counts
from coldstart.reporting.published_tables import claims_markdown, published_table
from coldstart.reporting.summary import read_summary
from coldstart.reporting.tables import write_tables
from coldstart.storage import write_text

params = snakemake.params.comparison
summary, note = read_summary(snakemake.input.summary[0])
arms = match_arms(params["arms"], [tuple(arm) for arm in params["known"]])
cells = compare(
    summary,
    read_published(snakemake.input.published),
    arms,
    query=params["query"],
    from_budget=params["from_budget"],
    **params["aggregation"],
)
for path in map(Path, snakemake.output.tables):
    table = published_table(cells, int(path.stem.removeprefix("table")), protocol=params["protocol"], note=note)
    formats = {"csv": ".csv", "markdown": ".md", "latex": ".tex", "html": ".html"}
    write_tables(table, **{name: path.with_suffix(suffix) for name, suffix in formats.items()})
write_text(snakemake.output.cells, cells.to_csv(index=False))
counts = [winner_counts(values_of(cells, side)).assign(side=side) for side in ("published", "ours")]
write_text(snakemake.output.winners, pd.concat(counts).to_csv(index=False))
verdicts = compare_claims(cells)
write_text(snakemake.output.claims, verdicts.to_csv(index=False))
write_text(snakemake.output.text, claims_markdown(verdicts, note=note))

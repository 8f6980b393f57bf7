"""Write the published values beside ours: Tables 1-4 and claims of Yuan & Hong, or what another publication reports."""

from pathlib import Path

import pandas as pd
from scripting import snakemake

from coldstart.reporting.claims import compare_claims
from coldstart.reporting.plain_tables import write_plain_table
from coldstart.reporting.published import compare, match_arms, read_published, values_of, winner_counts
from coldstart.reporting.published_tables import claims_markdown, published_table
from coldstart.reporting.reported_tables import reported_tables
from coldstart.reporting.summary import read_summary
from coldstart.reporting.tables import write_tables
from coldstart.storage import read_table, write_text

params = snakemake.params.comparison
summary, note = read_summary(snakemake.input.summary)
FORMATS = {"csv": ".csv", "markdown": ".md", "latex": ".tex", "html": ".html"}


def beside_tables():
    """Yuan & Hong: whole tables, their winners and the claims of the text."""
    arms = match_arms(params["arms"], [tuple(arm) for arm in params["known"]])
    cells = compare(
        summary,
        read_published(snakemake.input.published[0]),
        arms,
        query=params["query"],
        from_budget=params["from_budget"],
        **params["aggregation"],
    )
    for path in map(Path, snakemake.output.tables):
        table = published_table(cells, int(path.stem.removeprefix("table")), protocol=params["protocol"], note=note)
        write_tables(table, **{name: path.with_suffix(suffix) for name, suffix in FORMATS.items()})
    write_text(snakemake.output.cells, cells.to_csv(index=False))
    counts = [winner_counts(values_of(cells, side)).assign(side=side) for side in ("published", "ours")]
    write_text(snakemake.output.winners, pd.concat(counts).to_csv(index=False))
    verdicts = compare_claims(cells)
    write_text(snakemake.output.claims, verdicts.to_csv(index=False))
    write_text(snakemake.output.text, claims_markdown(verdicts, note=note))


def beside_values():
    """The others: the values that are public."""
    tables = reported_tables(
        params["published"],
        snakemake.input.published,
        summary,
        arms=params["arms"],
        settings=params["efficiency"],
        pool=len(read_table(snakemake.input.pool)),
        dataset=params["dataset"],
        note=note,
    )
    for path, table in zip(map(Path, snakemake.output.tables), tables, strict=True):
        write_plain_table(table, **{name: path.with_suffix(suffix) for name, suffix in FORMATS.items()})


beside_tables() if params["published"] == "yuan_hong" else beside_values()

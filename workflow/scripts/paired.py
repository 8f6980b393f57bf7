"""Compare every pair of arms of one task and stage: tables, win/loss matrix, critical-difference diagram."""

from scripting import snakemake

from coldstart.reporting.figures import save_figure
from coldstart.reporting.headline import headline_metrics
from coldstart.reporting.paired import count_units, study
from coldstart.reporting.paired_tables import paired_table, ranks_table
from coldstart.reporting.plain_tables import write_plain_table
from coldstart.reporting.rank_figure import plot_ranks
from coldstart.reporting.summary import read_summary
from coldstart.reporting.win_matrix import plot_wins
from coldstart.storage import read_table

task, stage, params = snakemake.wildcards.task, snakemake.wildcards.stage, snakemake.params
summary, note = read_summary(snakemake.input.summary[0])
cohort = read_table(snakemake.input.cohort)
studies = [
    study(
        summary,
        task,
        stage,
        metric,
        full=params.full,
        test_units=count_units(cohort, task, metric, params.unit),
        **params.aggregation,
    )
    for metric in headline_metrics(summary, task, params.metrics)
]


def files(start, *kinds):
    """Outputs whose names begin alike, by their format."""
    return {kind: snakemake.output[f"{start}{kind}"] for kind in kinds}


FORMATS = ("csv", "markdown", "latex", "html")
write_plain_table(paired_table(studies, note=note), **files("", *FORMATS))
write_plain_table(ranks_table(studies, note=note), **files("ranks_", *FORMATS))
save_figure(plot_wins(studies, note=note), **files("wins_", "png", "svg", "pdf"))
save_figure(plot_ranks(studies, note=note), **files("diagram_", "png", "svg", "pdf"))

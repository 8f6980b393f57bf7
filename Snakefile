# Which images should be labelled first, and which next?
# One chain: cohort → images → embed → select → train → evaluate → query → train … → summary → track.
from snakemake.utils import min_version

min_version("9.27")


include: "workflow/rules/scheduling.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/grid.smk"
include: "workflow/rules/running.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/probe_inputs.smk"
include: "workflow/rules/embed_inputs.smk"
include: "workflow/rules/comparison_inputs.smk"
include: "workflow/rules/figures_inputs.smk"
include: "workflow/rules/annotation_inputs.smk"
include: "workflow/rules/report_inputs.smk"
include: "workflow/rules/worklist_lists.smk"
include: "workflow/rules/worklist_inputs.smk"
include: "workflow/rules/terminal.smk"


if missing := missing_files():
    logger.warning(missing)


pathvars:
    results=RESULTS,
    logs=f"{RESULTS}/logs",
    benchmarks=f"{RESULTS}/benchmarks",


report: "workflow/report/workflow.rst"


wildcard_constraints:
    task="classification|segmentation",
    model=one_of(["none", *config["models"]]),
    method=one_of(config["methods"]),
    query=one_of(["none", *config["query"]["strategies"]]),
    size=r"\d+",
    budget=r"\d+",
    seed=r"\d+",
    repeat=r"\d+",
    round=r"\d+",


rule all:
    default_target: True
    input:
        worklist_targets() if LIVE else everything(),
    localrule: True


rule worklist:
    input:
        worklist_targets,
    localrule: True


include: "workflow/rules/fetch.smk"
include: "workflow/rules/scan.smk"
include: "workflow/rules/cohort.smk"
include: "workflow/rules/embed.smk"
include: "workflow/rules/encoders.smk"
include: "workflow/rules/select.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/probe.smk"
include: "workflow/rules/query.smk"
include: "workflow/rules/summary.smk"
include: "workflow/rules/paired.smk"
include: "workflow/rules/variance.smk"
include: "workflow/rules/published.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/annotation.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/track.smk"


if LIVE:

    include: "workflow/rules/worklist.smk"


onstart:
    lift_default_limit(workflow.scheduler)
    say_who_waits()


onsuccess:
    print(closing_lines())


onerror:
    say_what_failed()

# Every run → one tidy table, and the comparison tables drawn from it alone.


rule summary:
    input:
        metrics=of_runs("metrics.parquet"),
        fits=of_runs("fit.json"),
        probed=of_probes("metrics.parquet"),
        probe_fits=of_probes("fits.parquet"),
    output:
        "<results>/summary.parquet",
    log:
        "<logs>/summary.log",
    benchmark:
        "<benchmarks>/summary.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        dataset=DATASET["name"],
        note=NOTE,
        references=references(),
        code=code("summary"),
    message:
        "Collecting every run"
    script:
        "../scripts/summary.py"


rule tables:
    input:
        rules.summary.output,
    output:
        csv=report(
            "<results>/tables/{task}_{stage}.csv",
            caption="../report/table.rst",
            category="Tables",
            subcategory="{task}",
            labels={"stage": "{stage}", "format": "CSV"},
        ),
        markdown="<results>/tables/{task}_{stage}.md",
        latex="<results>/tables/{task}_{stage}.tex",
        html=report(
            "<results>/tables/{task}_{stage}.html",
            caption="../report/table.rst",
            category="Tables",
            subcategory="{task}",
            labels={"stage": "{stage}", "format": "table"},
        ),
    log:
        "<logs>/tables/{task}_{stage}.log",
    benchmark:
        "<benchmarks>/tables/{task}_{stage}.tsv"
    wildcard_constraints:
        stage="initialisation|subsequent",
    conda:
        "../../envs/pytorch.yaml"
    params:
        metrics=headline,
        aggregation=aggregation(),
        code=code("tables"),
    message:
        "Comparison table: {wildcards.task}, {wildcards.stage}"
    script:
        "../scripts/tables.py"


rule efficiency:
    input:
        summary=rules.summary.output,
        pool="<results>/pools/{task}.parquet",
    output:
        csv=report(
            "<results>/tables/{task}_{curve}.csv",
            caption="../report/efficiency.rst",
            category="Tables",
            subcategory="{task}",
            labels={"stage": "{curve}", "format": "CSV"},
        ),
        markdown="<results>/tables/{task}_{curve}.md",
        latex="<results>/tables/{task}_{curve}.tex",
        html=report(
            "<results>/tables/{task}_{curve}.html",
            caption="../report/efficiency.rst",
            category="Tables",
            subcategory="{task}",
            labels={"stage": "{curve}", "format": "table"},
        ),
    log:
        "<logs>/efficiency/{task}_{curve}.log",
    benchmark:
        "<benchmarks>/efficiency/{task}_{curve}.tsv"
    wildcard_constraints:
        curve="(initial_)?efficiency",
    conda:
        "../../envs/pytorch.yaml"
    params:
        efficiency=lambda wildcards: efficiency_params(wildcards.task),
        code=code("efficiency"),
    message:
        "Label efficiency: {wildcards.task}, {wildcards.curve}"
    script:
        "../scripts/efficiency.py"

# Every run → one tidy table, and the comparison tables drawn from it alone.


rule summary:
    input:
        metrics=collect("{run}/metrics.parquet", run=runs()),
        fits=collect("{run}/fit.json", run=runs()),
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
            "<results>/tables/{task}_efficiency.csv",
            caption="../report/efficiency.rst",
            category="Tables",
            subcategory="{task}",
            labels={"stage": "label efficiency", "format": "CSV"},
        ),
        markdown="<results>/tables/{task}_efficiency.md",
        latex="<results>/tables/{task}_efficiency.tex",
        html=report(
            "<results>/tables/{task}_efficiency.html",
            caption="../report/efficiency.rst",
            category="Tables",
            subcategory="{task}",
            labels={"stage": "label efficiency", "format": "table"},
        ),
    log:
        "<logs>/efficiency/{task}.log",
    benchmark:
        "<benchmarks>/efficiency/{task}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        efficiency=lambda wildcards: efficiency_params(wildcards.task),
        code=code("efficiency"),
    message:
        "Label efficiency: {wildcards.task}"
    script:
        "../scripts/efficiency.py"

# Every pair of arms compared: tables, the win/loss matrix and the critical-difference diagram.


rule paired:
    input:
        summary=rules.summary.output,
        cohort=rules.cohort.output.cohort,
    output:
        csv=report(
            "<results>/tables/{task}_{stage}_paired.csv",
            caption="../report/paired.rst",
            category="Comparisons",
            subcategory="{task}",
            labels={"stage": "{stage}", "shows": "arms by pairs, CSV"},
        ),
        markdown="<results>/tables/{task}_{stage}_paired.md",
        latex="<results>/tables/{task}_{stage}_paired.tex",
        html=report(
            "<results>/tables/{task}_{stage}_paired.html",
            caption="../report/paired.rst",
            category="Comparisons",
            subcategory="{task}",
            labels={"stage": "{stage}", "shows": "arms by pairs"},
        ),
        ranks_csv="<results>/tables/{task}_{stage}_ranks.csv",
        ranks_markdown="<results>/tables/{task}_{stage}_ranks.md",
        ranks_latex="<results>/tables/{task}_{stage}_ranks.tex",
        ranks_html=report(
            "<results>/tables/{task}_{stage}_ranks.html",
            caption="../report/ranks.rst",
            category="Comparisons",
            subcategory="{task}",
            labels={"stage": "{stage}", "shows": "spread and ranks"},
        ),
        wins_png=report(
            "<results>/figures/comparisons/{task}_{stage}_wins.png",
            caption="../report/wins.rst",
            category="Comparisons",
            subcategory="{task}",
            labels={"stage": "{stage}", "shows": "who beats whom"},
        ),
        wins_svg="<results>/figures/comparisons/{task}_{stage}_wins.svg",
        wins_pdf="<results>/figures/comparisons/{task}_{stage}_wins.pdf",
        diagram_png=report(
            "<results>/figures/comparisons/{task}_{stage}_ranks.png",
            caption="../report/critical_difference.rst",
            category="Comparisons",
            subcategory="{task}",
            labels={"stage": "{stage}", "shows": "critical differences"},
        ),
        diagram_svg="<results>/figures/comparisons/{task}_{stage}_ranks.svg",
        diagram_pdf="<results>/figures/comparisons/{task}_{stage}_ranks.pdf",
    log:
        "<logs>/paired/{task}_{stage}.log",
    benchmark:
        "<benchmarks>/paired/{task}_{stage}.tsv"
    wildcard_constraints:
        stage="initialisation|subsequent",
    conda:
        "../../envs/pytorch.yaml"
    params:
        metrics=headline,
        aggregation=aggregation(),
        full=next(iter(references()), None),
        unit=config["evaluation"]["bootstrap_unit"],
        code=code("paired"),
    message:
        "Arms by pairs: {wildcards.task}, {wildcards.stage}"
    script:
        "../scripts/paired.py"

# Selection and training apart: variance components of every arm and point.


rule variance:
    input:
        rules.summary.output,
    output:
        csv=report(
            "<results>/tables/{task}_variance.csv",
            caption="../report/variance.rst",
            category="Tables",
            subcategory="{task}",
            labels={"stage": "selection and training apart", "format": "CSV"},
        ),
        markdown="<results>/tables/{task}_variance.md",
        latex="<results>/tables/{task}_variance.tex",
        html=report(
            "<results>/tables/{task}_variance.html",
            caption="../report/variance.rst",
            category="Tables",
            subcategory="{task}",
            labels={"stage": "selection and training apart", "format": "table"},
        ),
    log:
        "<logs>/variance/{task}.log",
    benchmark:
        "<benchmarks>/variance/{task}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        metrics=headline,
        one_optimum=one_optimum_arms,
        code=code("variance"),
    message:
        "Selection and training apart: {wildcards.task}"
    script:
        "../scripts/variance.py"

# What was annotated in the rounds: class balance, reuse of the labels, patterns of the predictions.


rule annotation:
    input:
        unpack(annotation_inputs),
    output:
        balance="<results>/tables/{task}_balance.csv",
        reuse="<results>/tables/{task}_reuse.csv",
        png=report(
            "<results>/figures/annotation/{task}.png",
            caption="../report/annotation.rst",
            category="Query rounds",
            subcategory="{task}",
            labels={"figure": "class balance, reuse of labels"},
        ),
        svg="<results>/figures/annotation/{task}.svg",
        pdf="<results>/figures/annotation/{task}.pdf",
    log:
        "<logs>/annotation/{task}.log",
    benchmark:
        "<benchmarks>/annotation/{task}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        dataset=DATASET["name"],
        note=NOTE,
        code=code("annotation"),
    message:
        "Class balance and reuse of the labels: {wildcards.task}"
    script:
        "../scripts/annotation.py"


rule patterns:
    input:
        unpack(pattern_inputs),
    output:
        csv="<results>/figures/patterns/{task}.csv",
        png=report(
            "<results>/figures/patterns/{task}.png",
            caption="../report/patterns.rst",
            category="Query rounds",
            subcategory="{task}",
            labels={"figure": "patterns of the predictions"},
        ),
        svg="<results>/figures/patterns/{task}.svg",
        pdf="<results>/figures/patterns/{task}.pdf",
    log:
        "<logs>/patterns/{task}.log",
    benchmark:
        "<benchmarks>/patterns/{task}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        dataset=DATASET["name"],
        note=NOTE,
        code=code("patterns"),
    message:
        "Patterns of the queried candidates: {wildcards.task}"
    script:
        "../scripts/patterns.py"

# What the embeddings see: they are compared by the labels of the pool. A report, which nothing in the chain reads.


rule compare_encoders:
    input:
        unpack(encoder_comparison_inputs),
    output:
        csv=report(
            "<results>/tables/{task}_encoders.csv",
            caption="../report/encoders.rst",
            category="Encoders",
            subcategory="{task}",
            labels={"shows": "models, CSV"},
        ),
        markdown="<results>/tables/{task}_encoders.md",
        latex="<results>/tables/{task}_encoders.tex",
        html=report(
            "<results>/tables/{task}_encoders.html",
            caption="../report/encoders.rst",
            category="Encoders",
            subcategory="{task}",
            labels={"shows": "models"},
        ),
        pairs_csv="<results>/tables/{task}_encoder_pairs.csv",
        pairs_markdown="<results>/tables/{task}_encoder_pairs.md",
        pairs_latex="<results>/tables/{task}_encoder_pairs.tex",
        pairs_html=report(
            "<results>/tables/{task}_encoder_pairs.html",
            caption="../report/encoder_pairs.rst",
            category="Encoders",
            subcategory="{task}",
            labels={"shows": "models by pairs"},
        ),
        png=report(
            "<results>/figures/encoders/{task}.png",
            caption="../report/encoders.rst",
            category="Encoders",
            subcategory="{task}",
            labels={"shows": "models, figure"},
        ),
        svg="<results>/figures/encoders/{task}.svg",
        pdf="<results>/figures/encoders/{task}.pdf",
    log:
        "<logs>/compare_encoders/{task}.log",
    benchmark:
        "<benchmarks>/compare_encoders/{task}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        dataset=DATASET["name"],
        models=list(config["models"]),
        clusters=sorted(set(config["budgets"])),
        bootstrap=config["evaluation"]["bootstrap"],
        unit=config["evaluation"]["bootstrap_unit"],
        note=NOTE,
        code=code("compare_encoders"),
    message:
        "What the embeddings see: {wildcards.task}"
    script:
        "../scripts/compare_encoders.py"


rule encoders:
    input:
        encoder_comparisons(),
    localrule: True

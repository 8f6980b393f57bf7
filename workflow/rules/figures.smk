# Learning curves, maps of the pool and contact sheets.


rule curves:
    input:
        rules.summary.output,
    output:
        png=report(
            "<results>/figures/curves/{task}_{stage}.png",
            caption="../report/curves.rst",
            category="Learning curves",
            subcategory="{task}",
            labels={"stage": "{stage}"},
        ),
        svg="<results>/figures/curves/{task}_{stage}.svg",
        pdf="<results>/figures/curves/{task}_{stage}.pdf",
    log:
        "<logs>/curves/{task}_{stage}.log",
    benchmark:
        "<benchmarks>/curves/{task}_{stage}.tsv"
    wildcard_constraints:
        stage="initialisation|subsequent",
    conda:
        "../../envs/pytorch.yaml"
    params:
        metrics=headline,
        aggregation=aggregation(),
        code=code("curves"),
    message:
        "Learning curves: {wildcards.task}, {wildcards.stage}"
    script:
        "../scripts/curves.py"


rule project:
    input:
        "<results>/embeddings/{model}.parquet",
    output:
        "<results>/maps/{model}.parquet",
    log:
        "<logs>/project/{model}.log",
    benchmark:
        "<benchmarks>/project/{model}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        seed=encoder_seed,
        code=code("project"),
    message:
        "Projecting the embedding of {wildcards.model} to two dimensions"
    script:
        "../scripts/project.py"


rule map:
    input:
        pool="<results>/pools/{task}.parquet",
        projection=rules.project.output,
        selections=largest_selections,
    output:
        report(
            "<results>/figures/map/{task}/{model}.png",
            caption="../report/map.rst",
            category="Maps of the pool",
            subcategory="{task}",
            labels={"model": "{model}"},
        ),
    log:
        "<logs>/map/{task}/{model}.log",
    benchmark:
        "<benchmarks>/map/{task}/{model}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        methods=map_methods,
        note=NOTE,
        code=code("map"),
    message:
        "Map of the pool: {wildcards.task}, {wildcards.model}"
    script:
        "../scripts/map.py"


rule contact:
    input:
        samples=rules.cohort.output.samples,
        images=stored_images,
        selection=sheet_selection,
    output:
        report(
            "<results>/figures/contact/{task}/{model}/{method}.png",
            caption="../report/contact.rst",
            category="Contact sheets",
            subcategory="{task}",
            labels={"model": "{model}", "method": "{method}"},
        ),
    log:
        "<logs>/contact/{task}/{model}/{method}.log",
    benchmark:
        "<benchmarks>/contact/{task}/{model}/{method}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        note=NOTE,
        code=code("contact"),
    message:
        "Contact sheet: {wildcards.task}, {wildcards.method} on {wildcards.model}"
    script:
        "../scripts/contact.py"

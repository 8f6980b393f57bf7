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


rule map:
    input:
        pool="<results>/pools/{task}.parquet",
        projection=rules.project.output,
        selections=largest_selections,
    output:
        png=report(
            "<results>/figures/map/{task}/{model}.png",
            caption="../report/map.rst",
            category="Maps of the pool",
            subcategory="{task}",
            labels={"model": "{model}"},
        ),
        svg="<results>/figures/map/{task}/{model}.svg",
        pdf="<results>/figures/map/{task}/{model}.pdf",
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


rule picks:
    input:
        unpack(picks_inputs),
    output:
        png=report(
            "<results>/figures/picks/{task}/{model}/{method}/{query}.png",
            caption="../report/picks.rst",
            category="Maps of the pool",
            subcategory="{task}",
            labels={"model": "{model}", "method": "{method}", "query": "{query}"},
        ),
        svg="<results>/figures/picks/{task}/{model}/{method}/{query}.svg",
        pdf="<results>/figures/picks/{task}/{model}/{method}/{query}.pdf",
    log:
        "<logs>/picks/{task}/{model}/{method}/{query}.log",
    benchmark:
        "<benchmarks>/picks/{task}/{model}/{method}/{query}.tsv"
    wildcard_constraints:
        query=one_of(config["query"]["strategies"]) or "nothing",
    conda:
        "../../envs/pytorch.yaml"
    params:
        model=drawn_model,
        note=NOTE,
        code=code("picks"),
    message:
        "Map of the choices for {wildcards.task}: {wildcards.query} after {wildcards.method} on {wildcards.model}"
    script:
        "../scripts/picks.py"


rule lesion_size_map:
    input:
        cohort=rules.cohort.output.cohort,
        pool="<results>/pools/{task}.parquet",
        images=stored_images,
        labelled=last_labelled,
    output:
        png=report(
            "<results>/figures/lesion_size_map/{task}.png",
            caption="../report/lesion_size_map.rst",
            category="Maps of the pool",
            subcategory="{task}",
            labels={"model": "baseline pixels"},
        ),
        svg="<results>/figures/lesion_size_map/{task}.svg",
        pdf="<results>/figures/lesion_size_map/{task}.pdf",
    log:
        "<logs>/lesion_size_map/{task}.log",
    benchmark:
        "<benchmarks>/lesion_size_map/{task}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        arms=last_arm_names,
        seeds=last_arm_seeds,
        note=NOTE,
        code=code("lesion_size_map"),
    message:
        "Map of the pool's lesion sizes: {wildcards.task}"
    script:
        "../scripts/lesion_size_map.py"


rule contact:
    input:
        samples=rules.cohort.output.samples,
        images=stored_images,
        selection=sheet_selection,
    output:
        png=report(
            "<results>/figures/contact/{task}/{model}/{method}.png",
            caption="../report/contact.rst",
            category="Contact sheets",
            subcategory="{task}",
            labels={"model": "{model}", "method": "{method}"},
        ),
        svg="<results>/figures/contact/{task}/{model}/{method}.svg",
        pdf="<results>/figures/contact/{task}/{model}/{method}.pdf",
    log:
        "<logs>/contact/{task}/{model}/{method}.log",
    benchmark:
        "<benchmarks>/contact/{task}/{model}/{method}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        channel=KINDS.entry(DATASET["kind"]).facts.get("shown"),
        note=NOTE,
        code=code("contact"),
    message:
        "Contact sheet: {wildcards.task}, {wildcards.method} on {wildcards.model}"
    script:
        "../scripts/contact.py"

# What needs a network, done beforehand: compute nodes often have none. Both run only when they are asked for.


rule fetch_data:
    log:
        "<logs>/fetch_data.log",
    benchmark:
        "<benchmarks>/fetch_data.tsv"
    localrule: True
    conda:
        "../../envs/pytorch.yaml"
    params:
        kind=DATASET["kind"],
        root=DATASET.get("root"),
        code=code("fetch_data"),
    message:
        "Fetching the published images and annotations"
    script:
        "../scripts/fetch_data.py"


rule fetch_weights:
    log:
        "<logs>/fetch_weights.log",
    benchmark:
        "<benchmarks>/fetch_weights.tsv"
    localrule: True
    conda:
        "../../envs/pytorch.yaml"
    params:
        wanted=weights_to_fetch(),
        code=code("fetch_weights"),
    message:
        "Fetching the published weights"
    script:
        "../scripts/fetch_weights.py"

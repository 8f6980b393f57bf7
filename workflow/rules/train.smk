# Labelled set → network → predictions for validation, test and pool, in one process.


rule train:
    input:
        unpack(train_inputs),
    output:
        **train_outputs("classification"),
    log:
        "<logs>/train/{task}/{model}/{method}/{query}/b{budget}_s{seed}_t{repeat}_round{round}.log",
    benchmark:
        "<benchmarks>/train/{task}/{model}/{method}/{query}/b{budget}_s{seed}_t{repeat}_round{round}.tsv"
    wildcard_constraints:
        task="classification",
    conda:
        "../../envs/pytorch.yaml"
    resources:
        gpu=1,
    params:
        learning=train_params,
        threshold_decimals=config["evaluation"]["threshold_decimals"],
        code=train_code,
    message:
        "Training for {wildcards.task}: {wildcards.method} on {wildcards.model}, query {wildcards.query}, "
        "budget {wildcards.budget}, seed {wildcards.seed}, repeat {wildcards.repeat}, round {wildcards.round}"
    script:
        "../scripts/train.py"


use rule train as train_segmentation with:
    output:
        **train_outputs("segmentation"),
    wildcard_constraints:
        task="segmentation",

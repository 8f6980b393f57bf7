# Predictions → metrics on the test split, with bootstrap errors.


rule evaluate:
    input:
        unpack(evaluate_inputs),
    output:
        f"{RUN}/metrics.parquet",
    log:
        "<logs>/evaluate/{task}/{model}/{method}/{query}/b{budget}_s{seed}_t{repeat}_round{round}.log",
    benchmark:
        "<benchmarks>/evaluate/{task}/{model}/{method}/{query}/b{budget}_s{seed}_t{repeat}_round{round}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        evaluation=evaluate_params,
        code=code("evaluate"),
    message:
        "Evaluating {wildcards.task}: {wildcards.method} on {wildcards.model}, query {wildcards.query}, "
        "budget {wildcards.budget}, seed {wildcards.seed}, repeat {wildcards.repeat}, round {wildcards.round}"
    script:
        "../scripts/evaluate.py"

# Predictions of one round → images to label in the next.


rule query:
    input:
        unpack(query_inputs),
    output:
        f"{RUN}/queried.parquet",
    log:
        "<logs>/query/{task}/{model}/{method}/{query}/b{budget}_s{seed}_t{repeat}_round{round}.log",
    benchmark:
        "<benchmarks>/query/{task}/{model}/{method}/{query}/b{budget}_s{seed}_t{repeat}_round{round}.tsv"
    wildcard_constraints:
        query=one_of(config["query"]["strategies"]) or "nothing",
        round=r"[1-9]\d*",
    conda:
        "../../envs/pytorch.yaml"
    resources:
        gpu=query_gpu,
    params:
        query=query_params,
        stop=stopping(),
        code=query_code,
    message:
        "Querying round {wildcards.round} of {wildcards.task}: {wildcards.query} after {wildcards.method} on {wildcards.model}"
    script:
        "../scripts/query.py"

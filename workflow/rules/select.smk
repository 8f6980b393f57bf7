# Embedding → initial labelled set. Nothing in here can see a label.


rule select:
    input:
        pool="<results>/pools/{task}.parquet",
        vectors=method_vectors,
        measures=method_measures,
    output:
        SELECTION,
    log:
        "<logs>/select/{task}/{model}/{method}/b{budget}_s{seed}.log",
    benchmark:
        "<benchmarks>/select/{task}/{model}/{method}/b{budget}_s{seed}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        method=method_params,
        whole_pool=takes_everything,
        code=method_code,
    message:
        "Selecting {wildcards.budget} images for {wildcards.task}: {wildcards.method} on {wildcards.model}, seed {wildcards.seed}"
    script:
        "../scripts/select.py"


rule selections:
    input:
        all_selections,
    localrule: True

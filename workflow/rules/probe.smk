# Every seed, repeat and round of one arm → its fits, metrics and picks, in one process: a fit takes less than a start.


rule patch_features:
    input:
        stored_images,
    output:
        "<results>/patch_features/{patch}.npy",
    log:
        "<logs>/patch_features/{patch}.log",
    benchmark:
        "<benchmarks>/patch_features/{patch}.tsv"
    wildcard_constraints:
        patch=r"\d+",
    conda:
        "../../envs/pytorch.yaml"
    # scikit-image takes all there are.
    threads: 8
    params:
        code=code("patch_features"),
    message:
        "Describing the patches of {wildcards.patch} pixels of every image"
    script:
        "../scripts/patch_features.py"


rule probe:
    input:
        unpack(probe_inputs),
    output:
        metrics=f"{PROBE}/metrics.parquet",
        fits=f"{PROBE}/fits.parquet",
        labelled=f"{PROBE}/labelled.parquet",
    log:
        "<logs>/probe/{task}/{model}/{method}/{query}/b{budget}.log",
    benchmark:
        "<benchmarks>/probe/{task}/{model}/{method}/{query}/b{budget}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        probe=probe_params,
        choice=probe_choice,
        whole_pool=takes_everything,
        seeds=lambda wildcards: seeds(wildcards.method),
        repeats=config["repeats"],
        rounds=probe_rounds,
        evaluation=probe_evaluation,
        code=probe_code,
    message:
        "Probes for {wildcards.task}: {wildcards.method} on {wildcards.model}, query {wildcards.query}, "
        "budget {wildcards.budget}, all seeds"
    script:
        "../scripts/probe.py"

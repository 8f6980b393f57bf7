# Data set → table of samples, images, masks and splits. Labels leave it only in cohort.parquet; samples.parquet and
# the pools are what the embedding and selecting side sees.


rule cohort:
    input:
        unpack(cohort_inputs),
    output:
        cohort="<results>/cohort.parquet",
        samples="<results>/samples.parquet",
    log:
        "<logs>/cohort.log",
    benchmark:
        "<benchmarks>/cohort.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        dataset=own(DATASET, *STORE_KEYS),
        note=NOTE,
        code=code("cohort", KINDS.entry(DATASET["kind"]).module),
    message:
        "Reading the data set"
    script:
        "../scripts/cohort.py"


rule images:
    input:
        cohort=rules.cohort.output.cohort,
    output:
        "<results>/images/{size}.npy",
    log:
        "<logs>/images/{size}.log",
    benchmark:
        "<benchmarks>/images/{size}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    threads: 8
    params:
        kind=DATASET["kind"],
        dataset=own(DATASET, *COMMON_KEYS),
        store={"channels": DATASET["channels"], "interpolation": DATASET["interpolation"]},
        code=code("images", KINDS.entry(DATASET["kind"]).module),
    message:
        "Decoding every image once, to {wildcards.size} pixels"
    script:
        "../scripts/images.py"


rule masks:
    input:
        cohort=rules.cohort.output.cohort,
    output:
        "<results>/masks/{size}.npy",
    log:
        "<logs>/masks/{size}.log",
    benchmark:
        "<benchmarks>/masks/{size}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    threads: 8
    params:
        kind=DATASET["kind"],
        dataset=own(DATASET, *COMMON_KEYS),
        interpolation=DATASET["interpolation"],
        code=code("masks", KINDS.entry(DATASET["kind"]).module),
    message:
        "Decoding every mask once, to {wildcards.size} pixels"
    script:
        "../scripts/masks.py"


# One file for each task: who takes part in segmentation may depend on a label, and classification must not see it.
rule pool:
    input:
        cohort=rules.cohort.output.cohort,
    output:
        "<results>/pools/{task}.parquet",
    log:
        "<logs>/pool/{task}.log",
    benchmark:
        "<benchmarks>/pool/{task}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        code=code("pool"),
    message:
        "The pool for {wildcards.task}"
    script:
        "../scripts/pool.py"

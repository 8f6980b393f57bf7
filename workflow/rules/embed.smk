# Images → one vector each, and the pool's vectors → a map.


scattergather:
    **shards(),


rule embed:
    input:
        samples=rules.cohort.output.samples,
        images=encoder_images,
        files=encoder_files,
    output:
        "<results>/embeddings/{model}.parquet",
    log:
        "<logs>/embed/{model}.log",
    benchmark:
        "<benchmarks>/embed/{model}.tsv"
    wildcard_constraints:
        model=one_of([name for name in config["models"] if name not in sharded()]),
    conda:
        "../../envs/pytorch.yaml"
    threads: encoder_threads
    resources:
        gpu=encoder_gpu,
    params:
        encoder=encoder_params,
        seed=encoder_seed,
        code=encoder_code,
    message:
        "Embedding the images with {wildcards.model}"
    script:
        "../scripts/embed.py"


if sharded():

    use rule embed as embed_shard with:
        output:
            temp("<results>/embeddings/{model}/{scatteritem}.parquet"),
        log:
            "<logs>/embed_shard/{model}/{scatteritem}.log",
        benchmark:
            "<benchmarks>/embed_shard/{model}/{scatteritem}.tsv"
        wildcard_constraints:
            model=one_of(sharded()),
        message:
            "Embedding the images with {wildcards.model}: shard {wildcards.scatteritem}"

    rule gather:
        input:
            samples=rules.cohort.output.samples,
            shards=embedding_shards,
        output:
            "<results>/embeddings/{model}.parquet",
        log:
            "<logs>/gather/{model}.log",
        benchmark:
            "<benchmarks>/gather/{model}.tsv"
        wildcard_constraints:
            model=one_of(sharded()),
        conda:
            "../../envs/pytorch.yaml"
        params:
            code=code("gather"),
        message:
            "Putting the shards of {wildcards.model} together"
        script:
            "../scripts/gather.py"


rule uncertainty:
    input:
        samples=rules.cohort.output.samples,
        images=stored_images,
        embedding="<results>/embeddings/{model}.parquet",
        weights=uncertainty_weights,
    output:
        "<results>/uncertainties/{model}.parquet",
    log:
        "<logs>/uncertainty/{model}.log",
    benchmark:
        "<benchmarks>/uncertainty/{model}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    resources:
        gpu=1,
    params:
        uncertainty=uncertainty_params,
        seed=encoder_seed,
        code=uncertainty_code,
    message:
        "Measuring how certain a network is about the embedding of {wildcards.model}"
    script:
        "../scripts/uncertainty.py"


rule project:
    input:
        samples=rules.cohort.output.samples,
        embedding="<results>/embeddings/{model}.parquet",
    output:
        "<results>/maps/{model}.parquet",
    log:
        "<logs>/project/{model}.log",
    benchmark:
        "<benchmarks>/project/{model}.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        map=map_params,
        seed=encoder_seed,
        code=code("project"),
    message:
        "Projecting the pool's embedding of {wildcards.model} to two dimensions"
    script:
        "../scripts/project.py"

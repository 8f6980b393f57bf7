# Images → one vector each, and the pool's vectors → a map.


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
    conda:
        "../../envs/pytorch.yaml"
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

# Images → one vector each.


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

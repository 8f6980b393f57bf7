# Every run → MLflow, once. MLflow is a mirror: nothing is read back from it.


rule track:
    input:
        metrics=of_runs("metrics.parquet"),
        fits=of_runs("fit.json"),
        histories=of_runs("history.csv"),
        labelled=of_runs("labelled.parquet"),
    output:
        "<results>/tracking.parquet",
    log:
        "<logs>/track.log",
    benchmark:
        "<benchmarks>/track.tsv"
    localrule: True
    conda:
        "../../envs/pytorch.yaml"
    params:
        dataset=DATASET["name"],
        uri=config["tracking"]["uri"],
        code=code("track"),
    message:
        "Mirroring every run in MLflow"
    script:
        "../scripts/track.py"

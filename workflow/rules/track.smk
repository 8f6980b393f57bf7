# Every run → MLflow, once. MLflow is a mirror: nothing is read back from it.


rule track:
    input:
        metrics=collect("{run}/metrics.parquet", run=runs()),
        fits=collect("{run}/fit.json", run=runs()),
        histories=collect("{run}/history.csv", run=runs()),
        labelled=collect("{run}/labelled.parquet", run=runs()),
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

# Every run → MLflow, once. MLflow is a mirror: nothing is read back from it.


rule track:
    input:
        metrics=of_runs("metrics.parquet"),
        fits=of_runs("fit.json"),
        histories=of_runs("history.csv"),
        labelled=of_runs("labelled.parquet"),
        probed=of_probes("metrics.parquet"),
        probe_fits=of_probes("fits.parquet"),
        probe_labelled=of_probes("labelled.parquet"),
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

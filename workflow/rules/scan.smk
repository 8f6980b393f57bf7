# A pool without labels → what its files hold, and which of them are left out.


rule scan:
    input:
        cohort_files,
    output:
        scan="<results>/scan.parquet",
        quality="<results>/quality.csv",
    log:
        "<logs>/scan.log",
    benchmark:
        "<benchmarks>/scan.tsv"
    conda:
        "../../envs/pytorch.yaml"
    threads: 8
    params:
        pool=scan_params,
        listing=scan_listing,
        code=code("scan"),
    message:
        "Reading every file of the pool once"
    script:
        "../scripts/scan.py"

# Everything that is shown of a data set, in one page that needs no other file.


rule report:
    input:
        unpack(report_inputs),
    output:
        "<results>/report.html",
    log:
        "<logs>/report.log",
    benchmark:
        "<benchmarks>/report.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        given=ordered(GIVEN),
        design=ordered(config),
        arms=report_arms(),
        models=embedded_models(),
        channel=KINDS.entry(DATASET["kind"]).facts.get("shown"),
        aggregation=aggregation(),
        against=config["efficiency"]["against"],
        uri=tracking_uri() if config["tracking"]["enabled"] else None,
        page=page_files(),
        code=code("report"),
    message:
        "Writing the report"
    script:
        "../scripts/report.py"

# Our tables beside published ones: differences, winners, and the published text's claims checked on both.


rule published:
    input:
        unpack(published_inputs),
    output:
        **published_claims(),
        tables=report(
            published_tables("html"),
            caption="../report/published.rst",
            category="Beside the publication",
        ),
        formats=published_tables("csv", "md", "tex"),
    log:
        "<logs>/published.log",
    benchmark:
        "<benchmarks>/published.tsv"
    conda:
        "../../envs/pytorch.yaml"
    params:
        comparison=published_params,
        code=code("published"),
    message:
        "Holding our tables against the published ones"
    script:
        "../scripts/published.py"

# Our tables beside published ones: differences, winners, and the published text's claims checked on both.


rule published:
    input:
        summary=rules.summary.output,
        published=BASE / "resources/yuan_hong_tables.csv",
    output:
        tables=report(
            collect("<results>/published/table{number}.html", number=[1, 2, 3, 4]),
            caption="../report/published.rst",
            category="Beside the publication",
        ),
        formats=collect("<results>/published/table{number}.{suffix}", number=[1, 2, 3, 4], suffix=["csv", "md", "tex"]),
        cells="<results>/published/cells.csv",
        winners="<results>/published/winners.csv",
        claims="<results>/published/claims.csv",
        text="<results>/published/claims.md",
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

# What the comparisons take: label efficiency, and values that were published.


# efficiency


def efficiency_params(task):
    """How label efficiency is told: see `coldstart.reporting.efficiency.efficiency`."""
    section = own(config["efficiency"])
    wanted = section.pop("metric")
    ours = wanted is not None and METRICS[wanted]["task"] == task
    return {
        **section,
        "of": section["of"] or next(iter(references()), "best"),
        "stop": stopping() or dict(DEFAULT_STOP),
        "metrics": [wanted] if ours else config["evaluation"]["metrics"][task],
    }


# published


def published_inputs(wildcards):
    """Our summary, the published values and, where shares of the pool were published, the pool."""
    paper = PUBLICATIONS[publication()]
    files = {
        "summary": "<results>/summary.parquet",
        "published": [BASE / "resources" / name for name in paper.resources],
    }
    return {**files, "pool": f"<results>/pools/{paper.task}.parquet"} if paper.task else files


def published_params(wildcards):
    """What the comparison with published values needs to know of the grid."""
    paper = PUBLICATIONS[publication()]
    return {
        "query": None,
        "dataset": None,
        **own(config["comparison"]),
        "known": [list(arm) for arm in selecting_arms()],
        "from_budget": start_budget(),
        "aggregation": aggregation(),
        "protocol": config["protocol"],
        "efficiency": efficiency_params(paper.task) if paper.task else None,
    }

# What the report takes: all that is shown of a benchmark, and what every arm labelled first and later.
from types import SimpleNamespace


def everything():
    """What a benchmark makes: all that is shown of it, the report of that, and the mirror in MLflow."""
    return [shown_results(), "<results>/report.html", tracked()]


def shown_results():
    """Tables, curves, figures, the comparison with published values."""
    return [
        expand("<results>/tables/{table}.html", table=tables()),
        efficiency_tables(),
        paired_tables(),
        variance_tables(),
        encoder_comparisons(),
        expand("<results>/figures/curves/{table}.png", table=tables()),
        pictures(),
        published(),
    ]


def report_inputs(wildcards):
    """Summary, tables, figures, histories, and per task the pool, the maps and what each arm labelled."""
    made = flattened(shown_results())
    return {
        "summary": "<results>/summary.parquet",
        "cohort": "<results>/cohort.parquet",
        "samples": "<results>/samples.parquet",
        "images": stored_images(wildcards),
        "tables": [path for path in made if path.endswith(".html")],
        "diagrams": [
            path.replace("tables/", "figures/comparisons/").replace("_paired.html", "_ranks.png")
            for path in paired_tables()
        ],
        # Sheets and maps of single arms are drawn anew, small and without the names of samples.
        "figures": [
            path for path in made if path.endswith(".png") and not re.search("/figures/(contact|picks)/", path)
        ],
        "histories": of_runs("history.csv"),
        "fits": of_runs("fit.json"),
        "pools": [f"<results>/pools/{task}.parquet" for task in config["tasks"]],
        "maps": [vectors(model, "map") for model in embedded_models()],
        "labelled": [path for task in config["tasks"] for path in last_labelled(of_task(task))],
        "selections": [
            SELECTION.format(task=task, model=model, method=method, budget=last_budget(query), seed=seeds(method)[0])
            for task in config["tasks"]
            for model, method, query in last_arms(task)
        ],
    }


def of_task(task):
    """Wildcards that name a task alone."""
    return SimpleNamespace(task=task)


def last_budget(query):
    """Initial budget of an arm as `last_labelled` has it."""
    return max(config["budgets"]) if query == "none" else start_budget()


def report_arms():
    """The arms in the order of `report_inputs`, as plain values: task, seed, model, method, query, and whose map it has."""
    return [
        [task, seeds(method)[0], model, method, query, drawn_on(model, query)]
        for task in config["tasks"]
        for model, method, query in last_arms(task)
    ]


def drawn_on(model, query):
    """Model on whose map an arm is drawn; empty where it has none of its own."""
    return (picks_model(model, query) if query != "none" else model.replace("none", "")) or ""


def flattened(paths):
    """Paths in lists of lists, in one list without repetition."""
    found = [one for part in paths for one in ([part] if isinstance(part, str) else flattened(part))]
    return list(dict.fromkeys(found))


def page_files():
    """Digests of the template, style and script of the page, which are no Python."""
    return [file_digest(path) for path in sorted((BASE / "src/coldstart/reporting/page").iterdir())]

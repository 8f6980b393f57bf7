"""Time and memory of every selection strategy, and of the queries that measure distances, against the size of the pool.

The pools are mixtures of normal distributions of rank 32 in 1,024 dimensions.
Every point is a process of its own, forked with the pool in memory; what it
takes beyond is what counts. ``.venv/bin/python benchmarks/selection_cost.py``
writes the figure of the documentation and its numbers.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import faiss  # noqa: F401 - imported here, so that it is no part of what is measured
import numpy as np
import pandas as pd
from side_by_side import arguments, conclude, machine

from coldstart.query import STRATEGIES as QUERY_STRATEGIES
from coldstart.query.base import QueryInputs
from coldstart.reporting.figures import LINES, MARKERS, PALETTE, Page, drawing, legend_columns, save_figure
from coldstart.selection import STRATEGIES
from coldstart.selection.neighbours import nearest

ROOT = Path(__file__).parents[1]
FIGURE = ROOT / "docs/figures/selection_cost.svg"
SIZES, QUICK_SIZES = (1_000, 5_000, 20_000, 50_000, 100_000, 200_000), (100, 200)
DIMENSIONS, RANK, GROUPS, LABELLED, NEIGHBOURS = 1024, 32, 50, 100, 20
QUICK = ("typiclust", "query entropy_diversity", "neighbours by index")
QUERIES = ("kcenter_greedy", "entropy_diversity", "cluster_margin", "badge")
SAMPLED = 200
FORK = multiprocessing.get_context("fork")


@dataclass
class Features:
    """A trained network as far as queries ask it: its features are the pool's vectors."""

    pool: np.ndarray
    labelled: np.ndarray

    def features(self, part="unlabelled", pooled=True):
        return self.pool if part == "unlabelled" else self.labelled

    def last_layer_inputs(self, part="unlabelled"):
        return self.features(part)


def ways():
    """What is measured, by name: how it is called with a pool and a budget.

    Returns
    -------
    dict of str to callable
        ``way(X, budget)``; what it needs is imported, so that this costs no point anything.
    """
    found = {}
    for name in STRATEGIES:
        facts = STRATEGIES.entry(name).facts
        if not facts.get("whole_pool"):
            plane = facts.get("space") == "map"
            found[f"{name} (2-D map)" if plane else name] = selecting(name, 2 if plane else None)
    found["kmeans_sweep, n_init 1"] = selecting("kmeans_sweep", n_init=1)
    found |= {f"query {name}": querying(name) for name in QUERIES}
    found["neighbours, all distances"] = lambda X, budget: neighbours(X, len(X))
    found["neighbours by index"] = lambda X, budget: neighbours(X, 0)
    return found


def selecting(name, columns=None, **parameters):
    """A selection strategy in some columns of the pool; what it is told of every sample besides is made up."""
    select, measures = STRATEGIES.load(name), STRATEGIES.entry(name).facts.get("measures")

    def way(X, budget):
        told = {"measures": dict.fromkeys(measures, np.random.default_rng(3).random(len(X)))} if measures else {}
        X = X if columns is None else X[:, :columns]
        return select(X, budget, rng=np.random.default_rng(0), **told, **parameters).indices

    return way


def querying(name):
    """A query strategy, with some rows of the pool as what is labelled already."""
    query = QUERY_STRATEGIES.load(name)

    def way(X, budget):
        labelled = X[: min(LABELLED, len(X) // 2)]
        inputs = QueryInputs(
            "classification",
            probabilities=np.random.default_rng(1).random(len(X)),
            embedding=X,
            labelled_embedding=labelled,
            network=Features(X, labelled),
        )
        return query(inputs, budget, rng=np.random.default_rng(0)).indices

    return way


def neighbours(X, exact_up_to):
    """Neighbours of all rows, as the strategies ask for them."""
    return nearest(X, NEIGHBOURS, exact_up_to=exact_up_to)[1]


def recall(X, found):
    """Share of the true neighbours of some rows that were found, by all distances of these rows."""
    rows = np.random.default_rng(2).choice(len(X), min(SAMPLED, len(X)), replace=False)
    squares = np.einsum("ij,ij->i", X, X)[:, None] - 2 * (X @ X[rows].T)
    squares[rows, np.arange(len(rows))] = np.inf
    true = np.argpartition(squares, NEIGHBOURS, axis=0)[:NEIGHBOURS].T
    return float(np.mean([np.isin(found[row], own).mean() for row, own in zip(rows, true, strict=True)]))


def mixture(n, d, seed=0):
    """Pool of n vectors, float32, (n, d): a mixture of low rank with a little noise."""
    rng = np.random.default_rng(seed)
    centres = 2 * rng.standard_normal((GROUPS, RANK), dtype=np.float32)
    points = centres[rng.integers(GROUPS, size=n)] + rng.standard_normal((n, RANK), dtype=np.float32)
    X = points @ (rng.standard_normal((RANK, d), dtype=np.float32) / np.float32(np.sqrt(RANK)))
    for start in range(0, n, 10_000):
        X[start : start + 10_000] += 0.1 * rng.standard_normal(X[start : start + 10_000].shape, dtype=np.float32)
    return X


def measure_one(sender, way, X, budget):
    """Measure one way in this process, and send what was found."""
    # The first call of a library is not what it costs.
    way(X[:60], 2)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    found = way(X, budget)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sender.send(
        {"seconds": seconds, "mib": (after - before) / 1024, "recall": recall(X, found) if found.ndim > 1 else None}
    )


def measured(way, X, budget, limit):
    """One point: its `state`, and what was measured."""
    receiver, sender = FORK.Pipe(duplex=False)
    process = FORK.Process(target=measure_one, args=(sender, way, X, budget))
    process.start()
    sender.close()
    try:
        # The first call and the recall are not limited.
        return {"state": "measured", **receiver.recv()} if receiver.poll(limit + 10) else {"state": "stopped"}
    except EOFError:
        return {"state": "failed"}
    finally:
        process.kill()
        process.join()


def measure(options, sizes, chosen):
    """Measure ways at all sizes, the small ones first.

    A way is not tried where it would exceed the limit if its time grew no
    faster than the pool, nor after it has been stopped. Every point is measured
    once: the sizes differ by more than the turns of a machine do.

    Parameters
    ----------
    options : argparse.Namespace
    sizes : sequence of int
        Ascending.
    chosen : dict of str to callable
        From `ways`.

    Returns
    -------
    pandas.DataFrame
        `way`, `n`, `seconds`, `mib`, `recall`, and `state`: ``measured``,
        ``stopped`` at the limit, ``failed``, or ``not tried``.
    """
    ended, each, rows = time.monotonic() + options.total, dict.fromkeys(chosen, 0.0), []
    for n in sizes:
        X = mixture(n, options.dimensions)
        for name, way in chosen.items():
            limit = min(options.limit, ended - time.monotonic())
            row = {"way": name, "n": n, "state": "not tried"}
            if each[name] * n < limit:
                row |= measured(way, X, options.budget, limit)
                print(row, file=sys.stderr, flush=True)
            # Seconds per image; one that was not measured is never tried again.
            each[name] = row["seconds"] / n if row["state"] == "measured" else float("inf")
            rows.append(row)
    return pd.DataFrame(rows, columns=["way", "n", "state", "seconds", "mib", "recall"])


def draw(table, path, options, measured_on):
    """Draw seconds and memory against the size of the pool."""
    names, done = table["way"].unique(), table[table["state"] == "measured"]
    width, panel, height = 7.4, 3.05, 3.4
    columns, lines = legend_columns([*names, "all pairs, float32"], width)
    with drawing():
        page = Page(
            width,
            f"Cost of choosing {options.budget} images against the size of the pool",
            height + 0.5,
            footer=(
                f"Pools: mixtures of rank {RANK} in {options.dimensions:,} dimensions, float32. Memory: the largest "
                "beyond the pool itself; below 1 MiB it is drawn there. A line ends where the next size would have "
                f"taken more than {options.limit:g} s, or all points more than {options.total:g} s. Neighbours: the "
                f"{NEIGHBOURS} nearest of every image. Queries: {LABELLED} labelled before. {measured_on}."
            ),
            legend=lines,
        )
        handles = {}
        panels = (("seconds", "seconds", 0.55), ("mib", "MiB beyond the pool", panel + 1.0))
        for column, label, left in panels:
            axes = page.axes(left, 0.45, panel, height)
            axes.set(xscale="log", yscale="log", xlabel="images in the pool", ylabel=label)
            # The pages draw text as it stands: powers of ten as formulas would show their source.
            axes.xaxis.set_major_formatter("{x:,.0f}")
            axes.yaxis.set_major_formatter("{x:g}")
            axes.grid(True)
            for place, name in enumerate(names):
                rows = done[done["way"] == name]
                (handles[name],) = axes.plot(
                    rows["n"],
                    rows[column].clip(lower=1 if column == "mib" else 1e-3),
                    color=PALETTE[place % len(PALETTE)],
                    marker=MARKERS[place % len(MARKERS)],
                    linestyle=LINES[place // len(PALETTE) % len(LINES)],
                    markersize=3.5,
                    linewidth=1,
                )
            if column == "mib":
                n = np.array(sorted(done["n"].unique()))
                (handles["all pairs, float32"],) = axes.plot(n, n**2 / 2**18, color="#AAAAAA", linewidth=3, zorder=0)
        page.legend(list(handles.values()), list(handles), columns)
        save_figure(page.figure, **{path.suffix[1:]: path})


def rows_of(table):
    """Markdown table: a row per way, seconds and MiB per size."""
    sizes = sorted(table["n"].unique())
    rows = ["| way | " + " | ".join(f"{n:,}" for n in sizes) + " |", "|---" * (len(sizes) + 1) + "|"]
    for name, part in table.groupby("way", sort=False):
        cells = [
            f"{row.seconds:.3g} s, {row.mib:,.0f} MiB" if row.state == "measured" else row.state
            for row in part.sort_values("n").itertuples()
        ]
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    shares = table.dropna(subset="recall")
    told = ", ".join(f"{row.recall:.4f} at {row.n:,}" for row in shares.itertuples())
    return [*rows, "", f"Share of the {NEIGHBOURS} true neighbours that the index finds: {told}."]


def parser():
    """What the command line takes."""
    found = arguments(__doc__.splitlines()[0])
    found.add_argument("--limit", type=float, default=40, help="seconds per point (default: %(default)s)")
    found.add_argument("--total", type=float, default=660, help="seconds in all (default: %(default)s)")
    found.add_argument("--budget", type=int, default=100, help="images to choose (default: %(default)s)")
    found.add_argument("--dimensions", type=int, default=DIMENSIONS)
    found.add_argument("--sizes", type=int, nargs="+", help="of the pools (default: 1,000 to 200,000)")
    found.add_argument("--ways", nargs="+", help="what to measure (default: all)")
    found.add_argument("--figure", type=Path, help="SVG or PNG to write, with a CSV beside it (default: docs/figures)")
    return found


def main(arguments_=None):
    options = parser().parse_args(arguments_)
    if options.quick:
        options.dimensions, options.budget = 32, 10
    wanted = options.ways or (QUICK if options.quick else None)
    chosen = {name: way for name, way in ways().items() if wanted is None or name in wanted}
    sizes = sorted(options.sizes or (QUICK_SIZES if options.quick else SIZES))
    measured_on = machine("numpy", "scikit-learn", "faiss-cpu")
    table = measure(options, sizes, chosen)
    with tempfile.TemporaryDirectory() as folder:
        figure = options.figure or (Path(folder) / "quick.svg" if options.quick else FIGURE)
        figure.parent.mkdir(parents=True, exist_ok=True)
        draw(table, figure, options, measured_on)
        table.round({"seconds": 4, "mib": 1, "recall": 5}).to_csv(figure.with_suffix(".csv"), index=False)
    points = table.astype(object).where(table.notna(), None).to_dict("records")
    conclude(options, "Selection against the size of the pool", measured_on, rows_of(table), {"points": points})
    return int((table["state"] == "failed").any())


if __name__ == "__main__":
    sys.exit(main())

"""Time and memory of every selection strategy, and of the queries that measure distances, against the size of the pool.

The pools are mixtures of normal distributions of rank 32. Every point is a
process of its own, forked with the pool in memory; the time of the processor on
one thread and the memory beyond the pool are what counts, so that other work on
the machine moves little. A way goes on to the next size while its forecast stays
below the limits. ``.venv/bin/python benchmarks/selection_cost.py`` writes the
figure of the documentation and its numbers.
"""

import multiprocessing
import resource
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import faiss  # noqa: F401 - imported here, so that it is no part of what is measured
import numpy as np
import pandas as pd
from selection_figure import draw, rows_of
from side_by_side import arguments, conclude, machine
from threadpoolctl import threadpool_limits

from coldstart.query import STRATEGIES as QUERY_STRATEGIES
from coldstart.query.base import QueryInputs
from coldstart.selection import STRATEGIES
from coldstart.selection.neighbours import nearest

ROOT = Path(__file__).parents[1]
FIGURE = ROOT / "docs/figures/selection_cost.svg"
SIZES, QUICK_SIZES = (1_000, 5_000, 20_000, 60_000, 200_000), (100, 200)
DIMENSIONS, RANK, GROUPS, LABELLED, NEIGHBOURS = 64, 32, 50, 100, 20
INDEX = "neighbours by index"
QUICK = ("typiclust", "query entropy_diversity", INDEX)
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
    found[INDEX] = lambda X, budget: neighbours(X, 0)
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


def measure_one(sender, way, X, budget, limit):
    """Measure one way in this process, and send what was found; the kernel ends it at the limit."""
    with threadpool_limits(1):
        # The first call of a library is not what it costs.
        way(X[:60], 2)
        before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        unlimited = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(began + limit) + 1, unlimited[1]))
        found = way(X, budget)
        seconds, after = time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        resource.setrlimit(resource.RLIMIT_CPU, unlimited)
        share = recall(X, found) if found.ndim > 1 else None
    sender.send({"seconds": seconds, "mib": (after - before) / 1024, "recall": share})


def measured(way, X, budget, limit):
    """One point: its `state`, and what was measured."""
    receiver, sender = FORK.Pipe(duplex=False)
    process = FORK.Process(target=measure_one, args=(sender, way, X, budget, limit))
    process.start()
    sender.close()
    try:
        return {"state": "measured", **receiver.recv()}
    except EOFError:
        process.join()
        return {"state": "stopped" if process.exitcode == -signal.SIGXCPU else "failed"}
    finally:
        process.kill()
        process.join()


def forecast(earlier, n):
    """What the next size takes, if time goes on to grow as from the last size to this one, and memory as the pool.

    Parameters
    ----------
    earlier : list of dict
        Points of a way that were measured, ascending.
    n : int
        The next size.

    Returns
    -------
    dict of str to float
        `seconds`, whose growth is taken as no slower than the pool's, and `mib`;
        0 where nothing was measured.
    """
    if not earlier:
        return {"seconds": 0.0, "mib": 0.0}
    last, exponent = earlier[-1], 1.0
    if len(earlier) > 1 and min(earlier[-2]["seconds"], last["seconds"]) > 0:
        grown = np.log(last["seconds"] / earlier[-2]["seconds"]) / np.log(last["n"] / earlier[-2]["n"])
        exponent = max(exponent, float(grown))
    times = n / last["n"]
    return {"seconds": last["seconds"] * times**exponent, "mib": last["mib"] * times}


def measure(options, sizes, chosen, known):
    """Measure ways at all sizes, the small ones first.

    A way is not tried where its forecast exceeds a limit, nor after it has
    ended. Every point is measured once: the sizes differ by more than the turns
    of a machine do.

    Parameters
    ----------
    options : argparse.Namespace
    sizes : sequence of int
        Ascending.
    chosen : dict of str to callable
        From `ways`.
    known : dict of tuple to dict
        Points that were measured before, by way and size.

    Returns
    -------
    pandas.DataFrame
        `way`, `n`, `seconds`, `mib`, `recall`, and `state`: ``measured``,
        ``stopped`` at the limit, ``failed``, or ``forecast``, whose seconds and
        MiB are reckoned, not measured.
    """
    ended, done, rows = time.monotonic() + options.total, {name: [] for name in chosen}, []
    for place, n in enumerate(sizes):
        X = mixture(n, options.dimensions)
        for name, way in chosen.items():
            before = done[name]
            row = {"way": name, "n": n, **forecast(before, n)}
            if (name, n) in known:
                row |= known[name, n]
            elif (
                len(before) == place
                and time.monotonic() < ended
                and row["seconds"] < options.limit
                and row["mib"] < options.memory
            ):
                row |= measured(way, X, options.budget, options.limit)
                print(row, file=sys.stderr, flush=True)
            else:
                row["state"] = "forecast"
            if row["state"] == "measured":
                before.append(row)
            rows.append(row)
    return pd.DataFrame(rows, columns=["way", "n", "state", "seconds", "mib", "recall"])


def measured_before(path):
    """Measured points of an earlier table, by way and size; none without one."""
    rows = pd.read_csv(path).query("state == 'measured'").to_dict("records") if path else []
    return {(row["way"], row["n"]): row for row in rows}


def explained(options, measured_on):
    """Small print of the figure."""
    return (
        f"Pools: mixtures of rank {RANK} in {options.dimensions:,} dimensions, float32. Seconds of the processor, one "
        "thread. Memory: the largest beyond the pool itself; below 1 MiB it is drawn there. An open end: the next size "
        f"takes more than {options.limit:g} s or {options.memory:,g} MiB, by its forecast or as it showed, or all "
        f"points took {options.total:,g} s. Neighbours: the {NEIGHBOURS} nearest of every image. Queries: {LABELLED} "
        f"labelled before. {measured_on}."
    )


def parser():
    """What the command line takes."""
    found = arguments(__doc__.splitlines()[0])
    found.add_argument("--limit", type=float, default=60, help="processor seconds per point (default: %(default)s)")
    found.add_argument("--memory", type=float, default=12_288, help="MiB forecast for a point (default: %(default)s)")
    found.add_argument("--total", type=float, default=2700, help="seconds in all (default: %(default)s)")
    found.add_argument("--budget", type=int, default=100, help="images to choose (default: %(default)s)")
    found.add_argument("--dimensions", type=int, default=DIMENSIONS)
    found.add_argument("--sizes", type=int, nargs="+", help="of the pools (default: 1,000 to 200,000)")
    found.add_argument("--ways", nargs="+", help="what to measure (default: all)")
    found.add_argument("--known", type=Path, help="CSV of an earlier run with the same options, whose points are kept")
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
    table = measure(options, sizes, chosen, measured_before(options.known))
    with tempfile.TemporaryDirectory() as folder:
        figure = options.figure or (Path(folder) / "quick.svg" if options.quick else FIGURE)
        figure.parent.mkdir(parents=True, exist_ok=True)
        title = f"Cost of choosing {options.budget} images against the size of the pool"
        draw(table, figure, title, explained(options, measured_on))
        table.round({"seconds": 4, "mib": 1, "recall": 5}).to_csv(figure.with_suffix(".csv"), index=False)
    points = table.astype(object).where(table.notna(), None).to_dict("records")
    shares = table[table["way"] == INDEX].dropna(subset="recall")
    shares = ", ".join(f"{row.recall:.4f} at {row.n:,}" for row in shares.itertuples())
    rows = [*rows_of(table), "", f"Share of the {NEIGHBOURS} true neighbours that the index finds: {shares}."]
    conclude(options, "Selection against the size of the pool", measured_on, rows, {"points": points})
    return int((table["state"] == "failed").any())


if __name__ == "__main__":
    sys.exit(main())

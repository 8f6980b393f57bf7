"""The incremental k-means against the published loop: the same picks, and how many times faster.

For every k the published loop and ours run in turn on the same pool, until the
budget is met; their seconds are added up. The loop is Yuan & Hong's: scikit-learn's
`KMeans`, its distances to every centre, the nearest sample of each, duplicates
dropped. ``--ours`` leaves it out, calls the strategy itself and reports the peak memory.
"""

import time
import warnings

import numpy as np
from side_by_side import arguments, conclude, machine, peak_memory
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from coldstart.selection.kmeans_sweep import clustered, nearest_rows, select
from coldstart.selection.lloyd import Points

# The seed of the released code.
RANDOM_STATE = 2024


def main(arguments_=None):
    parser = arguments(__doc__.partition("\n")[0])
    parser.add_argument("--n", type=int, default=20_000, help="samples in the pool")
    parser.add_argument("--width", type=int, default=1024, help="features of each")
    parser.add_argument("--budget", type=int, default=100)
    parser.add_argument("--starts", type=int, default=10, help="random starts of every k-means (published: 10)")
    parser.add_argument("--pool", choices=("embedding", "noise"), default="embedding")
    parser.add_argument("--seed", type=int, default=0, help="of the pool")
    parser.add_argument("--ours", action="store_true", help="leave the published loop out")
    options = parser.parse_args(arguments_)
    if options.quick:
        options.n, options.budget, options.starts = 2100, 8, 2
    pool = made(options.pool, options.n, options.width, options.seed)
    what = f"{options.pool}, {options.n:,} × {options.width:,}, budget {options.budget}, {options.starts} starts"
    rows, measured = (ours_alone if options.ours else in_turn)(pool, options.budget, options.starts)
    measured_on = machine("numpy", "scikit-learn")
    conclude(options, f"Incremental k-means: {what}", measured_on, rows, {"pool": what, **measured})


def made(kind, n, width, seed):
    """A pool: normal noise, or twelve unequal groups in thirty directions of falling strength under noise."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((n, width), dtype=np.float32)
    if kind == "noise":
        return noise
    groups, rank = 12, 30
    centres = 2 * rng.normal(size=(groups, rank))
    within = centres[rng.choice(groups, n, p=rng.dirichlet(np.full(groups, 2.0)))] + rng.normal(size=(n, rank))
    directions = rng.normal(size=(rank, width)) / np.sqrt(np.arange(1, rank + 1))[:, None]
    noise *= 0.5
    noise += (within.astype(np.float32)) @ directions.astype(np.float32)
    return noise


def published(features, k, starts):
    """Row nearest to every centre, as the released code finds it."""
    model = KMeans(n_clusters=k, init="random", n_init=starts, random_state=RANDOM_STATE)
    distances = model.fit(features).transform(features)
    return distances.argmin(axis=0)


def in_turn(pool, budget, starts):
    """Run the published loop and ours, one k after the other.

    Returns
    -------
    rows : list of str
    measured : dict
    """
    features = StandardScaler().fit_transform(pool)
    began = time.perf_counter()
    points = Points(features)
    seconds = {"published": [], "ours": []}
    prepared = time.perf_counter() - began
    ways = {
        "published": lambda k: published(features, k, starts),
        "ours": lambda k: nearest_rows(features, clustered(features, points, k, starts, RANDOM_STATE)[0])[0],
    }
    picks, k, differing = {name: [] for name in ways}, 1, []
    while min(map(len, picks.values())) < budget:
        k += 1
        found = {}
        for name, way in ways.items():
            began = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found[name] = way(k).tolist()
            seconds[name].append(time.perf_counter() - began)
            picks[name] = list(dict.fromkeys(picks[name] + found[name]))
        if found["published"] != found["ours"]:
            differing.append(k)
    same = picks["published"][:budget] == picks["ours"][:budget]
    total = {name: sum(values) for name, values in seconds.items()}
    total["ours"] += prepared
    each = np.divide(seconds["published"], seconds["ours"])
    ratio = total["published"] / total["ours"]
    rows = [
        f"| k = 2 to {k} | seconds | times faster (least to most of one k) |",
        "|---|---|---|",
        f"| published loop | {total['published']:.1f} | 1 |",
        f"| ours | {total['ours']:.1f} | {ratio:.2f} ({each.min():.2f} to {each.max():.2f}) |",
        "",
        f"First {budget} picks, in order: {'the same' if same else 'DIFFERENT'}"
        + (f"; centres differ at k = {', '.join(map(str, differing))}." if differing else "; the same at every k."),
    ]
    return rows, {"seconds": total, "ratio": ratio, "last_k": k, "same_picks": same}


def ours_alone(pool, budget, starts):
    """Run the strategy itself."""
    before = peak_memory()
    began = time.perf_counter()
    chosen = select(pool, budget, rng=np.random.default_rng(0), random_state=RANDOM_STATE, n_init=starts)
    seconds, peak = time.perf_counter() - began, peak_memory()
    last = chosen.reasons[-1].rpartition("k=")[2]
    rows = [
        "| last k | seconds | peak memory of the process, MiB | of it the pool, MiB |",
        "|---|---|---|---|",
        f"| {last} | {seconds:.1f} | {peak:.0f} | {pool.nbytes / 2**20:.0f} |",
    ]
    return rows, {"seconds": seconds, "peak_mib": peak, "before_mib": before, "last_k": int(last)}


if __name__ == "__main__":
    main()

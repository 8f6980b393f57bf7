"""Summaries of a made-up study, as large as real ones."""

import numpy as np
import pandas as pd

from coldstart.reporting.summary import COLUMNS

# What a study of 500 runs has: per task 10 arms x 3 budgets x 5 seeds, and 10 arms of two queries x 2 rounds x 5 seeds.
EMBEDDINGS, COLD_STARTS, QUERIES = (
    ("imagenet", "simclr", "txrv"),
    ("coverage", "kmeans", "typiclust"),
    ("bald", "margin"),
)
EFFECTS = {"random": 0.0, "coverage": 0.03, "kmeans": 0.05, "typiclust": 0.02, "none": 0, "bald": 0.03, "margin": 0.06}
EFFECTS |= {"imagenet": 0.0, "simclr": 0.02, "txrv": 0.04}


def study_summary(tasks=("classification", "segmentation"), seeds=5, resamples=30):
    """Summary of a made-up study; 500 runs and one of full supervision per task by default.

    Parameters
    ----------
    tasks : sequence of str
    seeds, resamples : int

    Returns
    -------
    pandas.DataFrame
        The columns of `coldstart.reporting.summary.COLUMNS`. Values follow from
        the arm, the labels, the seed and the patients; no two are alike.
    """
    arms = [("none", "random"), *((model, method) for model in EMBEDDINGS for method in COLD_STARTS)]
    rows = []
    for task in tasks:
        cells = [(*arm, "none", budget, 0, budget) for arm in arms for budget in (20, 40, 80)]
        cells += [(*arm, query, 20, r, 20 + 15 * r) for arm in arms[:5] for query in QUERIES for r in (1, 2)]
        metrics = ("auprc", "f1", "auroc") if task == "classification" else ("dice", "hd_px")
        runs = [(*cell, seed, False) for cell in cells for seed in range(seeds)] + [
            ("none", "full", "none", 0, 0, 400, 0, True)
        ]
        for model, method, query, budget, r, n, seed, reference in runs:
            run = f"{task}/{model}/{method}/{query}/b{budget}/s{seed}/t0/round{r}"
            rng = np.random.default_rng(list(run.encode()))
            level = (
                0.5 + 0.08 * np.log2(n / 20) + EFFECTS.get(model, 0) + EFFECTS.get(method, 0) + EFFECTS.get(query, 0)
            )
            patients = np.random.default_rng(7).normal(0, 0.02, resamples)
            for metric in metrics:
                value = level + rng.normal(0, 0.012)
                bootstrap = value + patients + rng.normal(0, 0.004, resamples)
                if metric == "hd_px":
                    value, bootstrap = 40 * (1 - value), 40 * (1 - bootstrap)
                row = {"dataset": "study", "task": task, "model": model, "method": method, "query": query}
                row |= {"budget": budget, "seed": seed, "repeat": 0, "round": r, "n_labelled": n}
                row |= {"reference": reference, "validation": 0.5, "metric": metric, "value": value}
                row |= {"se": float(np.std(bootstrap)), "bootstrap": bootstrap.tolist(), "run": f"study/runs/{run}"}
                rows.append(row)
    return pd.DataFrame(rows)[COLUMNS]

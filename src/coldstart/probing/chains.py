"""All seeds, repeats and rounds of one arm, one after the other in one process.

What a probe must do: ``fit(rows, seed)`` gives a fit with ``best_value``,
``threshold``, ``C`` and ``one_class``; ``measure(fit)`` its metrics on the test
split; ``told(fit, rows)`` what a query is told of some samples.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coldstart.evaluation.stopping import has_stopped
from coldstart.progress import track
from coldstart.query import STRATEGIES as QUERIES
from coldstart.query.base import QueryInputs

RUN = ["seed", "repeat", "round"]
FIT = [*RUN, "n_labelled", "n_trained", "best_value", "threshold", "C", "one_class", "training_seed"]
PICK = ["seed", "repeat", "sample_id", "round", "rank", "score"]


@dataclass(frozen=True, eq=False)
class Query:
    """How the later rounds choose.

    Attributes
    ----------
    task : str
    strategy : str
        A name of `coldstart.query.STRATEGIES` that needs predictions and vectors alone.
    parameters : dict
    batch, rounds : int
    stop : dict or None
        See `coldstart.evaluation.stopping.has_stopped`.
    vectors : numpy.ndarray of shape (n, d), or None
        The pool in the space that the query measures in.
    """

    task: str
    strategy: str
    parameters: dict
    batch: int
    rounds: int
    stop: dict | None
    vectors: np.ndarray | None


def training_seed(seed, repeat):
    """Seed of the trainings of one run, as every network of that seed and repeat has it."""
    return int(np.random.SeedSequence([seed, repeat]).generate_state(1)[0])


def run_chains(probe, pool, starts, repeats, query=None):
    """Fit, query and measure every run of an arm.

    Parameters
    ----------
    probe : object
        See the module.
    pool : coldstart.probing.data.Pool
    starts : iterable of (int, numpy.ndarray of int, numpy.ndarray of float)
        Per seed: the seed, the initial selection as positions in the pool, and
        its scores.
    repeats : int
        Trainings per selection.
    query : Query, optional
        Rounds after the initial set. Round 0 is then fitted for their sake and
        not reported: the arm without a query reports it.

    Returns
    -------
    metrics : pandas.DataFrame
        `RUN` and the columns of an evaluation; rounds after a plateau are left out.
    fits : pandas.DataFrame
        The columns `FIT`, a row per run.
    picks : pandas.DataFrame
        The columns `PICK`: the labelled set after the last round of every seed
        and repeat, with the round in which each sample was added.
    """
    metrics, fits, picks = [], [], []
    runs = [(*start, repeat) for start in starts for repeat in range(repeats)]
    for seed, chosen, scores, repeat in track(runs, "probes"):
        chain = Chain(probe, pool, seed, repeat)
        chain.add(chosen, scores)
        for number in range(1, 1 + (query.rounds if query else 0)):
            if has_stopped(chain.fits, query.stop):
                break
            chain.ask(query, number)
        first = 1 if query else 0
        metrics += chain.metrics[first:]
        fits += chain.fits[first:]
        picks += chain.picks
    return pd.concat(metrics, ignore_index=True), pd.DataFrame(fits, columns=FIT), pd.concat(picks, ignore_index=True)


class Chain:
    """The rounds of one seed and repeat.

    Parameters
    ----------
    probe, pool
        As for `run_chains`.
    seed, repeat : int
    """

    def __init__(self, probe, pool, seed, repeat):
        self.probe, self.pool, self.seed, self.repeat = probe, pool, seed, repeat
        self.labelled, self.state = np.empty(0, np.int64), None
        self.metrics, self.fits, self.picks = [], [], []

    def add(self, chosen, scores):
        """Label some more of the pool, fit anew to all that is labelled, and measure."""
        number, train_seed = len(self.fits), training_seed(self.seed, self.repeat)
        self.labelled = np.concatenate([self.labelled, chosen])
        self.fit = self.probe.fit(self.pool.rows[self.labelled], train_seed)
        run = {"seed": self.seed, "repeat": self.repeat, "round": number}
        n = len(self.labelled)
        kept = {name: getattr(self.fit, name) for name in ("best_value", "threshold", "C", "one_class")}
        self.fits.append({**run, "n_labelled": n, "n_trained": n, **kept, "training_seed": train_seed})
        self.metrics.append(self.probe.measure(self.fit).assign(**run))
        frame = {"sample_id": self.pool.sample_ids[chosen], "rank": np.arange(1, len(chosen) + 1), "score": scores}
        self.picks.append(pd.DataFrame({**run, **frame})[PICK])

    def ask(self, query, number):
        """One round: query with the fit of the round before, as the rule `query` does, and label what it picks."""
        waiting = np.setdiff1d(np.arange(len(self.pool.rows)), self.labelled)
        vectors = {}
        if query.vectors is not None:
            vectors = {"embedding": query.vectors[waiting], "labelled_embedding": query.vectors[self.labelled]}
        inputs = QueryInputs(
            task=query.task,
            threshold=self.fit.threshold,
            groups=self.pool.groups[waiting],
            sample_ids=self.pool.sample_ids[waiting],
            labelled_ids=self.pool.sample_ids[self.labelled],
            round=number,
            state=self.state,
            **self.probe.told(self.fit, self.pool.rows[waiting]),
            **vectors,
        )
        rng = np.random.default_rng([self.seed, self.repeat, number])
        picks = QUERIES.load(query.strategy)(inputs, query.batch, rng=rng, **query.parameters)
        self.state = picks.state
        self.add(waiting[picks.indices], picks.scores)

"""The runs of an arm, and the independent units that they are."""

from dataclasses import dataclass

import numpy as np

# Runs are compared in pairs where at least this share of either arm's seeds is the other's too.
SHARED = 0.5


@dataclass(frozen=True, eq=False)
class Runs:
    """One number of every run of an arm.

    Attributes
    ----------
    seeds, repeats : numpy.ndarray of int, shape (n,)
        Which run it is; no two are the same.
    values : numpy.ndarray of float, shape (n,)
        A metric on the test split, or the area under its curve.
    bootstrap : numpy.ndarray of float, shape (n, m)
        The same on m resamples of the test split, which all arms share.
    """

    seeds: np.ndarray
    repeats: np.ndarray
    values: np.ndarray
    bootstrap: np.ndarray

    def where(self, kept):
        """Some of the runs, by a mask or an index."""
        return Runs(self.seeds[kept], self.repeats[kept], self.values[kept], self.bootstrap[kept])

    def defined(self):
        """The runs that have a value."""
        return self.where(~np.isnan(self.values))


@dataclass(frozen=True, eq=False)
class Units:
    """Independent units of an arm, or of the differences of two: means of seeds, or the repeats of one seed.

    Attributes
    ----------
    values : numpy.ndarray, shape (n,)
    bootstrap : numpy.ndarray, shape (n, m)
    unit : {"seeds", "repeats"}
    """

    values: np.ndarray
    bootstrap: np.ndarray
    unit: str

    def __len__(self):
        return len(self.values)

    @property
    def words(self):
        """``3 seeds``, ``4 repeats of one seed``, ``1 run``."""
        if len(self) == 1:
            return "1 run"
        return f"{len(self)} {self.unit}{' of one seed' if self.unit == 'repeats' else ''}"

    @property
    def variance(self):
        """Variance between units (n - 1)."""
        return self.values.var(ddof=1)

    @property
    def excess(self):
        """Variance between patients that units do not share: mean variance less mean covariance over resamples."""
        n = len(self)
        own = self.bootstrap.var(axis=1, ddof=1).mean()
        covariance = (n * self.bootstrap.mean(axis=0).var(ddof=1) - own) / (n - 1)
        return own - covariance


def units_of(runs):
    """Independent units of some runs, see `Units`.

    Parameters
    ----------
    runs : Runs

    Returns
    -------
    Units
        Means over the repeats of each seed, or the repeats where there is one seed.
    """
    seeds, place = np.unique(runs.seeds, return_inverse=True)
    if len(seeds) == 1:
        return Units(runs.values, runs.bootstrap, "repeats" if len(runs.values) > 1 else "seeds")
    weights = np.zeros((len(seeds), len(runs.values)))
    weights[place, np.arange(len(place))] = 1
    weights /= weights.sum(axis=1, keepdims=True)
    return Units(weights @ runs.values, weights @ runs.bootstrap, "seeds")


def shared_runs(first, second):
    """Runs of both arms that have the same seed and repeat, in the same order; None where they are too few."""
    keys = [list(zip(arm.seeds.tolist(), arm.repeats.tolist(), strict=True)) for arm in (first, second)]
    common = sorted(set(keys[0]) & set(keys[1]))
    seeds = {seed for seed, _ in common}
    most = max(len(set(arm.seeds.tolist())) for arm in (first, second))
    if len(common) < 2 or len(seeds) < SHARED * most or (len(seeds) < 2 and most > 1):
        return None
    return tuple(arm.where([key.index(run) for run in common]) for arm, key in zip((first, second), keys, strict=True))

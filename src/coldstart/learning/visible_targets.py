"""Labels and masks of the samples that may be looked at, and of no others."""

import numpy as np


class VisibleTargets:
    """What a training may know of the truth: the targets of some samples.

    It is indexed by rows of the cohort, as an array of all targets would be,
    and refuses those that are not its own. A training that is handed this
    cannot see the test split, nor what nobody has labelled yet.

    Parameters
    ----------
    values : numpy.ndarray of shape (n,) or (n, H, W)
        Labels or masks; of masks possibly a memory map, which stays in its file.
    rows : array_like of int, shape (m,)
        The samples whose targets may be looked at, as rows of the cohort.
    places : array_like of int, shape (m,), optional
        Where in `values` each of them stands; by default at its own row.

    Attributes
    ----------
    ndim : int
        1 for labels, 3 for masks.
    """

    def __init__(self, values, rows, places=None):
        rows = np.asarray(rows, dtype=np.int64)
        places = rows if places is None else np.asarray(places, dtype=np.int64)
        self.ndim = values.ndim
        if values.ndim == 1:
            # Labels are few bytes: those of other samples are not even kept.
            values, places = values[places], np.arange(len(places))
        self._values = values
        self._places = np.full(rows.max(initial=-1) + 2, -1)
        self._places[rows] = places

    def __getitem__(self, rows):
        """Targets of some samples.

        Parameters
        ----------
        rows : array_like of int
            Rows of the cohort; neither slices nor masks of bool.

        Returns
        -------
        numpy.ndarray
            In their order.

        Raises
        ------
        LookupError
            If one of them may not be looked at. That is a defect of the
            program, not of the input.
        """
        rows = np.asarray(rows)
        if rows.size and rows.dtype.kind not in "iu":
            raise TypeError(f"targets are looked up by rows, not by {rows.dtype}")
        rows = rows.astype(np.int64)
        # The last place belongs to no sample: it stands for rows beyond.
        places = self._places[np.where(rows < 0, -1, np.minimum(rows, len(self._places) - 1))]
        if (places < 0).any():
            raise LookupError(f"{(places < 0).sum()} targets are looked up that are hidden here")
        return self._values[places]

    def __array__(self, *_, **__):
        """Refuse to become an array of all targets."""
        raise LookupError("targets are looked up by rows: most of them are hidden here")

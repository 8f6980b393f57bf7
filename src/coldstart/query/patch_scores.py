"""Entropy and diversity over the predictions for the patches of one candidate (ACFT), and the majority of them."""

import math

import numpy as np

# MATLAB's eps, the spacing of doubles at 1: no other constant gives the published values.
EPS = 2.0**-52
# Means that differ by less differ by the rounding of their sums alone.
TIE = 1e-12


def as_classes(patches):
    """Predictions with one column per class.

    Parameters
    ----------
    patches : array_like of shape (n, m) or (n, m, K)
        Probabilities of m patches: of the positive class, or of each of K.

    Returns
    -------
    numpy.ndarray of float64, shape (n, m, 2) or (n, m, K)
    """
    patches = np.asarray(patches, dtype=np.float64)
    return patches if patches.ndim == 3 else np.stack([1 - patches, patches], axis=-1)


def majority_count(m, share):
    """Patches that the majority selection keeps of m: ``floor(m share + 1/2)``, as MATLAB rounds, and at least one."""
    return max(1, math.floor(m * share + 0.5))


def majority(patches, share):
    """Keep the patches that agree best with the dominant class.

    Zhou et al. (2021, Medical Image Analysis 71, 101997), Eq. 3 and Sec. 3.3:
    the dominant class has the largest mean probability; patches are sorted by
    its probability, and the top `share` stays. As in their demo, classes that
    tie go to the lowest index (a mean of 0.5 is class 0).

    Parameters
    ----------
    patches : numpy.ndarray of float64, shape (n, m, K)
        Class probabilities of the patches.
    share : float
        In (0, 1].

    Returns
    -------
    numpy.ndarray of float64, shape (n, k, K)
        With ``k = majority_count(m, share)``; best first, of equal ones the
        earlier patch.
    """
    means = patches.mean(axis=1)
    dominant = np.argmax(means >= means.max(axis=1, keepdims=True) - TIE, axis=1)
    if patches.shape[2] == 2:
        # The demo sorts by the second class both ways; 1 - p would blur the smallest p.
        agreement = np.where(dominant == 1, 1, -1)[:, None] * patches[:, :, 1]
    else:
        agreement = np.take_along_axis(patches, dominant[:, None, None], axis=2)[:, :, 0]
    order = np.argsort(-agreement, axis=1, kind="stable")[:, : majority_count(patches.shape[1], share)]
    return np.take_along_axis(patches, order[:, :, None], axis=1)


def summed_entropy(patches):
    """Sum over patches of ``-sum_k p ln(p + eps)`` in nats, the published demo's e; Eq. 1 divides it by m.

    Parameters
    ----------
    patches : numpy.ndarray of float64, shape (n, m, K)

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
    """
    return -(patches * np.log(patches + EPS)).sum(axis=(1, 2))


def summed_diversity(patches):
    """Symmetric Kullback-Leibler divergence summed over all ordered pairs of patches.

    The published demo's d, twice that of Eq. 1 (each pair once):
    ``sum_ij sum_k (p_ik - p_jk) (ln(p_ik + eps) - ln(p_jk + eps))``. The double
    sum is multiplied out, ``2 (m sum_i p_i l_i - sum_i p_i sum_i l_i)``, with
    values relative to the first patch: what cancels is then at most m times what
    remains, and patches that are all alike give exactly zero.

    Parameters
    ----------
    patches : numpy.ndarray of float64, shape (n, m, K)

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
    """
    logs = np.log(patches + EPS)
    p, logs = patches - patches[:, :1], logs - logs[:, :1]
    once = patches.shape[1] * (p * logs).sum(axis=1) - p.sum(axis=1) * logs.sum(axis=1)
    return 2 * once.sum(axis=1)


def patch_scores(patches, *, form="demo", entropy=True, diversity=True, share=0.25):
    """Score candidates: ``lambda1 e + lambda2 d`` (Eq. 2) over their majority patches.

    Parameters
    ----------
    patches : array_like of shape (n, m) or (n, m, K)
        Probabilities of the m patches of each candidate.
    form : {"demo", "eq1"}, default="demo"
        The sums of the published demo, which its Table 1 shows, or Eq. 1 as
        printed: ``e / m`` and ``d / 2``, m being the patches that are kept.
    entropy, diversity : bool, default=True
        The switches lambda1 and lambda2.
    share : float, optional
        Share of the patches that the majority selection keeps; None: all.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
    """
    patches = as_classes(patches)
    if share is not None:
        patches = majority(patches, share)
    scores = np.zeros(len(patches))
    if entropy:
        scores += summed_entropy(patches) / (patches.shape[1] if form == "eq1" else 1)
    if diversity:
        scores += summed_diversity(patches) / (2 if form == "eq1" else 1)
    return scores

"""ActiveFT: free centres moved until they are spread like the pool, and the sample most similar to each."""

import numpy as np
from sklearn.preprocessing import normalize

from coldstart.progress import track
from coldstart.selection.base import Selection, check_budget, check_finite


def select(
    X,
    budget,
    *,
    rng,
    groups=None,
    seed=0,
    temperature: float = 0.07,
    balance: float = 1.0,
    learning_rate: float = 0.001,
    iterations: int = 300,
):
    """Fit as many centres as the budget to the distribution of the pool and take their most similar samples.

    Xie, Lu, Yan, Yang, Tomizuka and Zhan, "Active finetuning: exploiting
    annotation budget in the pretraining-finetuning paradigm", CVPR 2023 (arXiv
    2303.14382), Algorithm 1 and the released code: on vectors of length 1, Adam
    lowers the mean over the pool of ``-log(e^s / (e^s + balance * sum over j of
    e^(c_j c_k / temperature)))``, where c_k is the centre most similar to the
    sample, s their similarity over the temperature, and the c_j of the sum are
    held fixed. Then each centre, in turn, takes its most similar sample that is
    not taken yet.

    Parameters
    ----------
    X : numpy.ndarray of shape (n, d)
        The embedding of the pool.
    budget : int
        How many samples to choose.
    rng : numpy.random.Generator
        Source of the samples at which the centres start.
    groups : numpy.ndarray of shape (n,), optional
        Patient of each sample; not used.
    seed : int, default=0
        Seed of the run; not used, `rng` comes from it.
    temperature : float, default=0.07
        What similarities are divided by.
    balance : float, default=1
        Weight of the distances between centres.
    learning_rate : float, default=0.001
        Of Adam.
    iterations : int, default=300
        Steps of Adam. These four are the published values.

    Returns
    -------
    Selection
        In the order of the centres; scores are the cosine similarities to them,
        clusters the centres.

    Raises
    ------
    InputError
        If the budget is below one or larger than the pool, or `X` holds values
        that are not finite.
    """
    check_budget(budget, len(X))
    check_finite(X)
    points = normalize(np.asarray(X, dtype=np.float32))
    start = points[rng.choice(len(points), budget, replace=False)]
    centres = fitted_centres(points, start, temperature, balance, learning_rate, iterations)
    taken, rows, scores = np.zeros(len(points), dtype=bool), [], []
    for centre in centres:
        similarity = np.where(taken, -np.inf, points @ centre)
        rows.append(int(similarity.argmax()))
        scores.append(float(similarity[rows[-1]]))
        taken[rows[-1]] = True
    return Selection(rows, scores, [f"most similar to centre {k}" for k in range(budget)], range(budget))


def fitted_centres(points, start, temperature, balance, learning_rate, iterations):
    """Move centres until they are spread like the pool.

    Parameters
    ----------
    points : numpy.ndarray of float32, shape (n, d)
        Of length 1.
    start : numpy.ndarray of float32, shape (k, d)
        Where the centres start.
    temperature, balance, learning_rate, iterations
        As for `select`.

    Returns
    -------
    numpy.ndarray of float32, shape (k, d)
        Of length 1.
    """
    import torch  # of the selection strategies only this one needs it

    features = torch.from_numpy(points)
    free = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimiser = torch.optim.Adam([free], lr=learning_rate)
    for _ in track(range(iterations), "fitting centres to the pool"):
        centres = torch.nn.functional.normalize(free, dim=1)
        near, nearest = (features @ centres.T / temperature).max(dim=1)
        spread = (centres.detach() @ centres.T / temperature).logsumexp(dim=0)[nearest] + np.log(balance)
        loss = (torch.logaddexp(near, spread) - near).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return torch.nn.functional.normalize(free.detach(), dim=1).numpy()

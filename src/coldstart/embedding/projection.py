"""The two-dimensional map of an embedding: drawn in figures, and a space in which strategies may choose."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from coldstart.errors import InputError
from coldstart.registry import choices

PROJECTIONS = ("auto", "tsne", "pca")
STARTS = ("pca", "random")
FEWEST_FOR_TSNE = 5
# `auto` takes t-SNE, which needs seconds for a thousand vectors and minutes beyond this, up to here.
MOST_FOR_TSNE = 5000
LARGEST_PERPLEXITY, SMALLEST_PERPLEXITY = 30, 5


def project(vectors, *, seed, projection="auto", perplexity=None, init="pca", l2=False):
    """Put vectors on a plane, near ones near each other.

    t-SNE (van der Maaten & Hinton 2008), in which Levy et al. (arXiv
    2601.18532) choose, or the first two principal components. Below five
    vectors, or where all are alike, it is the principal components.

    Parameters
    ----------
    vectors : numpy.ndarray of shape (n, d)
        Finite numbers.
    seed : int
        Seed of the randomised parts.
    projection : {"auto", "tsne", "pca"}, default="auto"
        ``"auto"``: t-SNE up to 5,000 vectors, principal components beyond.
    perplexity : float, optional
        Perplexity of t-SNE, below n; by default `default_perplexity`.
    init : {"pca", "random"}, default="pca"
        Where t-SNE starts: at the first two principal components, or at random.
    l2 : bool, default=False
        Bring every vector to length 1 first; a vector of zeros stays.

    Returns
    -------
    numpy.ndarray of float32, shape (n, 2)
        Without unit. The same for the same input and seed: it is computed on
        one thread, since the order of a parallel sum is not.

    Raises
    ------
    InputError
        If the projection or the start is unknown, the perplexity too large, or
        the vectors are no matrix of finite numbers with at least one row and column.
    """
    for name, known in ((projection, PROJECTIONS), (init, STARTS)):
        if name not in known:
            raise InputError(f"unknown projection '{name}': {choices(name, known)}.")
    vectors = np.asarray(vectors, dtype=np.float32)
    if vectors.ndim != 2 or 0 in vectors.shape or not np.isfinite(vectors).all():
        raise InputError(
            f"a map needs a matrix (n, d) of finite numbers, not an array of shape {vectors.shape} "
            "with or without NaN: check the embedding file."
        )
    if l2:
        vectors = unit_length(vectors)
    n = len(vectors)
    with threadpool_limits(1):
        plane = principal_plane(vectors, seed)
        wanted = projection == "tsne" or (projection == "auto" and n <= MOST_FOR_TSNE)
        if not wanted or n < FEWEST_FOR_TSNE or not plane.any():
            return plane
        perplexity = default_perplexity(n) if perplexity is None else perplexity
        if perplexity >= n:
            raise InputError(
                f"a perplexity of {perplexity:g} is not below the {n} images of the map: lower `map.perplexity` "
                "of the model, or leave it out."
            )
        # The small start that scikit-learn and Kobak & Berens (2019) use.
        start = plane / plane[:, 0].std() * 1e-4 if init == "pca" else "random"
        return TSNE(perplexity=perplexity, init=start, random_state=seed).fit_transform(vectors)


def default_perplexity(n):
    """Perplexity for n vectors: ``min(30, max(5, (n - 1) / 3))``.

    Levy et al. (arXiv 2601.18532) do not print theirs; this is that of a
    third-party re-implementation. Up to six vectors 5 would be all the others,
    or more than there are, and the map would say nothing: it is (n - 1) / 3 there.
    """
    third = (n - 1) / 3
    return third if n - 1 <= SMALLEST_PERPLEXITY else min(LARGEST_PERPLEXITY, max(SMALLEST_PERPLEXITY, third))


def unit_length(vectors):
    """Divide every row by its Euclidean length; rows of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def principal_plane(vectors, seed):
    """First two principal components, zeros where there are fewer.

    Parameters
    ----------
    vectors : numpy.ndarray of float32, shape (n, d)
        Finite numbers.
    seed : int
        Seed of the randomised solver.

    Returns
    -------
    numpy.ndarray of float32, shape (n, 2)
    """
    n = len(vectors)
    plane = np.zeros((n, 2), dtype=np.float32)
    if n > 1 and np.ptp(vectors, axis=0).max() > 0:
        kept = min(2, n - 1, vectors.shape[1])
        plane[:, :kept] = PCA(n_components=kept, random_state=seed).fit_transform(vectors)
    return plane

"""Nearest neighbours against brute force over the whole distance matrix."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from threadpoolctl import threadpool_limits

from coldstart.selection import neighbours
from coldstart.selection.neighbours import nearest


def brute(X, k):
    """All distances in double precision, sorted so that equal ones stay in the order of their rows."""
    distances = cdist(X.astype(float), X.astype(float))
    np.fill_diagonal(distances, np.inf)
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, order, axis=1), order


def noise(n, d, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(dtype)


def blobs(n, d, rank=12, seed=0):
    """Vectors of low rank in groups of unequal size, as embeddings are."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(20, rank)) * 2
    points = centres[rng.integers(20, size=n) ** 2 // 20] + rng.normal(size=(n, rank))
    return (points @ rng.normal(size=(rank, d))).astype(np.float32)


def recall(found, expected):
    return np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found, expected, strict=True)])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("d", [1, 3, 40])
@pytest.mark.parametrize("k", [1, 7, 59])
def test_they_are_those_of_brute_force(d, k, dtype):
    X = noise(60, d, dtype)
    distances, indices = nearest(X, k)
    expected = brute(X, k)
    np.testing.assert_array_equal(indices, expected[1])
    np.testing.assert_allclose(distances, expected[0], rtol=1e-12)
    assert (distances.dtype, indices.dtype) == (np.float64, np.int64)


@pytest.mark.parametrize("wide", [0, 30])
def test_of_equal_distances_the_lowest_row_comes_first(wide):
    """A grid, where nearly every distance has many equals, in few dimensions and in many."""
    grid = np.stack(np.meshgrid(*[np.arange(4.0)] * 3), axis=-1).reshape(-1, 3)
    X = np.hstack([grid, np.zeros((64, wide))])[np.random.default_rng(2).permutation(64)]
    for k in (1, 5, 6, 30, 63):
        np.testing.assert_array_equal(nearest(X, k)[1], brute(X, k)[1])


@pytest.mark.parametrize("exact_up_to", [1000, 10])
def test_copies_of_a_row_are_its_first_neighbours(exact_up_to):
    X = np.concatenate([blobs(200, 20), np.repeat(blobs(4, 20, seed=1), [2, 3, 30, 1], axis=0)])
    X = X[np.random.default_rng(3).permutation(len(X))]
    X[0, 0], X[1] = 0.0, X[0]
    X[1, 0] = -0.0
    for k in (1, 4, 40):
        expected = brute(X, k)
        distances, indices = nearest(X, k, exact_up_to=exact_up_to)
        copies = expected[0] == 0
        np.testing.assert_array_equal(indices[copies], expected[1][copies])
        assert (distances[copies] == 0).all()
        np.testing.assert_allclose(distances, expected[0], rtol=1e-5)


def test_rows_that_are_all_alike_have_each_other():
    distances, indices = nearest(np.ones((5, 3), np.float32), 2, exact_up_to=1)
    assert indices.tolist() == [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1]]
    assert not distances.any()


def test_the_index_finds_nearly_all_of_them():
    X = blobs(3000, 64)
    expected = brute(X, 20)
    distances, indices = nearest(X, 20, exact_up_to=100)
    assert recall(indices, expected[1]) > 0.99
    assert (np.diff(distances, axis=1) >= 0).all()
    assert (indices != np.arange(3000)[:, None]).all()
    own = np.linalg.norm(X[:, None].astype(float) - X[indices], axis=2)
    np.testing.assert_allclose(distances, own, rtol=1e-5)


def test_the_index_is_asked_in_parts(monkeypatch):
    X = blobs(500, 30)
    whole = nearest(X, 10, exact_up_to=100)
    monkeypatch.setattr(neighbours, "PAIRS_AT_ONCE", 300)
    for a, b in zip(whole, nearest(X, 10, exact_up_to=100), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_the_index_does_not_find_is_computed(monkeypatch):
    """A search that is cut off at every third row."""
    import faiss

    X, search = blobs(400, 30), faiss.IndexHNSWFlat.search

    def forgetful(self, x, k):
        squares, found = search(self, x, k)
        squares[::3, 4:], found[::3, 4:] = np.finfo(np.float32).max, -1
        return squares, found

    monkeypatch.setattr(faiss.IndexHNSWFlat, "search", forgetful)
    expected = brute(X, 8)
    distances, indices = nearest(X, 8, exact_up_to=100)
    np.testing.assert_array_equal(indices[::3], expected[1][::3])
    np.testing.assert_allclose(distances[::3], expected[0][::3], rtol=1e-9)


@pytest.mark.parametrize("exact_up_to", [1000, 100])
def test_the_same_on_any_number_of_threads_and_in_any_process(exact_up_to):
    X = blobs(800, 48)
    answers = []
    for threads in (1, 2, 4):
        with threadpool_limits(threads):
            answers.append([part.tobytes() for part in nearest(X, 15, exact_up_to=exact_up_to)])
    assert answers[0] == answers[1] == answers[2]


def test_the_index_works_beside_torch_in_a_process_of_its_own():
    """Both bring an OpenMP runtime; whichever comes first, neither fails, and the answer is the same."""
    script = (
        "{first}\n"
        "import numpy as np, hashlib\n"
        "from coldstart.selection.neighbours import nearest\n"
        "X = np.random.default_rng(0).normal(size=(300, 20)).astype(np.float32)\n"
        "found = nearest(X, 9, exact_up_to=10)\n"
        "import torch\n"
        "assert torch.ones(200, 200).mm(torch.ones(200, 200)).sum() == 200**3\n"
        "print(hashlib.sha256(b''.join(part.tobytes() for part in found)).hexdigest())\n"
    )
    here = nearest(noise(300, 20), 9, exact_up_to=10)
    expected = hashlib.sha256(b"".join(part.tobytes() for part in here)).hexdigest()
    for first in ("import torch", "import faiss"):
        done = subprocess.run(
            [sys.executable, "-c", script.format(first=first)], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == expected


def test_importing_the_module_leaves_the_index_alone():
    """A pool of some thousand images needs none, and loading it takes half a second."""
    script = "import sys, coldstart.selection.neighbours; sys.exit('faiss' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("k", [0, 5, 9])
def test_there_must_be_as_many_other_rows(k):
    with pytest.raises(ValueError, match="neighbours of 5 rows"):
        nearest(noise(5, 2), k)

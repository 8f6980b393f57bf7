"""Medoids and farthest points against literal sums and loops."""

import numpy as np
import pytest

from coldstart.selection import geometry
from coldstart.selection.geometry import farthest_points, medoid

V2_2 = np.array([(0, 0), (1, 0), (0, 1), (10, 10), (10, 11), (11, 10), (10.5, 10.5)])


def noise(n, d, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def test_vector_v2_2_medoids():
    assert medoid(V2_2[:3]) == 0
    assert 3 + medoid(V2_2[3:]) == 6


@pytest.mark.parametrize("rows", [3, 2048])
@pytest.mark.parametrize("seed", range(5))
def test_the_medoid_has_the_least_sum_of_distances(seed, rows, monkeypatch):
    monkeypatch.setattr(geometry, "ROWS_AT_ONCE", rows)
    points = noise(40, 3, seed)
    sums = [sum(float(np.sqrt(((a - b) ** 2).sum())) for b in points) for a in points]
    assert medoid(points) == int(np.argmin(sums))


@pytest.mark.parametrize("kind", ["wide", "far from the origin", "duplicates", "float32"])
def test_the_medoid_is_exact_whatever_the_rounding_of_the_fast_sums(kind, monkeypatch):
    monkeypatch.setattr(geometry, "ROWS_AT_ONCE", 16)
    points = noise(50, 300 if kind == "wide" else 3)
    if kind == "far from the origin":
        points += 1e7
    if kind == "duplicates":
        points = np.repeat(points[:10], 5, axis=0)
    if kind == "float32":
        points = points.astype(np.float32)
    sums = np.linalg.norm(points[:, None].astype(float) - points[None], axis=2).sum(axis=1)
    assert medoid(points) == int(np.flatnonzero(sums <= sums.min() * (1 + 1e-12))[0])


def test_members_that_differ_by_rounding_alone_tie():
    # Corners of a square far from the origin: all sums are the same but for the order of their terms.
    corners = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * 0.1 + np.array([1e3 / 3, 7e3 / 9])
    for turn in range(4):
        assert medoid(np.roll(corners, turn, axis=0)) == 0
    assert medoid(np.array([[5.0, 1], [2, 2]])) == 0
    assert medoid(np.array([[5.0, 1]])) == 0


def test_vector_v2_3_farthest_points():
    points = np.array([0.0, 1, 2, 3, 4, 10])[:, None]
    rows, distances = farthest_points(points, [2], 3)
    assert rows == [5, 0, 4]
    assert distances == [8, 2, 2]


def literal(points, chosen, count):
    """Distance of every point to every chosen one, anew for every pick."""
    chosen = list(chosen)
    for _ in range(count):
        left = [row for row in range(len(points)) if row not in chosen]
        gaps = [min(float(np.linalg.norm(points[row] - points[other])) for other in chosen) for row in left]
        chosen.append(left[gaps.index(max(gaps))])
    return chosen


@pytest.mark.parametrize("kind", ["noise", "grid", "duplicates"])
@pytest.mark.parametrize("start", [[0], [7, 3]])
def test_farthest_points_against_a_literal_loop(kind, start):
    grid = np.stack(np.meshgrid(np.arange(4.0), np.arange(5.0)), axis=-1).reshape(-1, 2)
    points = {"noise": noise(20, 2), "grid": grid, "duplicates": np.repeat(grid[:5], 4, axis=0)}[kind]
    for count in (0, 1, 6, 20 - len(start)):
        rows, distances = farthest_points(points, start, count)
        assert start + rows == literal(points, start, count)
        assert (np.diff(distances) <= 0).all()


def test_farthest_points_of_a_float32_pool_in_parts_are_those_of_its_float64_copy(monkeypatch):
    points = noise(100, 6).astype(np.float32)
    expected = farthest_points(points.astype(np.float64), [4], 30)
    monkeypatch.setattr(geometry, "ROWS_AT_ONCE", 7)
    assert farthest_points(points, [4], 30) == expected

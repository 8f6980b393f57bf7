"""Seeds of a method: random selection has many unless it says otherwise."""

import pytest

from coldstart import grid

METHODS = {
    "random": {"strategy": "random", "seeds": None},
    "few": {"strategy": "random", "seeds": [3]},
    "clustering": {"strategy": "kmeans_sweep", "seeds": None},
}


@pytest.mark.parametrize(
    ("top", "method", "expected"),
    [
        ([2024], "random", list(range(2024, 2039))),
        ([5, 1], "random", [5, 1, *range(6, 19)]),
        (list(range(20)), "random", list(range(20))),
        ([2024], "few", [3]),
        ([2024], "clustering", [2024]),
    ],
)
def test_random_selection_goes_on_to_fifteen_seeds_where_it_names_none(top, method, expected):
    found = grid.seeds({"seeds": top, "methods": METHODS}, method)
    assert found == expected
    assert len(set(found)) == len(found)

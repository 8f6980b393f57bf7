"""A round after the plateau leaves the files of the round before, and says that it trained nothing."""

import pandas as pd

from coldstart.learning.carrying import carry_over, no_picks
from coldstart.storage import read_json, read_table, write_json, write_table


def files(folder, names):
    return {name: folder / file for name, file in names.items()}


NAMES = {"labelled": "labelled.parquet", "fit": "fit.json", "maps": "maps.npz", "weights": "weights.safetensors"}
FIT = {"cell": {"round": "2"}, "n_labelled": 3, "n_trained": 2, "replayed": ["a"], "best_value": 0.5, "threshold": 0.3}


def test_files_are_taken_over_and_marked(tmp_path):
    before, after = (files(tmp_path / name, NAMES) for name in ("round2", "round3"))
    labelled = pd.DataFrame({"sample_id": ["a", "b", "c"], "round": [0, 1, 2], "trained": [True, False, True]})
    write_table(before["labelled"], labelled)
    write_json(before["fit"], FIT)
    before["maps"].write_bytes(b"maps")
    before["weights"].write_bytes(b"weights")
    carry_over(before, after, {"round": "3"})
    assert after["maps"].read_bytes() == b"maps"
    assert after["weights"].read_bytes() == b"weights"
    found = read_table(after["labelled"])
    assert found["sample_id"].tolist() == ["a", "b", "c"]
    assert not found["trained"].any()
    changed = {"cell": {"round": "3"}, "n_trained": 0, "replayed": [], "stopped": True}
    assert read_json(after["fit"]) == {**FIT, **changed}
    # Again: a round after a stopped one.
    later = files(tmp_path / "round4", NAMES)
    carry_over(after, later, {"round": "4"})
    assert read_json(later["fit"])["stopped"] is True


def test_only_what_is_asked_for_is_written(tmp_path):
    names = {"labelled": "labelled.parquet", "fit": "fit.json"}
    before, after = (files(tmp_path / name, names) for name in ("round2", "round3"))
    write_table(before["labelled"], pd.DataFrame({"sample_id": ["a"]}))
    write_json(before["fit"], FIT)
    carry_over({**before, "weights": tmp_path / "none"}, after, {})
    assert sorted(path.name for path in (tmp_path / "round3").iterdir()) == ["fit.json", "labelled.parquet"]


def test_no_picks_have_the_types_of_picks(tmp_path):
    some = pd.DataFrame({"sample_id": ["a"], "rank": [1], "score": [0.5]})
    assert no_picks().dtypes.to_dict() == some.dtypes.to_dict()
    write_table(tmp_path / "none.parquet", no_picks(), {"stopped": True})
    assert read_table(tmp_path / "none.parquet").dtypes.to_dict() == some.dtypes.to_dict()
    assert pd.concat([some, no_picks()])["rank"].dtype == "int64"

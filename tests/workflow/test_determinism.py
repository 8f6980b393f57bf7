"""The number of cores and the order of jobs change no byte of what is chosen, predicted and measured."""

import pytest
from conftest import TINY, Workplace, changed

pytestmark = pytest.mark.workflow

ONE_ARM = changed(TINY, budgets=[4], methods={"clustering": TINY["methods"]["clustering"]})
FILES = ("queried.parquet", "labelled.parquet", "predictions.parquet", "maps.npz", "metrics.parquet")


def test_more_cores_and_another_order_of_jobs_change_no_byte(finished, tmp_path):
    theirs = finished.folder / "results/tiny"
    runs = sorted((theirs / "runs").glob("*/pixels/clustering/*/b4/s1/t*/round?"))
    wanted = [str((run / "metrics.parquet").relative_to(finished.folder)) for run in runs]
    place = Workplace(finished.checkout, tmp_path / "work")
    result = place.run(*wanted, "--prioritize", wanted[-1], config=ONE_ARM, cores=5)
    assert result.code == 0, result.text
    written = [run / name for run in runs for name in FILES if (run / name).is_file()]
    written += (theirs / "selections").rglob("*/pixels/clustering/b4/*.parquet")
    assert len(written) == 4 * 3 + 2 + 2 + 2, "two tasks, two rounds each"
    for path in written:
        assert (place.folder / path.relative_to(finished.folder)).read_bytes() == path.read_bytes(), path

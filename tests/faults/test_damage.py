"""Damaged files: said in one sentence, put aside, made again by the same command, with the same end."""

import re
import shutil

import pytest
from injection import RESULTS, SMALL, TARGETS, check
from workplace import changed

ROUND = "runs/{task}/simclr/clustering/none/b4/s1/t0/round0/"
SEGMENTED, CLASSIFIED = ROUND.format(task="segmentation"), ROUND.format(task="classification")
LATER = CLASSIFIED.replace("none/b4", "uncertainty/b4").replace("round0", "round1")
# Every kind of file that one rule writes and another reads.
FILES = [
    "cohort.parquet",
    "samples.parquet",
    "pools/segmentation.parquet",
    "images/32.npy",
    "images/16.npy",
    "masks/32.npy",
    "embeddings/simclr.parquet",
    "selections/classification/simclr/clustering/b4/s1.parquet",
    f"{LATER}queried.parquet",
    f"{CLASSIFIED}labelled.parquet",
    f"{CLASSIFIED}predictions.parquet",
    f"{CLASSIFIED}fit.json",
    f"{SEGMENTED}predictions.parquet",
    f"{SEGMENTED}maps.npz",
    f"{SEGMENTED}metrics.parquet",
    f"{SEGMENTED}history.csv",
]
# Some of them, and the share that is left of each.
FEW = {
    # Of an arm that nothing here makes again: the terminal's overview reads it, too.
    f"{CLASSIFIED.replace('simclr/clustering', 'none/random')}fit.json": 0.5,
    "embeddings/simclr.parquet": 0.5,
    f"{CLASSIFIED}fit.json": 0.5,
    f"{SEGMENTED}maps.npz": 0,
    f"{LATER}queried.parquet": 0,
}


def cut(path, share):
    """Keep the beginning of a file."""
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def mended(place, config=SMALL, most=12):
    """Give the same command until it ends well; answers with all that was said."""
    said = ""
    for _ in range(most):
        result = place.run(*TARGETS, config=config)
        said += result.text
        if result.code == 0:
            return said
    raise AssertionError(said[-4000:])


def spoil(place, shares):
    """Damage files, and take away what stands on them, so that they are read; of each a share is left."""
    for name, share in shares.items():
        cut(place.folder / RESULTS / name, share)
    for name in ("summary.parquet", "tracking.parquet"):
        (place.folder / RESULTS / name).unlink()


@pytest.mark.workflow
def test_damaged_files_are_made_again(finished, undisturbed):
    spoil(finished, FEW)
    said = mended(finished)
    assert re.search(r"was damaged \(.*\) and lies now in .*\.damaged: run the same command again", said)
    assert "Traceback" not in said
    check(finished.folder, undisturbed.folder)


@pytest.mark.faults
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("share", [0, 0.5])
@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_file_cut_short_is_made_again(finished, undisturbed, name, share):
    spoil(finished, {name: share})
    said = mended(finished)
    assert "Traceback" not in said
    check(finished.folder, undisturbed.folder)


@pytest.mark.faults
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_damaged_weights_of_a_round_are_made_again(undisturbed, finished, tmp_path, damage):
    config = changed(SMALL, learning__classification__strategy="continual", tasks=["classification"])
    place = type(finished)(finished.checkout, tmp_path / "continual")
    # The next round has read the weights, and is to read them again.
    assert place.run("--notemp", *TARGETS, config=config).code == 0
    before = (place.folder / RESULTS / "summary.parquet").read_bytes()
    weights = place.folder / RESULTS / CLASSIFIED / "weights.safetensors"
    if damage == "cut":
        cut(weights, 0.5)
    else:
        content = bytearray(weights.read_bytes())
        content[-5] ^= 64
        weights.write_bytes(content)
    shutil.rmtree(place.folder / RESULTS / LATER)
    spoil(place, {})
    assert "weights.safetensors was damaged" in mended(place, config)
    assert (place.folder / RESULTS / "summary.parquet").read_bytes() == before

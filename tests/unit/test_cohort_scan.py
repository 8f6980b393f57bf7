"""Every file of a pool is read once, whatever is wrong with it, and nobody's identity leaves it."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from standins.dicom import PLANTED, write_dicom
from test_cohort_pool import picture, save, save_volume

from coldstart.cohort import KINDS, pool, pool_chunks, pool_samples
from coldstart.cohort import scan as scanning
from coldstart.cohort.pool_chunks import mentions
from coldstart.cohort.pool_files import listing_digest
from coldstart.cohort.pool_names import names_path, read_names
from coldstart.cohort.pool_samples import BATCH
from coldstart.errors import InputError

DEFAULTS = {key: spec.default for key, spec in KINDS.parameters("pool").items() if not spec.required}


def scan(root, cache, workers=1, **parameters):
    return scanning.scan(cache=cache, workers=workers, root=str(root), **{**DEFAULTS, **parameters})


def problems(quality):
    """Problem, repeated sample and whether it is left out, by file."""
    return {row.file: (row.problem, row.of, row.left_out) for row in quality.fillna({"of": ""}).itertuples()}


def write_pictures(folder, n):
    for number in range(n):
        save(folder / f"{number:04d}.png", picture(number, (12, 12)))


@pytest.fixture
def reads(monkeypatch):
    """Names of the files that are opened, in this process."""
    seen, open_file = [], pool_chunks.open_file
    monkeypatch.setattr(
        pool_chunks, "open_file", lambda root, name, how: seen.append(name) or open_file(root, name, how)
    )
    return seen


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def root(tmp_path):
    return tmp_path / "pool"


def test_what_is_wrong_with_files_is_listed_and_not_fatal(root, cache):
    save(root / "a.png", picture(0))
    save(root / "again" / "same.png", picture(0), compress_level=1)
    save(root / "b.jpg", picture(0), quality=90)
    save(root / "black.png", np.zeros((9, 9), np.uint8))
    save(root / "cut.png", picture(1))
    (root / "cut.png").write_bytes((root / "cut.png").read_bytes()[:-60])
    (root / "empty.png").write_bytes(b"")
    (root / "lie.jpg").write_text("no picture")
    (root / "README").write_text("no picture")
    (root / "notes.txt").write_text("no picture")
    save(root / "z.png", picture(2))
    table, quality = scan(root, cache)
    assert problems(quality) == {
        "again/same.png": ("duplicate", "a", True),
        "b.jpg": ("near duplicate", "a", True),
        "black.png": ("constant", "", True),
        "cut.png": ("unreadable", "", True),
        "empty.png": ("empty", "", True),
        "lie.jpg": ("unreadable", "", True),
        "README": ("not an image", "", True),
        "*.txt": ("not an image", "", True),
    }
    assert table["sample_id"][table["status"] == "ok"].tolist() == ["a", "z"]
    left = table[table["status"] == "left out"].set_index("file")
    assert left["reason"]["again/same.png"] == "duplicate: the same pixels as a"
    assert left["reason"]["cut.png"].startswith("unreadable: cannot be read as an image")
    assert str(root) not in quality.to_csv() + table.to_csv()


def test_near_duplicates_stay_where_they_are_not_looked_for(root, cache):
    save(root / "a.png", picture(0))
    save(root / "b.jpg", picture(0), quality=90)
    save(root / "c.png", picture(0))
    table, quality = scan(root, cache, near_duplicates=None)
    assert table["status"].tolist() == ["ok", "ok", "left out"]
    assert quality["problem"].tolist() == ["duplicate"]


@pytest.mark.parametrize(("series", "left_out"), [(("a", "a"), 0), (("a", "b"), 1)])
def test_neighbouring_slices_in_files_of_their_own_are_no_duplicates(root, cache, series, left_out):
    """Slices of one series are alike by nature; the same picture in another series is a copy."""
    for number, name in enumerate(series):
        pixels = picture(0).astype(np.uint16) * 16
        pixels[::5] += np.uint16(9 * number)
        write_dicom(root / f"{number}.dcm", pixels, SeriesInstanceUID=f"1.2.3.{ord(name)}")
    table, quality = scan(root, cache)
    assert (table.status != "ok").sum() == left_out
    assert set(quality.problem) == ({"near duplicate"} if left_out else set())


def test_slices_without_anything_in_them_are_left_out_and_alike_ones_stay(root, cache):
    save_volume(root / "noise.nii.gz")
    volume = np.zeros((16, 16, 6), np.int16)
    volume[..., 1:5] = picture(3, (16, 16))[..., None] + np.arange(4, dtype=np.int16)
    nib.save(nib.Nifti1Image(volume, np.eye(4)), root / "body.nii")
    table, quality = scan(root, cache, files="*.nii")
    assert table["slice"][table["status"] == "ok"].tolist() == [1, 2, 3, 4]
    assert quality["sample_id"].tolist() == ["body/z000", "body/z005"]


def test_nothing_of_use_at_all_is_refused(root, cache):
    root.mkdir()
    (root / "a.png").write_bytes(b"x" * 100)
    with pytest.raises(InputError, match=r"no image is left of the 1 files found .* \(a\.png: unreadable, cannot"):
        scan(root, cache)


def test_frames_before_a_damaged_one_are_kept(root, cache, monkeypatch):
    frames = np.stack([picture(seed, (8, 8)) for seed in range(BATCH + 2)])
    write_dicom(root / "cine.dcm", frames)
    read_frames = pool_samples.read_dicom_frames

    def damaged(path, numbers, window):
        if BATCH in numbers:
            raise ZeroDivisionError("a decoder's own words")
        return read_frames(path, numbers, window)

    monkeypatch.setattr(pool_samples, "read_dicom_frames", damaged)
    table, quality = scan(root, cache)
    assert quality[["problem", "detail"]].to_numpy().tolist() == [["unreadable", "ZeroDivisionError while it was read"]]
    assert table["frame"][table["status"] == "ok"].tolist() == list(range(BATCH))


def test_a_scan_ends_where_no_secret_can_be_kept(root, cache):
    save(root / "a.png", picture(0))
    assert len(scan(root, cache, salt="a.png/salt")[0]) == 1
    write_dicom(root / "b.dcm", picture(1))
    with pytest.raises(InputError, match=r"dataset\.salt"):
        scan(root, cache, salt="a.png/salt")


def test_the_secret_is_none_of_the_pool_wherever_it_lies(root, cache):
    write_dicom(root / "a.dcm", picture(0))
    where = {"root": str(root), "files": "**/*", "salt": "salt"}
    before = listing_digest(**where)
    first, quality = scan(root, cache / "first", salt="salt")
    assert (root / "salt").is_file()
    assert listing_digest(**where) == before
    second, other = scan(root, cache / "second", salt="salt")
    pd.testing.assert_frame_equal(first, second)
    pd.testing.assert_frame_equal(quality, other)
    assert quality.empty


def test_several_processes_find_what_one_does(root, cache, monkeypatch):
    monkeypatch.setattr(scanning, "FILES", 3)
    write_pictures(root, 20)
    write_dicom(root / "d.dcm", picture(99))
    save_volume(root / "v.nii.gz")
    one, quality = scan(root, cache / "one")
    two, other = scan(root, cache / "two", workers=2)
    pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(quality, other)
    assert len(one) == 29


def test_what_was_read_is_not_read_again(root, cache, reads, monkeypatch):
    monkeypatch.setattr(scanning, "FILES", 4)
    write_pictures(root, 10)
    whole, _ = scan(root, cache / "whole")
    reads.clear()

    class Killed(BaseException):
        pass

    write_table = pool_chunks.write_table

    def dies(path, frame):
        if reads[-1] == "0007.png":
            raise Killed
        write_table(path, frame)

    monkeypatch.setattr(pool_chunks, "write_table", dies)
    with pytest.raises(Killed):
        scan(root, cache)
    monkeypatch.setattr(pool_chunks, "write_table", write_table)
    reads.clear()
    pd.testing.assert_frame_equal(scan(root, cache)[0], whole)
    assert reads == [f"{number:04d}.png" for number in range(4, 10)]
    reads.clear()
    scan(root, cache)
    assert reads == []
    save(root / "0003.png", picture(77, (12, 12)))
    save(root / "0002b.png", picture(78, (12, 12)))
    (root / "0005.png").unlink()
    table, _ = scan(root, cache)
    assert sorted(reads) == ["0002b.png", "0003.png"]
    assert table["file"].tolist() == sorted(path.name for path in root.glob("[!.]*"))
    reads.clear()
    scan(root, cache, window="percentiles")
    assert len(reads) == 10


def everything_written(cache, table, quality):
    """All that a scan gives away, as text: its tables and what it leaves for the next one."""
    files = [pd.read_parquet(path).drop(columns="fingerprint") for path in cache.rglob("*.parquet")]
    names = "".join(str(path) for path in cache.rglob("*"))
    return "".join(frame.astype(str).to_csv() for frame in (table, quality, *files)) + names


@pytest.fixture
def hospital(root):
    """Files whose headers, paths and table say who the patient is; and what must not be found."""
    secrets = {*write_dicom(root / "x" / "0001.dcm", picture(0))}
    secrets |= {*write_dicom(root / f"{PLANTED['PatientID']}" / "0002.dcm", picture(1))}
    secrets |= {*write_dicom(root / "quillfeather, WILHELMINA" / "IM3", picture(2))}
    secrets |= {*write_dicom(root / "x" / "broken.dcm", picture(3))}
    data = (root / "x" / "broken.dcm").read_bytes()
    (root / "x" / "broken.dcm").write_bytes(data[:-100])
    secrets |= {*write_dicom(root / f"{PLANTED['AccessionNumber']}.dcm", picture(4), PatientID="OTHER-1234")}
    return root, secrets


def test_no_identity_leaves_the_files(hospital, cache, caplog, capfd):
    root, secrets = hospital
    caplog.set_level("DEBUG")
    table, quality = scan(root, cache)
    assert len(table) == 5
    text = everything_written(cache, table, quality) + caplog.text + "".join(capfd.readouterr())
    assert len(secrets) > 20
    assert [secret for secret in secrets if len(secret) > 2 and secret.casefold() in text.casefold()] == []
    assert table["patient_id"].value_counts().tolist() == [4, 1]
    assert table["patient_id"].str.fullmatch("p[0-9a-f]{12}").all()
    assert (quality["problem"] == "identity in path").sum() == 3
    names = names_path(root, DEFAULTS["salt"])
    assert names.stat().st_mode & 0o777 == 0o600
    real = read_names(names)
    assert set(real.values()) == {
        f"{PLANTED['PatientID']}/0002.dcm",
        "quillfeather, WILHELMINA/IM3",
        f"{PLANTED['AccessionNumber']}.dcm",
    }
    cohort = pool.build(scan=table, root=str(root))
    for row, image in zip(cohort.itertuples(), pool.images(cohort, root=str(root)), strict=True):
        expected = np.asarray(picture({"0001.dcm": 0, "0002.dcm": 1, "IM3": 2}.get(
            real.get(row.image, row.image).rpartition("/")[2], 4)))  # fmt: skip
        np.testing.assert_array_equal(image, expected)


def test_names_stay_the_same_from_scan_to_scan(hospital, cache):
    root, _ = hospital
    first, _ = scan(root, cache / "first")
    second, _ = scan(root, cache / "second", workers=2)
    pd.testing.assert_frame_equal(first, second)
    (root / DEFAULTS["salt"]).unlink()
    other, _ = scan(root, cache / "third")
    assert not set(first["patient_id"]) & set(other["patient_id"])


def test_a_table_that_repeats_the_header_says_no_more_than_it(hospital, cache):
    root, secrets = hospital
    rows = [
        ("x/0001.dcm", PLANTED["PatientID"], "ward 3", PLANTED["PatientName"].replace("^", " "), PLANTED["StudyID"])
    ]
    rows.append(("x/plain.dcm", "A17", "ward 4", "nobody", "4"))
    secrets |= {*write_dicom(root / "x" / "plain.dcm", picture(7), PatientID="B-990-22")}
    frame = pd.DataFrame(rows, columns=["image", "patient_id", "site", "remark", "sample_id"])
    frame.to_csv(root / "t.csv", index=False)
    table, quality = scan(root, cache, table="t.csv")
    text = everything_written(cache, table, quality)
    assert [secret for secret in secrets if len(secret) > 2 and secret.casefold() in text.casefold()] == []
    assert table["patient_id"].str.fullmatch("p[0-9a-f]{12}").all()
    assert table["patient_id"].is_unique
    assert table["sample_id"].tolist()[1] == "4"
    assert table["site"].tolist() == ["ward 3", "ward 4"]
    assert "remark" not in table
    assert quality["problem"].tolist() == ["identity in table"]


def test_rows_of_a_table_without_a_file_are_listed(root, cache):
    save(root / "a.png", picture(0))
    pd.DataFrame({"image": ["a.png", "b.png", "../c.png", "", "t.csv"], "view": list("PQRST")}).to_csv(root / "t.csv")
    table, quality = scan(root, cache, table="t.csv")
    assert table["file"].tolist() == ["a.png"]
    assert table["view"].tolist() == ["P"]
    assert quality["file"].tolist() == ["b.png", "../c.png", "row 4", "t.csv"]
    assert (quality["problem"] == "unreadable").all()
    assert quality["left_out"].all()


@pytest.mark.parametrize(
    ("text", "names", "found"),
    [
        ("a/Doe_John/1.dcm", ("DOE",), True),
        ("a/doerr/1.dcm", ("DOE",), False),
        ("a/x12345678y.dcm", ("12345678",), True),
        ("a/1234.dcm", ("123",), False),
        ("a/1.2.840.77.5.dcm", ("1.2.840.77.5",), True),
        ("a/Åse-Lund.png", ("åse lund",), True),
        ("a/b.png", ("--", "///"), False),
        ("a/b.png", (), False),
    ],
)
def test_names_are_looked_for_as_words_and_long_ones_anywhere(text, names, found):
    assert mentions(text, names) is found

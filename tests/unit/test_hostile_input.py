"""Hostile and messy input that a random change does not find: names, links, bombs, pickles, code in other formats."""

import gzip
import os
import struct
import zlib

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from foreign_networks import write_onnx
from PIL import Image
from snakemake.common.configfile import load_configfile

from coldstart.cohort import pool, table
from coldstart.cohort.chexmask_table import mask_size
from coldstart.cohort.files import inside, read_header, read_pixels
from coldstart.cohort.nifti import open_volume
from coldstart.embedding.base import EncoderInputs
from coldstart.embedding.file import encode as encode_file
from coldstart.embedding.onnx import encode as encode_onnx
from coldstart.errors import InputError

NAMES = [
    "plain",
    "two  words",
    "Ärzte é 日本",
    "line\nbreak",
    "semi;colon,comma",
    "-rf",
    "a'b\"c",
    "%s{0}$(x)",
    "🫁",
    ".dots..",
]


def picture(seed=0):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (6, 8), dtype=np.uint8))


def sentence(refusal):
    text = str(refusal.value)
    assert text.isprintable()
    assert text.endswith(".")
    return text


def test_any_name_of_a_file_is_read_from_a_table(tmp_path):
    root = tmp_path / "a folder, ü\n"
    root.mkdir()
    for row, name in enumerate(NAMES):
        picture(row).save(root / f"{name}.png")
    pd.DataFrame({"image": [f"{name}.png" for name in NAMES]}).to_csv(root / "t.csv", index=False)
    given = {"root": str(root), "table": "t.csv"}
    cohort = table.build(**given)
    assert cohort["sample_id"].tolist() == NAMES
    for row, found in enumerate(table.images(cohort, **given)):
        np.testing.assert_array_equal(found, np.asarray(picture(row)))


def test_any_name_of_a_file_is_read_from_a_pool(tmp_path):
    for row, name in enumerate(NAMES[:-1]):
        picture(row).save(tmp_path / f"{name}.png")
    cohort = pool.build(root=str(tmp_path))
    assert sorted(cohort["sample_id"]) == sorted(NAMES[:-1])


@pytest.mark.parametrize("cell", ["a\0.png", "x" * 5000, "y/" * 3000, "loop/a.png", "loop"])
def test_paths_that_no_file_can_have_are_refused(tmp_path, cell):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(InputError) as refusal:
        inside(tmp_path, cell, "t.csv, row 1")
    assert "t.csv, row 1" in sentence(refusal)


def test_a_root_may_be_a_link_and_links_inside_it_are_followed(tmp_path):
    (tmp_path / "real/a").mkdir(parents=True)
    picture().save(tmp_path / "real/a/1.png")
    (tmp_path / "real/b.png").symlink_to("a/1.png")
    (tmp_path / "root").symlink_to("real")
    picture().save(tmp_path / "out.png")
    (tmp_path / "real/out.png").symlink_to(tmp_path / "out.png")
    assert inside(tmp_path / "root", "b.png", "t.csv").is_file()
    with pytest.raises(InputError) as refusal:
        inside(tmp_path / "root", "out.png", "t.csv")
    assert "leaves the data root" in sentence(refusal)
    assert "what its links lead to" in sentence(refusal)


def test_compressed_zeros_do_not_fill_the_memory(tmp_path):
    header = nib.Nifti1Image(np.zeros((2, 2, 2), np.uint8), np.eye(4)).header
    header["dim"][1:4] = [20_000, 20_000, 100]
    # 40 billion voxels, which so many bytes of zeros could hold.
    (tmp_path / "bomb.nii.gz").write_bytes(gzip.compress(header.binaryblock + bytes(4000)) + bytes(40_000_000))
    with pytest.raises(InputError) as refusal:
        open_volume(tmp_path / "bomb.nii.gz")
    assert "bomb.nii.gz promises 20000 x 20000 x 100 voxels" in sentence(refusal)


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP", b"IHDR"])
def test_pictures_that_unpack_to_much_are_refused_or_read_without_it(tmp_path, kind):
    path = tmp_path / "bomb.png"
    picture().save(path)
    data = path.read_bytes()
    if kind == b"IHDR":
        content, start, end = struct.pack(">II", 60_000, 60_000) + data[24:29], data[:8], data[33:]
    else:
        content, start, end = b"x\0\0" + zlib.compress(bytes(200 << 20), 9), data[:33], data[33:]
    chunk = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    path.write_bytes(start + chunk + end)
    for read in (read_header, read_pixels):
        if kind == b"IHDR":
            with pytest.raises(InputError, match=r"bomb\.png"):
                read(path)
        else:
            # Pillow refuses text that unpacks to so much; what reads the file reads its pixels right.
            assert outcome(read, path) in ("refused", (6, 8))


def outcome(read, path):
    """Shape of what is read, or that it is refused by name."""
    try:
        found = read(path)
    except InputError as error:
        return "refused" if "bomb.png" in str(error) else str(error)
    return (found.height, found.width) if read is read_header else found.shape


@pytest.mark.parametrize(("height", "width"), [("32768", "32768"), ("20000", "20000")])
def test_masks_of_runs_larger_than_any_image_are_refused(height, width):
    with pytest.raises(InputError) as refusal:
        mask_size(height, width, "t.csv, 1.png")
    assert "t.csv, 1.png: its mask is said to have" in sentence(refusal)


class Exploit:
    """An object whose pickle makes a folder when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_pickles_in_arrays_are_not_read(tmp_path):
    owned = tmp_path / "owned"
    np.savez(tmp_path / "e.npz", **{"a": np.array([Exploit(owned)], dtype=object)})
    with pytest.raises(InputError) as refusal:
        encode_file(EncoderInputs(None, ["a"], ["a.png"]), path=str(tmp_path / "e.npz"))
    assert "e.npz cannot be read" in sentence(refusal)
    assert not owned.exists()


def test_a_table_in_parquet_brings_no_objects(tmp_path):
    # pandas keeps what it makes of columns as JSON: nothing there is looked up by name.
    picture().save(tmp_path / "a.png")
    frame = pd.DataFrame({"image": ["a.png"], "label": pd.Categorical(["1"])})
    frame.to_parquet(tmp_path / "t.parquet")
    assert table.build(root=str(tmp_path), table="t.parquet")["label"].tolist() == [1]


def test_weights_of_an_onnx_file_lie_beside_it_or_nowhere(tmp_path):
    kernel = np.ones((2, 3, 3, 3), np.float32)
    (tmp_path / "in").mkdir()
    for place in (tmp_path / "secret.bin", tmp_path / "in/weights.bin"):
        place.write_bytes(kernel.tobytes())
    images = EncoderInputs(np.zeros((1, 16, 16), np.uint8), ["a"], ["a.png"])
    write_onnx(tmp_path / "in/n.onnx", kernel, external="weights.bin")
    assert len(encode_onnx(images, path=str(tmp_path / "in/n.onnx"), size=16, output="pooled").vectors) == 1
    for outside in ("../secret.bin", str(tmp_path / "secret.bin")):
        write_onnx(tmp_path / "in/n.onnx", kernel, external=outside)
        with pytest.raises(InputError) as refusal:
            encode_onnx(images, path=str(tmp_path / "in/n.onnx"), size=16, output="pooled")
        assert "n.onnx cannot be read as an ONNX network" in sentence(refusal)


def test_a_configuration_runs_no_code(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(f"dataset: !!python/object/apply:os.mkdir ['{tmp_path / 'owned'}']\n")
    with pytest.raises(Exception, match="not valid JSON or YAML"):
        load_configfile(str(path))
    assert not (tmp_path / "owned").exists()

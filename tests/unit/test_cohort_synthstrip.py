"""SynthStrip: single slices and volumes in any orientation, upright, with scan types from the names of folders."""

import nibabel as nib
import numpy as np
import pytest
from PIL import Image
from standins import write_synthstrip

from coldstart.cohort import synthstrip, volumes
from coldstart.cohort.assemble import assemble
from coldstart.errors import InputError

# Grows by one step each to the left, to the back and to the feet.
GROWING = np.arange(4 * 5 * 6).reshape(4, 5, 6)
STEPS = (2.0, 1.5, 3.0)
FULL = {"lower_percentile": 0.0, "upper_percentile": 100.0}


def oriented(array, codes, steps=STEPS):
    """Image of a volume whose axes run to the left, to the back and to the feet, stored as its codes say."""
    canonical = nib.Nifti1Image(array, np.diag([-steps[0], -steps[1], -steps[2], 1.0]))
    start, end = (nib.orientations.axcodes2ornt(tuple(text)) for text in ("LPI", codes))
    return canonical.as_reoriented(nib.orientations.ornt_transform(start, end))


def scan(root, name, codes="LPI", array=GROWING, mask=None, cut=None):
    """A folder with an image and a mask; `cut` makes a single slice of both."""
    mask = array > 70 if mask is None else mask
    (root / name).mkdir(parents=True, exist_ok=True)
    for file, values in (("image", array.astype(np.int16)), ("mask", mask.astype(np.uint8))):
        image = oriented(values, codes)
        nib.save(image if cut is None else cut(image), root / name / f"{file}.nii.gz")


def flat(axis, number, squeeze=False):
    """Function that cuts one slice out of an image, as a volume of one or as an image of two axes."""

    def cut(image):
        window = [slice(None)] * 3
        window[axis] = slice(number, number + 1)
        found = image.slicer[tuple(window)]
        if not squeeze:
            return found
        return nib.Nifti1Image(np.asarray(found.dataobj)[..., 0], found.affine)

    return cut


def read(given):
    cohort = synthstrip.build(**given)
    return cohort, list(synthstrip.images(cohort, **given)), list(synthstrip.masks(cohort, **given))


def ranked(array):
    """Values as the reader stretches them."""
    low, high = array.min(), array.max()
    return np.rint((array - low) / (high - low) * 65535)


def test_names_give_subset_modality_and_patient(tmp_path):
    for name in ("ixi_t1_016", "ixi_t2_016", "fsm_qt1_02cd", "qin_flair_02", "infant_t1_a_b"):
        scan(tmp_path, name, cut=flat(0, 1))
    cohort = synthstrip.build(root=str(tmp_path))
    assert cohort["sample_id"].tolist() == ["fsm_qt1_02cd", "infant_t1_a_b", "ixi_t1_016", "ixi_t2_016", "qin_flair_02"]
    assert cohort["scan"].tolist() == cohort["sample_id"].tolist()
    assert cohort["subset"].tolist() == ["fsm", "infant", "ixi", "ixi", "qin"]
    assert cohort["modality"].tolist() == ["qt1", "t1", "t1", "t2", "flair"]
    assert cohort["patient_id"].tolist() == ["fsm_02cd", "infant_a_b", "ixi_016", "ixi_016", "qin_02"]
    assert synthstrip.build(root=str(tmp_path), scans="ixi_*")["modality"].tolist() == ["t1", "t2"]


@pytest.mark.parametrize("codes", ["LPI", "RAS", "PSR", "LIA", "SRP"])
@pytest.mark.parametrize(("plane", "axis"), [("sagittal", 0), ("coronal", 1), ("axial", 2)])
def test_planes_of_volumes_are_upright_however_they_are_stored(tmp_path, codes, plane, axis):
    scan(tmp_path, "ixi_t1_1", codes)
    cohort, images, masks = read({"root": str(tmp_path), "axis": plane, **FULL})
    stretched = ranked(GROWING)
    drawn = GROWING > 70
    stored = next(i for i in range(3) if codes[i] in "LPI"[axis] + "RAS"[axis])
    forwards = codes[stored] == "LPI"[axis]
    assert cohort["slice"].tolist() == list(range(GROWING.shape[axis]))
    for number, image, mask in zip(cohort["slice"], images, masks, strict=True):
        position = number if forwards else GROWING.shape[axis] - 1 - number
        np.testing.assert_array_equal(image, np.take(stretched, position, axis).T)
        np.testing.assert_array_equal(mask, np.take(drawn, position, axis).T)
    rows, columns = [(2, 1), (2, 0), (1, 0)][axis]
    assert (cohort[["spacing_y", "spacing_x", "spacing_z"]] == [STEPS[rows], STEPS[columns], STEPS[axis]]).all(
        axis=None
    )
    assert cohort["sample_id"][0] == f"ixi_t1_1/{'xyz'[stored]}000"
    assert (cohort["volume"] == "ixi_t1_1").all()


@pytest.mark.parametrize("codes", ["LPI", "RAS", "IAL", "PSR"])
def test_slices_are_those_of_the_kind_volumes(tmp_path, codes):
    scan(tmp_path, "ixi_t1_1", codes)
    for axis in range(3):
        other = {"root": str(tmp_path), "images": "*/image.nii.gz", "masks": "mask.nii.gz", "axis": axis}
        cohort, images, masks = read({"root": str(tmp_path), "axis": axis})
        expected = volumes.build(**other)
        same = ["label", "height", "width", "spacing_y", "spacing_x", "slice", "spacing_z"]
        assert cohort[same].equals(expected[same])
        np.testing.assert_array_equal(images, list(volumes.images(expected, **other)))
        np.testing.assert_array_equal(masks, list(volumes.masks(expected, **other)))


@pytest.mark.parametrize("squeeze", [False, True])
def test_a_slice_of_the_2d_release_is_upright(tmp_path, squeeze):
    # As the 2-D release has them: axes to the feet and to the front.
    scan(tmp_path, "ixi_t1_1", "IAR", cut=flat(2, 1, squeeze))
    shape = nib.load(tmp_path / "ixi_t1_1/image.nii.gz").shape
    assert shape == ((6, 5) if squeeze else (6, 5, 1))
    cohort, images, masks = read({"root": str(tmp_path), "dimensions": 2, **FULL})
    # Number 1 to the right of four is number 2 to the left.
    plane = GROWING[2].T
    np.testing.assert_array_equal(images, [ranked(plane)])
    np.testing.assert_array_equal(masks, [plane > 70])
    assert cohort[["height", "width", "spacing_y", "spacing_x"]].iloc[0].tolist() == [6, 5, 3.0, 1.5]
    assert cohort["sample_id"].tolist() == ["ixi_t1_1"]
    assert "volume" not in cohort
    assert "spacing_z" not in cohort


def test_every_row_shows_its_own_scan(tmp_path):
    arrays = {"ixi_t1_1": GROWING, "ixi_t1_2": GROWING[::-1], "ixi_t1_3": GROWING.max() - GROWING}
    for name, array in arrays.items():
        scan(tmp_path, name, array=array)
    given = {"root": str(tmp_path), **FULL}
    cohort = synthstrip.build(**given)
    for rows in (cohort, cohort.sample(frac=1, random_state=0)):
        images, masks = list(synthstrip.images(rows, **given)), list(synthstrip.masks(rows, **given))
        for row, image, mask in zip(rows.itertuples(), images, masks, strict=True):
            np.testing.assert_array_equal(image, ranked(arrays[row.scan])[row.slice].T)
            np.testing.assert_array_equal(mask, arrays[row.scan][row.slice].T > 70)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_volume_with_one_axis_of_one_is_a_single_slice(tmp_path, axis):
    scan(tmp_path, "ixi_t1_1", cut=flat(axis, 2))
    # How volumes would be cut does not matter.
    cohort, images, _ = read({"root": str(tmp_path), "axis": "axial", "every": 3, **FULL})
    assert cohort["slice"].tolist() == [0]
    np.testing.assert_array_equal(images, [ranked(np.take(GROWING, 2, axis).T)])


def test_the_release_can_be_insisted_on(tmp_path):
    scan(tmp_path, "ixi_t1_1")
    scan(tmp_path, "ixi_t1_2", cut=flat(0, 1))
    cohort = synthstrip.build(root=str(tmp_path))
    assert cohort["sample_id"].tolist() == [f"ixi_t1_1/x00{i}" for i in range(4)] + ["ixi_t1_2"]
    assert cohort["volume"].tolist() == ["ixi_t1_1"] * 4 + ["ixi_t1_2"]
    with pytest.raises(InputError, match=r"ixi_t1_1/image\.nii\.gz is a volume, but dataset\.dimensions is 2"):
        synthstrip.build(root=str(tmp_path), dimensions=2)
    with pytest.raises(InputError, match=r"ixi_t1_2/image\.nii\.gz is a single slice, but dataset\.dimensions is 3"):
        synthstrip.build(root=str(tmp_path), dimensions=3)


def test_slices_can_be_every_kth_the_middle_one_or_those_with_brain(tmp_path):
    array = np.random.default_rng(0).integers(0, 99, (9, 4, 4))
    mask = np.zeros(array.shape, bool)
    mask[2:7, 1, 1] = True
    mask[3, :, :] = True
    scan(tmp_path, "ixi_t1_1", array=array, mask=mask)
    scan(tmp_path, "ixi_t1_2", array=array, mask=np.zeros_like(mask))
    given = {"root": str(tmp_path)}
    assert synthstrip.build(**given, every=4)["slice"].tolist() == [0, 4, 8] * 2
    middle = synthstrip.build(**given, slices="middle")
    assert middle["slice"].tolist() == [4, 4]
    assert middle["label"].tolist() == [1, 0]
    # One slice each: there is no volume to put together.
    assert "volume" not in middle
    images = list(synthstrip.images(middle, **given, slices="middle"))
    np.testing.assert_array_equal(images[0], list(synthstrip.images(synthstrip.build(**given), **given))[4])
    some = synthstrip.build(**given, min_foreground=0.05)
    assert some["slice"].tolist() == [2, 3, 4, 5, 6]
    np.testing.assert_allclose(some["brain_fraction"], [1 / 16, 1, 1 / 16, 1 / 16, 1 / 16])
    with pytest.raises(InputError, match=r"dataset\.min_foreground: no slice"):
        synthstrip.build(**given, scans="ixi_t1_2", min_foreground=0.5)


def test_pictures_are_taken_as_they_lie(tmp_path):
    folder = tmp_path / "fsm_pd_24dz"
    folder.mkdir()
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    Image.fromarray(pixels).save(folder / "image.png")
    Image.fromarray(np.eye(3, 4, dtype=np.uint8)).save(folder / "mask.png")
    cohort, images, masks = read({"root": str(tmp_path), "dimensions": 2})
    np.testing.assert_array_equal(images, [pixels])
    np.testing.assert_array_equal(masks, [np.eye(3, 4)])
    assert cohort["bits"].tolist() == [8]
    assert cohort[["spacing_y", "spacing_x"]].isna().all(axis=None)
    with pytest.raises(InputError, match="is a single slice"):
        synthstrip.build(root=str(tmp_path), dimensions=3)
    Image.fromarray(np.eye(6, 8, dtype=np.uint8)).save(folder / "mask.png")
    with pytest.raises(InputError, match=r"mask\.png is 6 x 8 pixels, but its image is 3 x 4"):
        synthstrip.build(root=str(tmp_path))
    (folder / "image.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"image\.png cannot be read as an image"):
        synthstrip.build(root=str(tmp_path))


def test_folders_with_a_mask_only_and_other_folders_are_left_out(tmp_path):
    scan(tmp_path, "ixi_t1_1", cut=flat(0, 1))
    scan(tmp_path, "cim_pet_01", cut=flat(0, 1))
    (tmp_path / "cim_pet_01/image.nii.gz").unlink()
    (tmp_path / "notes").mkdir()
    (tmp_path / "README").write_text("what comes with the archive")
    assert synthstrip.build(root=str(tmp_path))["scan"].tolist() == ["ixi_t1_1"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scans": "../*"}, r"dataset\.scans: the pattern '\.\./\*' must stay below"),
        ({"scans": "none*"}, r"no folder below .* matches 'none\*' and holds an image"),
        ({"every": 0}, r"dataset\.every is 0"),
        ({"min_foreground": 2.0}, r"dataset\.min_foreground is 2"),
        ({"lower_percentile": 99.9}, r"dataset\.lower_percentile and upper_percentile"),
    ],
)
def test_wrong_parameters_are_refused(tmp_path, wrong, message):
    scan(tmp_path, "ixi_t1_1")
    with pytest.raises(InputError, match=message):
        synthstrip.build(root=str(tmp_path), **wrong)


def test_scans_that_are_not_right_are_refused_by_name(tmp_path):
    given = {"root": str(tmp_path)}
    scan(tmp_path, "ixi_t1_1")
    scan(tmp_path, "head")
    with pytest.raises(InputError, match="head is not named SUBSET_MODALITY_SUBJECT"):
        synthstrip.build(**given)
    given["scans"] = "ixi_*"
    path = tmp_path / "ixi_t1_1"
    nib.save(oriented(np.zeros((4, 5, 7), np.uint8), "LPI"), path / "mask.nii.gz")
    with pytest.raises(InputError, match=r"has shape \(4, 5, 7\)"):
        synthstrip.build(**given)
    nib.save(oriented(np.zeros((4, 5, 6), np.uint8), "LPI", (2, 2, 2)), path / "mask.nii.gz")
    with pytest.raises(InputError, match="different affines"):
        synthstrip.build(**given)
    (path / "mask.nii.gz").unlink()
    with pytest.raises(InputError, match="ixi_t1_1 holds an image but no mask"):
        synthstrip.build(**given)
    Image.new("L", (5, 6)).save(path / "mask.png")
    with pytest.raises(InputError, match="are of two kinds"):
        synthstrip.build(**given)
    (path / "mask.png").unlink()
    for array in (np.zeros((4, 1, 1), np.uint8), np.zeros((2, 2, 2, 2), np.uint8)):
        for name in ("image", "mask"):
            nib.save(nib.Nifti1Image(array, np.eye(4)), path / f"{name}.nii.gz")
        with pytest.raises(InputError, match=r"neither a slice nor a volume|must be three-dimensional"):
            synthstrip.build(**given)
    (path / "image.nii.gz").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"image\.nii\.gz cannot be read as a volume"):
        synthstrip.build(**given)


def test_links_out_of_the_root_are_refused(tmp_path):
    scan(tmp_path / "out", "ixi_t1_1")
    scan(tmp_path / "in", "ixi_t1_1")
    (tmp_path / "in/ixi_t1_1/mask.nii.gz").unlink()
    (tmp_path / "in/ixi_t1_1/mask.nii.gz").symlink_to(tmp_path / "out/ixi_t1_1/mask.nii.gz")
    with pytest.raises(InputError, match="leaves the data root"):
        synthstrip.build(root=str(tmp_path / "in"))


@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_stand_in_shows_upright_heads(tmp_path, dimensions):
    given = write_synthstrip(tmp_path, subjects=3, dimensions=dimensions)
    cohort, images, masks = read({**given, "slices": "middle"})
    assert cohort["subset"].tolist() == ["asl", "asl", "fsm", "fsm", "ixi", "ixi"]
    assert cohort["modality"].tolist() == ["t1", "t2"] * 3
    for image, mask in zip(images, masks, strict=True):
        head = image > 12000
        rows, columns = np.nonzero(mask)
        # The neck goes down out of the image, and the nose is on the left of the head.
        assert head[-1].sum() > 20
        assert not head[0].any()
        face = head[int(rows.mean()) : int(rows.mean()) + 16]
        left, right = columns.min() - 1, face.shape[1] - columns.max() - 2
        reach = min(left, right)
        assert face[:, left - reach : left].sum() > face[:, -right:][:, :reach].sum() + 20
    np.testing.assert_allclose(cohort["spacing_y"], 220 / 64)
    assembled = assemble({"kind": "synthstrip", **given, "slices": "middle"})
    assert (assembled.groupby("patient_id")["split"].nunique() == 1).all()

"""Pixels on their way into a network, and random changes of them."""

import numpy as np
import pytest
import torch
from torchvision.transforms import Normalize

from coldstart.learning.augment import light
from coldstart.learning.pixels import channels_of, load_rows, normalised, scaled


@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535)])
@pytest.mark.parametrize("channels", [1, 3])
def test_stored_pixels_become_floats_between_0_and_1(dtype, top, channels):
    shape = (5, 4, 4) if channels == 1 else (5, 4, 4, 3)
    images = np.random.default_rng(0).integers(0, top, shape, dtype=dtype, endpoint=True)
    found = scaled(load_rows(images, [3, 0], "cpu"))
    expected = (images[[3, 0]] / np.float32(top)).reshape(2, 4, 4, channels).transpose(0, 3, 1, 2)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6)
    assert channels_of(images) == channels


def test_only_the_rows_asked_for_are_read_from_a_memory_map(tmp_path):
    np.save(tmp_path / "images.npy", np.arange(3 * 16, dtype=np.uint8).reshape(3, 4, 4))
    stored = np.load(tmp_path / "images.npy", mmap_mode="r")
    assert load_rows(stored, np.array([2]), "cpu").flatten().tolist() == list(range(32, 48))


@pytest.mark.parametrize("channels", [1, 3])
def test_normalised_as_torchvision_does(channels):
    images = torch.rand(2, channels, 4, 4, generator=torch.Generator().manual_seed(0))
    theirs = Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])(images.expand(2, 3, 4, 4))
    torch.testing.assert_close(normalised(images, "imagenet"), theirs)
    assert normalised(images, "none") is images


def discs():
    y, x = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
    centres = torch.tensor([[20, 30], [40, 35], [32, 22]])
    masks = torch.stack([((y - a) ** 2 + (x - b) ** 2 < 100).float() for a, b in centres])[:, None]
    return 0.25 + 0.5 * masks, masks


def test_light_augmentation_moves_masks_along_and_stays_in_range():
    images, masks = discs()
    moved, moved_masks = light(images, torch.Generator().manual_seed(1), masks)
    assert not torch.equal(moved_masks, masks)
    assert set(moved_masks.unique().tolist()) == {0, 1}
    assert moved.min() >= 0
    assert moved.max() <= 1
    for image, mask in zip(moved, moved_masks, strict=True):
        seen = (image > (image.min() + image.max()) / 2).float()
        assert 2 * (seen * mask).sum() / (seen.sum() + mask.sum()) > 0.95


def test_light_augmentation_is_light():
    _, masks = discs()
    for seed in range(20):
        _, moved = light(masks, torch.Generator().manual_seed(seed), masks)
        assert (moved.sum((1, 2, 3)) / masks.sum((1, 2, 3)) - 1).abs().max() < 0.3
        for before, after in zip(masks[:, 0], moved[:, 0], strict=True):
            shift = before.nonzero().float().mean(0) - after.nonzero().float().mean(0)
            # 6 % of 64 pixels, and what a turn and a zoom about the centre add.
            assert shift.abs().max() < 8
            spread = torch.linalg.eigvalsh(torch.cov(after.nonzero().float().T))
            assert spread[1] / spread[0] < 1.2, "a disc stays round"


def test_the_generator_alone_decides_the_changes():
    images, _ = discs()
    before = torch.get_rng_state()
    one, again, other = (light(images, torch.Generator().manual_seed(seed))[0] for seed in (4, 4, 5))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert torch.equal(before, torch.get_rng_state())

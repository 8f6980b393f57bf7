"""Candidates: images that a network sees as patches, each cut by a registered recipe."""

import numpy as np
import torch

from coldstart.learning import PATCHES
from coldstart.learning.pixels import load_rows, scaled

# Patches that fit in so many bytes are cut once and held; others are cut afresh for every batch.
HELD = 2**29
PIXELS_AT_ONCE = 2**24


def patch_count(settings):
    """Patches per candidate; 1 where the settings ask for none: the image itself."""
    recipe, parameters = recipe_of(settings)
    return PATCHES.module(recipe).count(**parameters) if recipe else 1


def recipe_of(settings):
    """Name and parameters of the patch recipe of some settings; the name is None where there is none."""
    parameters = dict(settings.patches)
    return parameters.pop("recipe", None), parameters


def cut_patches(images, rows, settings):
    """Cut the patches of some candidates.

    Parameters
    ----------
    images : torch.Tensor of float32, shape (k, C, H, W)
        In [0, 1].
    rows : numpy.ndarray of int64, shape (k,)
        Their rows in the cohort, from which the recipe draws: a candidate has
        the same patches whenever and with whichever others it is cut.
    settings : Settings
        With `patches`.

    Returns
    -------
    torch.Tensor of float32, shape (k, m, C, H, W)
    """
    recipe, parameters = recipe_of(settings)
    return PATCHES.load(recipe)(images, rows, **parameters)


def read_anew(images, rows, settings, device):
    """Show a network some images, which are read when they are asked for and not kept.

    Parameters
    ----------
    images : numpy.ndarray of shape (n, size, size) or (n, size, size, C)
        Stored pixels, possibly a memory map.
    rows : array_like of int
        Which images.
    settings : Settings
        `patches` is used.
    device : torch.device

    Returns
    -------
    callable
        ``load(part) -> pixels``: of a slice of `rows`, float32 of shape
        (k, C, size, size) in [0, 1] on the device, with patches all those of an
        image one after the other.
    """
    rows = np.asarray(rows, dtype=np.int64)

    def load(part):
        pixels = scaled(load_rows(images, rows[part], device))
        return cut_patches(pixels, rows[part], settings).flatten(0, 1) if settings.patches else pixels

    return load


def held(images, rows, settings, device):
    """Show a network some images again and again: they stay on the device if they fit in `HELD` bytes.

    Parameters
    ----------
    images, rows, settings, device
        As for `read_anew`.

    Returns
    -------
    callable
        As for `read_anew`, with the same pixels.
    """
    if len(rows) * images[0].size * (1 if images.dtype == np.uint8 else 4) > HELD or not len(rows):
        return read_anew(images, rows, settings, device)
    examples = Examples(images, rows, settings, device)
    numbers = torch.arange(len(examples), device=device).view(len(rows), examples.per_image)
    return lambda part: examples.pixels(numbers[part].flatten())


class Examples:
    """What a network is trained on: images, or the patches of each.

    Parameters
    ----------
    images : numpy.ndarray of shape (n, size, size) or (n, size, size, C)
        Stored pixels, uint8 or uint16.
    rows : numpy.ndarray of int64, shape (k,)
        The images to train on.
    settings : Settings
        `patches` is used.
    device : torch.device

    Attributes
    ----------
    per_image : int
        Examples of each image: its patches, or itself.
    """

    def __init__(self, images, rows, settings, device):
        self.rows, self.settings = rows, settings
        self.per_image = patch_count(settings)
        self.inputs = load_rows(images, rows, device)
        self.pixels_each = self.per_image * self.inputs[0].numel()
        self.held = None
        if settings.patches and 4 * len(rows) * self.pixels_each <= HELD:
            self.held = self.cut(np.arange(len(self)))

    def __len__(self):
        return len(self.rows) * self.per_image

    def images_of(self, examples):
        """Which image, as a position in `rows`, each of some examples belongs to."""
        return examples // self.per_image

    def pixels(self, examples):
        """Pixels of some examples.

        Parameters
        ----------
        examples : torch.Tensor of int64, shape (b,)
            Numbers below the length; those of one image lie together.

        Returns
        -------
        torch.Tensor of float32, shape (b, C, size, size)
            In [0, 1].
        """
        if not self.settings.patches:
            return scaled(self.inputs[examples])
        return self.cut(examples.cpu().numpy()) if self.held is None else self.held[examples]

    def cut(self, examples):
        """Cut some patches, a few candidates at a time; as `pixels`."""
        images, patches = np.divmod(examples, self.per_image)
        found = torch.empty((len(examples), *self.inputs.shape[1:]), device=self.inputs.device)
        step = max(1, PIXELS_AT_ONCE // self.pixels_each)
        needed, places = np.unique(images, return_inverse=True)
        for start in range(0, len(needed), step):
            some = needed[start : start + step]
            cut = cut_patches(scaled(self.inputs[some]), self.rows[some], self.settings)
            here = np.flatnonzero((places >= start) & (places < start + len(some)))
            found[here] = cut[places[here] - start, patches[here]]
        return found

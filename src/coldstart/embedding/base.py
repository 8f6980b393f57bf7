"""What an encoder is given, and what it answers."""

from dataclasses import dataclass, field

import numpy as np

from coldstart.errors import InputError, shown
from coldstart.provenance import versions


@dataclass(frozen=True, eq=False)
class EncoderInputs:
    """The images to embed; one row per sample.

    Attributes
    ----------
    images : numpy.ndarray of uint8 or uint16, shape (n, s, s) or (n, s, s, 3), or None
        Possibly a memory map. None for encoders that need no images.
    sample_ids : sequence of str, length n
        Identifiers of the samples.
    image_names : sequence of str, length n
        Path of each source image below the data root, with forward slashes.
    pool : numpy.ndarray of bool, shape (n,), optional
        The unlabelled pool: the only rows whose images an encoder may train on.
    name : str, optional
        What follows the colon of the encoder's name (``torchvision:resnet50``).
    colour : numpy.ndarray of bool, shape (n,), optional
        Which source files hold more than one channel, whatever is stored of
        them: those that ``skimage.io.imread`` reads into an array of more than
        two axes (RGB, RGBA, palette, grey with alpha).

    Raises
    ------
    ValueError
        If the parts differ in length.
    """

    images: np.ndarray | None
    sample_ids: list
    image_names: list
    pool: np.ndarray | None = None
    name: str | None = None
    colour: np.ndarray | None = None

    def __post_init__(self):
        object.__setattr__(self, "sample_ids", [str(sample) for sample in self.sample_ids])
        object.__setattr__(self, "image_names", [str(name) for name in self.image_names])
        for key in ("pool", "colour"):
            if getattr(self, key) is not None:
                object.__setattr__(self, key, np.asarray(getattr(self, key), dtype=bool))
        parts = (self.sample_ids, self.image_names, self.images, self.pool, self.colour)
        if len({len(part) for part in parts if part is not None}) != 1:
            raise ValueError("the parts of the encoder's inputs differ in length")


@dataclass(frozen=True, eq=False)
class Embedding:
    """Vectors of all samples, and where they come from.

    Attributes
    ----------
    vectors : numpy.ndarray of float32, shape (n, d)
        One row per sample, in the order of the inputs.
    provenance : dict
        Plain values under ``encoder, parameters, weights, preprocessing,
        versions``; see `provenance`.
    measures : dict of str to numpy.ndarray of float32, shape (n,)
        What else the encoder says of every sample, for selection strategies that
        need it; nan where it says nothing, outside of the pool.

    Raises
    ------
    InputError
        If a value of the vectors is not finite.
    """

    vectors: np.ndarray
    provenance: dict
    measures: dict = field(default_factory=dict)

    def __post_init__(self):
        vectors = np.ascontiguousarray(self.vectors, dtype=np.float32)
        if vectors.ndim != 2 or not vectors.shape[1]:
            raise ValueError(f"an embedding is a matrix with at least one column, not of shape {vectors.shape}")
        object.__setattr__(self, "vectors", vectors)
        bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
        if len(bad):
            raise InputError(
                f"encoder {self.provenance['encoder']} gives values that are not finite for {len(bad)} of "
                f"{len(vectors)} samples (rows {shown(bad)}): its weights or its file are damaged, replace them."
            )


def provenance(encoder, parameters, weights, preprocessing, packages):
    """Describe how an embedding was made.

    Parameters
    ----------
    encoder : str
        Name of the encoder with what follows its colon.
    parameters : dict
        Its configuration.
    weights : dict
        What the network's weights are: file and digest, or how they were trained.
    preprocessing : dict
        What was done to the stored images.
    packages : iterable of str
        Distributions whose versions matter.

    Returns
    -------
    dict
        Plain values that JSON can hold.
    """
    return {
        "encoder": encoder,
        "parameters": parameters,
        "weights": weights,
        "preprocessing": preprocessing,
        "versions": versions(*packages),
    }

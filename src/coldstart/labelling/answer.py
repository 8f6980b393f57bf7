"""One answer of one annotator, whichever file it comes from."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """What one annotator said of one image.

    Attributes
    ----------
    sample_id : str
        The image.
    kind : {"label", "mask", "skip"}
        A class, a mask, or that the image is to be left out.
    label : int or None
        0 or 1, of a label.
    mask : callable or None
        Of a mask: ``mask()`` decodes it, (H, W) uint8, 0 or 1, at the size of
        the source.
    source : str
        The file.
    annotator : str or None
        Who it was, where the file tells.
    """

    sample_id: str
    kind: str
    label: int | None
    mask: Callable | None
    source: str
    annotator: str | None = None

"""What annotators draw in Label Studio, as masks: brush strokes and polygons."""

from dataclasses import dataclass

import numpy as np

from coldstart.errors import InputError, shown
from coldstart.labelling.label_studio_rle import decode_rle

LABELS = ("brushlabels", "polygonlabels", "labels")
# Of regions that are drawn, but are no strokes and no polygons: boxes, ellipses, key points, vectors, bitmaps.
OTHER_SHAPES = ("x", "vertices", "imageDataURL")
# Per cent of the image that a polygon may stick out, as one does that was dragged to the border.
OUTSIDE = 5.0


@dataclass(frozen=True)
class Region:
    """One stroke or polygon of the foreground.

    Attributes
    ----------
    stroke : list of int or None
        Bytes of a brush stroke.
    points : list of list or None
        Corners of a polygon, x and y in per cent of the image.
    height, width : object
        Pixels of the image it was drawn on, as the file says; None where it
        does not.
    rotation : object
        Degrees by which the image was turned.
    """

    stroke: list | None
    points: list | None
    height: object
    width: object
    rotation: object


def read_regions(results, classes, where):
    """Find the regions of the foreground among the results of an annotation.

    Parameters
    ----------
    results : list of dict
        Each with ``value``, and ``id`` where it has one. Those that are not
        drawn, such as choices and comments, are left out.
    classes : sequence of str
        Names of label 0 and 1. Regions of label 0 are left out.
    where : str
        Whose annotation it is, for messages.

    Returns
    -------
    list of Region

    Raises
    ------
    InputError
        If a region has another label, or is no brush stroke and no polygon.
    """
    drawn = [result for result in results if any(key in result["value"] for key in ("rle", "points", *OTHER_SHAPES))]
    # A region of <Brush> and <Labels> has two results with one id: its shape, and its shape with its label.
    named = {str(result["id"]) for result in drawn if labels_of(result["value"]) and "id" in result}
    found = []
    for result in drawn:
        value = result["value"]
        labels = labels_of(value)
        if not labels and "id" in result and str(result["id"]) in named:
            continue
        unknown = [label for label in labels if label not in classes]
        if unknown:
            raise InputError(
                f"{where}: it has a region of '{shown(unknown)}', and worklist.classes are {shown(classes)}: name the"
                " labels in Label Studio like the classes."
            )
        if labels and classes[1] not in labels:
            continue
        if "rle" not in value and "points" not in value:
            raise InputError(
                f"{where}: it has a region of type '{result.get('type')}': draw with the brush or as a polygon."
            )
        size = (result.get("original_height"), result.get("original_width"))
        found.append(Region(value.get("rle"), value.get("points"), *size, result.get("image_rotation") or 0))
    return found


def labels_of(value):
    """Labels of a region, whichever control gave them."""
    return [label for key in LABELS for label in texts(value.get(key))]


def texts(found):
    """List of texts, whatever it is made from."""
    return [str(one) for one in (found if isinstance(found, list) else [found] if found else [])]


def draw_regions(regions, height, width, where):
    """Draw regions as one mask.

    Parameters
    ----------
    regions : list of Region
        From `read_regions`.
    height, width : int
        Pixels of the source image.
    where : str
        Whose annotation it is, for messages.

    Returns
    -------
    numpy.ndarray
        (height, width) uint8, 1 in any of the regions, else 0.

    Raises
    ------
    InputError
        If a region was drawn on an image of another size, or cannot be decoded.
    """
    mask = np.zeros((height, width), np.uint8)
    for region in regions:
        if region.rotation != 0:
            raise InputError(f"{where}: its image was turned in Label Studio: draw on it as it was handed out.")
        if (region.height or height, region.width or width) != (height, width):
            raise InputError(
                f"{where}: it was drawn on an image of {region.height} x {region.width} pixels, and its image has"
                f" {height} x {width}: draw on the image as it was handed out."
            )
        if region.stroke is not None:
            mask |= decode_rle(region.stroke, height, width, where)
        else:
            mask |= fill_polygon(corners(region.points, where) * (width / 100, height / 100), height, width)
    return mask


def corners(points, where):
    """Corners of a polygon in per cent, checked, as (n, 2) float64."""
    try:
        found = np.array(points, np.float64)
    except (TypeError, ValueError, OverflowError):
        found = np.empty(0)
    # NaN fails the comparison.
    if found.ndim != 2 or found.shape[1] != 2 or len(found) < 3 or not (np.abs(found - 50) <= 50 + OUTSIDE).all():
        raise InputError(
            f"{where}: its polygon is not a list of three or more [x, y] from 0 to 100 per cent of the image: draw it"
            " again."
        )
    return found


def fill_polygon(points, height, width):
    """Pixels whose centres lie in a polygon, by the non-zero winding rule, by which browsers fill.

    Parameters
    ----------
    points : numpy.ndarray of float, shape (n, 2)
        Corners, x and y in pixels; pixel i reaches from i to i + 1.
    height, width : int
        Pixels of the mask.

    Returns
    -------
    numpy.ndarray
        (height, width) uint8, 0 or 1. A centre on an edge is inside where the
        polygon lies to its right or, on a level edge, below it.
    """
    # How often the outline is crossed downwards, less upwards, on the way from the left to each centre.
    crossed = np.zeros((height, width + 1), np.int32)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        top, bottom = min(y0, y1), max(y0, y1)
        rows = np.arange(max(0, int(np.ceil(top - 0.5))), min(height, int(np.ceil(bottom - 0.5))))
        at = x0 + (rows + 0.5 - y0) * ((x1 - x0) / (y1 - y0)) if len(rows) else np.empty(0)
        columns = np.clip(np.ceil(at - 0.5), 0, width).astype(np.int64)
        np.add.at(crossed, (rows, columns), 1 if y1 > y0 else -1)
    return (np.cumsum(crossed, axis=1)[:, :width] != 0).astype(np.uint8)

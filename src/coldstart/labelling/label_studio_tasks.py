"""A list as tasks of Label Studio, with the model's guesses from list 1 on, and the labelling interface for them."""

import base64
import logging
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
from PIL import Image

from coldstart.labelling.datalist import relative
from coldstart.labelling.label_studio_rle import encode_rle

LOGGER = logging.getLogger("coldstart")
# Names of the controls: the `from_name` of what annotators give back.
CHOICES, BRUSH, POLYGON, IMAGE = "label", "brush", "polygon", "image"
COLOURS = ("#1f77b4", "#d62728")
# What Label Studio takes in at once unless it is told otherwise (its DATA_UPLOAD_MAX_MEMORY_SIZE).
LARGEST_IMPORT = 250 * 2**20


def labelling_config(task, classes):
    """Labelling interface of a project that takes `tasks`.

    Parameters
    ----------
    task : {"classification", "segmentation"}
        One choice of the two classes, or the foreground drawn with a brush or
        as polygons. To skip an image is a button of Label Studio's own.
    classes : sequence of str
        Names of label 0 and 1.

    Returns
    -------
    str
        XML, to be pasted into Settings, Labeling Interface, Code.
    """
    view = ET.Element("View")
    controls = dict.fromkeys(("zoom", "zoomControl", "brightnessControl", "contrastControl"), "true")
    ET.SubElement(view, "Image", {"name": IMAGE, "value": f"${IMAGE}", **controls})
    if task == "classification":
        # Without a choice nothing can be submitted: an image that nobody can tell is to be skipped.
        attributes = {"choice": "single", "showInline": "true", "required": "true"}
        box = ET.SubElement(view, "Choices", {"name": CHOICES, "toName": IMAGE, **attributes})
        for name in classes:
            ET.SubElement(box, "Choice", {"value": name})
    else:
        for kind, name, colour in zip(("BrushLabels", "PolygonLabels"), (BRUSH, POLYGON), COLOURS, strict=True):
            # Both have the same label: without a heading nobody can tell them apart.
            ET.SubElement(view, "Header", {"value": name.capitalize(), "size": "5"})
            box = ET.SubElement(view, kind, {"name": name, "toName": IMAGE})
            ET.SubElement(box, "Label", {"value": classes[1], "background": colour})
    ET.indent(view)
    return ET.tostring(view, encoding="unicode") + "\n"


def tasks(
    worklist, images, *, task, classes, image_url=None, folder=None, predictions=None, threshold=0.5, version="model"
):
    """Describe a list as what Label Studio imports.

    Parameters
    ----------
    worklist : pandas.DataFrame
        `rank`, `sample_id` and `reason`, in the order of the list.
    images : dict of str to path
        Picture of every sample, 8-bit PNG at the size of the source.
    task : {"classification", "segmentation"}
        What is annotated.
    classes : sequence of str
        Names of label 0 and 1.
    image_url : str, optional
        Where annotators' browsers find the pictures: the address that stands
        for `folder`. Without it they are put into the tasks.
    folder : str or pathlib.Path, optional
        See `image_url`; without it that stands for the folder of each picture.
    predictions : dict of str to float or numpy.ndarray, optional
        Probability of label 1 per sample: a number, or for segmentation a map
        (h, w) of any size, which is brought to the size of the source before it
        is cut at `threshold`. A sample that is not in it gets no guess.
    threshold : float, default=0.5
        Probability from which a sample, or a pixel, has label 1.
    version : str, default="model"
        What Label Studio calls the model.

    Returns
    -------
    list of dict
        To be written as JSON: ``data`` with `image`, `sample_id`, `rank` and
        `reason`, and ``predictions``, which annotators are shown to start from.
        Their ``score`` is the probability of the class that is guessed, or the
        mean over the pixels that are.
    """
    found, embedded = [], 0
    for rank, sample_id, reason in zip(worklist["rank"], worklist["sample_id"], worklist["reason"], strict=True):
        path = Path(images[sample_id])
        if image_url is None:
            image = "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
            embedded += len(image)
        else:
            image = image_url + quote(relative(path, folder) if folder else path.name)
        one = {"data": {IMAGE: image, "sample_id": sample_id, "rank": int(rank), "reason": reason}}
        if predictions is not None and sample_id in predictions:
            if task == "classification":
                score, result = guessed_choice(predictions[sample_id], threshold, classes)
            else:
                score, result = guessed_brush(predictions[sample_id], threshold, classes[1], path)
            one["predictions"] = [{"model_version": version, "score": round(score, 6), "result": result}]
        found.append(one)
    if embedded > LARGEST_IMPORT:
        LOGGER.warning(
            "the images in the tasks for Label Studio take %d MB, and it imports %d MB at most: set worklist.image_url",
            embedded >> 20,
            LARGEST_IMPORT >> 20,
        )
    return found


def guessed_choice(probability, threshold, classes):
    """Score and result of a predicted class."""
    label = int(probability >= threshold)
    score = float(probability) if label else 1 - float(probability)
    return score, [made(CHOICES, "choices", {"choices": [classes[label]]})]


def guessed_brush(probability, threshold, name, path):
    """Score and result of a predicted mask, at the size of a picture; no result where it is empty."""
    with Image.open(path) as picture:
        width, height = picture.size
    shown = cv2.resize(np.asarray(probability, np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    mask = shown >= threshold
    if not mask.any():
        return 1 - float(shown.mean()), []
    value = {"format": "rle", "rle": encode_rle(mask), "brushlabels": [name]}
    drawn_on = {"original_width": width, "original_height": height, "image_rotation": 0}
    return float(shown[mask].mean()), [made(BRUSH, "brushlabels", value) | drawn_on]


def made(control, kind, value):
    """One result of a prediction, as the control itself would have made it."""
    return {"id": "model", "from_name": control, "to_name": IMAGE, "type": kind, "value": value}

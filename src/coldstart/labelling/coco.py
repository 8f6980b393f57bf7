"""A list in the format of COCO, from list 1 on with the model's outlines."""

import cv2
import numpy as np
from PIL import Image

from coldstart.labelling.datalist import relative

# How far an outline may cut corners, in pixels of the source.
TOLERANCE = 1.0


def coco(worklist, images, *, task, classes, folder, description, maps=None, threshold=0.5):
    """Describe a list as COCO does (Lin et al. 2014, "Data format" of its web site).

    Parameters
    ----------
    worklist : pandas.DataFrame
        `sample_id`, in the order of the list.
    images : dict of str to path
        Picture of every sample, at the size of the source.
    task : {"classification", "segmentation"}
        What is annotated. What is drawn in segmentation is the foreground, the
        one category; a classification has both classes as categories.
    classes : sequence of str
        Names of label 0 and 1.
    folder : str or pathlib.Path
        Where the file will lie: ``file_name`` is relative to it.
    description : str
        What the file is.
    maps : dict of str to numpy.ndarray, optional
        Predicted probability of the foreground, (h, w) of any size, per sample.
    threshold : float, default=0.5
        Probability from which a pixel is outlined.

    Returns
    -------
    dict
        To be written as JSON. Without `maps` it has no annotations; with them,
        one per connected region, as a polygon without holes, with ``score``,
        the mean probability in it.
    """
    drawn = enumerate(classes) if task == "classification" else [(0, classes[1])]
    pictures, annotations = [], []
    for number, sample_id in enumerate(worklist["sample_id"], start=1):
        with Image.open(images[sample_id]) as picture:
            width, height = picture.size
        file_name = relative(images[sample_id], folder)
        pictures.append(
            {"id": number, "file_name": file_name, "width": width, "height": height, "sample_id": sample_id}
        )
        if maps and sample_id in maps:
            for region in regions(maps[sample_id], height, width, threshold):
                annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": 1, **region})
    if maps:
        description = f"{description}; the outlines are a model's predictions, not labels"
    return {
        "info": {"description": description, "version": "1.0"},
        "licenses": [],
        "images": pictures,
        "annotations": annotations,
        "categories": [{"id": label + 1, "name": name, "supercategory": task} for label, name in drawn],
    }


def regions(probability, height, width, threshold):
    """Connected regions of a predicted map at the size of the source, as parts of annotations, from the top down."""
    shown = cv2.resize(np.asarray(probability, np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats((shown >= threshold).astype(np.uint8), connectivity=8)
    found = []
    # Label 0 is the background.
    for label in range(1, count):
        left, top, across, down = boxes[label, :4].tolist()
        box = np.s_[top : top + down, left : left + across]
        region = labels[box] == label
        ring = np.add(outline(region.astype(np.uint8)), (left, top), dtype=np.int32)
        found.append(
            {
                "segmentation": [ring.ravel().tolist()],
                "area": float(cv2.contourArea(ring)),
                "bbox": [left, top, across, down],
                "iscrowd": 0,
                "score": round(float(shown[box][region].mean()), 4),
            }
        )
    return sorted(found, key=lambda region: (region["bbox"][1], region["bbox"][0], region["segmentation"]))


def outline(mask, tolerance=TOLERANCE):
    """Outer outline of a region.

    Parameters
    ----------
    mask : numpy.ndarray
        (H, W) uint8, 0 or 1, of which the foreground is connected, perhaps at
        corners only.
    tolerance : float, default=1.0
        How far, in pixels, corners may be cut; 0 keeps to the edges of the
        pixels.

    Returns
    -------
    numpy.ndarray
        (k, 2) int32, x and y of the corners; pixel i reaches from i to i + 1.
        Holes are filled.
    """
    # Contours of OpenCV run through the centres of pixels. In a mask of twice the size, those of the first and the
    # second half of a source pixel are its two edges.
    double = np.repeat(np.repeat(mask, 2, axis=0), 2, axis=1)
    (contour,), _ = cv2.findContours(double, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    exact = cv2.approxPolyDP((contour + 1) // 2, 0, closed=True)
    simple = cv2.approxPolyDP(exact, tolerance, closed=True)
    # A thin region may lose its width.
    return (simple if len(simple) > 2 and cv2.contourArea(simple) > 0 else exact)[:, 0]

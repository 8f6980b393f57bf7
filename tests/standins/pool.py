"""A folder of unlabelled images, and the annotator who knows the truth about them."""

import json

import numpy as np
from PIL import Image

from coldstart.cohort import phantom
from coldstart.labelling.label_studio_rle import encode_rle


def write_pool(folder, n, size=48, seed=5, prevalence=0.5, per_patient=1):
    """Write phantom chest X-rays as PNG files.

    Parameters
    ----------
    folder : pathlib.Path
        Where ``patient{k}/image{i}.png`` are put.
    n, size, seed, prevalence
        As for `coldstart.cohort.phantom.build`, `size` being its resolution.
    per_patient : int, default=1
        Images in each patient's folder.

    Returns
    -------
    dict of str to (int, numpy.ndarray)
        Label and mask of every image, by the path without its ending.
    """
    chosen = {"n": n, "seed": seed, "resolution": size, "prevalence": prevalence}
    cohort = phantom.build(**chosen)
    truth = {}
    drawn = zip(phantom.images(cohort, **chosen), phantom.masks(cohort, **chosen), strict=True)
    for number, (image, mask) in enumerate(drawn):
        name = f"patient {number // per_patient:03d}/image{number:03d}"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{name}.png")
        truth[name] = (int(mask.any()), mask.astype(np.uint8))
    return truth


def annotate(tasks, truth, classes, *, draw=False, skip=()):
    """Answer the tasks of a Label Studio import as a Label Studio export has them.

    Parameters
    ----------
    tasks : pathlib.Path
        ``label_studio.json`` of a list.
    truth : dict
        From `write_pool`.
    classes : list of str
        Names of label 0 and 1.
    draw : bool, default=False
        Draw the foreground with a brush, instead of choosing a class.
    skip : collection of str
        Images that the annotator leaves out.

    Returns
    -------
    str
        JSON.
    """
    exported = []
    for number, task in enumerate(json.loads(tasks.read_text())):
        name = task["data"]["sample_id"]
        annotation = {"id": number, "was_cancelled": name in skip, "completed_by": 1}
        annotation["result"] = [] if name in skip else [answer(truth[name], classes, draw)]
        exported.append({"id": number, "data": task["data"], "annotations": [annotation]})
    return json.dumps(exported)


def answer(known, classes, draw):
    """Result of a choice, or of a brush that has painted the mask; parameters as for `annotate`."""
    label, mask = known
    if not draw:
        value = {"choices": [classes[label]]}
        return {"id": "c", "from_name": "label", "to_name": "image", "type": "choices", "value": value}
    return {
        "id": "b",
        "from_name": "brush",
        "to_name": "image",
        "type": "brushlabels",
        "original_height": mask.shape[0],
        "original_width": mask.shape[1],
        "image_rotation": 0,
        "value": {"format": "rle", "rle": encode_rle(mask), "brushlabels": [classes[1]]},
    }

"""A list as MONAI reads it: what is labelled to train on, what is held out to validate, what is to be labelled."""

import os

PARTS = {"train": "training", "holdout": "validation"}


def datalist(worklist, images, *, task, classes, folder, name, answers=None, answered_images=None, labels=None):
    """Describe a list in the layout of the Medical Segmentation Decathlon.

    `monai.data.load_decathlon_datalist` reads it, with `data_list_key`
    ``training``, ``validation`` or ``testing``, and so do MONAI's bundles and
    Auto3DSeg.

    Parameters
    ----------
    worklist : pandas.DataFrame
        `sample_id`, in the order of the list.
    images : dict of str to path
        Picture of every sample of the list.
    task : {"classification", "segmentation"}
        What is annotated.
    classes : sequence of str
        Names of label 0 and 1.
    folder : str or pathlib.Path
        Where the file will lie: all paths are relative to it.
    name : str
        Name of the data set.
    answers : pandas.DataFrame, optional
        `sample_id` and `part` of what is answered; ``train`` and ``holdout``
        count.
    answered_images : dict of str to path, optional
        Pictures of answered samples.
    labels : dict of str to int or path, optional
        Their labels, or files of their masks. An answered sample without a
        picture or a label is left out.

    Returns
    -------
    dict
        To be written as JSON.
    """
    found = {part: [] for part in PARTS.values()}
    answered_images, labels = answered_images or {}, labels or {}
    for sample_id, part in [] if answers is None else answers[["sample_id", "part"]].itertuples(index=False):
        if part in PARTS and sample_id in answered_images and sample_id in labels:
            label = labels[sample_id]
            label = relative(label, folder) if task == "segmentation" else int(label)
            found[PARTS[part]].append({"image": relative(answered_images[sample_id], folder), "label": label})
    testing = [{"image": relative(images[sample_id], folder)} for sample_id in worklist["sample_id"]]
    return {
        "name": name,
        "description": f"{task}: training and validation are labelled, testing is to be labelled, in this order",
        "tensorImageSize": "2D",
        "modality": {"0": "image"},
        "labels": {str(number): label for number, label in enumerate(classes)},
        "numTraining": len(found["training"]),
        "numValidation": len(found["validation"]),
        "numTest": len(testing),
        **found,
        "testing": testing,
    }


def relative(path, folder):
    """Path from a folder, with forward slashes."""
    return os.path.relpath(path, folder).replace(os.sep, "/")

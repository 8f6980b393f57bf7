"""A cohort: every sample with its split and the tasks it takes part in."""

from coldstart.cohort import KINDS
from coldstart.cohort.identifiers import numbered
from coldstart.cohort.splits import SPLITS, assign_splits
from coldstart.errors import InputError, shown
from coldstart.progress import track

# Keys of `dataset` that belong to no kind.
COMMON = ("name", "kind", "size", "channels", "interpolation", "split", "segmentation_samples")

# Columns of a cohort, in order, with their types; metadata follow.
COLUMNS = {
    "sample_id": "str",
    "image": "str",
    "mask": "str",
    "label": "Int64",
    "patient_id": "str",
    "split": "str",
    "height": "int64",
    "width": "int64",
    "bits": "int64",
    "colour": "bool",
    "spacing_y": "float64",
    "spacing_x": "float64",
    "classification": "bool",
    "segmentation": "bool",
}
# What the selecting side may see. Neither labels, nor masks, nor metadata.
# Membership of segmentation may be a label in disguise.
LABEL_FREE = [name for name in COLUMNS if name not in ("mask", "label", "classification", "segmentation")]


def kind_parameters(dataset):
    """Parameters that go to the kind's own functions.

    Parameters
    ----------
    dataset : dict
        Section ``dataset`` of a configuration.

    Returns
    -------
    dict
        Its keys less those that all kinds share.
    """
    return {key: value for key, value in dataset.items() if key not in COMMON}


def assemble(dataset, kind=None, **supplied):
    """Build the cohort of a data set.

    Parameters
    ----------
    dataset : dict
        ``kind`` and the parameters of its `build`; ``split``: parameters of
        `coldstart.cohort.splits.assign_splits`; ``segmentation_samples``:
        ``annotated`` (default: every sample whose mask is known; one without a
        mask file but with label 0, in a data set that has masks, is known to be
        empty) or ``positive`` (samples with label 1 and a mask).
    kind : module, optional
        Defines `build`, `images` and `masks`; by default the registered one.
    **supplied
        What the chain itself hands to `build`: the `scan` of a pool.

    Returns
    -------
    pandas.DataFrame
        Columns of `COLUMNS` in that order, then the metadata. A missing label
        of a sample with a mask is 1 if the mask has any foreground, else 0.

    Raises
    ------
    InputError
        If the data set is empty, an id is not unique, or a split is empty.
    """
    facts = {} if kind else KINDS.entry(dataset["kind"]).facts
    kind = kind or KINDS.module(dataset["kind"])
    parameters = kind_parameters(dataset)
    frame = kind.build(**supplied, **parameters).reset_index(drop=True)
    name = dataset.get("name", dataset.get("kind", "data set"))
    if frame.empty:
        raise InputError(f"data set '{name}' has no samples.")
    repeated = frame["sample_id"][frame["sample_id"].duplicated()]
    if len(repeated):
        raise InputError(f"data set '{name}': sample_id is not unique: {shown(repeated.unique())}.")
    frame["label"] = frame["label"].astype("Int64")
    fill_labels(frame, kind, parameters)
    if facts.get("names_patients"):
        frame["patient_id"] = numbered(frame["patient_id"])
    frame["split"] = assign_splits(frame, **(dataset.get("split") or {}))
    frame["classification"] = frame["label"].notna()
    frame["segmentation"] = segmentation_members(frame, dataset.get("segmentation_samples", "annotated"))
    rest = [column for column in frame.columns if column not in COLUMNS]
    return frame[[*COLUMNS, *rest]].astype(COLUMNS)


def fill_labels(frame, kind, parameters):
    """Derive the missing labels of samples with a mask, in place."""
    missing = frame["label"].isna() & frame["mask"].notna()
    if missing.any():
        masks = track(kind.masks(frame[missing], **parameters), "labels from masks", total=int(missing.sum()))
        frame.loc[missing, "label"] = [int(mask.any()) for mask in masks]


def segmentation_members(frame, samples):
    """Whether each sample takes part in segmentation."""
    positive = (frame["label"] == 1).fillna(False)
    if samples == "positive":
        return frame["mask"].notna() & positive
    if samples == "annotated":
        known_empty = (frame["label"] == 0).fillna(False) & frame["mask"].notna().any()
        return frame["mask"].notna() | known_empty
    raise InputError(f"dataset.segmentation_samples is '{samples}', it must be 'positive' or 'annotated'.")


def check_task(cohort, task):
    """Refuse a task that a cohort cannot serve.

    Parameters
    ----------
    cohort : pandas.DataFrame
        From `assemble`.
    task : str
        ``classification`` or ``segmentation``.

    Raises
    ------
    InputError
        If a split has no sample of the task, or the validation or test split
        holds one class only; the message gives the counts. A cohort without any
        label is not refused: it can be selected from.
    """
    if (cohort["split"] == "unlabelled").all():
        return
    counts = cohort["split"][cohort[task]].value_counts()
    counts = {name: int(counts.get(name, 0)) for name in SPLITS}
    if min(counts.values()) == 0:
        found = ", ".join(f"{name} {count}" for name, count in counts.items())
        wanted = "labels" if task == "classification" else "masks"
        raise InputError(f"task '{task}' needs samples with {wanted} in every split, found {found}.")
    if task == "classification":
        for name in ("val", "test"):
            labels = cohort["label"][(cohort["split"] == name) & cohort[task]]
            if labels.nunique() == 1:
                raise InputError(
                    f"all {len(labels)} samples of the {name} split have the label {labels.iloc[0]} and classification "
                    "needs both there: set dataset.split.stratify, or give more samples."
                )


def label_free(cohort):
    """Give the view of a cohort that the selecting side may see.

    Parameters
    ----------
    cohort : pandas.DataFrame
        From `assemble`.

    Returns
    -------
    pandas.DataFrame
        `LABEL_FREE` columns: no label, no mask, no metadata.
    """
    return cohort[LABEL_FREE].copy()


def pool_of(samples, task):
    """Give the samples that may be selected for a task.

    Parameters
    ----------
    samples : pandas.DataFrame
        A cohort or its label-free view.
    task : str
        ``classification`` or ``segmentation``.

    Returns
    -------
    pandas.DataFrame
        The training split's samples of the task; where nothing at all is
        labelled, every sample.

    Raises
    ------
    InputError
        If there are none.
    """
    unlabelled = samples["split"] == "unlabelled"
    chosen = unlabelled if unlabelled.all() else (samples["split"] == "train") & samples[task]
    if not chosen.any():
        wanted = "labels" if task == "classification" else "masks"
        raise InputError(f"the pool for {task} is empty: no sample of the training split has {wanted}.")
    return samples[chosen]

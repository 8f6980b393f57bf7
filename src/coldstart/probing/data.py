"""What the probes of a task are fitted to and measured on, read from the files of the chain."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coldstart.cohort.images import effective_spacing, read_masks
from coldstart.embedding.store import align, read_embedding
from coldstart.learning.visible_targets import VisibleTargets
from coldstart.probing.patch_features import read_features
from coldstart.storage import read_table


@dataclass(frozen=True, eq=False)
class Pool:
    """The unlabelled pool of a task.

    Attributes
    ----------
    sample_ids, groups : numpy.ndarray of shape (n,)
        Identifiers and patients.
    rows : numpy.ndarray of int64, shape (n,)
        Rows of the cohort.
    """

    sample_ids: np.ndarray
    groups: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True, eq=False)
class Data:
    """Features and truth of a task.

    Attributes
    ----------
    features : numpy.ndarray
        Of every sample of the cohort: the frozen embedding (n, d), or the
        features of its patches (n, patches, d).
    targets : VisibleTargets
        Labels or masks of the pool and the validation split: of the pool only
        those are looked up that are labelled.
    pool : Pool
    val : numpy.ndarray of int64
        Rows of the validation split.
    test : numpy.ndarray of int64
        Rows of the test split.
    truth : numpy.ndarray
        Labels or masks of the test split, for the evaluation alone.
    groups : numpy.ndarray of shape (len(test),), or None
        Patients of the test split where the bootstrap draws them.
    spacing : numpy.ndarray of shape (len(test), 2)
        Millimetres per stored pixel.
    stacks : pandas.DataFrame or None
        Which slice of which volume each test image is.
    evaluation : dict
        The keys of the section of the configuration.
    """

    features: np.ndarray
    targets: VisibleTargets
    pool: Pool
    val: np.ndarray
    test: np.ndarray
    truth: np.ndarray
    groups: np.ndarray | None
    spacing: np.ndarray | None
    stacks: pd.DataFrame | None
    evaluation: dict


def read_data(files, task, evaluation):
    """Read what probes stand on.

    Parameters
    ----------
    files : mapping of str to path
        ``cohort``, ``pool``, ``features`` and for segmentation ``masks``.
    task : {"classification", "segmentation"}
    evaluation : dict
        The section of the configuration.

    Returns
    -------
    Data

    Raises
    ------
    InputError
        If a file is damaged or lacks a sample.
    """
    cohort, members = read_table(files["cohort"]), read_table(files["pool"])
    rows = pd.Series(np.arange(len(cohort)), index=cohort.sample_id)
    pool = Pool(
        members.sample_id.to_numpy().astype(str), members.patient_id.to_numpy(), rows.loc[members.sample_id].to_numpy()
    )
    val, test = (np.flatnonzero((cohort.split == part) & cohort[task]) for part in ("val", "test"))
    tested = cohort.iloc[test]
    patients = tested.patient_id.fillna(tested.sample_id).to_numpy()
    if task == "classification":
        features = align(*read_embedding(files["features"])[:2], cohort.sample_id)
        values = cohort.label.fillna(-1).to_numpy(np.int64)
    else:
        features, values = read_features(files["features"]), read_masks(files["masks"])
    return Data(
        features=features,
        targets=VisibleTargets(values, np.concatenate([pool.rows, val])),
        pool=pool,
        val=val,
        test=test,
        truth=values[test],
        groups=patients if evaluation["bootstrap_unit"] == "patient" else None,
        spacing=effective_spacing(cohort, values.shape[-1])[test] if task == "segmentation" else None,
        stacks=tested if task == "segmentation" and {"volume", "slice"} <= set(tested) else None,
        evaluation=evaluation,
    )

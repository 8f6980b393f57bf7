"""What annotators give back, in whatever form: labels, masks, and images that they skipped."""

import os
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from coldstart.cohort.pool_folder import PICTURES, VOLUMES
from coldstart.labelling.names import Names
from coldstart.labelling.worklist import read_worklist
from coldstart.provenance import file_digest
from coldstart.storage import read_metadata


@dataclass(frozen=True)
class Asked:
    """What annotators have been asked for so far.

    Attributes
    ----------
    numbers : dict of str to int
        Every sample_id that was asked for, and the list that it was first on.
    handed : dict of str to str
        Name of each file that was handed out, without its ending, to sample_id.
    seen : dict of str to int
        Digest of every volume of masks that was read before, and the list for
        which it was first read.
    """

    numbers: dict = field(default_factory=dict)
    handed: dict = field(default_factory=dict)
    seen: dict = field(default_factory=dict)

    @classmethod
    def read(cls, lists):
        """Read it from the folders of the lists that are written, from list 0 on.

        Raises
        ------
        InputError
            If a list is damaged.
        """
        if not lists:
            return cls()
        # It draws in what draws, and the planning of a first list can do without.
        from coldstart.labelling.hand_out import handed

        tables, numbers = [read_worklist(Path(folder, "worklist.csv")) for folder in lists], {}
        for table in tables:
            for sample_id, number in zip(table["sample_id"], table["asked"], strict=True):
                numbers.setdefault(sample_id, int(number))
        return cls(numbers, handed(tables), read_metadata(Path(lists[-1], "answers.parquet")).get("seen", {}))

    def before(self, digest):
        """Images that had been asked for when a file was first read, as a set; all of them for a new file.

        A volume of masks answers for these also where nothing is drawn. Of an
        image that is asked for later it says nothing.
        """
        first = self.seen.get(digest)
        return {name for name, number in self.numbers.items() if first is None or number < first}


@dataclass(frozen=True)
class Answers:
    """What was found in some files.

    Attributes
    ----------
    answers : list of Answer
        In the order of the files.
    unknown : list of tuple of str
        File and name of what belongs to no image of the pool or cannot be used,
        with the reason.
    volumes : list of str
        Digests of the volumes of masks.
    """

    answers: list
    unknown: list
    volumes: list

    def seen(self, asked, number):
        """What `Asked.seen` is to be for the lists after list `number`, which is made from these answers."""
        return {**dict.fromkeys(self.volumes, number), **asked.seen}


def find_files(folder):
    """List the files below a folder; what is hidden is passed over.

    Parameters
    ----------
    folder : str or pathlib.Path
        Where annotators' files are put; it may be missing.

    Returns
    -------
    list of pathlib.Path
        Sorted.
    """
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found.extend(Path(parent, name) for name in files if not name.startswith("."))
    return sorted(found)


def read_answers(files, samples, *, task, classes, asked=None, root=None):
    """Read annotators' files, each by its form.

    Parameters
    ----------
    files : sequence of path
        ``.csv`` (see `answer_csv`), ``.json`` (exports of Label Studio, see
        `label_studio_export`), ``.nii`` and ``.nii.gz`` (see `answer_nifti`) and
        pictures (see `answer_masks`).
    samples : pandas.DataFrame
        The pool: `sample_id`, `image`, `height`, `width`, and `volume` and
        `slice` where it has them.
    task : {"classification", "segmentation"}
        What is annotated.
    classes : sequence of str
        Names of label 0 and 1.
    asked : Asked, optional
        What annotators have been asked for.
    root : str or pathlib.Path, optional
        Folder of the pool: with it, volumes of masks are held against the grids
        of the volumes themselves.

    Returns
    -------
    Answers

    Raises
    ------
    InputError
        If a file cannot be read, or says what cannot be; the message names it.
    """
    asked = asked or Asked()
    names = Names(samples, asked.handed)
    answers, unknown, volumes = [], [], []
    for path in map(Path, files):
        # Readers are loaded where there is something to read: every planning comes by here.
        lower = path.name.lower()
        if lower.endswith(".csv"):
            from coldstart.labelling.answer_csv import read_csv

            found, strange = read_csv(path, names, classes=classes)
        elif lower.endswith(".json"):
            from coldstart.labelling.label_studio_export import latest, read_export

            found, strange = read_export(path, names, task=task, classes=classes)
            # Whoever exports a project after every list gives back the earlier annotations again, perhaps mended.
            answers, found = [], latest([*answers, *found])
        elif lower.endswith(VOLUMES):
            from coldstart.labelling.answer_nifti import read_nifti

            digest = file_digest(path)
            volumes.append(digest)
            found, strange = read_nifti(path, names, answered=asked.before(digest), root=root)
        elif lower.endswith(PICTURES):
            from coldstart.labelling.answer_masks import read_mask_file

            found, strange = read_mask_file(path, names)
        else:
            found, strange = [], [(str(path), "a file of a kind that is not read")]
        answers.extend(found)
        unknown.extend(strange)
    if task == "segmentation":
        answers, missing = as_masks(answers, names, classes)
        unknown.extend(missing)
    return Answers(answers, unknown, volumes)


def as_masks(answers, names, classes):
    """Bring labels to the task of segmentation.

    An image that is labelled as background has an empty mask. That there is
    foreground is not enough to know where.

    Returns
    -------
    answers : list of Answer
        Masks and skipped images alone.
    missing : list of tuple of str
        File and image of what is labelled as foreground and has no mask.
    """
    masked = {answer.sample_id for answer in answers if answer.kind == "mask"}
    found, missing = [], []
    for one in answers:
        if one.kind != "label":
            found.append(one)
        elif one.label == 0:
            mask = partial(np.zeros, names.size(one.sample_id), np.uint8)
            found.append(replace(one, kind="mask", label=None, mask=mask))
        elif one.sample_id not in masked:
            missing.append((one.source, f"'{one.sample_id}' is labelled '{classes[1]}', and its mask is missing"))
    return found, missing


def answered_now(files, samples, lists, *, task, classes):
    """Which images have an answer by now: what the planning asks for.

    Parameters
    ----------
    files, samples, task, classes
        As for `read_answers`.
    lists : sequence of path
        Folders of the lists that are written, from list 0 on.

    Returns
    -------
    answered : list of str
        Different sample_ids, in the order of the files.
    unknown : list of tuple of str
        As `Answers.unknown`.

    Raises
    ------
    InputError
        As for `read_answers`.
    """
    if not files:
        return [], []
    found = read_answers(files, samples, task=task, classes=classes, asked=Asked.read(lists))
    return list(dict.fromkeys(answer.sample_id for answer in found.answers)), found.unknown

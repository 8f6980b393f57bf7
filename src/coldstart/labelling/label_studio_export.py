"""Answers out of what Label Studio exports: JSON and JSON-MIN."""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

from coldstart.errors import InputError, shown
from coldstart.labelling.answer import Answer
from coldstart.labelling.label_studio_regions import draw_regions, read_regions, texts
from coldstart.labelling.label_studio_tasks import CHOICES, IMAGE

MEND = "export the project from Label Studio again, as JSON or JSON-MIN"
# Label Studio puts eight hexadecimal digits and a dash before the name of a file that is uploaded to it.
UPLOADED = 9
# One of these is in every task: both formats, the older name of `annotations`, and tasks that nobody has seen yet.
KEYS = {"annotations", "annotation_id", "completions", "data"}


@dataclass(frozen=True)
class ExportedAnswer(Answer):
    """An answer that may stand in several exports of its project.

    Attributes
    ----------
    annotation : str or None
        Number of the annotation and when it was begun, which both formats tell:
        together they are the same in all exports, and different in all projects.
    changed : str
        When it was last changed, ISO 8601.
    """

    annotation: str | None = None
    changed: str = ""


@dataclass(frozen=True)
class Annotation:
    """What one annotator gave back for one image.

    Attributes
    ----------
    results : list of dict
        Each with ``value``.
    skipped : bool
        Whether the annotator skipped the image.
    annotator : str or None
        Number of the annotator; names and addresses are left in the file.
    identity : tuple
        `annotation` and `changed` of `ExportedAnswer`.
    """

    results: list
    skipped: bool
    annotator: str | None
    identity: tuple


def read_export(path, names, *, task, classes):
    """Read what annotators gave back through Label Studio.

    Guesses of a model and drafts are no answers.

    Parameters
    ----------
    path : str or pathlib.Path
        A JSON or JSON-MIN export of a project. JSON-MIN tells nothing of
        skipped images, and its choices are read from the control ``label`` of
        our own labelling interface alone.
    names : coldstart.labelling.answers.Names
        Which image a name stands for, and how large it is.
    task : {"classification", "segmentation"}
        What is annotated. A classification may also be answered by drawing. In
        a segmentation an annotation in which nothing is drawn is an empty mask,
        unless one of the classes is chosen in it.
    classes : sequence of str
        Names of label 0 and 1, as annotators see them.

    Returns
    -------
    answers : list of ExportedAnswer
        In the order of the file, one per annotation; masks are decoded when
        they are asked for.
    unknown : list of tuple of str
        File, and how it calls an image that is none of the pool.

    Raises
    ------
    InputError
        If the file is no such export, or an annotation cannot be read.
    """
    answers, unknown = [], []
    for number, item in enumerate(read_items(path), 1):
        where = f"{path}, task {item.get('id', number)}"
        given = annotations(item, where)
        if not given:
            continue
        called = list(calls(item["data"] if isinstance(item.get("data"), dict) else item))
        sample_id = next(filter(None, map(names.resolve, called)), None)
        if sample_id is None:
            shared = any(map(names.meant, called))
            why = "several images could be meant" if shared else "no image of the pool is called so"
            unknown.append((str(path), f"{next(iter(called), where)} ({why})"))
            continue
        for one in given:
            kind, label, mask = answer(one, names.size(sample_id), task, classes, where)
            if kind is not None:
                answers.append(ExportedAnswer(sample_id, kind, label, mask, str(path), one.annotator, *one.identity))
    return answers, unknown


def latest(answers):
    """Leave out what a later export of the same project holds again, perhaps mended.

    Parameters
    ----------
    answers : list of Answer
        Of all files.

    Returns
    -------
    list of Answer
        In their order: of each annotation the answer that was changed last, the
        first of equal ones. Other answers stay.
    """
    newest = {}
    for one in answers:
        if isinstance(one, ExportedAnswer) and one.annotation:
            key = (one.sample_id, one.annotation)
            newest[key] = max(newest.get(key, one), one, key=lambda answer: answer.changed)
    kept = {id(one) for one in newest.values()}
    return [one for one in answers if not getattr(one, "annotation", None) or id(one) in kept]


def read_items(path):
    """Tasks of an export, as dicts."""
    try:
        with open(path, encoding="utf-8-sig") as stream:
            items = json.load(stream)
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as JSON ({error}): {MEND}, or take it out of the folder.") from error
    keys = ("annotations", "completions", "annotation_id", "data")
    if not isinstance(items, list) or not all(
        isinstance(item, dict) and any(k in item for k in keys) for item in items
    ):
        raise InputError(
            f"{path} is no export of Label Studio, which is a list of tasks: {MEND}, or take it out of the folder."
        )
    return items


def annotations(item, where):
    """Annotations of a task, whichever the format."""
    if "annotation_id" in item:
        return [] if item["annotation_id"] is None else [minimal(item, where)]
    # `completions` is what they were called until 2021.
    given = item.get("annotations", item.get("completions")) or []
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise InputError(f"{where}: its annotations are not in the file: {MEND}.")
    found = []
    for one in given:
        results = one.get("result") or []
        if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
            raise InputError(f"{where}: an annotation has no list of results: {MEND}.")
        results = [result for result in results if isinstance(result.get("value"), dict)]
        skipped = bool(one.get("was_cancelled") or one.get("skipped"))
        found.append(Annotation(results, skipped, annotator(one.get("completed_by")), identity(one, "id")))
    return found


def minimal(item, where):
    """The annotation of a record of JSON-MIN, where every control is a key beside those of the task."""
    results = []
    for control, value in item.items():
        for one in value if isinstance(value, list) else [value]:
            if control == CHOICES and isinstance(one, str):
                one = {"choices": [one]}
            if isinstance(one, dict):
                sizes = {key: one[key] for key in ("original_height", "original_width") if key in one}
                results.append({"from_name": control, "type": control, "value": one, **sizes})
    return Annotation(results, False, annotator(item.get("annotator")), identity(item, "annotation_id"))


def identity(record, number):
    """What tells an annotation from all others, None where that is not known, and when it was last changed."""
    begun = record.get("created_at")
    return f"{record.get(number)} {begun}" if begun else None, str(record.get("updated_at") or "")


def annotator(found):
    """Number of an annotator, without name and address."""
    if isinstance(found, dict):
        found = found.get("id")
    return str(found) if isinstance(found, int) else None


def answer(annotation, size, task, classes, where):
    """Kind, label and mask of an annotation; no kind where it says nothing."""
    if annotation.skipped:
        return "skip", None, None
    names = choices(annotation.results)
    if task == "classification" and names:
        return "label", label_of(names, classes, where), None
    regions = read_regions(annotation.results, classes, where)
    if task == "classification" and not regions:
        return None, None, None
    if not regions and names & set(classes):
        return "label", label_of(names, classes, where), None
    return "mask", None, partial(draw_regions, regions, *size, where)


def choices(results):
    """Names that were chosen; of a project that asks other questions too, those of our own control."""
    given = [result for result in results if "choices" in result["value"]]
    given = [result for result in given if result.get("from_name") == CHOICES] or given
    return {name for result in given for name in texts(result["value"]["choices"])}


def label_of(names, classes, where):
    """Label that one chosen name stands for."""
    if len(names) > 1 or not names <= set(classes):
        raise InputError(
            f"{where}: it is answered by '{shown(sorted(names))}', and worklist.classes are {shown(classes)}: choose"
            " one of them, and name the choices in Label Studio like the classes."
        )
    return list(classes).index(*names)


def calls(data):
    """What a task may call its image, the surest first.

    Its `sample_id`, which `coldstart.labelling.label_studio_tasks` put there;
    else the path of its picture, or the file's name, with and without what Label
    Studio puts before it.
    """
    if isinstance(data.get("sample_id"), str | int):
        yield str(data["sample_id"])
    address = data.get(IMAGE)
    if isinstance(address, str) and not address.startswith("data:"):
        parts = urlsplit(address)
        # Local files are served as /data/local-files/?d=path.
        path = unquote(parse_qs(parts.query).get("d", [unquote(parts.path)])[0]).lstrip("/")
        name = PurePosixPath(path).name
        yield path
        yield name
        yield name[UPLOADED:]

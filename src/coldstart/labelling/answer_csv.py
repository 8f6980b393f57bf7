"""Labels in a CSV file: a list that was filled in, or a table of one's own."""

from coldstart.cohort.table_source import read_text_table
from coldstart.errors import InputError, shown
from coldstart.labelling.answer import Answer

YES, NO = ("true", "yes", "y", "x", "1", "1.0"), ("", "false", "no", "n", "0", "0.0")
NUMBERS = {"0": 0, "0.0": 0, "1": 1, "1.0": 1}
COLUMNS = ("sample_id", "image", "label", "skip")


def read_csv(path, names, *, classes):
    """Read labels, and images that were skipped.

    Parameters
    ----------
    path : pathlib.Path
        Text in UTF-8 with ``,``, ``;`` or tab between its cells, and a header:
        `sample_id` or `image` (by which the image is found if there are both
        and the first is unknown), `label` (0, 1 or the name of a class) and
        `skip` (true, yes, x or 1). Other columns do not matter. A row with
        neither label nor skip is no answer.
    names : coldstart.labelling.names.Names
        What the images may be called.
    classes : sequence of str
        Names of label 0 and 1.

    Returns
    -------
    answers : list of Answer
        In the order of the rows; a row with both label and skip gives two.
    unknown : list of tuple of str
        File and name of the rows whose image is none of the pool.

    Raises
    ------
    InputError
        If the file is no such table, or a cell is not right.
    """
    frame = read_text_table(path)
    used = {}
    for number, name in enumerate(frame.columns):
        ours = name.strip().lower()
        if ours in COLUMNS and ours in used:
            raise InputError(f"{path} has more than one column '{ours}': rename one.")
        used[ours] = frame.iloc[:, number].tolist()
    if not ("sample_id" in used or "image" in used) or not ("label" in used or "skip" in used):
        raise InputError(
            f"{path} has the columns {shown(frame.columns, 12)}: name the images in a column 'sample_id' or 'image',"
            " and give 'label' or 'skip'."
        )
    empty, answers, unknown = [""] * len(frame), [], []
    cells = zip(*(used.get(name, empty) for name in COLUMNS), strict=True)
    for row, (sample_id, image, label, skip) in enumerate(cells, 1):
        where = f"{path}, row {row}"
        label, skip = parse_label(label, classes, where), parse_skip(skip, where)
        if label is None and not skip:
            continue
        found = find_image(sample_id, image, names, where)
        if found is None:
            unknown.append((str(path), sample_id or image or f"row {row}"))
            continue
        if label is not None:
            answers.append(Answer(found, "label", label, None, str(path)))
        if skip:
            answers.append(Answer(found, "skip", None, None, str(path)))
    return answers, unknown


def find_image(sample_id, image, names, where):
    """Image of a row, None where it is none of the pool.

    Raises
    ------
    InputError
        If its two names stand for different images.
    """
    found = names.resolve(sample_id) if sample_id else None
    other = (names.resolve(image) or names.resolve_file(image)) if image else None
    # Slices and frames of one file share its path, which then stands for none of them.
    if found and other and found != other:
        raise InputError(
            f"{where}: the sample_id '{sample_id}' and the image '{image}' are different images: correct one of them."
        )
    return found or other


def parse_label(cell, classes, where):
    """0, 1, or None where the cell is empty; names of classes win over numbers.

    Raises
    ------
    InputError
        If it is neither.
    """
    if not cell:
        return None
    found = [label for label, name in enumerate(classes) if name.strip() == cell]
    found = found or [label for label, name in enumerate(classes) if name.strip().casefold() == cell.casefold()]
    # Where the classes themselves are called by numbers, these count alone.
    if not found and cell in NUMBERS and not {name.strip() for name in classes} & set(NUMBERS):
        found = [NUMBERS[cell]]
    if len(found) != 1:
        raise InputError(f"{where}: the label is '{cell}', it must be 0, 1, {classes[0]} or {classes[1]}, or empty.")
    return found[0]


def parse_skip(cell, where):
    """Whether the image is to be left out.

    Raises
    ------
    InputError
        If it does not say yes or no.
    """
    if cell.lower() not in (*YES, *NO):
        raise InputError(f"{where}: skip is '{cell}', it must be true, false or empty.")
    return cell.lower() in YES

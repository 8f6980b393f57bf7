"""Files of a pool whose paths say who the patient is: another name for each, and a private list of them."""

import csv
import os
from pathlib import Path

from coldstart.errors import InputError
from coldstart.storage import replacing

HEADER = ("name", "file")


def names_path(root, salt):
    """Path of the private list, beside the secret behind the pseudonyms."""
    path = Path(root, salt)
    return path.with_name(f"{path.name}-names.csv")


def write_names(path, names):
    """Write the private list, readable for its owner alone; an empty one is taken away.

    Parameters
    ----------
    path : pathlib.Path
        From `names_path`.
    names : dict of str to str
        Name that is told to the file's path below the root.
    """
    if not names:
        if path.is_file():
            path.unlink()
        return
    with replacing(path) as temporary:
        opened = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with open(opened, "w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([HEADER, *sorted(names.items())])


def read_names(path):
    """Read the private list, as a dict; empty where there is none.

    Raises
    ------
    InputError
        If it is damaged.
    """
    if not path.is_file():
        return {}
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            return dict(list(csv.reader(stream))[1:])
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{path} cannot be read ({error}): delete it and run the same command again.") from error

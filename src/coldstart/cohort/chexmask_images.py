"""The images that CheXmask's Image IDs stand for."""

import os
from pathlib import Path, PurePosixPath

from coldstart.errors import InputError

EXTENSIONS = (".png", ".jpg", ".jpeg", ".tif", ".tiff")


def without_extension(name):
    """Take the extension of an image off a path.

    Parameters
    ----------
    name : str
        ``a/b.png`` or ``1.2.840.1``: what follows another point belongs to the name.

    Returns
    -------
    pathlib.PurePosixPath
        The path.
    """
    path = PurePosixPath(name)
    return path.with_suffix("") if path.suffix.lower() in EXTENSIONS else path


def find_images(root, folder, ids):
    """Find the images of some Image IDs.

    An ID with folders (``train/patient00001/study1/view1_frontal.jpg``) is what
    the path of its image ends in; some of them may lie above the root.

    Parameters
    ----------
    root, folder : str
        Data root, and the folder below it that is searched with all its folders.
    ids : iterable of str
        Image IDs, with or without an extension.

    Returns
    -------
    list of str or None
        Path below the root per ID, None where there is no such image.

    Raises
    ------
    InputError
        If the folder does not exist, or an ID fits more than one image.
    """
    if not Path(root, folder).is_dir():
        raise InputError(f"dataset.image_folder: the folder {Path(root, folder)} does not exist: correct it.")
    top, found = Path(root).absolute(), {}
    for parent, _, names in os.walk(top / folder):
        for name in names:
            if name.lower().endswith(EXTENSIONS) and not name.startswith("."):
                found.setdefault(Path(name).stem, []).append(Path(parent, name))
    paths = []
    for name in ids:
        wanted = without_extension(name)
        fitting = sorted(
            path.relative_to(top).as_posix()
            for path in found.get(wanted.name, ())
            if path.with_suffix("").parts[-len(wanted.parts) :] == wanted.parts
        )
        if len(fitting) > 1:
            raise InputError(f"image '{name}' is found as {fitting[0]} and as {fitting[1]}: take one of them away.")
        paths.append(fitting[0] if fitting else None)
    return paths

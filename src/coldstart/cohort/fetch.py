"""Published data sets, fetched from where their authors put them."""

from dataclasses import dataclass
from pathlib import Path

from coldstart.cohort.archive import LARGEST_CONTENT, MOST_FILES, unpack, unpacked
from coldstart.cohort.download import LARGEST_FILE, digest, download
from coldstart.errors import InputError
from coldstart.progress import track
from coldstart.registry import choices


@dataclass(frozen=True)
class Source:
    """Where a file is published.

    Attributes
    ----------
    url : str
        Its address.
    sha256 : str or None
        Its digest, where it is known.
    """

    url: str
    sha256: str | None = None


REPOSITORY = (
    "https://raw.githubusercontent.com/Deepwise-AILab/ChestX-Det-Dataset/20bbed2aa62812f24f78ac0f6e674deb6286242c"
)
# Digests of the images were never published. A zip is unpacked into the folder of its name.
CHESTX_DET = {
    "ChestX_Det_train.json": Source(
        f"{REPOSITORY}/ChestX_Det_train.json", "1de7dc214e1436e37868b0f035c1c000da3510ea86dac6621fe412d542eabd3c"
    ),
    "ChestX_Det_test.json": Source(
        f"{REPOSITORY}/ChestX_Det_test.json", "c511a004504a137ba9e31968d5226f7f436ac08a2b6940d5f1b77f78855ba532"
    ),
    "train_data.zip": Source("http://resource.deepwise.com/ChestX-Det/train_data.zip"),
    "test_data.zip": Source("http://resource.deepwise.com/ChestX-Det/test_data.zip"),
}


def fetch_chestx_det(root, *, sources=None, progress=track):
    """Fetch ChestX-Det: two annotation files, two zips of images.

    Parameters
    ----------
    root : str or pathlib.Path
        Folder that gets the annotation files and the folders ``train_data`` and
        ``test_data``. A file that was put there by hand, a zip too, is used.
    sources : dict of str to Source, optional
        Other places for some of the files of `CHESTX_DET`, by their names.
    progress : callable, default=coldstart.progress.track
        As for `coldstart.cohort.download.download`.

    Returns
    -------
    list of pathlib.Path
        The annotation files and the folders of images.

    Raises
    ------
    InputError
        If a file cannot be had (the message says which one to download by hand
        and where to put it), or an annotation file is there but another one.
    """
    root = Path(root)
    for name in sources or {}:
        if name not in CHESTX_DET:
            raise InputError(f"ChestX-Det has no file '{name}': {choices(name, CHESTX_DET)}.")
    found = []
    for name, source in {**CHESTX_DET, **(sources or {})}.items():
        path = root / name
        if path.suffix == ".zip":
            found.append(fetch_archive(source.url, path.with_suffix(""), sha256=source.sha256, progress=progress))
        else:
            if path.is_file():
                refuse_other(path, source)
            else:
                download(source.url, path, sha256=source.sha256, progress=progress)
            found.append(path)
    return found


def refuse_other(path, source):
    """Refuse a file that is there already but is not the published one."""
    if source.sha256 is not None and digest(path) != source.sha256:
        raise InputError(f"{path} is not the file of {source.url}: move it away to have that one fetched.")


def fetch_archive(
    url,
    folder,
    *,
    sha256=None,
    limit_bytes=LARGEST_FILE,
    limit_content=LARGEST_CONTENT,
    limit_files=MOST_FILES,
    progress=track,
):
    """Fill a folder from a zip on the web, unless that has been done.

    Parameters
    ----------
    url : str
        Address of the zip.
    folder : str or pathlib.Path
        Where its files go. A zip that lies beside it under the folder's name and
        ``.zip`` is used instead of the address, and kept; a downloaded one is
        deleted when it is unpacked.
    sha256 : str, optional
        Digest that the zip must have.
    limit_bytes : int, default=16 GiB
        Bound of the zip.
    limit_content, limit_files : int, default=64 GiB and 1,000,000
        Bounds of its content.
    progress : callable, default=coldstart.progress.track
        As for `coldstart.cohort.download.download`.

    Returns
    -------
    pathlib.Path
        `folder`.

    Raises
    ------
    InputError
        If the zip cannot be had or is not harmless.
    """
    folder = Path(folder)
    if unpacked(folder, sha256):
        return folder
    archive = folder.with_name(f"{folder.name}.zip")
    by_hand = archive.is_file()
    if by_hand:
        refuse_other(archive, Source(url, sha256))
    else:
        download(url, archive, sha256=sha256, limit_bytes=limit_bytes, progress=progress)
    unpack(archive, folder, limit_bytes=limit_content, limit_files=limit_files)
    if not by_hand:
        archive.unlink()
    return folder

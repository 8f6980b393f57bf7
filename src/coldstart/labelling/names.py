"""Which image of the pool annotators mean: by its identifier, its path, or the file that they were given."""

import unicodedata
from pathlib import PurePosixPath

import pandas as pd


class Names:
    """What the images of a pool may be called.

    The surest meaning of a name counts: a `sample_id`; then the path of the
    image below the pool's folder, with or without its extension, or the name of
    the file that was handed out; then the last part of any of these, where no
    two images share it. What could mean two images means none.

    Parameters
    ----------
    samples : pandas.DataFrame
        `sample_id`, `image`, `height` and `width`, and `volume` and `slice`
        where the pool has them; see docs/architecture.md.
    handed : dict of str to str, optional
        Name of each file that was handed out, without its ending, to sample_id.
    """

    def __init__(self, samples, handed=None):
        samples = samples.reset_index(drop=True)
        self.samples = samples
        self.sizes = dict(zip(samples["sample_id"], zip(samples["height"], samples["width"], strict=True), strict=True))
        self.ids, self.whole, self.last, self.handed, self.volumes, self.last_volumes = ({} for _ in range(6))
        for sample_id, image in zip(samples["sample_id"], samples["image"], strict=True):
            name, path = normal(sample_id), normal(image)
            short = without_extension(path)
            note(self.ids, sample_id, name)
            note(self.whole, sample_id, path, short)
            note(self.last, sample_id, last_part(name), last_part(path), last_part(short))
        for name, sample_id in (handed or {}).items():
            if sample_id in self.sizes:
                note(self.handed, sample_id, normal(name))
        for volume in samples["volume"].dropna().unique() if "volume" in samples else ():
            path = normal(volume)
            short = without_extension(path)
            note(self.volumes, volume, path, short)
            note(self.last_volumes, volume, last_part(path), last_part(short))

    def resolve(self, name):
        """Find the image that a name stands for.

        Parameters
        ----------
        name : str
            As an annotator or an annotation tool gives it.

        Returns
        -------
        str or None
            Its sample_id; None where it stands for none or for several.
        """
        found = self.meant(name)
        return next(iter(found)) if len(found) == 1 else None

    def meant(self, name):
        """Images that a name could stand for, as a set of sample_ids."""
        name = normal(name)
        if found := self.ids.get(name):
            return set(found)
        if found := {*self.whole.get(name, ()), *self.handed.get(name, ())}:
            return found
        return set(self.handed.get(without_extension(name)) or self.last.get(name, ()))

    def resolve_file(self, path):
        """Find the image that a file of an annotator belongs to.

        Folders may stand before its name: of a path ``labels/masks/a/b.png`` the
        longest end counts that is known, first ``labels/masks/a/b``.

        Parameters
        ----------
        path : str or pathlib.Path
            Of a mask.

        Returns
        -------
        str or None
            The sample_id.
        """
        found = self.meant_by_file(path)
        return next(iter(found)) if len(found) == 1 else None

    def meant_by_file(self, path):
        """Images that a file could belong to, as a set of sample_ids."""
        for name in ends(path):
            # A file may be called like one that was handed out, and like another image.
            if found := self.meant(name) | set(self.handed.get(name, ())):
                return found
        return set()

    def resolve_volume(self, path):
        """Find the volume that a file of an annotator belongs to, as `resolve_file` finds an image.

        Returns
        -------
        str or None
            What stands in the column `volume`.
        """
        found = self.meant_volumes(path)
        return next(iter(found)) if len(found) == 1 else None

    def meant_volumes(self, path):
        """Volumes that a file could belong to, as a set of what stands in the column `volume`."""
        for name in ends(path):
            if found := self.volumes.get(name) or self.last_volumes.get(name):
                return set(found)
        return set()

    def of_volume(self, volume):
        """Samples of a volume.

        Returns
        -------
        pandas.DataFrame
            Its rows of the table in their order, with a column `slice`, which is
            missing where the volume is one sample.
        """
        rows = self.samples[(self.samples["volume"] == volume).fillna(False)]
        return rows if "slice" in rows else rows.assign(slice=pd.NA)

    def size(self, sample_id):
        """Height and width of an image in pixels, as a tuple of int."""
        height, width = self.sizes[sample_id]
        return int(height), int(width)


def note(index, what, *names):
    """Add names of an image, or of a volume, to an index."""
    for name in names:
        found = index.setdefault(name, [])
        # Names of one image come one after the other.
        if not found or found[-1] != what:
            found.append(what)


def normal(name):
    """A name with forward slashes, its letters composed as most systems write them."""
    name = str(name).strip().replace("\\", "/")
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def without_extension(name):
    """What `coldstart.cohort.pool_folder.stem` gives, for 100,000 names in a moment."""
    start = name.rfind(".")
    suffix = name[start + 1 :]
    # A number at the end is part of the name of a DICOM file; a name may begin with a dot.
    if start < 1 or not suffix or "/" in suffix or suffix.isdigit() or name[start - 1] == "/":
        return name
    return name[:-7] if name.lower().endswith(".nii.gz") else name[:start]


def last_part(name):
    """What stands after the last slash."""
    return name.rpartition("/")[2]


def ends(path):
    """Ends of a path without its extension, the longest first."""
    parts = PurePosixPath(normal(path)).parts
    for start in range(len(parts)):
        name = PurePosixPath(*parts[start:]).as_posix()
        yield without_extension(name)
        yield name

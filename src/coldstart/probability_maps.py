"""Foreground probabilities of many images in one file, each packed without loss.

Maps are most of what a grid leaves on the disk. As 16-bit images under JPEG-LS
(ITU-T T.87; Weinberger, Seroussi and Sapiro 2000, IEEE Transactions on Image
Processing 9(8)), which predicts a pixel from its neighbours, they take little
more than half of what numpy's compression leaves, are written sooner, and one
is read without the others. Floats that are not negative are in the order of
their bits, so that similar probabilities are similar numbers.
"""

from zipfile import BadZipFile

import numpy as np

from coldstart.storage import replacing, whole


def write_maps(path, maps):
    """Write the maps of one training.

    Parameters
    ----------
    path : str or pathlib.Path
        The ``.npz`` file.
    maps : numpy.ndarray of float16, shape (n, H, W)
        Probabilities.
    """
    from imagecodecs import jpegls_encode  # only where something is segmented

    packed = [jpegls_encode(values.view(np.uint16)) for values in np.ascontiguousarray(maps)]
    ends = np.cumsum([0, *map(len, packed)])
    with replacing(path) as temporary:
        np.savez(temporary, packed=np.frombuffer(b"".join(packed), np.uint8), ends=ends, shape=maps.shape)


def read_maps(path, rows=slice(None)):
    """Read some maps that `write_maps` wrote.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    rows : slice or array_like of int, default=all
        Which, in this order.

    Returns
    -------
    numpy.ndarray of float16, shape (k, H, W)

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    from imagecodecs import jpegls_decode

    with whole(path, KeyError, IndexError, RuntimeError, BadZipFile):
        with np.load(path) as stored:
            packed, ends, shape = (stored[name] for name in ("packed", "ends", "shape"))
        wanted = np.arange(shape[0])[rows]
        maps = np.empty((len(wanted), *shape[1:]), np.float16)
        for place, row in enumerate(wanted):
            maps[place] = jpegls_decode(packed[ends[row] : ends[row + 1]].tobytes()).view(np.float16)
    return maps

"""Masks as Label Studio's brush stores them: runs of RGBA bytes, packed bit by bit.

The form is that of the JavaScript package @thi.ng/rle-pack, which the brush
uses, and of `label_studio_sdk.converter.brush`: a stream of bits, the most
significant bit of each byte first.

- 32 bits: how many words follow, here the bytes of an RGBA image, row by row;
- 5 bits: bits of a word less 1;
- 4 times 4 bits: less 1, the four numbers of bits that a length may have;
- then blocks: 1 bit that says whether one word is repeated; 2 bits that choose
  one of the four lengths; the length less 1; and the one word, or as many words
  as the length says.

The opacity of a pixel, its fourth byte, is the mask.
"""

import numpy as np

from coldstart.errors import InputError

CHANNELS = 4
WORD = 8
LENGTH_BITS = (3, 4, 8, 16)
HEADER_BITS = 32 + 5 + 4 * 4
# The brush smooths the edges of its strokes: a pixel is foreground where at least half of it is covered.
OPAQUE = 128
MEND = "export it from Label Studio again"


def encode_rle(mask):
    """Encode a mask.

    Parameters
    ----------
    mask : numpy.ndarray
        (H, W), foreground where not 0.

    Returns
    -------
    list of int
        Bytes, 0 to 255, the same that `label_studio_sdk.converter.brush.mask2rle`
        gives for a mask of 0 and 255.
    """
    pixels = (np.asarray(mask) != 0).ravel()
    ends = np.append(np.flatnonzero(pixels[1:] != pixels[:-1]) + 1, pixels.size)
    lengths = CHANNELS * np.diff(ends, prepend=0)
    longest = 1 << LENGTH_BITS[-1]
    # A run that is too long for one block becomes full blocks and the rest, which is never empty.
    blocks = -(-lengths // longest)
    run = np.repeat(np.arange(len(lengths)), blocks)
    left = lengths[run] - longest * (np.arange(len(run)) - np.repeat(np.cumsum(blocks) - blocks, blocks))
    block = np.minimum(left, longest)
    kind = np.searchsorted(1 << np.array(LENGTH_BITS[:-1]), block)
    # What follows a full block is written with the widest length, however short.
    kind[blocks[run] > 1] = len(LENGTH_BITS) - 1
    bits = np.array(LENGTH_BITS)[kind]
    value = 255 * pixels[ends[run] - 1].astype(np.int64)
    codes = (((4 + kind) << bits | block - 1) << WORD) | value
    stream = np.concatenate([header_bits(CHANNELS * pixels.size), spread(codes, 3 + bits + WORD)])
    # The SDK pads to the next byte, by a whole one where none is begun.
    return [*np.packbits(stream).tolist(), *([0] if stream.size % 8 == 0 else [])]


def header_bits(words):
    """What stands before the blocks, as an array of bits."""
    numbers = [words, WORD - 1, *(bits - 1 for bits in LENGTH_BITS)]
    return spread(np.array(numbers), np.array([32, 5, 4, 4, 4, 4]))


def spread(codes, widths):
    """Bits of numbers of different widths, one after the other, the most significant bit of each first."""
    place = np.arange(widths.sum()) - np.repeat(np.cumsum(widths) - widths, widths)
    return (np.repeat(codes, widths) >> (np.repeat(widths, widths) - 1 - place) & 1).astype(np.uint8)


def decode_rle(values, height, width, where):
    """Decode what the brush stored.

    Parameters
    ----------
    values : list of int
        Bytes, 0 to 255.
    height, width : int
        Pixels of the image.
    where : str
        Whose mask it is, for messages.

    Returns
    -------
    numpy.ndarray
        (height, width) uint8; 1 where the opacity is at least half, else 0.

    Raises
    ------
    InputError
        If these are no bytes, do not have that form, or stand for another
        number of pixels.
    """
    data = as_bytes(values, where)
    header = int.from_bytes(data[:8].ljust(8, b"\0"), "big")
    words, word = header >> 32, (header >> 27 & 31) + 1
    sizes = [(header >> shift & 15) + 1 for shift in (23, 19, 15, 11)]
    expected = CHANNELS * height * width
    if word != WORD or words != expected:
        raise InputError(
            f"{where}: its brush stroke stands for {words} words of {word} bits, but its image of {height} x {width}"
            f" pixels has {expected} of {WORD}: draw on the image as it was handed out, and {MEND}."
        )
    found, bits = np.zeros(words, np.uint8), np.unpackbits(np.frombuffer(data, np.uint8))
    start, place = 0, HEADER_BITS
    while start < words:
        # No head of a block reaches beyond the 64 bits from the byte in which it begins.
        window = int.from_bytes(data[place >> 3 : (place >> 3) + 8].ljust(8, b"\0"), "big") << (place & 7)
        size = sizes[window >> 61 & 3]
        length = (window >> (61 - size) & (1 << size) - 1) + 1
        repeated = window >> 63 & 1
        place += 3 + size
        stop = place + WORD * (1 if repeated else length)
        if stop > bits.size or length > words - start:
            raise InputError(f"{where}: its brush stroke does not end with the image: {MEND}.")
        found[start : start + length] = np.packbits(bits[place:stop])
        start, place = start + length, stop
    return (found[CHANNELS - 1 :: CHANNELS].reshape(height, width) >= OPAQUE).astype(np.uint8)


def as_bytes(values, where):
    """List of whole numbers from 0 to 255 as bytes."""
    try:
        if isinstance(values, list):
            return bytes(values)
    except (TypeError, ValueError):
        pass
    raise InputError(f"{where}: its brush stroke is not a list of whole numbers from 0 to 255: {MEND}.")

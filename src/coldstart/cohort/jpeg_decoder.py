"""Decoders for pydicom of the JPEG and JPEG-LS that it has none for, or none that survives a damaged file.

GDCM, which pydicom would use, brings the process down when a compressed picture
is damaged, and pylibjpeg-libjpeg has a licence that forbids its use here. The
names below are those that pydicom looks for in such a module.
"""

from imagecodecs import jpeg8_decode, jpegls_decode
from pydicom.pixels import get_decoder
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
)

JPEG_LS = (JPEGLSLossless, JPEGLSNearLossless)
HERE = (JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1, *JPEG_LS)
DECODER_DEPENDENCIES = dict.fromkeys(HERE, ("numpy", "imagecodecs"))
NAME = "coldstart"
# Which of pydicom's decoders reads what, so that it does not depend on what else is installed.
PLUGINS = {
    JPEGBaseline8Bit: "pillow",
    **dict.fromkeys(HERE, NAME),
    **dict.fromkeys((JPEG2000Lossless, JPEG2000, HTJ2KLossless, HTJ2KLosslessRPCL, HTJ2K), "pylibjpeg"),
}


def is_available(uid):
    """Whether a transfer syntax is decoded here."""
    return uid in DECODER_DEPENDENCIES


def decode_frame(encoded, runner):
    """Decode one frame.

    Parameters
    ----------
    encoded : bytes
        A JPEG (8 to 16 bits) or JPEG-LS stream.
    runner : pydicom.pixels.decoders.base.DecodeRunner
        What pydicom knows of the frame, and is to know.

    Returns
    -------
    bytes
        Rows of pixels, channels of a pixel together; the channels as they are
        in the stream, since pydicom turns them into colours.
    """
    if runner.transfer_syntax in JPEG_LS:
        pixels = jpegls_decode(encoded)
    else:
        # Declared as the same, channels are not converted.
        kept = {"colorspace": "RGB", "outcolorspace": "RGB"} if runner.samples_per_pixel == 3 else {}
        pixels = jpeg8_decode(encoded, **kept)
    if pixels.shape[:2] != (runner.rows, runner.columns):
        raise ValueError("the stream has another shape than the file says")
    runner.set_option("bits_allocated", 8 * pixels.itemsize)
    runner.set_option("planar_configuration", 0)
    return pixels.tobytes()


for syntax in HERE:
    get_decoder(syntax).add_plugin(NAME, (__name__, decode_frame.__name__))

"""Runs a TensorFlow SavedModel for `coldstart.embedding.savedmodel`.

TensorFlow has an environment of its own, in which nothing of this package is
installed: this file runs there as a script and stands on TensorFlow and numpy
alone. Stored images come in on standard input and outputs of the network go out
on standard output, one batch at a time: a line of JSON, then the array's bytes.
"""

import json
import os
import sys

import numpy as np

SIGNATURES = ("serving_default", "default")


class Refused(Exception):
    """What only the user can mend; its message is one sentence."""


def send(stream, array=None, **header):
    """Write a line of JSON and, where there is one, an array."""
    if array is not None:
        array = np.ascontiguousarray(array)
        header |= {"shape": array.shape, "dtype": array.dtype.str}
    stream.write(json.dumps(header).encode() + b"\n")
    if array is not None:
        stream.write(memoryview(array).cast("B"))
    stream.flush()


def receive(stream):
    """Read what `send` wrote: header and array; None and None at the end of the stream."""
    line = stream.readline()
    if not line:
        return None, None
    header = json.loads(line)
    if "shape" not in header:
        return header, None
    array = np.empty(header["shape"], np.dtype(header["dtype"]))
    view = memoryview(array).cast("B")
    if stream.readinto(view) != len(view):
        return None, None
    return header, array


def levels(image):
    """Levels of a grey image as CXR Foundation's own preparation stores them in a PNG.

    Parameters
    ----------
    image : numpy.ndarray of uint8 or uint16, shape (h, w)
        A stored image.

    Returns
    -------
    numpy.ndarray of uint8 or uint16, shape (h, w, 1)
        The darkest pixel is 0; of 16 bits the brightest is 65535.
    """
    shifted = image.astype(np.float32) - image.min()
    if image.dtype != np.uint8 and shifted.max() > 0:
        shifted *= 65535 / shifted.max()
    return shifted.astype(image.dtype)[..., None]


def as_examples(tensorflow, images):
    """Serialised ``tf.train.Example`` of every image, a PNG under ``image/encoded``."""
    train = tensorflow.train
    serialised = []
    for image in images:
        png = tensorflow.io.encode_png(levels(image)).numpy()
        parts = {
            key: train.Feature(bytes_list=train.BytesList(value=[value]))
            for key, value in {"image/encoded": png, "image/format": b"png"}.items()
        }
        serialised.append(train.Example(features=train.Features(feature=parts)).SerializeToString())
    return tensorflow.constant(serialised)


def as_images(tensorflow, images, channels):
    """Images in [0, 1] with channels last, grey ones repeated."""
    scaled = images.astype(np.float32) / np.float32(np.iinfo(images.dtype).max)
    scaled = scaled[..., None] if scaled.ndim == 3 else scaled
    return tensorflow.constant(np.broadcast_to(scaled, (*scaled.shape[:3], channels)))


def named(what, name, names, path):
    """Check a name, or take the only one."""
    names = sorted(names)
    if name is None and len(names) == 1:
        return names[0]
    if name not in names:
        wrong = f"has no {what} '{name}'" if name else f"has several {what}s"
        raise Refused(f"SavedModel {path} {wrong}: let `{what}` name one of {', '.join(names)}.")
    return name


def opened(tensorflow, path, signature):
    """Load a SavedModel.

    Returns
    -------
    call : callable
        From one tensor to a dict of outputs.
    spec : tensorflow.TensorSpec or None
        What it takes, where that is known.
    signature : str
        Its name.
    """
    # TensorFlow Hub's first format keeps several graphs, of which the untagged one predicts.
    tags = [] if os.path.exists(os.path.join(path, "tfhub_module.pb")) else None
    model = tensorflow.saved_model.load(path, tags=tags)
    signatures = dict(model.signatures)
    if signature == "__call__" or (signature is None and not signatures):
        if not callable(model):
            raise Refused(f"SavedModel {path} has no signature and cannot be called: export it with one.")

        def call(tensor):
            result = model(tensor)
            return result if isinstance(result, dict) else {"output": result}

        call.model = model
        return call, None, "__call__"
    if signature is None:
        signature = next((name for name in SIGNATURES if name in signatures), None)
    signature = named("signature", signature, signatures, path)
    function = signatures[signature]
    takes = function.structured_input_signature[1]
    if len(takes) != 1:
        raise Refused(f"signature {signature} of SavedModel {path} takes {len(takes)} inputs where it must take one.")
    ((key, spec),) = takes.items()

    def call(tensor):
        return function(**{key: tensor})

    # TensorFlow lets go of the weights with the model.
    call.model = model
    return call, spec, signature


def checked(spec, settings):
    """Check what a signature takes; answers its fixed batch size and its channels."""
    if spec is None:
        return None, 3
    path, size = settings["path"], settings["size"]
    shape = spec.shape.as_list() if spec.shape.rank is not None else [None] * 4
    if (settings["input"] == "tf_example") != (spec.dtype.name == "string"):
        other = "tf_example" if spec.dtype.name == "string" else "images"
        raise Refused(f"SavedModel {path} takes {spec.dtype.name}: set `input: {other}`.")
    if settings["input"] == "tf_example":
        return (shape[0] if shape else None), 1
    if len(shape) != 4 or not spec.dtype.is_floating or shape[3] not in (None, 1, 3):
        raise Refused(f"SavedModel {path} takes {spec.dtype.name} of shape {shape}, which are no images in [0, 1].")
    if any(edge not in (None, size) for edge in shape[1:3]):
        raise Refused(f"SavedModel {path} takes images of {shape[1]} x {shape[2]} pixels: set `size: {shape[1]}`.")
    return shape[0], shape[3] or 3


def serve(settings, requests, replies):
    """Load the model, then answer one batch after another."""
    import tensorflow

    threads = int(os.environ.get("OMP_NUM_THREADS") or 0)
    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    call, spec, signature = opened(tensorflow, settings["path"], settings["signature"])
    batch, channels = checked(spec, settings)
    ready = {"version": tensorflow.__version__, "signature": signature, "batch": batch, "channels": channels}
    send(replies, **ready)
    output = settings["output"]
    while True:
        _, images = receive(requests)
        if images is None:
            return
        if settings["input"] == "tf_example":
            outputs = call(as_examples(tensorflow, images))
        else:
            tensor = as_images(tensorflow, images, channels)
            outputs = call(tensor if spec is None else tensorflow.cast(tensor, spec.dtype))
        output = named("output", output, outputs, settings["path"])
        values = np.asarray(outputs[output], dtype=np.float32)
        if values.ndim < 2 or len(values) != len(images):
            raise Refused(
                f"output {output} of SavedModel {settings['path']} has the shape {list(values.shape)} for "
                f"{len(images)} images: let `output` name one with a row per image."
            )
        send(replies, values, output=output)


def main():
    """Serve until standard input ends; say in the last reply why not."""
    # What TensorFlow prints must not mix with the replies.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        serve(json.loads(sys.argv[1]), sys.stdin.buffer, replies)
    except Refused as error:
        send(replies, refused=str(error))
    except Exception as error:
        text = " ".join(str(error).split())
        send(replies, failed=f"{type(error).__name__}: {text[:300]}")


if __name__ == "__main__":
    main()

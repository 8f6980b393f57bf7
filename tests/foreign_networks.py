"""Small networks in the formats of other frameworks, and where TensorFlow is."""

import functools
import subprocess

import numpy as np
import pytest

from coldstart.embedding.tensorflow_process import tensorflow_python
from coldstart.errors import InputError

# TensorFlow's side; it runs in TensorFlow's environment.
SAVED_MODELS = """
import sys
import tensorflow as tf

kind, folder = sys.argv[1:]


class Model(tf.Module):
    def __init__(self):
        self.kernel = tf.Variable(tf.random.stateless_normal((3, 3, 3, 5), (1, 2)))

    def maps(self, images):
        return tf.nn.relu(tf.nn.conv2d(images, self.kernel, 2, "SAME"))


model = Model()
batch = 4 if kind == "fixed" else None
if kind == "tf_example":

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string)])
    def serve(input_example):
        features = {key: tf.io.FixedLenFeature((), tf.string) for key in ("image/encoded", "image/format")}
        parsed = tf.io.parse_example(input_example, features)
        decode = lambda png: tf.image.decode_png(png, 1, tf.uint16)
        images = tf.map_fn(decode, parsed["image/encoded"], fn_output_signature=tf.uint16)
        levels = tf.reshape(tf.cast(images, tf.float32), (-1, 32, 32))
        return {"feature_maps_0": levels}

else:

    @tf.function(input_signature=[tf.TensorSpec((batch, 32, 32, 3), tf.float32, name="images")])
    def serve(images):
        maps = model.maps(images)
        return {"maps": maps} if kind in ("one", "fixed") else {"maps": maps, "pooled": tf.reduce_mean(maps, (1, 2))}


if kind == "callable":
    model.__call__ = tf.function(model.maps, input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)])
    tf.saved_model.save(model, folder)
else:
    tf.saved_model.save(model, folder, signatures={"serving_default": serve})
"""


@functools.cache
def tensorflow_or_skip():
    """Python of TensorFlow's environment; skips the test where there is none."""
    try:
        return tensorflow_python()
    except InputError as error:
        pytest.skip(f"no TensorFlow environment: {error}")


def write_saved_model(folder, kind):
    """Write a SavedModel of one convolution (3 x 3, stride 2, 5 features, ReLU) on 32 pixels.

    `kind`: "one" output ``maps``, "two" outputs ``maps`` and ``pooled``, "fixed" batch
    of 4, "callable" by itself too, "tf_example" that gives back the pixels.
    """
    subprocess.run([tensorflow_or_skip(), "-c", SAVED_MODELS, kind, str(folder)], check=True, capture_output=True)


def field(number, value):
    """One field of a protocol buffer: bytes, text, a whole number, or several of a kind."""
    if isinstance(value, list):
        return b"".join(field(number, one) for one in value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value):
    """A whole number as protocol buffers write it."""
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def node(kind, inputs, outputs, **attributes):
    """NodeProto; attributes are lists of whole numbers."""
    made = [field(1, key) + field(8, value) + field(20, 7) for key, value in attributes.items()]
    return field(1, inputs) + field(2, outputs) + field(4, kind) + field(5, made)


def value(name, shape, kind=1):
    """ValueInfoProto of a tensor; text in its shape is a dimension of any length."""
    dimensions = [field(2, one) if isinstance(one, str) else field(1, one) for one in shape]
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, field(1, dimensions))))


def write_onnx(path, kernel, size="size", batch="batch", kind=1, layout="nchw", external=None):
    """Write an ONNX file: one convolution (stride 2), ReLU and mean; outputs ``maps`` and ``pooled``.

    Without the package `onnx`, from the message definitions of the ONNX standard.
    With `external`, the path of a file, the weights are said to lie there.
    """
    kernel = np.asarray(kernel, np.float32)
    weights = field(1, list(kernel.shape)) + field(2, 1) + field(8, "kernel")
    if external is None:
        weights += field(9, kernel.tobytes())
    else:
        weights += field(13, field(1, "location") + field(2, external)) + field(14, 1)
    channels = kernel.shape[1]
    nodes = [
        node("Conv", ["nchw", "kernel"], ["convolved"], strides=[2, 2]),
        node("Relu", ["convolved"], ["maps"]),
        node("GlobalAveragePool", ["maps"], ["means"]),
        node("Flatten", ["means"], ["pooled"]),
    ]
    shape = [batch, channels, size, size] if layout == "nchw" else [batch, size, size, channels]
    turn = node("Transpose", ["images"], ["nchw"], perm=[0, 3, 1, 2]) if layout == "nhwc" else None
    nodes.insert(0, turn or node("Identity", ["images"], ["nchw"]))
    outputs = [value("maps", [batch, len(kernel), "rows", "columns"]), value("pooled", [batch, len(kernel)])]
    graph = field(1, nodes) + field(2, "g") + field(5, weights) + field(11, value("images", shape, kind))
    model = field(1, 8) + field(7, graph + field(12, outputs)) + field(8, field(2, 13))
    path.write_bytes(model)

"""From stored images to the vectors of a network, batch by batch."""

import cv2
import numpy as np
import torch

from coldstart.cohort.files import DECODERS, in_order
from coldstart.cohort.images import DEEPEST
from coldstart.embedding.resizing import resized
from coldstart.errors import InputError
from coldstart.progress import track

# ImageNet's mean and standard deviation of red, green and blue in [0, 1].
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
# Images that a thread of a CPU computes at a time: maps of more leave its caches, and ask for memory anew every time.
CPU_BATCH = 8


def grey(images):
    """Luma (ITU-R BT.601) of colour images, in their own integer type; grey images as they are.

    Parameters
    ----------
    images : numpy.ndarray of uint8 or uint16, shape (n, s, s) or (n, s, s, 3)
        Stored images.

    Returns
    -------
    numpy.ndarray of shape (n, s, s)
    """
    if images.ndim == 3:
        return images
    return np.stack([cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY) for image in images])


def shrunk(images, size, channels=3):
    """Stored images at the size that a network wants, in their own integer type.

    Parameters
    ----------
    images : numpy.ndarray of uint8 or uint16, shape (n, s, s) or (n, s, s, 3)
        Stored images.
    size : int or None
        Edge length wanted (bilinear), in pixels; None leaves the stored one.
    channels : {1, 3}, default=3
        Colour images become their luma where one is wanted.

    Returns
    -------
    numpy.ndarray of shape (n, size, size) or (n, size, size, 3)
    """
    return resized(grey(images) if channels == 1 else images, size)


def scaled(images, device="cpu", channels=3, mean=None, std=None):
    """Stored images as a network wants them.

    Bytes go to the device and are scaled there: a quarter of what floats would be.

    Parameters
    ----------
    images : numpy.ndarray of uint8 or uint16, shape (n, s, s) or (n, s, s, 3)
        Grey or colour, as from `shrunk`.
    device : str, default="cpu"
        Device of the network.
    channels : {1, 3}, default=3
        Grey images are repeated.
    mean, std : sequence of float, optional
        Subtracted and divided by, per channel, in units of [0, 1].

    Returns
    -------
    torch.Tensor of float32, shape (n, channels, s, s)
        On the device; values in [0, 1] unless normalised.
    """
    # Of uint16 torch knows little more than the name.
    whole = torch.from_numpy(images if images.dtype == np.uint8 else images.astype(np.int32)).to(device)
    batch = whole.float() / float(DEEPEST[images.dtype])
    batch = (batch[:, None] if batch.ndim == 3 else batch.permute(0, 3, 1, 2)).expand(-1, channels, -1, -1)
    if mean is not None:
        mean, std = (torch.tensor(values, dtype=torch.float32, device=device)[:, None, None] for values in (mean, std))
        batch = (batch - mean) / std
    return batch


def batches(images, batch_size, prepare, compute, what):
    """Apply a function to all images, some at a time; the next ones are prepared meanwhile.

    Parameters
    ----------
    images : numpy.ndarray of shape (n, s, s) or (n, s, s, 3)
        Stored images.
    batch_size : int
        Images at a time.
    prepare : callable
        From stored images (k, s, s[, 3]) to what `compute` is given; called by several threads.
    compute : callable
        From k prepared images to vectors (k, d).
    what : str
        What computes, for the user.

    Returns
    -------
    numpy.ndarray of shape (n, d)
    """
    starts = range(0, len(images), batch_size)
    # Read into memory by the threads, too: stored images are mapped from their file.
    waiting = in_order(lambda start: prepare(np.array(images[start : start + batch_size])), starts, DECODERS)
    return collected(map(compute, track(waiting, f"embedding with {what}", len(starts))), len(images))


def collected(parts, n):
    """Rows that come part by part, n in all, in one array."""
    whole, start = None, 0
    for part in parts:
        if whole is None:
            whole = np.empty((n, *part.shape[1:]), part.dtype)
        whole[start : start + len(part)] = part
        start += len(part)
    return whole


def in_parts(images, compute, what):
    """Apply a function to all images, on a CPU: some at a time, each part by one thread alone.

    How sums are rounded goes by the number of images and of threads that share
    them. Here neither changes: vectors are the same, to the bit, however many
    threads there are and wherever an image stands.

    Parameters
    ----------
    images : numpy.ndarray of shape (n, s, s) or (n, s, s, 3)
        Stored images.
    compute : callable
        From `CPU_BATCH` stored images to vectors (`CPU_BATCH`, d); called by as many threads as torch has.
    what : str
        What computes, for the user.

    Returns
    -------
    numpy.ndarray of shape (n, d)
    """
    threads, starts = torch.get_num_threads(), range(0, len(images), CPU_BATCH)

    def alone(start):
        # Of the thread that calls it.
        torch.set_num_threads(1)
        rows = np.minimum(np.arange(start, start + CPU_BATCH), len(images) - 1)
        return compute(np.asarray(images[rows]))[: len(images) - start]

    try:
        done = in_order(alone, starts, threads)
        return collected(track(done, f"embedding with {what}", len(starts)), len(images))
    finally:
        torch.set_num_threads(threads)


def network_features(network, images, prepare, scale, batch_size, device, what):
    """Run a PyTorch network over all images.

    Parameters
    ----------
    network : torch.nn.Module
        Without its head, with its weights.
    images : numpy.ndarray of uint8 or uint16, shape (n, s, s) or (n, s, s, 3)
        Stored images.
    prepare : callable
        From stored images to an array of those that the network sees, such as `shrunk`.
    scale : callable
        From that array and the device to the tensor (k, c, size, size) that the network is given, such as `scaled`.
    batch_size : int
        Images at a time on a GPU; each thread of a CPU computes `CPU_BATCH` of them.
    device : str
        Device.
    what : str
        What the network is, for the user.

    Returns
    -------
    numpy.ndarray of float32, shape (n, d)

    Raises
    ------
    InputError
        If the network does not take images of that size.
    """
    network = network.eval().to(device, memory_format=torch.channels_last)

    @torch.inference_mode()
    def compute(prepared):
        batch = scale(prepared, device).contiguous(memory_format=torch.channels_last)
        try:
            return network(batch).flatten(1).float().cpu().numpy()
        except torch.OutOfMemoryError:
            raise
        except (AssertionError, RuntimeError, ValueError) as error:
            raise InputError(
                f"{what} does not take images of {batch.shape[-1]} pixels ({error}): leave `size` out."
            ) from error

    if device == "cpu":
        return in_parts(images, lambda stored: compute(prepare(stored)), what)
    return batches(images, batch_size, prepare, compute, what)

"""Weights that a configuration needs, brought into their caches beforehand."""

from coldstart.embedding import ENCODERS
from coldstart.errors import InputError


def fetch_weights(encoder, parameters):
    """Download the published weights of an encoder, where it has any.

    Compute nodes often have no network; this runs where there is one. The
    learning networks start from the same files: ``torchvision:vgg11`` fetches
    what they call ``imagenet``.

    Parameters
    ----------
    encoder : str
        Name of the encoder with what follows its colon.
    parameters : dict
        Its configuration.

    Returns
    -------
    pathlib.Path or None
        The file in its cache; None for an encoder that needs none, or whose
        configuration names a file of its own.

    Raises
    ------
    InputError
        If the encoder or its weights are unknown, or the weights are neither
        in their cache nor to be downloaded.
    """
    name = encoder.partition(":")[2]
    if ENCODERS.entry(encoder).facts.get("takes_name") and not name:
        raise InputError(f"encoder '{encoder}' needs the name of its weights after a colon.")
    fetch = getattr(ENCODERS.module(encoder), "fetch", None)
    return fetch(name, **parameters) if fetch else None

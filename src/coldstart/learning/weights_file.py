"""Weights of a trained network in a file, from which the next round continues."""

from safetensors.torch import save_file

from coldstart.embedding import weights
from coldstart.storage import replacing


def save_weights(path, network):
    """Write the weights of a network as safetensors.

    Parameters
    ----------
    path : str or pathlib.Path
        The file, whole or not at all.
    network : torch.nn.Module
    """
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    with replacing(path) as temporary:
        save_file(state, temporary)


def load_weights(path, network):
    """Put the weights that `save_weights` wrote into a network of the same kind.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    network : torch.nn.Module
        Changed in place.

    Raises
    ------
    InputError
        If the file is missing or damaged, or belongs to another network.
    """
    weights.load_weights(network, weights.read_state_dict(path), path)

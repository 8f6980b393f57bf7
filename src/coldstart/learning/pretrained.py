"""Where a network starts other than at random, and grey images for colour networks."""

from coldstart.embedding.weights import cached_weights, load_weights, read_state_dict
from coldstart.errors import InputError


def grey_to_three(module, inputs):
    """Forward pre-hook: repeat a single channel three times."""
    return (inputs[0].expand(-1, 3, -1, -1),)


def start_from(network, weights, imagenet=None, fresh=(), translate=dict):
    """Put published or brought weights into a new network.

    Parameters
    ----------
    network : torch.nn.Module
        Changed in place.
    weights : str or None
        None leaves the network as it is; ``imagenet`` takes torchvision's
        published weights; anything else is the path of a state dict.
    imagenet : str, optional
        Name of the torchvision network whose weights ``imagenet`` means; by
        default there is none.
    fresh : tuple of str, default=()
        Prefixes of weights that may be missing or of another shape in the file,
        and then keep their initial values.
    translate : callable, default=dict
        From the state dict of the file to one with the names of the network.

    Raises
    ------
    InputError
        If the weights are missing, damaged or of another architecture.
    """
    if weights is None:
        return
    if weights == "imagenet" and imagenet is None:
        raise InputError("this network has no ImageNet weights: let `weights` be null or the path of a file.")
    path = cached_weights(imagenet) if weights == "imagenet" else weights
    state = translate(read_state_dict(path))
    for name, tensor in network.state_dict().items():
        if name.startswith(fresh) and (name not in state or state[name].shape != tensor.shape):
            state[name] = tensor
    load_weights(network, state, path)

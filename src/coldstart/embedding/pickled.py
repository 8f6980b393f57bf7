"""Whole networks pickled by PyTorch before 1.6, read under a list of allowed classes."""

import pickle
import types

import torch

# What tensors themselves are pickled with.
TENSORS = {
    ("__builtin__", "set"),
    ("builtins", "set"),
    ("collections", "OrderedDict"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch._utils", "_rebuild_tensor_v2"),
}


def load_network(path, classes):
    """Read a pickled network whose format `torch.load` refuses with ``weights_only=True``.

    Before version 1.6 PyTorch wrote the source text of every layer's class
    beside it, which its present safe reader does not know. Python's own way to
    restrict a pickle is used instead: nothing can be looked up, and hence
    called, but the given classes and the constructors of tensors.

    Parameters
    ----------
    path : pathlib.Path
        What `torch.save` wrote.
    classes : iterable of type
        Classes that the network may be made of.

    Returns
    -------
    object

    Raises
    ------
    pickle.UnpicklingError
        If the file asks for anything else; nothing of it has run then.
    """
    allowed = TENSORS | {(kind.__module__, kind.__qualname__) for kind in classes}

    class Restricted(pickle.Unpickler):
        def find_class(self, module, name):
            if (module, name) not in allowed:
                raise pickle.UnpicklingError(f"Unsupported global: GLOBAL {module}.{name}")
            return super().find_class(module, name)

    def load(stream, **how):
        return Restricted(stream, **how).load()

    reader = types.SimpleNamespace(Unpickler=Restricted, load=load, __name__="restricted")
    return torch.load(path, map_location="cpu", pickle_module=reader, weights_only=False)

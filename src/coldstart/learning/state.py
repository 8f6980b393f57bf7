"""All that changes during a training."""

import torch

from coldstart.learning.computing import generator_states, set_generator_states
from coldstart.learning.schedule import Plateau


class State:
    """What a checkpoint holds.

    Parameters
    ----------
    network : torch.nn.Module
    settings : Settings
    rate : float
        Learning rate of the first epoch.
    seeds : list of int
        Of the order of the images and of the augmentation.
    device : torch.device
    """

    def __init__(self, network, settings, rate, seeds, device):
        self.network, self.settings, self.device = network, settings, device
        self.optimiser = optimiser_of(network, settings)
        self.plateau = Plateau(rate, settings.patience, settings.factor)
        self.order, self.changes = (torch.Generator().manual_seed(seed) for seed in seeds)
        self.best, self.history = None, []

    @property
    def rate(self):
        """Learning rate of the epoch that comes next."""
        return self.plateau.rate * self.settings.rate_decay ** len(self.history)

    @property
    def stopped(self):
        """Whether the monitor has not been better for as many epochs as the settings allow."""
        patience = self.settings.stop_after
        return patience is not None and len(self.history) - self.plateau.best_epoch >= patience

    def judge(self, epoch, value):
        """Take note of the monitor of an epoch, higher being better, and of the weights if it is the best."""
        if self.plateau.step(epoch, value) and self.settings.keep == "best":
            weights = self.network.state_dict()
            if self.best is None:
                self.best = {name: tensor.clone() for name, tensor in weights.items()}
            else:
                # In place: fresh memory for half a gigabyte takes longer than the copy.
                for name, tensor in weights.items():
                    self.best[name].copy_(tensor)

    def to_save(self):
        """Tensors and plain values from which `restore` continues."""
        network = self.network.state_dict()
        # A file holds tensors that appear twice once.
        best_now = self.best is not None and self.plateau.best_epoch == len(self.history)
        return {
            "network": network,
            "optimiser": self.optimiser.state_dict(),
            "plateau": vars(self.plateau),
            "order": self.order.get_state(),
            "changes": self.changes.get_state(),
            "generators": generator_states(self.device),
            "best": network if best_now else self.best,
            "history": self.history,
        }

    def restore(self, saved):
        """Go back to what `to_save` gave."""
        self.network.load_state_dict(saved["network"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.plateau = Plateau(**saved["plateau"])
        self.order.set_state(saved["order"])
        self.changes.set_state(saved["changes"])
        set_generator_states(saved["generators"], self.device)
        self.best, self.history = saved["best"], saved["history"]


def optimiser_of(network, settings):
    """The optimiser that the settings name, over all weights; the last layer's may have a rate of their own."""
    weights = [{"params": list(network.parameters()), "factor": 1.0}]
    if settings.head_rate != 1:
        head = list(last_layer(network).parameters())
        others = [one for one in network.parameters() if not any(one is other for other in head)]
        weights = [{"params": others, "factor": 1.0}, {"params": head, "factor": settings.head_rate}]
    # Fused: one pass over the memory of weights, gradients and momenta.
    common = {"lr": settings.learning_rate, "weight_decay": settings.weight_decay, "fused": True}
    if settings.optimiser == "sgd":
        return torch.optim.SGD(weights, momentum=settings.momentum, **common)
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[settings.optimiser](weights, **common)


def set_rate(optimiser, rate):
    """Give all weights of an optimiser made by `optimiser_of` their learning rates."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["factor"]


def last_layer(network):
    """The layer of a network that gives its logits: the last that has weights of its own."""
    return [module for module in network.modules() if next(module.parameters(recurse=False), None) is not None][-1]

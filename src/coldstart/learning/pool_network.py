"""A trained network together with the images that a query chooses from: several predictions, and features."""

from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from coldstart.errors import InputError
from coldstart.learning import NETWORKS
from coldstart.learning.candidates import cut_patches, patch_count
from coldstart.learning.computing import arithmetic, placed, repeatable
from coldstart.learning.perturbations import check_names, perturbed, upright
from coldstart.learning.pixels import load_rows, normalised, scaled
from coldstart.learning.prediction import MOST_AT_ONCE, PIXELS_AT_ONCE, diverged, probabilities
from coldstart.learning.state import last_layer
from coldstart.progress import track

# Images per batch in training mode, where the others of its batch change an image's prediction: the batch in which
# the published code of Ma et al. (IJCNN 2025) predicts.
TRAINING_BATCH = 8
DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)


class PoolNetwork:
    """What a query may ask a trained network about the pool.

    Everything comes some images at a time, so that memory holds neither the
    pool's pixels nor its predictions. Where the network sees patches, what is
    said of an image is the mean over its patches.

    Parameters
    ----------
    network : torch.nn.Module
        With its trained weights; moved to `device`. Its mode and its running
        statistics are left as they were.
    settings : Settings
        Those that it was trained with.
    device : torch.device or str
        Where to compute.
    images : numpy.ndarray of shape (n, size, size) or (n, size, size, C)
        Stored pixels of the cohort, uint8 or uint16, possibly a memory map.
    unlabelled, labelled : array_like of int
        Rows of `images`.

    Raises
    ------
    InputError
        If the network cannot take the size of the images.
    """

    def __init__(self, network, settings, device, images, unlabelled, labelled):
        settings.check_size(images.shape[1])
        self.device = torch.device(device)
        self.network = placed(network, settings, self.device)
        self.settings, self.images = settings, images
        self.rows = {
            name: np.asarray(rows, dtype=np.int64)
            for name, rows in (("unlabelled", unlabelled), ("labelled", labelled))
        }

    def passes(self, count, *, seed, mode="dropout"):
        """Predict every unlabelled sample several times, differently.

        Parameters
        ----------
        count : int
            How many times.
        seed : int
            Of what the network draws: the same seed gives the same passes.
        mode : {"dropout", "train"}, default="dropout"
            ``dropout``: only the dropout layers, of whatever kind, are in
            training mode (Gal and Ghahramani 2016). ``train``: the whole network
            is, batch normalisation too, in batches of eight.

        Yields
        ------
        rows : slice
            Of the unlabelled samples, in their order.
        predictions : numpy.ndarray of float32, shape (count, k) or (count, k, size, size)
            Probability of the positive class or of the foreground.

        Raises
        ------
        InputError
            If the network has no dropout and `mode` asks for it, or it gives
            something that is no number.
        """
        if count < 1:
            raise InputError(f"passes of a query strategy is {count}: ask for at least one (query.strategies).")
        stochastic = [self.network] if mode == "train" else dropouts(self.network)
        if not stochastic:
            raise InputError(
                f"the network {self.settings.network} has no dropout, so its passes would all be alike: "
                f"set learning.{self.settings.task}.network_parameters.dropout above 0 where the network has that "
                "key, or `source: views` for the query."
            )
        for part in self.parts("unlabelled", batch=TRAINING_BATCH if mode == "train" else None):
            rows = self.rows["unlabelled"][part]
            batch = self.load(rows)
            # Seeded part by part: between two of them the caller's own draws are undisturbed.
            part_seed = int(np.random.SeedSequence([seed, part.start]).generate_state(1)[0])
            with repeatable(part_seed, self.device), modes(self.network, stochastic):
                found = np.stack([self.predict(batch, rows).cpu().numpy() for _ in range(count)])
            yield part, found

    def views(self, names):
        """Predict every unlabelled sample under several perturbations.

        Parameters
        ----------
        names : sequence of str
            Out of `coldstart.learning.perturbations.NAMES`.

        Yields
        ------
        rows : slice
            Of the unlabelled samples, in their order.
        predictions : numpy.ndarray of float32, shape (len(names), k) or (len(names), k, size, size)
            As for `passes`; maps lie on the upright image.

        Raises
        ------
        InputError
            If a name is unknown or the network gives something that is no number.
        """
        check_names(names)
        for part in self.parts("unlabelled"):
            rows, found = self.rows["unlabelled"][part], []
            batch = self.load(rows)
            with modes(self.network, []):
                for name in names:
                    p = self.predict(perturbed(batch, name, rows), rows)
                    found.append((upright(p, name) if p.ndim == 3 else p).cpu().numpy())
            yield part, np.stack(found)

    def features(self, part="unlabelled", pooled=True):
        """Features of every sample: what the network's bottleneck gives.

        Parameters
        ----------
        part : {"unlabelled", "labelled"}, default="unlabelled"
            Which samples.
        pooled : bool, default=True
            The mean over the places of a feature map, or all of its values.

        Returns
        -------
        numpy.ndarray of float32, shape (k, d)
            Without samples, shape (0, 0).

        Raises
        ------
        InputError
            If the network says nothing of its features, or they are no numbers.
        """
        module = bottleneck(self.network, self.settings.network)
        return self.seen_at(module.register_forward_hook, lambda module, given, output: output, part, pooled)

    def last_layer_inputs(self, part="unlabelled"):
        """What the last linear layer of the network is given of every sample, in evaluation mode.

        Takes, gives and raises what `features` does; a network whose last layer
        is not linear is refused.
        """
        layer = last_layer(self.network)
        if not isinstance(layer, nn.Linear):
            raise InputError(
                f"the last layer of the network {self.settings.network} is not linear: choose another query strategy."
            )
        return self.seen_at(layer.register_forward_pre_hook, lambda module, given: given[0], part, pooled=False)

    def seen_at(self, register, seen, part, pooled):
        """Vectors of every sample out of what passes a place of the network; `seen` picks it for the hook."""
        held, found = [], np.zeros((0, 0), dtype=np.float32)
        # A hook that gives something back would replace what passes.
        hook = register(lambda *passing: held.append(seen(*passing)))
        try:
            for rows in self.parts(part):
                with modes(self.network, []):
                    self.predict(self.load(self.rows[part][rows]), self.rows[part][rows])
                vectors = self.vectors(held.pop(), pooled)
                if not rows.start:
                    found = np.empty((len(self.rows[part]), vectors.shape[1]), dtype=np.float32)
                found[rows] = vectors
        finally:
            hook.remove()
        return found

    def parts(self, part, batch=None):
        """Slices of the samples of a part, of `batch` samples each or as many as memory is meant to hold."""
        count, side = len(self.rows[part]), self.images.shape[1]
        step = batch or max(1, min(MOST_AT_ONCE, PIXELS_AT_ONCE // side**2) // patch_count(self.settings))
        starts = list(range(0, count, step))
        if batch and len(starts) > 1 and count - starts[-1] == 1:
            # Statistics of one image may not exist: the last one joins the batch before.
            starts.pop()
        slices = [slice(start, end) for start, end in zip(starts, [*starts[1:], count], strict=False)]
        return track(slices, "network on the pool")

    def load(self, rows):
        """Images of some rows as float32 in [0, 1], on the device."""
        return scaled(load_rows(self.images, rows, self.device))

    def predict(self, batch, rows):
        """Predict one batch in the mode that the network is in.

        Parameters
        ----------
        batch : torch.Tensor of float32, shape (k, C, size, size)
            In [0, 1].
        rows : numpy.ndarray of int64, shape (k,)
            Their rows in the cohort, by which patches are cut.

        Returns
        -------
        torch.Tensor of float32, shape (k,) or (k, size, size)
        """
        patched = bool(self.settings.patches)
        with torch.no_grad():
            if patched:
                batch = cut_patches(batch, rows, self.settings).flatten(0, 1)
            with arithmetic(self.settings, self.device):
                logits = self.network(normalised(batch, self.settings.normalise))
            p = probabilities(logits, self.settings)
        if not torch.isfinite(p).all():
            raise diverged(self.settings, "a prediction")
        return (p.view(len(rows), -1).mean(1) if patched else p).float()

    def vectors(self, output, pooled):
        """Feature vectors of some samples out of what their bottleneck gave, as float32 (k, d)."""
        # An encoder may give a feature map of every stage: the last is the deepest.
        output = output[-1] if isinstance(output, list | tuple) else output
        if not torch.isfinite(output).all():
            raise diverged(self.settings, "a feature")
        output = output.float()
        vectors = output.mean(tuple(range(2, output.ndim))) if pooled and output.ndim > 2 else output.flatten(1)
        if self.settings.patches:
            vectors = vectors.unflatten(0, (-1, patch_count(self.settings))).mean(1)
        return vectors.cpu().numpy()


def dropouts(network):
    """Layers of a network that drop something when they are in training mode."""
    return [module for module in network.modules() if isinstance(module, DROPOUTS) and module.p > 0]


def bottleneck(network, name):
    """The module of a network that the fact ``features`` of its name points at.

    Raises
    ------
    InputError
        If there is no such fact.
    """
    place = NETWORKS.entry(name).facts.get("features")
    if place is None:
        raise InputError(
            f"the network {name} does not say which of its modules gives features: "
            "add the fact `features` to its entry, or choose another query strategy."
        )
    return network.get_submodule(place)


@contextmanager
def modes(network, training):
    """Put some modules into training mode and all others into evaluation mode; restore them and all buffers at the end.

    Parameters
    ----------
    network : torch.nn.Module
    training : list of torch.nn.Module
        Modules of it; those inside them follow.
    """
    before = {module: module.training for module in network.modules()}
    buffers = {name: tensor.clone() for name, tensor in network.named_buffers()} if training else {}
    network.eval()
    for module in training:
        module.train()
    try:
        yield
    finally:
        for module, mode in before.items():
            module.training = mode
        with torch.no_grad():
            for name, tensor in network.named_buffers():
                if name in buffers:
                    tensor.copy_(buffers[name])

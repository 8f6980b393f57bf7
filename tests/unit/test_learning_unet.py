"""The published U-Net: its size, its dropout, and that it learns."""

from functools import partial

import numpy as np
import pytest
import torch

from coldstart.cohort import longitudinal_phantom
from coldstart.cohort.images import read_images, read_masks, write_images, write_masks
from coldstart.errors import InputError
from coldstart.evaluation.segmentation import mean_dice
from coldstart.learning import NETWORKS
from coldstart.learning.prediction import predict
from coldstart.learning.settings import Settings
from coldstart.learning.training import fit
from coldstart.learning.unet import build


def parameters(network):
    return sum(tensor.numel() for tensor in network.parameters())


def test_it_has_the_parameters_of_the_package():
    # glasses prints 23,202,530 for one channel and two classes: a second map has 32 weights and a bias.
    assert parameters(build(channels=1, seed=0)) == 23_202_530 - 33
    assert parameters(build(channels=3, seed=0)) == 23_202_530 - 33 + 2 * 9 * 64


def test_the_widths_are_the_published_ones():
    network = build(channels=3, seed=0)
    convolutions = [module for module in network.modules() if isinstance(module, torch.nn.Conv2d)]
    widths = [module.out_channels for module in convolutions]
    assert widths == [w for width in (64, 128, 256, 512, 1024, 256, 128, 64, 32) for w in (width, width)] + [1]
    assert [module.bias is None for module in convolutions] == [True] * 18 + [False]
    kinds = [type(module) for module in network.modules()]
    assert kinds.count(torch.nn.MaxPool2d) == kinds.count(torch.nn.ConvTranspose2d) == 4
    assert kinds.count(torch.nn.BatchNorm2d) == 18
    assert torch.nn.Dropout not in kinds


def test_features_are_those_of_the_bottleneck():
    network = build(channels=3, seed=0, width=4).eval()
    seen = []
    network.get_submodule(NETWORKS.entry("unet").facts["features"]).register_forward_hook(
        lambda module, inputs, output: seen.append(output)
    )
    with torch.inference_mode():
        logits = network(torch.rand(2, 3, 32, 48))
    assert logits.shape == (2, 1, 32, 48)
    # Published: 1024 x 16 x 16 of 256 x 256 pixels.
    assert seen[0].shape == (2, 64, 2, 3)


def test_passes_differ_with_dropout_alone():
    x = torch.rand(1, 3, 32, 32)
    for dropout in (0.0, 0.5):
        network = build(channels=3, seed=0, width=4, dropout=dropout).eval()
        for module in network.modules():
            if isinstance(module, torch.nn.Dropout):
                module.train()
        with torch.inference_mode():
            torch.manual_seed(0)
            assert torch.equal(network(x), network(x)) == (not dropout)
            assert torch.equal(network.eval()(x), network(x))


def test_dropout_leaves_the_weights_and_their_names_alone():
    with_dropout, without = (build(channels=1, seed=1, width=4, dropout=p).state_dict() for p in (0.3, 0.0))
    assert with_dropout.keys() == without.keys()
    assert all(torch.equal(with_dropout[name], without[name]) for name in without)


def test_skips_carry_what_pooling_loses():
    network = build(channels=1, seed=0, width=4).eval()
    x = torch.zeros(1, 1, 32, 32)
    x[0, 0, 0, 0] = 1
    with torch.inference_mode():
        moved = (network(x) - network(torch.zeros_like(x))).abs()[0, 0]
    # The image's top left corner reaches the logits beside it through the first level.
    assert moved[0, 0] > 0
    assert moved[:4, :4].max() == moved.max()


@pytest.mark.parametrize("wrong", [{"width": 7}, {"width": 0}, {"dropout": 1.0}, {"dropout": -0.1}])
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(InputError, match=f"{next(iter(wrong))} of the network unet"):
        build(channels=1, seed=0, **wrong)


def test_it_overfits_one_patient_with_the_focal_loss(tmp_path):
    """S4-04."""
    chosen = {"n": 1, "resolution": 48, "slices": 8, "seed": 0}
    cohort = longitudinal_phantom.build(**chosen)
    write_images(tmp_path / "i.npy", partial(longitudinal_phantom.images, **chosen), cohort, 32, channels=3)
    write_masks(tmp_path / "m.npy", partial(longitudinal_phantom.masks, **chosen), cohort, 32)
    images, masks = read_images(tmp_path / "i.npy"), np.asarray(read_masks(tmp_path / "m.npy"))
    assert masks.mean() < 0.05
    settings = Settings(
        network="unet",
        network_parameters={"width": 8},
        optimiser="adam",
        learning_rate=0.01,
        batch_size=3,
        epochs=120,
        loss="focal",
        keep="last",
    )
    rows = np.arange(len(cohort))
    network = settings.build(channels=3, seed=0)
    done = fit(network, images, masks, rows, [], settings, validate=mean_dice, seed=0, device="cpu")
    found = predict(done.network, images, rows, settings, "cpu") >= 0.5
    assert 2 * np.count_nonzero(found & (masks > 0)) / (np.count_nonzero(found) + masks.sum()) > 0.9

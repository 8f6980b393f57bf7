"""What a query may ask a trained network, against the network itself."""

import numpy as np
import pytest
import torch
from torch import nn

from coldstart.errors import InputError
from coldstart.learning import NETWORKS, pool_network
from coldstart.learning.perturbations import NAMES, SYMMETRIES, perturbed
from coldstart.learning.pool_network import PoolNetwork, dropouts
from coldstart.learning.prediction import predict
from coldstart.learning.settings import Settings

IMAGES = np.random.default_rng(0).integers(0, 256, (24, 32, 32), dtype=np.uint8)
UNLABELLED = np.array([3, 0, 5, 7, 1, 23, 20, 19, 18, 17, 16])
LABELLED = np.array([2, 4, 9])
CLASSIFIER = Settings(network="small_cnn", network_parameters={"dropout": 0.5})
SEGMENTER = Settings(network="small_unet")
BOTH = [CLASSIFIER, SEGMENTER]


def make(settings, images=IMAGES, network=None, **given):
    network = network or settings.build(channels=1 if images.ndim == 3 else 3, seed=0)
    return PoolNetwork(network, settings, "cpu", images, given.get("unlabelled", UNLABELLED), LABELLED)


def collect(parts):
    """The parts of an answer as one array, which must cover all samples in their order."""
    slices, arrays = zip(*parts, strict=True)
    assert [part.start for part in slices] == [0, *(part.stop for part in slices[:-1])]
    assert slices[-1].stop == len(UNLABELLED)
    assert all(array.dtype == np.float32 for array in arrays)
    return np.concatenate(arrays, axis=1)


@pytest.fixture(params=[1, 3, 64])
def at_once(request, monkeypatch):
    monkeypatch.setattr(pool_network, "MOST_AT_ONCE", request.param)


class Normalised(nn.Module):
    """A segmenter with batch normalisation and dropout of two kinds."""

    def __init__(self, drop=0.5):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 4, 3, 1, 1), nn.BatchNorm2d(4), nn.Dropout2d(drop), nn.ReLU())
        self.head = nn.Sequential(nn.Dropout(drop), nn.Conv2d(4, 1, 1))

    def forward(self, x):
        return self.head(self.body(x))


@pytest.mark.parametrize("settings", BOTH, ids=lambda settings: settings.task)
def test_views_are_predictions_for_the_perturbed_image_on_the_upright_one(settings, at_once):
    pool = make(settings)
    found = collect(pool.views(NAMES))
    moves = {
        name: (lambda x, name=name: perturbed(torch.tensor(x)[None, None], name, [0])[0, 0].numpy())
        for name in SYMMETRIES
    }
    for position, row in enumerate(UNLABELLED):
        for view, name in enumerate(NAMES):
            image = torch.tensor(IMAGES[[row], None] / np.float32(255))
            with torch.no_grad():
                logits = pool.network.eval()(perturbed(image, name, [row]))
            if settings.task == "classification":
                expected = logits.double().softmax(1)[0, 1].item()
                assert found[view, position] == pytest.approx(expected, abs=1e-6)
            else:
                back = logits.sigmoid()[0, 0].numpy()
                # Moved once more, the upright map lies as the network saw it.
                seen = moves[name](found[view, position]) if name in moves else found[view, position]
                np.testing.assert_allclose(seen, back, atol=1e-5)


@pytest.mark.parametrize("settings", BOTH, ids=lambda settings: settings.task)
def test_the_identity_is_the_prediction_of_the_chain(settings):
    pool = make(settings)
    found = collect(pool.views(["identity"]))[0]
    expected = predict(pool.network, IMAGES, UNLABELLED, settings, "cpu")
    np.testing.assert_allclose(found, expected, atol=1e-3 if settings.task == "segmentation" else 1e-6)


def test_passes_differ_by_dropout_alone_and_repeat_with_the_seed(at_once):
    pool = make(CLASSIFIER)
    first, again, other = (collect(pool.passes(4, seed=seed)) for seed in (1, 1, 2))
    assert first.shape == (4, len(UNLABELLED))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len(np.unique(first, axis=0)) == 4


def test_every_part_of_the_pool_draws_its_own_dropout(monkeypatch):
    monkeypatch.setattr(pool_network, "MOST_AT_ONCE", 4)
    pool = make(CLASSIFIER, unlabelled=np.full(8, 5))
    first, second = (predictions for _, predictions in pool.passes(3, seed=1))
    assert not np.array_equal(first, second)


def test_dropout_keeps_batch_normalisation_as_it_is_and_training_mode_does_not(monkeypatch):
    network = Normalised()
    # Statistics far from those of the images: whether they are used is plain to see.
    network.body[1].running_mean.fill_(50.0)
    pool = make(SEGMENTER, network=network)
    monkeypatch.setattr(pool_network, "MOST_AT_ONCE", 4)
    torch.manual_seed(0)
    dropped = collect(pool.passes(3, seed=0))
    # With the statistics kept, ReLU sees negative values only: all that is left is the bias.
    assert len(np.unique(dropped)) == 1
    trained = collect(pool.passes(3, seed=0, mode="train"))
    assert len(np.unique(trained)) > 1000


def test_in_training_mode_without_dropout_all_passes_coincide():
    """The published segmenter: batch normalisation by the batch, and nothing that is drawn."""
    pool = make(SEGMENTER, network=Normalised(drop=0))
    found = collect(pool.passes(3, seed=5, mode="train"))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
    with torch.no_grad():
        network = Normalised(drop=0)
        network.load_state_dict(pool.network.state_dict())
        first = network.train()(torch.tensor(IMAGES[UNLABELLED[:8], None] / np.float32(255))).sigmoid()
    np.testing.assert_allclose(found[0, :8], first[:, 0].numpy(), atol=1e-5)


def test_a_single_last_image_joins_the_batch_before_in_training_mode():
    pool = make(CLASSIFIER, unlabelled=np.arange(17))
    assert [part for part, _ in pool.passes(1, seed=0, mode="train")] == [slice(0, 8), slice(8, 17)]
    assert [part for part, _ in make(CLASSIFIER, unlabelled=[3]).passes(1, seed=0, mode="train")] == [slice(0, 1)]


@pytest.mark.parametrize("mode", ["dropout", "train"])
def test_the_network_and_torch_s_generator_are_left_as_they_were(mode):
    network = Normalised()
    network.body.eval()
    network.head.train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    modes = [module.training for module in network.modules()]
    state = torch.get_rng_state()
    pool = make(SEGMENTER, network=network)
    for _ in pool.passes(2, seed=0, mode=mode):
        assert torch.equal(torch.get_rng_state(), state)
        assert [module.training for module in network.modules()] == modes
    list(pool.views(["noise"]))
    assert [module.training for module in network.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize(
    "kind", [nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout]
)
def test_dropout_of_any_kind_is_found_unless_it_drops_nothing(kind):
    network = nn.Sequential(nn.Linear(2, 2), nn.Sequential(kind(0.3)), kind(0.0))
    assert dropouts(network) == [network[1][0]]


def test_a_network_without_dropout_is_told_how_to_get_some():
    pool = make(SEGMENTER)
    with pytest.raises(
        InputError, match=r"small_unet has no dropout.*learning\.segmentation\.network_parameters\.dropout"
    ):
        next(iter(pool.passes(2, seed=0)))
    assert collect(pool.passes(2, seed=0, mode="train")).shape == (2, len(UNLABELLED), 32, 32)
    with pytest.raises(InputError, match="passes of a query strategy is 0"):
        next(iter(pool.passes(0, seed=0)))


@pytest.mark.parametrize("settings", BOTH, ids=lambda settings: settings.task)
@pytest.mark.parametrize(("part", "rows"), [("unlabelled", UNLABELLED), ("labelled", LABELLED)])
def test_features_are_the_output_of_the_bottleneck(settings, part, rows, at_once):
    pool = make(settings)
    x = torch.tensor(IMAGES[rows, None] / np.float32(255))
    network = pool.network.eval()
    with torch.no_grad():
        if settings.task == "classification":
            expected = network.body(network.stem(x))
        else:
            expected = network.standardise(x)
            for level, down in enumerate(network.down):
                expected = down(nn.functional.max_pool2d(expected, 2) if level else expected)
    pooled, flat = pool.features(part), pool.features(part, pooled=False)
    np.testing.assert_allclose(pooled, expected.mean((2, 3)).numpy(), atol=1e-5)
    np.testing.assert_allclose(flat, expected.flatten(1).numpy(), atol=1e-5)
    assert pooled.dtype == flat.dtype == np.float32


@pytest.mark.parametrize("name", list(NETWORKS))
def test_every_network_says_where_its_features_are(name):
    settings = Settings(network=name)
    images = np.random.default_rng(1).integers(0, 256, (3, 64, 64), dtype=np.uint8)
    pool = PoolNetwork(settings.build(channels=1, seed=0), settings, "cpu", images, [0, 2], [])
    pooled, flat = pool.features(), pool.features(pooled=False)
    assert len(pooled) == len(flat) == 2
    assert pooled.shape[1] <= flat.shape[1]
    assert not np.array_equal(pooled[0], pooled[1])
    assert pool.features("labelled").shape == (0, 0)
    assert not pool.network._forward_hooks
    assert not any(module._forward_hooks for module in pool.network.modules())


def test_the_encoder_of_the_published_segmenter_gives_its_deepest_map():
    settings = Settings(network="unet_vgg11")
    images = np.random.default_rng(1).integers(0, 256, (2, 64, 64), dtype=np.uint8)
    pool = PoolNetwork(settings.build(channels=1, seed=0), settings, "cpu", images, [0, 1], [])
    assert pool.features().shape == (2, 512)
    assert pool.features(pooled=False).shape == (2, 512 * 2 * 2)


def test_a_network_that_names_no_features_is_told_to(monkeypatch):
    monkeypatch.delitem(NETWORKS.entry("small_cnn").facts, "features")
    with pytest.raises(InputError, match="small_cnn does not say which of its modules gives features"):
        make(CLASSIFIER).features()


def test_colour_images_of_sixteen_bits_and_normalisation():
    images = np.random.default_rng(2).integers(0, 65536, (24, 32, 32, 3), dtype=np.uint16)
    settings = Settings(network="small_cnn", normalise="imagenet")
    pool = make(settings, images)
    found = collect(pool.views(["identity"]))[0]
    np.testing.assert_allclose(found, predict(pool.network, images, UNLABELLED, settings, "cpu"), atol=1e-6)


def test_what_is_seen_as_patches_has_the_mean_over_them():
    settings = Settings(network="small_cnn", patches={"recipe": "general", "count": 3})
    pool = make(settings)
    found = collect(pool.views(["identity"]))[0]
    np.testing.assert_allclose(found, predict(pool.network, IMAGES, UNLABELLED, settings, "cpu"), atol=1e-6)
    whole = make(CLASSIFIER, network=pool.network)
    assert not np.allclose(found, collect(whole.views(["identity"]))[0], atol=1e-6)
    features = pool.features()
    assert features.shape == whole.features().shape
    assert not np.allclose(features, whole.features(), atol=1e-6)


def test_what_is_no_number_is_refused():
    pool = make(CLASSIFIER)
    with torch.no_grad():
        pool.network.head[1].bias.fill_(float("nan"))
    for ask in (lambda: list(pool.views(["identity"])), lambda: list(pool.passes(1, seed=0))):
        with pytest.raises(InputError, match="diverged"):
            ask()


def test_a_size_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match=r"dataset\.size is 36"):
        make(SEGMENTER, np.zeros((24, 36, 36), np.uint8))


def test_memory_holds_a_part_of_the_pool_at_a_time(monkeypatch):
    monkeypatch.setattr(pool_network, "PIXELS_AT_ONCE", 2 * 32 * 32)
    for parts in (make(CLASSIFIER).passes(2, seed=0), make(CLASSIFIER).views(["identity"])):
        assert max(array.shape[1] for _, array in parts) == 2

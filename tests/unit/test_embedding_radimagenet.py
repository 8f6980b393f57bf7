"""RadImageNet's ResNet-50 from files of every layout that is published."""

import numpy as np
import pytest
import safetensors.torch
import torch
import torchvision

from coldstart.embedding import ENCODERS
from coldstart.embedding.base import EncoderInputs
from coldstart.embedding.radimagenet import CHILDREN, encode, torchvision_keys
from coldstart.embedding.torchvision import MEAN, STD
from coldstart.embedding.torchvision import encode as encode_torchvision
from coldstart.errors import InputError
from coldstart.provenance import file_digest

WHERE = "ResNet50.pt of https://huggingface.co/Lab-Rasool/RadImageNet"


@pytest.fixture(scope="module")
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        whole = torchvision.models.resnet50(weights=None).eval()
    # Running statistics of a network that has seen something: features neither vanish nor all look alike.
    generator = torch.Generator().manual_seed(1)
    for key, part in whole.state_dict().items():
        if key.endswith("running_mean"):
            part.copy_(torch.randn(part.shape, generator=generator) * 0.1)
        if key.endswith("running_var"):
            part.copy_(torch.rand(part.shape, generator=generator) + 1)
    return whole


@pytest.fixture(scope="module")
def expected(network):
    """What torchvision's own children give, head left out."""
    body = torch.nn.Sequential(*list(network.children())[:-1])
    batch = torch.from_numpy(inputs().images / 255).float()[:, None].expand(-1, 3, -1, -1)
    with torch.inference_mode():
        imagenet = (batch - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
        return {"imagenet": body(imagenet).flatten(1).numpy(), "symmetric": body(2 * batch - 1).flatten(1).numpy()}


def inputs(n=3):
    images = np.random.default_rng(0).integers(0, 256, (n, 64, 64), dtype=np.uint8)
    names = [str(i) for i in range(n)]
    return EncoderInputs(images, names, names)


def counted(state):
    """Keys by the number of the child, without the head, as the published files have them."""
    kept = {key.partition("."): part for key, part in state.items() if not key.startswith("fc.")}
    return {f"{CHILDREN.index(child)}.{rest}": part for (child, _, rest), part in kept.items()}


LAYOUTS = {
    "backbone.0 to backbone.7": lambda state: {f"backbone.{key}": part for key, part in counted(state).items()},
    "0 to 7": counted,
    "module.backbone.0": lambda state: {f"module.backbone.{key}": part for key, part in counted(state).items()},
    "torchvision": dict,
    "torchvision below module": lambda state: {f"module.{key}": part for key, part in state.items()},
    "torchvision below backbone without fc": lambda state: {
        f"backbone.{key}": part for key, part in state.items() if not key.startswith("fc.")
    },
    "below state_dict": lambda state: {"state_dict": counted(state)},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_torchvisions_features(layout, network, expected, tmp_path):
    path = tmp_path / "w.pt"
    torch.save(LAYOUTS[layout](network.state_dict()), path)
    embedding = encode(inputs(), path=str(path), size=64)
    assert embedding.vectors.shape == (3, 2048)
    np.testing.assert_allclose(embedding.vectors, expected["imagenet"], rtol=1e-4, atol=1e-5)
    assert embedding.provenance["weights"] == {"file": "w.pt", "sha256": file_digest(path)}


def test_safetensors_and_the_scale_of_the_authors_example(network, expected, tmp_path):
    safetensors.torch.save_file(counted(network.state_dict()), tmp_path / "w.safetensors")
    found = encode(inputs(), path=str(tmp_path / "w.safetensors"), size=64, normalise="symmetric")
    np.testing.assert_allclose(found.vectors, expected["symmetric"], rtol=1e-4, atol=1e-5)
    assert found.provenance["preprocessing"]["mean"] == [0.5, 0.5, 0.5]


def test_it_is_the_torchvision_encoder_with_other_weights(network, tmp_path):
    path = tmp_path / "w.pth"
    torch.save(network.state_dict(), path)
    ours = encode(inputs(), path=str(path)).vectors
    given = inputs()
    named = EncoderInputs(given.images, given.sample_ids, given.image_names, name="resnet50")
    np.testing.assert_array_equal(ours, encode_torchvision(named, weights=str(path), size=224).vectors)


def test_keys_of_a_published_file():
    state = {"backbone.0.weight": 1, "backbone.1.running_mean": 2, "backbone.7.2.bn3.bias": 3}
    assert torchvision_keys(state) == {"conv1.weight": 1, "bn1.running_mean": 2, "layer4.2.bn3.bias": 3}


def test_missing_and_wrong_files_say_where_to_get_them_and_which_key_takes_them(tmp_path):
    with pytest.raises(InputError, match=r"there is no weights file .*none\.pt .*`path` takes ResNet50\.pt") as caught:
        encode(inputs(), path=str(tmp_path / "none.pt"))
    assert WHERE in str(caught.value)
    torch.save(torchvision.models.resnet18().state_dict(), tmp_path / "other.pt")
    (tmp_path / "damaged.pt").write_bytes(b"no weights")
    for name, problem in (("other.pt", "do not fit the network"), ("damaged.pt", "is damaged")):
        with pytest.raises(InputError, match=problem) as caught:
            encode(inputs(), path=str(tmp_path / name), size=64)
        assert WHERE in str(caught.value)
        assert "`path`" in str(caught.value)
    assert WHERE.partition(" of ")[2] in ENCODERS.entry("radimagenet").facts["weights_from"]


class Thing:
    pass


def test_no_code_in_a_file_is_run(tmp_path):
    torch.save({"model": Thing()}, tmp_path / "w.pt")
    with pytest.raises(InputError, match="holds Python objects beside its tensors"):
        encode(inputs(), path=str(tmp_path / "w.pt"), size=64)

"""A killed training goes on and ends as if nothing had happened."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import coldstart
from coldstart.learning.checkpoint import load, save
from coldstart.learning.settings import Settings
from coldstart.learning.state import State
from coldstart.learning.training import fit
from coldstart.learning.weights_file import save_weights

EPOCHS = 9
PROGRAM = """
import sys, torch
sys.path.insert(0, sys.argv[1])
import test_learning_checkpoint as here
torch.set_num_threads(1)
here.run(sys.argv[2], sys.argv[3] or None, sys.argv[4])
"""


def data():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (30, 32, 32), dtype=np.uint8)
    labels = np.arange(30) % 2
    images[labels == 1, 5:14, 5:14] = 250
    masks = np.zeros_like(images)
    masks[labels == 1, 5:14, 5:14] = 1
    return images, labels, masks


def training(
    network, checkpoint, *, killed_after=None, epochs=EPOCHS, calls=None, fingerprint="toy", rate_factor=1.0, **changes
):
    """Train with dropout, augmentation and a falling rate; the metric depends on the predictions."""
    images, labels, masks = data()
    parameters = {"dropout": 0.5} if network == "small_cnn" else {}
    config = Settings(
        **{
            "network": network,
            "network_parameters": parameters,
            "epochs": epochs,
            "batch_size": 4,
            "optimiser": "adam",
            "learning_rate": 0.003,
            "patience": 1,
            "augment": "light",
            "checkpoint_seconds": 0,
            **changes,
        }
    )
    calls = [] if calls is None else calls

    def validate(truth, probabilities):
        calls.append(1)
        print("epoch", flush=True)
        if len(calls) == killed_after:
            raise KeyboardInterrupt
        return float(np.sin(1e4 * probabilities.astype(np.float64).mean()))

    targets = masks if network == "small_unet" else labels
    model = config.build(channels=1, seed=1)
    return fit(
        model,
        images,
        targets,
        range(19),
        range(19, 30),
        config,
        validate=validate,
        seed=1,
        device="cpu",
        rate_factor=rate_factor,
        checkpoint=checkpoint,
        fingerprint=fingerprint,
    )


def run(network, checkpoint, folder):
    """What the killed process runs."""
    done = training(network, checkpoint)
    save_weights(Path(folder) / "weights.safetensors", done.network)
    done.history.drop(columns="seconds").to_csv(Path(folder) / "history.csv")


def start(network, checkpoint, folder):
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(Path(__file__).parent), network, str(checkpoint or ""), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(coldstart.__file__).parents[1]), "OMP_NUM_THREADS": "1"},
    )


def test_a_killed_process_ends_as_an_unbroken_one(tmp_path):
    unbroken = start("small_cnn", None, tmp_path / "unbroken")
    checkpoint = tmp_path / "broken" / "checkpoint.pt"
    broken = start("small_cnn", checkpoint, tmp_path / "broken")
    for _ in range(5):
        assert broken.stdout.readline() == "epoch\n"
    broken.send_signal(signal.SIGKILL)
    assert broken.wait() == -signal.SIGKILL
    broken.communicate()
    assert checkpoint.is_file()
    resumed = start("small_cnn", checkpoint, tmp_path / "broken")
    printed, errors = resumed.communicate()
    assert resumed.returncode == 0, errors
    assert 1 <= printed.count("epoch") <= EPOCHS - 4
    assert unbroken.communicate()[0].count("epoch") == EPOCHS
    for name in ("history.csv", "weights.safetensors"):
        assert (tmp_path / "broken" / name).read_bytes() == (tmp_path / "unbroken" / name).read_bytes()
    assert not list((tmp_path / "broken").glob("*checkpoint*"))


def interrupt(network, checkpoint, after, **changes):
    with pytest.raises(KeyboardInterrupt):
        training(network, checkpoint, killed_after=after, **changes)
    assert checkpoint.is_file()


def assert_same(one, other):
    assert one.history.drop(columns="seconds").equals(other.history.drop(columns="seconds"))
    assert (one.best_epoch, one.best_value) == (other.best_epoch, other.best_value)
    states = one.network.state_dict(), other.network.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
@pytest.mark.parametrize("network", ["small_cnn", "small_unet"])
@pytest.mark.parametrize("after", [2, 6])
def test_an_interrupted_training_ends_as_an_unbroken_one(network, optimiser, after, tmp_path):
    checkpoint, calls, changes = tmp_path / "checkpoint.pt", [], {"optimiser": optimiser, "epochs": 7}
    interrupt(network, checkpoint, after, **changes)
    resumed = training(network, checkpoint, calls=calls, **changes)
    assert len(calls) == 7 - (after - 1)
    assert_same(resumed, training(network, None, **changes))


@pytest.mark.parametrize("after", [2, 6])
@pytest.mark.parametrize(
    "changes",
    [
        {"monitor": "loss", "loss": "focal", "rate_decay": 0.8, "head_rate": 3.0},
        {"stop_after": 5, "keep": "last", "rate_factor": 0.1, "optimiser": "sgd"},
        {"patches": {"recipe": "general", "count": 2}, "monitor": "loss", "loss": "bce", "rate_decay": 0.8},
    ],
)
def test_every_way_of_training_resumes(changes, after, tmp_path):
    checkpoint, calls, changes = tmp_path / "checkpoint.pt", [], {"epochs": 7, **changes}
    interrupt("small_cnn", checkpoint, after, **changes)
    resumed = training("small_cnn", checkpoint, calls=calls, **changes)
    unbroken = training("small_cnn", None, **changes)
    assert len(calls) == len(unbroken.history) - (after - 1)
    assert_same(resumed, unbroken)


def test_a_training_killed_after_it_ended_early_does_not_go_on(tmp_path, monkeypatch):
    """Its last checkpoint is that of the epoch it ended with."""
    checkpoint, calls, changes = tmp_path / "checkpoint.pt", [], {"stop_after": 2, "learning_rate": 1e-30, "epochs": 8}
    with monkeypatch.context() as patched:
        patched.setattr("coldstart.learning.checkpoint.remove", lambda path: None)
        ended = training("small_cnn", checkpoint, **changes)
    assert len(ended.history) < 8
    assert checkpoint.is_file()
    assert_same(training("small_cnn", checkpoint, calls=calls, **changes), ended)
    assert calls == []


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "other"},
        {"learning_rate": 0.002},
        {"rate_factor": 0.5},
        {"epochs": 4},
        {"score": "sigmoid"},
        {"loss": "bce"},
    ],
)
def test_a_checkpoint_of_another_training_is_not_used(change, tmp_path, caplog):
    checkpoint, calls = tmp_path / "checkpoint.pt", []
    interrupt("small_cnn", checkpoint, 3, epochs=5)
    changed = {"epochs": 5, **change}
    found = training("small_cnn", checkpoint, calls=calls, **changed)
    assert len(calls) == changed["epochs"]
    assert "belongs to another training" in caplog.text
    assert_same(found, training("small_cnn", None, **changed))


@pytest.mark.parametrize("damage", ["empty", "short", "garbage", "flipped", "foreign"])
def test_a_damaged_checkpoint_is_not_used(damage, tmp_path, caplog):
    checkpoint, calls = tmp_path / "checkpoint.pt", []
    interrupt("small_cnn", checkpoint, 3, epochs=4)
    content = checkpoint.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes(255 - byte for byte in content[middle : middle + 64]) + content[middle + 64 :]
    damaged = {"empty": b"", "short": content[:-300], "garbage": b"no checkpoint", "flipped": flipped}
    if damage == "foreign":
        torch.save([1, 2], checkpoint)
    else:
        checkpoint.write_bytes(damaged[damage])
    found = training("small_cnn", checkpoint, calls=calls, epochs=4)
    assert len(calls) == 4
    assert "damaged" in caplog.text
    assert_same(found, training("small_cnn", None, epochs=4))


def state(weights=20_000):
    network = torch.nn.Linear(weights, 1, bias=False)
    settings = Settings(network="small_cnn", optimiser="sgd")
    return State(network, settings, 0.1, [0, 1], torch.device("cpu"))


def go_on(one, value):
    """One epoch of some state, which moves the weights and is judged."""
    one.optimiser.zero_grad()
    one.network.weight.sum().backward()
    one.optimiser.step()
    epoch = len(one.history) + 1
    one.judge(epoch, value)
    one.history.append([epoch, 0.0, value, 0.1, 0.0, 0.0])


def test_weights_that_are_the_best_so_far_are_saved_once(tmp_path):
    sizes, one = [], state()
    for value in (0.5, 0.4):
        go_on(one, value)
        save(tmp_path / "checkpoint.pt", one.to_save(), "one")
        sizes.append((tmp_path / "checkpoint.pt").stat().st_size)
    assert sizes[0] < sizes[1] - 4 * 20_000


@pytest.mark.parametrize("after", [1, 2, 3])
def test_the_best_weights_stay_those_of_their_epoch_after_a_resumption(after, tmp_path):
    values, one, kept = [0.5, 0.6, 0.1, 0.2], state(), []
    torch.manual_seed(after)
    for epoch, value in enumerate(values, 1):
        go_on(one, value)
        kept.append(one.network.weight.detach().clone())
        if epoch == after:
            save(tmp_path / "checkpoint.pt", one.to_save(), "one")
            one = state()
            one.restore(load(tmp_path / "checkpoint.pt", "one"))
            assert torch.equal(one.network.weight, kept[-1])
    assert not torch.equal(kept[1], kept[3])
    assert torch.equal(one.best["weight"], kept[1])


def test_checkpoints_are_not_written_more_often_than_asked_for(tmp_path):
    checkpoint = tmp_path / "checkpoint.pt"
    with pytest.raises(KeyboardInterrupt):
        training("small_cnn", checkpoint, killed_after=3, checkpoint_seconds=3600)
    assert not checkpoint.exists()


def test_what_a_kill_while_saving_left_is_cleared_away(tmp_path):
    leftover = tmp_path / ".checkpoint.12345.pt"
    leftover.write_bytes(b"half")
    training("small_cnn", tmp_path / "checkpoint.pt", epochs=1)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_may_not_grow_is_said_and_nothing_is_left(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            save(tmp_path / "checkpoint.pt", {"weights": torch.zeros(100_000)}, "toy")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())

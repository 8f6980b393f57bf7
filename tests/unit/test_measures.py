"""What strategies are told beside vectors: where it stands, how it is read, and which models cannot say it."""

import numpy as np
import pandas as pd
import pytest

from coldstart.embedding import ENCODERS
from coldstart.embedding.base import Embedding
from coldstart.embedding.store import read_embedding, read_measures, write_embedding
from coldstart.errors import InputError
from coldstart.measures import OF_ANY_EMBEDDING, check_measures, measured_in
from coldstart.selection import STRATEGIES
from coldstart.storage import write_table

UNCERTAINTY = {"network": "small_cnn"}


def config(strategy, encoder, models=None, network="small_cnn"):
    return {
        "methods": {"mine": {"strategy": strategy, "models": models}},
        "models": {
            "dynamic": {"encoder": "simclr_dynamics", "uncertainty": UNCERTAINTY},
            "other": {"encoder": encoder, "uncertainty": {"network": network}},
        },
    }


def test_every_measure_that_a_strategy_wants_is_measured_by_something():
    measured = {name for encoder in ENCODERS for name in ENCODERS.entry(encoder).facts.get("measures", ())}
    for strategy in STRATEGIES:
        assert set(STRATEGIES.entry(strategy).facts.get("measures", ())) <= measured | set(OF_ANY_EMBEDDING)


def test_where_it_stands():
    assert measured_in("csval", "m") == "embeddings/m.parquet"
    assert measured_in("kmeans_uncertainty", "m") == "uncertainties/m.parquet"
    assert measured_in("kmeans", "m") is None
    assert measured_in("random", "none") is None


def test_a_model_that_does_not_measure_it_is_refused_in_one_sentence():
    check_measures(config("csval", "pixels", ["dynamic"]))
    check_measures(config("kmeans", "pixels"))
    with pytest.raises(InputError) as refused:
        check_measures(config("csval", "torchvision:resnet50"))
    assert str(refused.value) == (
        "methods.mine: 'csval' needs the confidence and variability of every image, which the encoder "
        "'torchvision:resnet50' of models.other does not measure: let methods.mine.models name models of the encoder "
        "simclr_dynamics alone."
    )


def test_a_network_that_cannot_learn_an_embedding_is_refused():
    check_measures(config("kmeans_uncertainty", "pixels"))
    with pytest.raises(InputError, match=r"models.other.uncertainty.network: 'small_unet' is no network that can"):
        check_measures(config("kmeans_uncertainty", "pixels", network="small_unet"))


def test_measures_stand_beside_the_vectors_and_change_nothing_of_an_embedding_without(tmp_path):
    rng, ids = np.random.default_rng(0), [f"s{i}" for i in range(5)]
    vectors, said = rng.normal(size=(5, 3)).astype(np.float32), rng.random(5).astype(np.float32)
    write_embedding(tmp_path / "plain.parquet", ids, Embedding(vectors, {"encoder": "x"}))
    write_embedding(tmp_path / "more.parquet", ids, Embedding(vectors, {"encoder": "x"}, {"sure": said}))
    for name in ("plain", "more"):
        found = read_embedding(tmp_path / f"{name}.parquet")
        assert found[0].tolist() == ids
        np.testing.assert_array_equal(found[1], vectors)
        assert found[2] == {"encoder": "x"}
    assert pd.read_parquet(tmp_path / "plain.parquet").columns.tolist() == ["sample_id", "embedding"]
    assert read_measures(tmp_path / "plain.parquet", ids) == {}
    found = read_measures(tmp_path / "more.parquet", ["s3", "s0"])
    np.testing.assert_array_equal(found.pop("sure"), said[[3, 0]])
    assert not found


def test_a_sample_of_which_nothing_is_said_is_refused(tmp_path):
    table = pd.DataFrame({"sample_id": ["a", "b"], "uncertainty": [1.0, np.nan]})
    write_table(tmp_path / "u.parquet", table)
    assert read_measures(tmp_path / "u.parquet", ["a"])["uncertainty"].tolist() == [1.0]
    with pytest.raises(InputError, match=r"says nothing of 1 of 2 samples \(b\): delete it and run"):
        read_measures(tmp_path / "u.parquet", ["a", "b"])
    with pytest.raises(InputError, match="lacks 1 of 1 samples"):
        read_measures(tmp_path / "u.parquet", ["c"])

"""Which vectors a strategy is given: the embedding, or its map, which the pool alone shapes."""

import numpy as np
import pandas as pd
import pytest
from conftest import TINY, changed

from coldstart.embedding.store import READERS, align
from coldstart.selection import STRATEGIES
from coldstart.storage import read_metadata

pytestmark = pytest.mark.workflow

METHODS = {
    "random": {"strategy": "random", "space": "map", "seeds": [1]},
    "levy": {"strategy": "silhouette_farthest_point", "n_init": 2},
    "levy_embedding": {"strategy": "silhouette_farthest_point", "n_init": 2, "space": "embedding"},
    "sweep": {"strategy": "kmeans_sweep", "n_init": 2},
    "sweep_map": {"strategy": "kmeans_sweep", "n_init": 2, "space": "map"},
}
SPACES = {"levy": "map", "levy_embedding": "embedding", "sweep": "embedding", "sweep_map": "map"}


def test_every_strategy_chooses_in_the_space_that_is_asked_for(place):
    result = place.run("selections", config=changed(TINY, methods=METHODS, tasks=["segmentation"]))
    assert result.code == 0, result.text
    results = place.folder / "results/tiny"
    samples = pd.read_parquet(results / "samples.parquet")
    drawn = pd.read_parquet(results / "maps/pixels.parquet")
    assert drawn.sample_id.tolist() == samples.sample_id[samples.split == "train"].tolist()
    pool = pd.read_parquet(results / "pools/segmentation.parquet").sample_id
    for method, space in SPACES.items():
        folder = {"embedding": "embeddings", "map": "maps"}[space]
        ids, vectors, _ = READERS[space](results / folder / "pixels.parquet")
        path = results / f"selections/segmentation/pixels/{method}/b6/s1.parquet"
        section = METHODS[method]
        expected = STRATEGIES.load(section["strategy"])(
            align(ids, vectors, pool), 6, rng=np.random.default_rng(1), n_init=2
        )
        assert pd.read_parquet(path).sample_id.tolist() == pool.iloc[expected.indices].tolist(), method
        metadata = read_metadata(path)
        assert metadata["space"] == space
        clusters = None if expected.pool_clusters is None else expected.pool_clusters.tolist()
        assert metadata.get("pool_clusters") == clusters
    assert len(pd.read_parquet(results / "selections/segmentation/none/random/b6/s1.parquet")) == 6


@pytest.mark.parametrize(
    ("strategy", "made"),
    [
        ({"strategy": "entropy_diversity", "model": "pixels"}, {"embed", "project"}),
        ({"strategy": "entropy_diversity", "model": "pixels", "space": "embedding"}, {"embed"}),
        ({"strategy": "pixel_entropy"}, set()),
    ],
)
def test_a_query_after_a_random_start_is_given_the_model_that_it_names(place, strategy, made):
    config = changed(TINY, query__strategies={"mix": strategy}, query__models=["none"])
    jobs = place.plan("results/tiny/runs/segmentation/none/random/mix/b4/s1/t0/round1/queried.parquet", config=config)
    assert jobs.code == 0, jobs.text
    assert {"embed", "project"} & set(jobs.jobs()) == made
    pictures = place.plan("results/tiny/figures/picks/segmentation/none/random/mix.png", config=config)
    assert (pictures.code == 0) == bool(made)

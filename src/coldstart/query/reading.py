"""From the files of one round to what a query strategy is given."""

import numpy as np
import pandas as pd

from coldstart.cohort.images import read_images
from coldstart.embedding.store import READERS, align
from coldstart.probability_maps import read_maps
from coldstart.query.base import QueryInputs
from coldstart.storage import read_json, read_metadata, read_table


class Rows:
    """Some rows of an array that stays in its file until they are asked for.

    Parameters
    ----------
    array : numpy.ndarray of shape (n, ...)
        Mostly a memory map.
    rows : numpy.ndarray of int, shape (k,)
        Which of them, in which order.

    Attributes
    ----------
    shape : tuple of int
        As if the rows were an array.
    dtype : numpy.dtype
    """

    def __init__(self, array, rows):
        self.array, self.rows = array, rows
        self.shape, self.dtype = (len(rows), *array.shape[1:]), array.dtype

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.array[self.rows[index]]


def read_inputs(files, *, task, round_, space, device="cpu", labelled=None):
    """Read what is known of the unlabelled pool of one round, and no label.

    Parameters
    ----------
    files : mapping of str to path
        ``pool``, ``labelled``, ``fit`` and ``predictions`` of the round before;
        for segmentation ``maps``. Where there are any: ``vectors``; ``previous``,
        what the same query answered in the round before; ``samples`` with
        ``images``; and with them ``weights``, those of the network.
    task : {"classification", "segmentation"}
    round_ : int
        The round that is queried for.
    space : {"embedding", "map"}
        What the vectors are.
    device : str, default="cpu"
        Where the network computes.
    labelled : pandas.DataFrame, optional
        `sample_id` of what is not to be asked for, in place of the file.

    Returns
    -------
    inputs : QueryInputs
        One row per sample of the pool that is not labelled, in its order.
    waiting : pandas.DataFrame
        Those rows of the pool.

    Raises
    ------
    InputError
        If a file is damaged or lacks a sample.
    """
    pool = read_table(files["pool"])
    labelled = read_table(files["labelled"]) if labelled is None else labelled
    waiting = pool[~pool.sample_id.isin(labelled.sample_id)]
    fit = read_json(files["fit"])
    found = predictions_of(files, task, waiting.sample_id)
    if "vectors" in files:
        ids, vectors, _ = READERS[space](files["vectors"])
        found["embedding"] = align(ids, vectors, waiting.sample_id)
        found["labelled_embedding"] = align(ids, vectors, labelled.sample_id)
    if "images" in files:
        samples = pd.Index(read_table(files["samples"], columns=["sample_id"]).sample_id)
        rows, labelled_rows = (samples.get_indexer(table.sample_id) for table in (waiting, labelled))
        images = read_images(files["images"])
        found["images"], found["labelled_images"] = Rows(images, rows), Rows(images, labelled_rows)
        if "weights" in files:
            found["network"] = trained_network(files, fit["settings"], device, images, rows, labelled_rows)
    inputs = QueryInputs(
        task=task,
        threshold=fit["threshold"],
        groups=waiting.patient_id.to_numpy(),
        sample_ids=waiting.sample_id.to_numpy().astype(str),
        labelled_ids=labelled.sample_id.to_numpy().astype(str),
        round=round_,
        state=read_metadata(files["previous"]).get("state") if "previous" in files else None,
        **found,
    )
    return inputs, waiting


def predictions_of(files, task, wanted):
    """Predictions for some samples, as fields of `QueryInputs`; parameters as for `read_inputs`."""
    predictions = read_table(files["predictions"])
    rows = pd.Index(predictions.sample_id).get_indexer(wanted)
    if task == "segmentation":
        return {"maps": read_maps(files["maps"], rows)}
    positive = predictions.probability.to_numpy()[rows]
    found = {"probabilities": np.column_stack([1 - positive, positive])}
    if "patches" in predictions:
        found["patches"] = np.stack(predictions.patches.to_numpy()[rows])
    return found


def trained_network(files, settings, device, images, unlabelled, labelled):
    """The network of the round before; parameters as for `read_inputs` and `PoolNetwork`."""
    # Torch takes seconds to import, and most strategies do without it.
    from coldstart.learning.pixels import channels_of
    from coldstart.learning.pool_network import PoolNetwork
    from coldstart.learning.settings import Settings
    from coldstart.learning.weights_file import load_weights

    # All weights are replaced: it does not matter where the network started.
    settings = Settings.read({**settings, "weights": None})
    network = settings.build(channels=channels_of(images), seed=0)
    load_weights(files["weights"], network)
    return PoolNetwork(network, settings, device, images, unlabelled, labelled)

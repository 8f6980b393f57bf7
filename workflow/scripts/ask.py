"""Write the list of images to annotate next: those still open, then new ones, patients in turn."""

import logging

import numpy as np
import pandas as pd
from scripting import snakemake

from coldstart.devices import lease, slots_folder, torch_device
from coldstart.embedding.store import READERS, align
from coldstart.labelling.asking import list_size, turns
from coldstart.labelling.choosing import by_query, by_selection
from coldstart.labelling.worklist import number_rows, open_rows, read_worklist, write_worklist
from coldstart.query import STRATEGIES as QUERIES
from coldstart.query.reading import read_inputs
from coldstart.selection import STRATEGIES as METHODS
from coldstart.storage import read_json, read_table, write_table

params, files, outputs = snakemake.params, snakemake.input, snakemake.output
task, number = snakemake.wildcards.list.split("/list")
number = int(number)
pool, answers = read_table(files.pool), read_table(files.answers)
lists = [read_worklist(path) for path in files.get("lists", [])]
rows = [open_rows(lists[-1], answers, number - 1)] if lists else []
# What was taken out of the pool since is no longer asked for.
rows = [table[table.sample_id.isin(pool.sample_id)] for table in rows]
wanted = list_size(lists[-1].sample_id, answers, params.batch) if lists else params.budget

# Neither what is answered nor what is still open is asked for again.
known = pd.concat([answers[["sample_id"]], *(table[["sample_id"]] for table in rows)], ignore_index=True)
waiting = pool[~pool.sample_id.isin(known.sample_id)].reset_index(drop=True)
patients = pd.Series(turns(pool.patient_id), index=pool.sample_id)
asked = pd.unique(pd.concat([known.sample_id, *(table.sample_id for table in lists)]))
common = {
    "groups": patients.loc[waiting.sample_id].to_numpy(),
    # An image that is no longer in the pool has no patient there.
    "asked": patients.reindex(asked).dropna().astype(np.int64).to_numpy(),
    "seed": params.seed,
    "number": number,
    "one_per_patient": params.one_per_patient,
}
if lists and wanted > len(waiting):
    logging.getLogger("coldstart").info("only %d images are waiting, %d were wanted", len(waiting), wanted)
    wanted = len(waiting)

state, queried = None, number and read_json(files.fit)["tells_apart"]
if wanted and queried:
    query = params.query
    with lease(int(snakemake.resources.get("gpu", 0)), slots_folder()) as leased:
        device = torch_device(leased) if files.get("weights") else "cpu"
        inputs, _ = read_inputs(
            dict(files.items()), task=task, round_=number, space=query["space"], device=device, labelled=known
        )
        strategy, parameters = QUERIES.load(query["strategy"]), query["parameters"]
        chosen, state = by_query(strategy, inputs, wanted, name=query["name"], parameters=parameters, **common)
elif wanted:
    # The first list, or labels of one class: no network can say yet what is uncertain.
    method, vectors = params.method, np.empty((len(waiting), 0), np.float32)
    if files.get("selected_in"):
        ids, found, _ = READERS[method["space"]](files.selected_in)
        vectors = align(ids, found, waiting.sample_id)
    strategy, of = METHODS.load(method["strategy"]), waiting.patient_id.to_numpy()
    chosen = by_selection(
        strategy, vectors, wanted, patients=of, name=method["name"], parameters=method["parameters"], **common
    )
if wanted:
    found = waiting.iloc[chosen.pop("row")].reset_index(drop=True)
    images = read_table(files.samples, columns=["sample_id", "image"]).set_index("sample_id").image
    found["image"] = images.loc[found.sample_id].to_numpy()
    rows.append(pd.concat([found, chosen], axis=1).assign(asked=number))
write_table(
    outputs.query, known, {"strategy": params.query["name"], "list": number, **({"state": state} if state else {})}
)
write_worklist(outputs.worklist, number_rows(pd.concat(rows, ignore_index=True)))

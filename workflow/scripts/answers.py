"""Read what the annotators have given back, settle where they differ, and keep a hold-out apart."""

import logging
from pathlib import Path

from scripting import snakemake

from coldstart.cohort.images import write_masks
from coldstart.errors import shown
from coldstart.labelling.answers import Asked, read_answers
from coldstart.labelling.holdout import choose
from coldstart.labelling.settling import settle
from coldstart.storage import read_table, replacing, write_table

params, files, outputs = snakemake.params, snakemake.input, snakemake.output
task, number = snakemake.wildcards.list.split("/list")
cohort, reading = read_table(files.cohort), params.reading
before = read_table(files.before) if files.get("before") else None
asked = Asked.read([Path(path).parent for path in files.get("lists", [])])
found = read_answers(
    files.get("labels", []), cohort, task=task, classes=reading["classes"], asked=asked, root=params.root
)
table, contradictions, masks = settle(found.answers, cohort, task)
of = cohort.set_index("sample_id").patient_id.loc[table.sample_id].to_numpy()
# Taken too early, from answers that come in one by one, a hold-out would stay as small as they were.
first = [name for name, of_list in asked.numbers.items() if of_list == 0]
ready = set(first) <= set(table.sample_id) or table.label.notna().sum() >= len(first)
share = reading["holdout"] if ready else 0
table = choose(table, of, share, seed=params.seed, before=before, task=task)
# The list whose network is the first to know of an image.
known = {} if before is None else dict(before[["sample_id", "list"]].itertuples(index=False))
table["list"] = [known.get(name, int(number)) for name in table.sample_id]

log = logging.getLogger("coldstart")
log.info("%d images are answered: %s", len(table), table.part.value_counts().to_dict())
if found.unknown:
    log.warning(
        "%d answers belong to no image of the pool: %s",
        len(found.unknown),
        shown(f"{name} in {file}" for file, name in found.unknown),
    )
with replacing(outputs.contradictions) as temporary:
    contradictions.to_csv(temporary, index=False)
if outputs.get("masks"):
    rows = cohort.set_index("sample_id").loc[table.sample_id].reset_index()
    write_masks(outputs.masks, lambda rows: map(masks, rows.index), rows, params.size, params.interpolation)
write_table(outputs.answers, table, {"seen": found.seen(asked, int(number))})

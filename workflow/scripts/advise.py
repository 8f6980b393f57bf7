"""Say what the labels have brought, whether to go on, and whom the lists miss."""

import pandas as pd
from scripting import snakemake

from coldstart.evaluation.learning_points import measure_lists
from coldstart.labelling.advice import recommend
from coldstart.labelling.advice_page import as_markdown, curve_table, record
from coldstart.labelling.curve_figure import plot_curve
from coldstart.labelling.groups import group_sentences, representation
from coldstart.labelling.groups_figure import plot_groups
from coldstart.labelling.worklist import chosen_sentence, read_worklist
from coldstart.reporting.figures import save_figure
from coldstart.storage import read_json, read_table, replacing, write_json, write_text

params, files, outputs = snakemake.params, snakemake.input, snakemake.output
task, number = snakemake.wildcards.list.split("/list")
pool = read_table(files.cohort)
pool = pool[pool.sample_id.isin(read_table(files.pool).sample_id)].reset_index(drop=True)
lists = [read_worklist(path) for path in files.lists]
answers = read_table(files.answers)

asked = pd.concat([table.sample_id for table in lists])
groups = representation(pool, pool.index[pool.sample_id.isin(asked)])
metric = "auroc" if task == "classification" else "dice"
trained = [(read_json(fit), read_table(held)) for fit, held in zip(files.fits, files.holdouts, strict=True)]
points, shared = measure_lists(metric, [(fit["list"], fit["n_labelled"], held) for fit, held in trained])
advice = recommend(
    points,
    shared,
    metric=metric,
    number=int(number),
    next_n=len(lists[-1]),
    worthwhile=params.worthwhile,
    pool_left=int((~pool.sample_id.isin(answers.sample_id)).sum()),
    classes=params.classes,
    groups=group_sentences(groups),
    newest=len(trained[-1][1]) if trained else None,
    seed=params.seed,
)

title = f"{params.dataset}: {task}, list {number}"
chosen = chosen_sentence(**params.chosen_by)
write_json(outputs.advice, {**record(advice), "chosen": chosen})
write_text(outputs.text, as_markdown(advice, title=title, chosen=[chosen]))
for path, table in ((outputs.curve, curve_table(points, advice.forecast)), (outputs.groups, groups)):
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)
figure = plot_curve(points, advice.forecast, metric=metric, n_holdout=advice.n_holdout, title=title)
save_figure(figure, png=outputs.curve_png)
save_figure(plot_groups(groups, title=title), png=outputs.groups_png)

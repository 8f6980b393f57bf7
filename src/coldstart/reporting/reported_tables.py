"""Tables of what a publication reports, with ours beside it."""

import numpy as np
import pandas as pd

from coldstart.evaluation.label_efficiency import annotation_saved
from coldstart.publications import PUBLICATIONS
from coldstart.reporting import captions
from coldstart.reporting.arms import rows_of
from coldstart.reporting.efficiency import efficiency
from coldstart.reporting.efficiency_table import ALC_TEXT, labels_text
from coldstart.reporting.headline import headline_metrics
from coldstart.reporting.plain_tables import PlainTable
from coldstart.reporting.reported import (
    ALC,
    LEVY_METRICS,
    OTHER_DATA,
    ROW,
    SHARE,
    beside,
    match_reported,
    ours_efficient,
    ours_measured,
    read_acft,
    read_columns,
    read_levy,
    read_lmi_al,
)
from coldstart.reporting.summary import INITIALISATION, SUBSEQUENT, stages

STAGES = {INITIALISATION: "cold start", SUBSEQUENT: "rounds"}
RANDOM = "RFT(LQ)/random"
SAVINGS = ["application", "acft_labels", "rft_labels", "saving_pct_printed", "labels_for_full_finetune"]
SAVINGS += ["labels_for_full_scratch", "full_auc_finetune", "full_auc_scratch", "source"]


def reported_tables(paper, paths, summary, *, arms, settings, pool, dataset=None, note=""):
    """Lay out what a publication reports beside ours.

    Parameters
    ----------
    paper : {"levy", "acft", "lmi_al"}
        Name in `coldstart.publications.PUBLICATIONS`.
    paths : list of path
        Its resources, in their order there.
    summary : pandas.DataFrame
        Our summary.
    arms : dict of str to str
        Published method to our arm, see `coldstart.reporting.reported.match_reported`.
    settings : dict
        Label efficiency as `coldstart.reporting.efficiency.efficiency` wants it, and ``metrics``.
    pool : int
        Samples that can be labelled.
    dataset : str, optional
        The published data set that ours is.
    note : str, default=""
        What must be said of our data.

    Returns
    -------
    list of PlainTable
        One for each name in the publication's ``tables``.
    """
    task, settings = PUBLICATIONS[paper].task, dict(settings)
    wanted = settings.pop("metrics")
    reported = {"levy": read_levy, "acft": read_acft, "lmi_al": read_lmi_al}[paper](paths[0])
    matched = match_reported(arms, reported, summary, task)
    ours_are, found = "", None
    if paper != "levy" and SUBSEQUENT in stages(summary, task):
        # ACFT's curves are those of the area under the ROC curve.
        metric = "auroc" if paper == "acft" else headline_metrics(summary, task, wanted)[0]
        found = efficiency(summary, task, metric, pool=pool, **settings)
    if paper == "levy":
        ours = ours_measured(summary, task, matched, LEVY_METRICS)
        ours_are = (
            "Ours: at the largest initial budget, and after the last round; the published budgets are not known. HD "
            "beside our maximal one in mm; whether the published one is that is not known."
        )
    elif found is not None:
        quantity, column = (ALC, "alc") if paper == "acft" else (SHARE, "share")
        ours = ours_efficient(found, matched, quantity, column)
        title = captions.metric_entry(found.metric)["title"]
        meaning = f"ALC of {title}, {ALC_TEXT[found.alc]}" if paper == "acft" else f"to {title} of {goal_text(found)}"
        ours_are = f"Ours: {meaning}."
    else:
        ours = ours_measured(summary, task, {}, {})
    frame = beside(reported, ours, dataset)
    tables = [reported_table(paper, frame, ours_are, summary, note)]
    if paper == "acft":
        tables.append(savings_table(paths[1], found, matched, summary, dataset, note))
    return tables


def goal_text(found):
    """The goal of our label efficiency: its value and what it is."""
    return f"{captions.number(found.goal.value, found.metric)} ({found.goal.text})"


def reported_table(paper, frame, ours_are, summary, note):
    """One row per published method and quantity; a column per published data set, then ours and the difference."""
    datasets = list(frame["dataset"].unique())
    rows = []
    for (stage, method, quantity), own in frame.groupby(ROW, sort=False):
        unit = f" [{own['unit'].iloc[0]}]" if own["unit"].iloc[0] == "mm" else ""
        start = f"{STAGES[stage]}: " if frame["stage"].nunique() > 1 else ""
        cells = dict(zip(own["dataset"], own.to_dict("records"), strict=True))
        texts = [published_text(cells[name]) if name in cells else "" for name in datasets]
        told = [text for text in own["difference"] if text not in ("", OTHER_DATA)] or list(own["difference"])[:1]
        rows.append([f"{start}{method}: {quantity}{unit}", *texts, ours_text(own.iloc[0]), told[0]])
    title = PUBLICATIONS[paper].title
    name = next(iter(summary["dataset"]), "")
    used = frame.drop_duplicates(ROW).dropna(subset="ours")
    arms = dict.fromkeys(f"{method} is {arm}" for method, arm in zip(used["method"], used["arm"], strict=True))
    caption = [
        f"What {title} report, and ours ({name}).",
        f"Our arms: {'; '.join(arms)}. {ours_are}" if arms else "None of ours is matched.",
        "Mean ± standard deviation over runs. Difference: ours less published, where the data are the same. "
        "A dash: not published, or not run.",
    ]
    if paper == "acft":
        caption.append("*: best of its application.")
    heading = f"{title}, beside {name}"
    return PlainTable(
        titles=["Reported", *datasets, "Ours", "Difference"],
        rows=rows,
        frame=frame,
        heading=heading,
        caption=" ".join(caption),
        note=captions.sentence(note),
    )


def published_text(row):
    """A published value as it is printed."""
    spread = "" if np.isnan(row["sd"]) else f" ± {row['sd']:.4f}"
    return f"{row['printed']}{spread}{' *' if row['best'] else ''}"


def ours_text(row):
    """Our value, with as many digits as the published one has; percent of the pool with one."""
    if np.isnan(row["ours"]):
        return ""
    percent = row["unit"] == "%"
    digits = 1 if percent else len(row["printed"].partition(".")[2])
    spread = "" if np.isnan(row["ours_sd"]) else f" ± {row['ours_sd']:.{digits}f}"
    return f"{row['ours']:.{digits}f}{spread}{' %' if percent else ''}"


def savings_table(path, found, matched, summary, dataset, note):
    """Labels with which ACFT's curves meet, the saving as printed and recomputed; then those of our arms."""
    printed = read_columns(path, SAVINGS)
    numbers = printed.drop(columns=["application", "source"]).apply(pd.to_numeric)
    saved = [annotation_saved(*pair) for pair in numbers[["acft_labels", "rft_labels"]].to_numpy(dtype=float)]
    frame = printed[["application"]].join(numbers)
    frame.insert(4, "saving_pct_recomputed", saved)
    frame["source"] = printed["source"]
    rows = [
        [name, acft, random, f"{said} %", f"{value:.2f} %", *rest]
        for (name, acft, random, said, *rest, _), value in zip(printed.to_numpy(), saved, strict=True)
    ]
    title, name = PUBLICATIONS["acft"].title, next(iter(summary["dataset"]), "")
    caption = [
        f"Labels that ACFT and random fine-tuning (RFT) need for the same AUC, and the annotation saved, as {title} "
        "print it and as 100 (1 - ACFT / RFT) of the printed labels."
    ]
    if found is not None and (ours := our_savings(found, matched)):
        where = f"{name}, {OTHER_DATA}" if dataset is None else name
        caption.append(f"Last rows: our arms on {where}; labels to AUROC {goal_text(found)}.")
        rows += [[f"ours: {arm}", labels, random, "", saving, *[""] * 4] for arm, labels, random, saving, _ in ours]
        extra = [{"application": f"ours: {arm}", "saving_pct_recomputed": value} for arm, *_, value in ours]
        frame = pd.concat([frame, pd.DataFrame(extra)], ignore_index=True)
    titles = ["Application", "ACFT labels", "RFT labels", "Saved, printed", "Saved, recomputed"]
    titles += ["To full training, fine-tuned", "To full training, from scratch", "Full AUC, fine-tuned"]
    titles += ["Full AUC, from scratch"]
    heading = f"Annotation saved, {title}, beside {name}"
    caption.append("A dash: not published, or not reached.")
    return PlainTable(titles, rows, frame, heading, " ".join(caption), captions.sentence(note))


def our_savings(found, matched):
    """Arm, its labels, those of random fine-tuning, and the saving, for every arm that stands for one of ACFT's."""
    own = {method: rows_of(found.arms, arm).iloc[0] for (_, method), arm in matched.items()}
    random = own.pop(RANDOM, None)
    rows = []
    for arm in own.values():
        whole = random is not None and all(one["labels_runs"] == one["n_runs"] for one in (arm, random))
        value = annotation_saved(arm["labels"], random["labels"]) if whole else np.nan
        text = "" if np.isnan(value) else f"{value:.2f} %"
        rows.append((arm["label"], labels_text(arm), "" if random is None else labels_text(random), text, value))
    return rows

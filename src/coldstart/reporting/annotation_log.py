"""What was annotated and how it was used: class balance of the queries, and how often each label was trained on."""

import pandas as pd

ARM = ["model", "method", "query", "budget"]
BALANCE = [*ARM, "round", "runs", "n_labelled", "labelled", "positive", "positive_sd", "share", "pool_share"]
REUSE = [*ARM, "strategy", "runs", "round", "uses", "labels", "share"]


def positives(cohort):
    """Tell which samples are positive.

    Parameters
    ----------
    cohort : pandas.DataFrame
        With sample_id, label and mask.

    Returns
    -------
    pandas.Series of bool, indexed by sample_id
        Whether the label is 1; of samples without a label, whether there is a
        mask.
    """
    unlabelled = cohort["label"].isna().to_numpy()
    found = (cohort["label"] == 1).fillna(False).to_numpy(dtype=bool)
    found[unlabelled] = cohort["mask"].notna().to_numpy()[unlabelled]
    return pd.Series(found, index=cohort["sample_id"].to_numpy())


def class_balance(chains, positive, pool):
    """Positives among what every arm labelled, round by round (Fig. 8 of Zhou et al. 2021).

    Parameters
    ----------
    chains : iterable of (dict, pandas.DataFrame)
        Per run of rounds: its wildcards (those of `ARM`; other keys are
        ignored), and its labelled set after the last round, with sample_id and
        the round in which each was labelled; round 0 is the initial selection.
    positive : pandas.Series of bool, indexed by sample_id
        From `positives`.
    pool : sequence of str
        Sample ids of the pool.

    Returns
    -------
    pandas.DataFrame
        The columns `BALANCE`, one row per arm and round, over its `runs`: mean
        `n_labelled` (all labels after the round), mean number `labelled` in the
        round, mean number `positive` of these with the standard deviation
        between runs (n - 1), their `share`, and that of the whole pool.
    """
    rows = []
    for cell, labelled in chains:
        groups = positive.loc[labelled["sample_id"]].groupby(labelled["round"].to_numpy())
        counts = groups.agg(["size", "sum"]).sort_index()
        found = {**arm_of(cell), "round": counts.index, "n_labelled": counts["size"].cumsum()}
        rows.append(pd.DataFrame({**found, "labelled": counts["size"], "positive": counts["sum"]}))
    groups = pd.concat(rows).groupby([*ARM, "round"])
    found = groups.mean()
    found["positive_sd"], found["runs"] = groups["positive"].std(), groups.size()
    found["share"] = found["positive"] / found["labelled"]
    found["pool_share"] = positive.loc[list(pool)].mean()
    return found.reset_index()[BALANCE]


def label_reuse(chains):
    """How many trainings each label took part in (Fig. 9 of Zhou et al. 2021).

    Parameters
    ----------
    chains : iterable of (dict, pandas.DataFrame, str, list of collection of str)
        Per run of rounds: its wildcards and its labelled set after the last
        round as for `class_balance`, its learning strategy, and the sample ids
        that each round trained on.

    Returns
    -------
    pandas.DataFrame
        The columns `REUSE`: `labels`, the mean number over the `runs` of an arm
        of those that were labelled in `round` and trained on in `uses` rounds,
        and their `share` of all labels of the arm.
    """
    rows, runs = [], []
    for cell, labelled, strategy, trained in chains:
        uses = labelled["sample_id"].map(pd.Series([name for names in trained for name in names]).value_counts())
        arm = {**arm_of(cell), "strategy": strategy}
        rows.append(pd.DataFrame({**arm, "round": labelled["round"], "uses": uses.fillna(0).astype(int)}))
        runs.append({**arm, "runs": 1})
    arm = [*ARM, "strategy"]
    found = pd.concat(rows).groupby([*arm, "round", "uses"]).size().rename("labels").reset_index()
    found = found.merge(pd.DataFrame(runs).groupby(arm, as_index=False).sum(), on=arm)
    found["labels"] = found["labels"] / found["runs"]
    found["share"] = found["labels"] / found.groupby(arm)["labels"].transform("sum")
    return found[REUSE]


def arm_of(cell):
    """The wildcards of a run that name its arm."""
    return {**{key: str(cell[key]) for key in ("model", "method", "query")}, "budget": int(cell["budget"])}

"""Values that Levy et al., ACFT and LMI-AL report, beside ours; what is not public stays blank."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_reporting_efficiency import curve, full, summary_of

from coldstart.errors import InputError
from coldstart.evaluation.label_efficiency import annotation_saved
from coldstart.publications import PUBLICATIONS
from coldstart.reporting.plain_tables import write_plain_table
from coldstart.reporting.reported import read_acft, read_levy, read_lmi_al
from coldstart.reporting.reported_tables import reported_tables

ROOT = Path(__file__).resolve().parents[2]
RESOURCES, SPECIFIED = ROOT / "resources", ROOT.parent / "shared/specs/tables"
FILES = [
    "levy_reported",
    "lmi_al_reported",
    "acft_table4_alc",
    "acft_fig5_savings",
    "acft_table3_hyperparameters",
]
SETTINGS = {"stop": {"patience": 3, "min_gain": 0.0}, "alc": "linear", "target": 1.0, "of": "full", "metrics": None}


def tables(paper, summary, arms, **options):
    paths = [RESOURCES / name for name in PUBLICATIONS[paper].resources]
    settings = {**SETTINGS, **options.pop("settings", {})}
    return reported_tables(paper, paths, summary, arms=arms, settings=settings, pool=200, **options)


def cells(table, name):
    """Cells of the row of that name, by the titles of the columns."""
    (row,) = [row for row in table.rows if row[0] == name]
    return dict(zip(table.titles, row, strict=True))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.skipif(not SPECIFIED.exists(), reason="the specification is not here")
def test_every_value_is_the_specified_one_and_has_a_source(name):
    specified = pd.read_csv(SPECIFIED / f"{name}.csv", dtype=str, keep_default_na=False)
    ours = pd.read_csv(RESOURCES / f"{name}.csv", dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(ours[specified.columns.tolist()], specified)
    assert (ours["source"] != "").all()


def test_every_publication_has_its_files_and_a_table_for_each():
    for paper in PUBLICATIONS.values():
        assert all((RESOURCES / name).is_file() for name in paper.resources)
        assert paper.tables


def test_the_readers_keep_the_digits():
    levy = read_levy(RESOURCES / "levy_reported.csv")
    assert len(levy) == 21
    assert levy["printed"].tolist()[:3] == ["0.918", "0.929", "32.41"]
    acft = read_acft(RESOURCES / "acft_table4_alc.csv")
    # Three applications of 32 combinations, and random fine-tuning with its deviation over five runs.
    assert acft.groupby("dataset").size().tolist() == [33, 33, 33]
    assert acft.groupby("dataset")["best"].sum().tolist() == [1, 1, 1]
    random = acft[acft["method"] == "RFT(LQ)/random"].set_index("dataset")
    assert random["sd"].to_dict() == {"colonoscopy": 0.0176, "polyp": 0.0130, "pe": 0.0261}
    assert acft["sd"].notna().sum() == 3
    lmi_al = read_lmi_al(RESOURCES / "lmi_al_reported.csv")
    assert lmi_al["printed"].tolist() == ["<8%", "<5%"]
    assert lmi_al["value"].isna().all()


def test_a_file_without_its_columns_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("dataset,value\na,1\n")
    with pytest.raises(InputError, match="stage, method, metric"):
        read_levy(tmp_path / "t.csv")
    with pytest.raises(InputError, match=r"none\.csv"):
        read_lmi_al(tmp_path / "none.csv")


def levy_summary():
    """A cold start at two budgets with two seeds, and one round from the smaller; Dice and distance."""
    rows = []
    for metric, scale in (("dice", 1.0), ("hd_mm", 100.0)):
        names = {"task": "segmentation", "metric": metric}
        for seed, shift in ((1, 0.0), (2, 0.02)):
            random = [scale * (0.5 + shift), scale * (0.6 + shift)]
            rows += curve(random, "u", seed, method="random", **names)
            rows += curve([scale * (0.7 + shift)], "u", seed, start=30, method="random", **names)
            rows += curve([scale * 0.8], "u", seed, start=30, method="farthest", model="a", **names)
    return pd.DataFrame(rows)


LEVY_ARMS = {"random": "random", "proposed": "a", "entropy+diversity": "random/u"}


def test_levy_reports_beside_ours_on_other_data():
    (table,) = tables("levy", levy_summary(), LEVY_ARMS)
    assert table.titles == ["Reported", "CheXmask-300", "Montgomery", "SynthStrip", "Ours", "Difference"]
    random = cells(table, "cold start: random: Dice")
    assert (random["CheXmask-300"], random["Montgomery"], random["SynthStrip"]) == ("0.918", "0.928", "")
    # At the largest of our budgets, over both seeds.
    assert random["Ours"] == "0.710 ± 0.014"
    assert random["Difference"] == "not the same data"
    assert cells(table, "cold start: random: HD [mm]")["Ours"] == "71.00 ± 1.41"
    assert cells(table, "cold start: proposed: Dice")["Ours"] == "0.800 ± 0.000"
    assert cells(table, "rounds: entropy+diversity: Dice")["Ours"] == "0.610 ± 0.014"
    # Not matched: blank.
    baseline = cells(table, "rounds: baseline: Dice")
    assert (baseline["Ours"], baseline["Difference"]) == ("", "")
    assert "random is random, 30 labelled" in table.caption
    assert "entropy+diversity is random / u, 20 labelled" in table.caption
    assert set(table.frame["source"]) == {"abstract", "review"}


def test_differences_are_told_where_the_data_are_the_same():
    (table,) = tables("levy", levy_summary(), LEVY_ARMS, dataset="Montgomery")
    assert cells(table, "cold start: random: Dice")["Difference"] == "−0.218"
    assert cells(table, "cold start: random: HD [mm]")["Difference"] == "+56.78"
    # Montgomery has no published rounds.
    assert cells(table, "rounds: entropy+diversity: Dice")["Difference"] == "not the same data"
    with pytest.raises(InputError, match=r"comparison\.dataset: 'montgomery' .* did you mean 'Montgomery'"):
        tables("levy", levy_summary(), LEVY_ARMS, dataset="montgomery")


ACFT = summary_of(
    curve([0.6, 0.7, 0.8, 0.9], "random", 1),
    curve([0.6, 0.7, 0.8, 0.9], "random", 2),
    curve([0.6, 0.8, 0.9, 0.9], "hq", 1),
    curve([0.6, 0.9, 0.9, 0.9], "hq", 2),
    full(0.9),
)
ACFT_ARMS = {"RFT(LQ)/random": "random", "ACFT(HQ)/ent+maj": "k/hq"}


def test_acft_reports_alcs_beside_ours():
    alc, _ = tables("acft", ACFT, ACFT_ARMS)
    random = cells(alc, "RFT(LQ)/random: ALC")
    assert random["colonoscopy"] == "0.8958 ± 0.0176"
    assert random["Ours"] == "0.7500 ± 0.0000"
    # (.7 + .85 + .9) / 3 and (.75 + .9 + .9) / 3.
    assert cells(alc, "ACFT(HQ)/ent+maj: ALC")["Ours"] == "0.8333 ± 0.0236"
    assert cells(alc, "ACFT(HQ)/div: ALC")["pe"] == "0.8272 *"
    assert cells(alc, "ACFT(HQ)/div: ALC")["Ours"] == ""
    assert len(alc.rows) == 33
    assert "ALC of AUROC, mean height" in alc.caption


def test_acft_reports_savings_as_printed_and_recomputed_and_ours_below():
    _, savings = tables("acft", ACFT, ACFT_ARMS)
    colonoscopy = cells(savings, "colonoscopy")
    assert (colonoscopy["Saved, printed"], colonoscopy["Saved, recomputed"]) == ("81.5 %", "81.54 %")
    assert colonoscopy["To full training, from scratch"] == "80"
    specified = read_savings()
    assert [row[4] for row in savings.rows[:5]] == [f"{value:.2f} %" for value in specified]
    # Random needs 40 labels for 0.9; the other 30 and 20.
    ours = cells(savings, "ours: k / hq")
    assert (ours["ACFT labels"], ours["RFT labels"], ours["Saved, recomputed"]) == (
        "25.0 ± 7.1",
        "40.0 ± 0.0",
        "37.50 %",
    )
    assert savings.frame["saving_pct_recomputed"].iloc[-1] == pytest.approx(annotation_saved(25, 40))
    assert "not the same data; labels to AUROC 0.900 (100 % of full supervision (full))" in savings.caption


def read_savings():
    """Savings that the specification recomputes."""
    return pd.read_csv(RESOURCES / "acft_fig5_savings.csv")["saving_pct_recomputed"]


def test_ours_is_blank_where_a_run_does_not_reach_the_target_or_nothing_has_run():
    never = summary_of(curve([0.6, 0.7], "random"), curve([0.6, 0.9], "hq"), full(0.9))
    _, savings = tables("acft", never, ACFT_ARMS)
    ours = cells(savings, "ours: k / hq")
    assert (ours["ACFT labels"], ours["RFT labels"], ours["Saved, recomputed"]) == ("20.0", "> 20", "")
    without_rounds = summary_of(curve([0.6]), full(0.9))
    alc, savings = tables("acft", without_rounds, {})
    assert {row[-2] for row in alc.rows} == {""}
    assert len(savings.rows) == 5
    assert "None of ours is matched." in alc.caption


def longitudinal(*runs):
    return pd.DataFrame([row | {"task": "segmentation", "metric": "dice"} for run in runs for row in run])


def test_lmi_al_claims_beside_our_share_of_the_pool():
    summary = longitudinal(curve([0.5, 0.7, 0.8], "bald", start=4, batch=4), full(0.75))
    extra = summary.assign(metric="hd_px")
    summary = pd.concat([summary, extra])
    (table,) = tables("lmi_al", summary, {"LMI-AL": "bald"})
    assert table.rows == [
        ["LMI-AL: labelled fraction to match full supervision", "<8%", "<5%", "5.0 %", "not the same data"]
    ]
    assert "to DSC of 0.750 (100 % of full supervision (full))" in table.caption
    (table,) = tables("lmi_al", summary, {"LMI-AL": "bald"}, dataset="MSSEG-2")
    assert table.rows[0][-1] == "holds"
    (table,) = tables("lmi_al", summary, {"LMI-AL": "bald"}, dataset="SVUH")
    assert table.rows[0][-1] == "does not hold"
    far = longitudinal(curve([0.5, 0.6], "bald", start=4, batch=4), full(0.75))
    (table,) = tables("lmi_al", pd.concat([far, far.assign(metric="hd_px")]), {"LMI-AL": "bald"})
    assert table.rows[0][-2:] == ["", ""]


@pytest.mark.parametrize(
    ("arms", "message"),
    [
        ({"ACFT(HQ)/ent+mai": "hq"}, "no published method: did you mean 'ACFT.HQ./ent.maj'"),
        ({"ACFT(HQ)/ent+maj": "qh"}, "no arm is called 'qh': did you mean 'hq'"),
    ],
)
def test_a_wrong_arm_is_named(arms, message):
    with pytest.raises(InputError, match=message):
        tables("acft", ACFT, arms)


def test_a_query_of_several_starts_must_be_named_in_full():
    summary = pd.concat([ACFT, summary_of(curve([0.6, 0.8], "hq", method="other"))])
    with pytest.raises(InputError, match="'hq' stands for several arms: k / hq, other / hq"):
        tables("acft", summary, {"ACFT(HQ)/ent+maj": "hq"})
    alc, _ = tables("acft", summary, {"ACFT(HQ)/ent+maj": "other/hq"})
    assert cells(alc, "ACFT(HQ)/ent+maj: ALC")["Ours"] == "0.7000"


@pytest.mark.parametrize("paper", ["levy", "acft", "lmi_al"])
def test_four_formats(tmp_path, paper):
    summary = {"levy": levy_summary(), "acft": ACFT}.get(paper)
    if summary is None:
        run = longitudinal(curve([0.5, 0.7]), full(0.6))
        summary = pd.concat([run, run.assign(metric="hd_px")])
    for table in tables(paper, summary, {}, note="Synthetic data"):
        names = {"csv": "t.csv", "markdown": "t.md", "latex": "t.tex", "html": "t.html"}
        write_plain_table(table, **{kind: tmp_path / name for kind, name in names.items()})
        assert all("Synthetic data." in (tmp_path / name).read_text() for name in names.values())
        assert (tmp_path / "t.tex").read_text().isascii()
        assert {len(row) for row in table.rows} == {len(table.titles)}
        assert np.isnan(pd.read_csv(tmp_path / "t.csv").get("ours", pd.Series([np.nan]))).all()

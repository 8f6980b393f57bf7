"""The profile for SLURM stands alone: it repeats the promises of the default one, and no rule is forgotten in it."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROMISES = {"rerun-triggers", "max-checksum-file-size", "scheduler", "rerun-incomplete", "keep-going"}
RULE = re.compile(r"^ *(?:rule (?P<new>\w+)|use rule (?P<base>\w+) as (?P<derived>\w+) with):$", re.M)
# Minutes of one job of a group at most: they run one after the other.
SHORT = 30


def profile(folder):
    return yaml.safe_load((ROOT / folder / "profile.v9+.yaml").read_text())


@pytest.fixture(scope="module")
def slurm():
    return profile("workflow/profiles/slurm")


@pytest.fixture(scope="module")
def rules():
    """Text of every rule by its name; one that is made from another has that one's text before its own."""
    found = {}
    for path in [ROOT / "Snakefile", *sorted((ROOT / "workflow/rules").glob("*.smk"))]:
        text = path.read_text()
        heads = list(RULE.finditer(text))
        starts = [*(head.start() for head in heads), len(text)]
        for head, end in zip(heads, starts[1:], strict=True):
            found[head["new"] or head["derived"]] = (head["base"], text[head.end() : end])
    assert len(found) > 30
    return {name: (found[base][1] if base else "", own) for name, (base, own) in found.items()}


@pytest.fixture(scope="module")
def submitted(rules):
    """Names of the rules that are not local."""
    # A rule made from another is local only where it says so itself.
    return {name for name, (_, own) in rules.items() if "localrule: True" not in own}


@pytest.fixture(scope="module")
def on_a_gpu(rules):
    """Names of the rules that ask for a GPU."""
    return {name for name, texts in rules.items() if any(re.search(r"^ +gpu=", text, re.M) for text in texts)}


def test_both_profiles_keep_the_same_promises(slurm):
    default = profile("profiles/default")
    assert {key: slurm[key] for key in PROMISES} == {key: default[key] for key in PROMISES}
    assert set(default) - PROMISES == {"cores", "resources"}


def test_every_rule_that_is_submitted_asks_for_memory_and_time_and_no_other_is_named(slurm, submitted):
    assert slurm["set-resources"].keys() == submitted
    for name, resources in slurm["set-resources"].items():
        assert resources.keys() == {"mem_mb", "runtime"}, name


def test_each_attempt_asks_for_more(slurm):
    class Input:
        size_mb = 1000

    for name, resources in slurm["set-resources"].items():
        for resource, text in resources.items():
            asked = [eval(text, {"attempt": attempt, "input": Input, "max": max}) for attempt in (1, 2, 3)]
            assert asked == [asked[0], 2 * asked[0], 3 * asked[0]], (name, resource)
    assert slurm["retries"] >= 1


def test_groups_name_rules_that_are_submitted_and_their_sizes_name_groups(slurm, submitted):
    assert slurm["groups"].keys() <= submitted
    assert slurm["group-components"].keys() <= set(slurm["groups"].values())


def test_groups_are_of_short_rules_that_take_no_gpu(slurm, on_a_gpu):
    asked = {name: eval(slurm["set-resources"][name]["runtime"], {"attempt": 1}) for name in slurm["groups"]}
    # The one job of `cohort` waits for nobody but `pool`.
    assert {name for name, minutes in asked.items() if minutes > SHORT} == {"cohort"}
    assert not asked.keys() & on_a_gpu


def test_a_rule_asks_for_a_gpu_where_its_script_takes_one(rules, on_a_gpu):
    scripts = {name: re.search(r'script:\s+"../scripts/(\w+\.py)"', "".join(texts)) for name, texts in rules.items()}
    leasing = {path.name for path in (ROOT / "workflow/scripts").glob("*.py") if "lease(" in path.read_text()}
    assert {name for name, script in scripts.items() if script and script[1] in leasing} == on_a_gpu


def test_the_guide_names_every_rule_that_asks_for_a_gpu(on_a_gpu):
    (row,) = re.findall(r"^\| GPU jobs in a partition .*$", (ROOT / "docs/cluster.md").read_text(), re.M)
    assert set(re.findall(r"`(\w+)`", row.partition("in the lines of")[2].partition(";")[0])) == on_a_gpu


def test_no_account_or_partition_or_limit_of_gpus_is_somebodys_own(slurm):
    assert not {"default-resources", "resources"} & slurm.keys()

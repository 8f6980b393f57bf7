"""The profile for SLURM stands alone: it repeats the promises of the default one, and no rule is forgotten in it."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROMISES = {"rerun-triggers", "max-checksum-file-size", "scheduler", "rerun-incomplete", "keep-going"}
RULE = re.compile(r"^ *(?:rule (?P<new>\w+)|use rule \w+ as (?P<derived>\w+) with):$", re.M)


def profile(folder):
    return yaml.safe_load((ROOT / folder / "profile.v9+.yaml").read_text())


@pytest.fixture(scope="module")
def slurm():
    return profile("workflow/profiles/slurm")


@pytest.fixture(scope="module")
def submitted():
    """Names of the rules that are not local, out of the files themselves."""
    found = {}
    for path in [ROOT / "Snakefile", *sorted((ROOT / "workflow/rules").glob("*.smk"))]:
        text = path.read_text()
        rules = list(RULE.finditer(text))
        starts = [*(rule.start() for rule in rules), len(text)]
        for rule, end in zip(rules, starts[1:], strict=True):
            # A rule made from another is local only where it says so itself.
            found[rule["new"] or rule["derived"]] = "localrule: True" not in text[rule.end() : end]
    assert len(found) > 30
    return {name for name, counts in found.items() if counts}


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


def test_no_account_or_partition_or_limit_of_gpus_is_somebodys_own(slurm):
    assert not {"default-resources", "resources"} & slurm.keys()

# Live labelling: which list each task is at, and what its rules take. A list that is written is never written again:
# what it stood on is, for the lists after it, a file like any other, and no rule makes it.
import json
from functools import partial

LIST = "<results>/worklist/{list}"


def answer_files():
    """What the annotators have given back so far."""
    from coldstart.labelling.answers import find_files

    return [str(path) for path in find_files(config["worklist"]["labels"])]


def answered_images(task, lists):
    """Images that were answered when the last of some lists was made, and that are now."""
    from coldstart.labelling.answers import answered_now
    from coldstart.storage import read_table

    before = read_table(lists[-1] / "answers.parquet", columns=["sample_id"]).sample_id
    cohort = read_table(f"{RESULTS}/cohort.parquet")
    classes = config["worklist"]["classes"]
    now, unknown = answered_now(answer_files(), cohort, lists, task=task, classes=classes)
    if unknown:
        named = shown(f"{name} in {file}" for file, name in unknown)
        logger.warning(f"{task}: {len(unknown)} answers belong to no image of the pool and are not used: {named}.")
    return before, now


def current_lists():
    """Number of every task's list, and whether it is still to be made."""
    return worklists.planned(
        lambda: {
            task: worklists.current_list(f"{RESULTS}/worklist/{task}", partial(answered_images, task))
            for task in config["tasks"]
        },
        plans=workflow.is_main_process,
    )


LIVE = config["worklist"] is not None
try:
    CURRENT = current_lists() if LIVE else {}
except InputError as error:
    raise WorkflowError(str(error)) from None


def waiting_lines():
    """Which lists wait for answers: nothing is made for them, so that nothing else would say so."""
    lines = []
    for task, one in CURRENT.items():
        if not one.new:
            folder = Path(RESULTS, "worklist", task, f"list{one.number}")
            lines.append(
                f"{task}: list {one.number} is there and waits for answers in {config['worklist']['labels']}/: "
                f"{folder}/worklist.csv"
            )
    return lines


if workflow.is_main_process:
    for line in waiting_lines():
        logger.warning(line)


def list_name(task, number):
    """A list as the wildcard `list` has it, below the folder `worklist`."""
    return str(Path(task, f"list{number}"))


def list_names(task=None, new=False):
    """Folder of every task's current list, or of one task's, as the wildcard `list` has it; or of those to be made."""
    return [
        list_name(name, one.number) for name, one in CURRENT.items() if task in (None, name) and (one.new or not new)
    ]


def task_and_number(wildcards):
    """What the wildcard `list` says."""
    task, folder = Path(wildcards.list).parts
    return task, int(folder.removeprefix("list"))


def lists_before(wildcards):
    """Folders of the lists before this one, from list 0 on."""
    task, number = task_and_number(wildcards)
    return [f"<results>/worklist/{list_name(task, earlier)}" for earlier in range(number)]


def worklist_targets(wildcards=None):
    """What `snakemake worklist` makes: the current list of every task, and what goes with it."""
    if not LIVE:
        raise WorkflowError(
            "This configuration has no section `worklist`: snakemake worklist --configfile config/my_pool.yaml"
        )
    files = ["worklist.csv", "contact.html", "advice.md"]
    targets = [f"<results>/worklist/{name}/{file}" for name in list_names() for file in files]
    # Nothing is trained for the first list.
    trained = [list_name(task, one.number) for task, one in CURRENT.items() if one.number]
    return targets + [f"<results>/worklist/{name}/tracking.parquet" for name in trained if tracked()]


def list_lines():
    """What the user wants to know of the current lists: where they are, and what is recommended."""
    lines = []
    for name in list_names():
        folder = Path(RESULTS, "worklist", name)
        if (folder / "advice.json").is_file():
            advice = json.loads((folder / "advice.json").read_text(encoding="utf-8"))
            lines += [
                f"{name}: {advice['next']} images to annotate: {folder}/worklist.csv, contact.html",
                *advice["sentences"],
            ]
            lines += [*advice["groups"], advice["chosen"]]
    quality = Path(RESULTS, "quality.csv")
    if quality.is_file():
        lines.append(f"Images that were left out, and why: {quality}")
    labels = config["worklist"]["labels"]
    return "\n".join([*lines, f"Put the answers into {labels}/ and run the same command again: docs/label_my_pool.md"])

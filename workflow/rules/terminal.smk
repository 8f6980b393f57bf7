# What the terminal and Snakemake's log say beside Snakemake's own lines: how far the runs are, and what failed.
#
# A handler of the workflow and not a logger plugin: a plugin must be installed beside whichever Snakemake runs this, or
# nothing runs at all, and it takes the place of Snakemake's own lines.
import json
import logging
import os
import time
from collections import Counter
from contextlib import suppress

from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent

from coldstart.overview import Overview
from coldstart.progress import SECONDS_BETWEEN_LINES


def runs_of(job):
    """Count the runs of this data set that a job evaluates: one, all those of a job of probes, or none."""
    files = " ".join(file for file in map(str, job.output) if Path(file).name == "metrics.parquet")
    if f"{RESULTS}/runs/" in files:
        return 1
    if f"{RESULTS}/probes/" in files:
        method, query = job.wildcards.method, job.wildcards.query
        return len(seeds(method)) * config["repeats"] * (1 if query == "none" else config["query"]["rounds"])
    return 0


def fits_in(file):
    """Yield the cell, the validation metric and the labels of each run whose fit a file holds."""
    if Path(file).name == "fit.json":
        fit = json.loads(Path(file).read_text(encoding="utf-8"))
        if fit["settings"]["monitor"] == "metric" and not whole_pool(fit["cell"]["method"]):
            yield fit["cell"], fit["best_value"], fit["n_labelled"]
    elif Path(file).name == "fits.parquet":
        # Not above: pandas is loaded where there are probes alone.
        from coldstart.storage import read_metadata, read_table

        cell = read_metadata(file)["cell"]
        for fit in read_table(file).to_dict("records") if not whole_pool(cell["method"]) else ():
            yield {**cell, **fit}, fit["best_value"], fit["n_labelled"]


def sentence_in(rule, logs):
    """What `workflow/scripts/scripting.py` wrote for the user into the log of a job that failed, or where to look."""
    for log in filter(os.path.isfile, logs):
        text = Path(log).read_text(encoding="utf-8", errors="replace")
        if said := re.findall(r"^.* ERROR coldstart: (Error in .*)$", text, re.MULTILINE):
            return f"{said[-1]}\n  More in {log}"
    return f"Error in {rule}: it ended without a word; look into {shown(logs)}"


class Watching(logging.Handler):
    """Hears what Snakemake logs and adds lines of its own."""

    def __init__(self):
        super().__init__()
        self.overview, self.last, self.said, self.jobs, self.failed = None, time.monotonic(), [], {}, {}

    def emit(self, record):
        now = time.monotonic()
        event = getattr(record, "event", None)
        try:
            if event == LogEvent.JOB_INFO:
                self.overview = self.overview or self.count(now)
                self.overview.begin(record.jobid, record.rule_name, now)
            elif event == LogEvent.JOB_FINISHED and self.overview:
                self.finish(record.job_id, now)
            elif event == LogEvent.JOB_ERROR and self.overview:
                self.fail(record)
            elif event == LogEvent.PROGRESS and self.overview:
                self.say(now, last=record.done == record.total)
        except Exception:
            self.handleError(record)

    def count(self, now):
        """Begin an overview of the jobs that Snakemake has planned."""
        dag = workflow.dag
        self.jobs = {dag.jobid(job): job for job in dag.jobs}
        planned = set(dag.needrun_jobs())
        done = [job for job in self.jobs.values() if job not in planned]
        rules = Counter(job.rule.name for job in planned if not job.is_norun)
        overview = Overview(DATASET["name"], sum(map(runs_of, self.jobs.values())), sum(map(runs_of, done)), rules, now)
        for job in done:
            self.note(overview, job)
        return overview

    def finish(self, jobid, now):
        """Note that a job is done."""
        self.failed.pop(jobid, None)
        self.overview.end(jobid, now, runs_of(self.jobs[jobid]))
        self.note(self.overview, self.jobs[jobid])

    def fail(self, record):
        """Keep the sentence of a job that failed; one that ran elsewhere has not said it on this terminal."""
        self.overview.fail(record.jobid)
        self.failed[record.jobid] = sentence_in(record.rule_name, record.log)
        if not workflow.local_exec:
            logger.error(self.failed[record.jobid])

    def note(self, overview, job):
        """Note what validation says of the runs of a job."""
        for file in (file for file in map(str, job.output) if f"{RESULTS}/" in file):
            # A damaged file is told by the job that reads it.
            with suppress(OSError, ValueError, DamagedFile):
                for found in fits_in(file):
                    overview.fit(*found)

    def say(self, now, last):
        """Log what is new, every ten seconds at most and at the end."""
        if last or now - self.last >= SECONDS_BETWEEN_LINES:
            lines = self.overview.lines(now)
            for line in lines:
                if line not in self.said:
                    logger.info(line, extra={"quietness": Quietness.PROGRESS})
            self.last, self.said = now, lines


def say_what_failed():
    """Say at the end, job by job, what the user must mend."""
    if failed := list(WATCHING.failed.values()):
        head = (
            f"{len(failed)} job{'s' if len(failed) > 1 else ''} failed. When it is mended, run the same command again."
        )
        logger.error("\n".join(["", head, *(f"- {text}" for text in failed), ""]))


WATCHING = Watching()
if workflow.is_main_process and not workflow.dryrun:
    # First of the handlers: its sentence stands above what Snakemake says of a job that failed.
    logger.handlers.insert(0, WATCHING)

"""What somebody who watches a run wants to know: how far it is, which arm is best so far, how long it still takes.

It is told what happens, job by job, and reads nothing itself.
"""

import math
from collections import Counter, defaultdict
from statistics import fmean

# What validation measures of an arm whose epochs are kept by the metric.
VALIDATION = {"classification": "AUPRC", "segmentation": "Dice"}
MINUTE, HOUR = 60, 3600


class Overview:
    """Runs and jobs of one workflow, as far as they have come.

    Parameters
    ----------
    name : str
        Of the data set.
    runs, runs_done : int
        How many runs there are in all, and how many of them were there before.
    jobs : dict of str to int
        How many jobs of each rule are to be done.
    start : float
        When that was counted, in seconds of any clock that only goes forward.
    """

    def __init__(self, name, runs, runs_done, jobs, start):
        self.name, self.runs, self.runs_done, self.start = name, runs, runs_done, start
        self.left = Counter(jobs)
        self.running, self.failed = {}, set()
        self.seconds = defaultdict(list)
        self.values = defaultdict(dict)

    def begin(self, job, rule, now):
        """Note that a job of a rule has begun, or begins anew; one of a rule that was not counted takes no time."""
        if rule in self.left:
            self.left[rule] += job in self.failed
            self.failed.discard(job)
            self.running[job] = rule, now

    def end(self, job, now, runs=0):
        """Note that a job is done, and with it some runs."""
        self.runs_done += runs
        if job in self.running:
            rule, began = self.running.pop(job)
            self.seconds[rule].append(now - began)
            self.left[rule] -= 1

    def fail(self, job):
        """Note that a job has failed; it is not waited for, unless it begins anew."""
        if job in self.running:
            self.left[self.running.pop(job)[0]] -= 1
            self.failed.add(job)

    def fit(self, cell, value, n_labelled):
        """Note what validation says of one run.

        Parameters
        ----------
        cell : dict
            The wildcards of the run.
        value : float or None
            Its validation metric, higher for better; None or nan where there is none.
        n_labelled : int
            Labels that it had.
        """
        if value is not None and math.isfinite(value):
            arm = cell["task"], cell["model"], cell["method"], cell["query"], int(n_labelled)
            self.values[arm][cell["budget"], cell["seed"], cell["repeat"], cell["round"]] = float(value)

    def best(self, task):
        """Arm and number of labels with the highest mean validation metric of a task.

        Returns
        -------
        str
            Empty where nothing is known.
        """
        own = {arm[1:]: runs.values() for arm, runs in self.values.items() if arm[0] == task}
        means = {arm: (fmean(values), len(values)) for arm, values in own.items()}
        if not means:
            return ""
        arm = min(means, key=lambda arm: (-means[arm][0], arm))
        (model, method, query, n_labelled), (mean, runs) = arm, means[arm]
        parts = [method, *([f"on {model}"] if model != "none" else []), *([f"then {query}"] if query != "none" else [])]
        behind = f"mean of {runs} runs" if runs > 1 else "one run"
        return f"{' '.join(parts)} with {n_labelled} labels, {VALIDATION[task]} {mean:.3f} on validation ({behind})"

    def seconds_left(self, now):
        """Seconds until all jobs are done, if they go on as so far.

        Each job is taken to last as long as those of its rule did in the mean,
        or as all did where its rule is new; as many run at once as did so far.

        Returns
        -------
        float or None
            None where no job has ended yet.
        """
        lasted = [seconds for rule in self.seconds.values() for seconds in rule]
        if not lasted:
            return None
        mean = fmean(lasted)
        each = {rule: fmean(self.seconds[rule]) if rule in self.seconds else mean for rule in self.left}
        running = [now - began for _, began in self.running.values()]
        work = sum(count * each[rule] for rule, count in self.left.items())
        work -= sum(min(now - began, each.get(rule, mean)) for rule, began in self.running.values())
        at_once = (sum(lasted) + sum(running)) / max(now - self.start, 1e-9)
        return max(work, 0) / max(at_once, 1e-9)

    def lines(self, now):
        """What to say now.

        Returns
        -------
        list of str
            Runs done and time left, and the best arm of each task as far as
            something is known of it.
        """
        seconds = self.seconds_left(now)
        said = [f"{self.runs_done} of {self.runs} runs done"] if self.runs else []
        if seconds is not None and any(self.left.values()):
            said.append(f"about {duration(seconds)} left for all jobs")
        best = [(task, self.best(task)) for task in VALIDATION]
        lines = ["; ".join(said), *(f"best {task} so far: {arm}" for task, arm in best if arm)]
        return [f"{self.name}: {line}" for line in lines if line]


def duration(seconds):
    """Put a number of seconds into words as exact as an estimate is.

    Returns
    -------
    str
        ``"40 s"``, ``"12 min"`` or ``"3.5 h"``.
    """
    if seconds < MINUTE:
        return f"{10 * max(round(seconds / 10), 1)} s" if seconds < MINUTE - 5 else "1 min"
    return f"{round(seconds / MINUTE)} min" if seconds < 2 * HOUR else f"{seconds / HOUR:.1f} h"

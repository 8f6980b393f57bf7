# One run at a time on the results of a data set; what a killed run or a clock that jumps has left is put right.
from contextlib import contextmanager
from functools import wraps

from snakemake.dag import DAG
from snakemake.jobs import Job
from snakemake.persistence.file import FilePersistence

from coldstart.clock import catch_up, tame
from coldstart.one_run import locked, only_run


def void_notes(folder):
    """Snakemake's notes of runs that have ended without removing them."""
    for path in sorted(Path(folder).glob("*.lock")):
        descriptor = locked(path)
        if descriptor is not None:
            os.close(descriptor)
            yield path


def check_writable(folder):
    """Say in one sentence that results cannot be written; each job would fail with a traceback of its own."""
    if folder.exists() and not os.access(folder, os.W_OK):
        raise InputError(f"{folder} cannot be written: make it writable, or work in a folder that is, and run again.")


def one_at_a_time(lock):
    """Hold the lock of a run around Snakemake's own, which a kill leaves behind."""

    @wraps(lock)
    @contextmanager
    def held(persistence):
        try:
            check_writable(Path(RESULTS))
            with only_run(DATASET["name"], logger.warning) as certain:
                for path in void_notes(persistence._lockdir) if certain else ():
                    path.unlink(missing_ok=True)
                with lock(persistence):
                    notes = [locked(Path(path)) for path in persistence._lockfile.values()] if certain else []
                    yield
                    for descriptor in notes:
                        os.close(descriptor)
        except InputError as error:
            raise WorkflowError(str(error)) from None

    return held


def dated(check):
    """Date the outputs of a job no earlier than its inputs, where the clock has gone back between them."""

    @wraps(check)
    async def in_order(dag, job, outputs):
        catch_up(outputs, job.input)
        await check(dag, job, outputs)

    return in_order


def begun(prepare):
    """Note that a job is at work before its outputs are removed; Snakemake does so after."""

    @wraps(prepare)
    async def noted(job):
        job.register()
        await prepare(job)

    return noted


def failed(postprocess):
    """Let the note of a job that has failed stand.

    Snakemake takes it away, writes that the parameters of now have made the
    outputs, and removes these: what stands on them would pass for up to date.
    """

    @wraps(postprocess)
    async def known(job, *arguments, error=False, **more):
        job.has_failed = error
        await postprocess(job, *arguments, error=error, **more)

    return known


def of_success(finished):
    """Write down the end of a job, and take its note away, only where it ended well.

    A job that has left runs waiting for a tracking server has not ended: no file
    will change that could say that it is to be done again.
    """

    @wraps(finished)
    async def written(persistence, job):
        lists = [Path(path) for path in job.output if Path(path).name == "tracking.parquet"]
        if not job.has_failed and not any(map(queued_runs, lists)):
            await finished(persistence, job)

    return written


async def unfinished(persistence, job):
    """Outputs of a job that has begun and has not ended well: all are made again, those too that are gone."""
    marked = persistence._filter_incomplete_keys([persistence._get_key(path) for path in job.output])
    return [path for path in job.output if persistence._get_key(path) in marked]


# Snakemake's own is its parent's.
if "lock" not in vars(FilePersistence):
    FilePersistence.lock = one_at_a_time(FilePersistence.lock)
    FilePersistence.finished = of_success(FilePersistence.finished)
    FilePersistence.incomplete = unfinished
    FilePersistence.cleanup = lambda persistence, job: None
    Job.postprocess = failed(Job.postprocess)
    DAG.check_output_mtime = dated(DAG.check_output_mtime)
    if workflow.is_main_process:
        Job.prepare = begun(Job.prepare)
if workflow.is_main_process:
    tame(RESULTS)

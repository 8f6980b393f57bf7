# One run at a time on the results of a data set; what a killed run or a clock that jumps has left is put right.
from contextlib import contextmanager
from functools import wraps

from snakemake.dag import DAG
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


# Snakemake's own is its parent's.
if "lock" not in vars(FilePersistence):
    FilePersistence.lock = one_at_a_time(FilePersistence.lock)
    DAG.check_output_mtime = dated(DAG.check_output_mtime)
if workflow.is_main_process:
    tame(RESULTS)

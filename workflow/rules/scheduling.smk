# Two things that Snakemake 9.27 does over and over again, done once. Both grow with the number of jobs, and took more of
# the process that schedules than all the rest.
import os
from functools import wraps

from snakemake.io import _IOFile


def lift_default_limit(scheduler):
    """Lift Snakemake's own limit of 100 jobs a second; one that somebody chose stays.

    For its sake the scheduler wakes itself a second after every look at the
    jobs, and each job that ends begins another such chain: after some hundred
    jobs it does little else.
    """
    limit = scheduler.job_rate_limiter
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        scheduler.job_rate_limiter = None


def remembered(checksum):
    """Digest a file once as long as it stays as it is.

    Snakemake reads all inputs of a job anew for each of its outputs (its issue
    4240): 400 MB for one segmentation on 800 images of 224 pixels.
    """
    known = {}

    @wraps(checksum)
    async def once(file, threshold=None, force=False, algorithm=None):
        if file.is_storage or not os.path.exists(file):
            return await checksum(file, threshold, force, algorithm)
        found = os.stat(file)
        key = found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, threshold, force, algorithm
        if key not in known:
            known[key] = await checksum(file, threshold, force, algorithm)
        return known[key]

    return once


if not hasattr(_IOFile.checksum, "__wrapped__"):
    _IOFile.checksum = remembered(_IOFile.checksum)

"""Times of files where the clock of the machine jumps.

Snakemake asks whether an input is younger than an output. A clock that was
ahead leaves results from the future, younger than any change that is still to
come; one that went back makes outputs older than their inputs.
"""

import os
import time
from contextlib import suppress


def tame(folder):
    """Date files from the future now, so that what changes from now on is seen.

    Parameters
    ----------
    folder : str or pathlib.Path
        All files below it are looked at; it need not exist. Those that may not
        be changed stay as they are.
    """
    now = time.time_ns()
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with suppress(OSError):
                if os.lstat(path).st_mtime_ns > now:
                    os.utime(path, ns=(now, now), follow_symlinks=False)


def catch_up(outputs, inputs):
    """Date outputs as late as the youngest input, where they are older.

    Parameters
    ----------
    outputs, inputs : iterable of str
        Paths; those that do not exist are left out.
    """
    youngest = max((os.stat(path).st_mtime_ns for path in inputs if os.path.exists(path)), default=0)
    for path in outputs:
        if os.path.exists(path) and os.stat(path).st_mtime_ns < youngest:
            os.utime(path, ns=(youngest, youngest))

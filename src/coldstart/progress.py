"""Progress of long steps: a bar on a terminal, plain lines in a log."""

import logging
import sys
import time

from tqdm import tqdm

LOGGER = logging.getLogger("coldstart")
SECONDS_BETWEEN_LINES = 10


def track(iterable, what, total=None):
    """Iterate and show how far it has come.

    Parameters
    ----------
    iterable : iterable
        What to iterate over.
    what : str
        What is being done, as the user should read it.
    total : int, optional
        Number of items; by default ``len(iterable)`` where it has one.

    Yields
    ------
    object
        The items of `iterable`.
    """
    if total is None:
        total = len(iterable) if hasattr(iterable, "__len__") else None
    last = time.monotonic()
    done = 0
    for item in tqdm(iterable, desc=what, total=total, disable=not sys.stderr.isatty(), leave=False):
        yield item
        done += 1
        if time.monotonic() - last > SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            LOGGER.info("%s: %d of %s", what, done, total if total is not None else "?")
    LOGGER.info("%s: %d done", what, done)

"""Which MLflow stores can be used, and what the user reads when one cannot."""

import logging
import os
import re
import socket
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from coldstart.errors import InputError, shown
from coldstart.tracking.client import MlflowException

LOGGER = logging.getLogger("coldstart")
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
SERVERS = ("http", "https")
# MLflow's own defaults keep a user waiting for minutes where a server is away; what is set in the environment wins.
PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}


def checked_scheme(uri):
    """Kind of store behind a tracking URI.

    Returns
    -------
    str
        ``sqlite``, ``postgresql``, ``mysql``, ``mssql``, ``http`` or ``https``.

    Raises
    ------
    InputError
        For any other, ``file:`` among them, which MLflow 3 no longer opens.
    """
    scheme = re.match(r"([a-z]+)(\+\w+)?://", uri)
    if scheme is None or scheme[1] not in DATABASES + SERVERS:
        hint = "MLflow keeps no runs in plain folders any more; " if re.match(r"file:|[^:]*$", uri) else ""
        raise InputError(
            f"tracking.uri '{hidden(uri, uri)}' cannot be used: {hint}write sqlite:////absolute/path/mlflow.db, the "
            f"address of a server (http://...) or of a database ({shown(DATABASES)}), or null for the local store."
        )
    return scheme[1]


@contextmanager
def usable_store(uri, rows, total):
    """Turn a store that fails into one sentence for the user.

    A server that does not answer is no failure: the block ends there, and the log says so.

    Parameters
    ----------
    uri : str
        The store.
    rows : list
        What has been mirrored; it grows while the block runs.
    total : int
        Number of runs to mirror.

    Raises
    ------
    InputError
        If the store can be reached and not be used.
    """
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        # What we sent was wrong: a defect of the program, to be seen as such.
        if isinstance(error, MlflowException) and error.error_code == "INVALID_PARAMETER_VALUE":
            raise
        reason = hidden(" ".join(str(error).split())[:300], uri)
        if uri.startswith(SERVERS) and is_away(error):
            LOGGER.warning(
                "the MLflow server %s (key tracking.uri) does not answer (%s): %d of %d runs wait on the disk, and the "
                "same command delivers them when it is back",
                hidden(uri, uri),
                reason,
                total - len(rows),
                total,
            )
            return
        mend = "mend the server or correct the address" if uri.startswith(SERVERS) else "mend this"
        # Without its cause, whose text may hold a password.
        raise InputError(
            f"the MLflow store {hidden(uri, uri)} (key tracking.uri) failed after {len(rows)} of {total} runs "
            f"({reason}): {mend} and run the same command again, which goes on from there."
        ) from None


def is_away(error):
    """Tell whether a server did not answer, from an answer that says no.

    Parameters
    ----------
    error : BaseException or None

    Returns
    -------
    bool
        True where a connection failed or took too long, in the error or in what led to it.
    """
    while error is not None:
        if isinstance(error, (ConnectionError, TimeoutError, socket.gaierror)):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextmanager
def bounded_patience():
    """Keep waiting for an absent server short, for as long as the block runs."""
    added = [name for name in PATIENCE if name not in os.environ]
    os.environ.update({name: PATIENCE[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def hidden(text, uri):
    """Leave user and password out of a text that may quote a URI."""
    address = re.sub(r"://[^/@\s]+@", "://", uri)
    return re.sub(r"://[^/@\s]+@", "://", text.replace(uri, address))

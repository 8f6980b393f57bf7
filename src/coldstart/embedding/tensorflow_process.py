"""The process in which TensorFlow runs."""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from coldstart.embedding import savedmodel_worker
from coldstart.errors import InputError
from coldstart.registry import SOURCE_ROOT

VARIABLE = "COLDSTART_TF_PYTHON"
ENVIRONMENT = Path(".venv-tensorflow/bin/python")


def tensorflow_python(python=None):
    """Find the Python of an environment with TensorFlow.

    In this order: the one given, ``COLDSTART_TF_PYTHON``,
    ``.venv-tensorflow/bin/python`` below the working directory or beside the
    package's sources, and this very Python if it has TensorFlow.

    Parameters
    ----------
    python : str, optional
        Its path.

    Returns
    -------
    str
        Path of an interpreter; whether it can import TensorFlow shows when it is started.

    Raises
    ------
    InputError
        If there is none.
    """
    for named, where in ((python, "`python`"), (os.environ.get(VARIABLE), VARIABLE)):
        if named:
            if not Path(named).is_file():
                raise InputError(f"there is no Python {named}, which {where} names: correct it.")
            return str(Path(named).absolute())
    for folder in (Path.cwd(), SOURCE_ROOT.parent):
        if (folder / ENVIRONMENT).is_file():
            return str(folder / ENVIRONMENT)
    if importlib.util.find_spec("tensorflow"):
        return sys.executable
    raise InputError(
        "encoder 'savedmodel' needs TensorFlow, which has an environment of its own: run `make setup-tensorflow`, or "
        f"let `python` (or {VARIABLE}) name the Python of an environment that has it."
    )


class TensorFlowProcess:
    """A SavedModel in a process of its own; a context manager.

    Parameters
    ----------
    python : str
        Interpreter of an environment with TensorFlow.
    settings : dict
        ``path, size, input, signature, output`` as in `coldstart.embedding.savedmodel`.

    Attributes
    ----------
    ready : dict
        What the process found: ``version, signature, batch, channels``.
    output : str or None
        Name of the output that was used.

    Raises
    ------
    InputError
        If the model or TensorFlow cannot be loaded, or the model does not take such images.
    """

    def __init__(self, python, settings):
        self.python, self.settings, self.output = python, settings, None
        # It leaves the GPUs to those that have leased them; without oneDNN its sums keep their order.
        surroundings = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2", "TF_ENABLE_ONEDNN_OPTS": "0"}
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 (closed on exit)
        try:
            self.process = subprocess.Popen(
                # -I: neither this package's folder nor PYTHONPATH may hide the other environment's packages.
                [python, "-I", savedmodel_worker.__file__, json.dumps(settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.log,
                env={**os.environ, **surroundings},
            )
        except OSError as error:
            self.log.close()
            raise InputError(f"{python} cannot be started ({error.strerror}): correct `python`.") from error
        try:
            self.ready, _ = self._reply()
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
        self.log.close()

    def run(self, images):
        """Output of the network for a batch.

        Parameters
        ----------
        images : numpy.ndarray of uint8 or uint16, shape (n, s, s) or (n, s, s, 3)
            Stored images.

        Returns
        -------
        numpy.ndarray of float32, shape (n, ...)

        Raises
        ------
        InputError
            If the model does not take them, or the process ends.
        """
        # Where the process has ended, its last reply says why.
        with contextlib.suppress(BrokenPipeError):
            savedmodel_worker.send(self.process.stdin, images)
        header, values = self._reply()
        self.output = header["output"]
        return values

    def _reply(self):
        header, values = savedmodel_worker.receive(self.process.stdout)
        path = self.settings["path"]
        if header is None:
            code = self.process.wait()
            raise InputError(
                f"TensorFlow ended with code {code} on SavedModel {path} ({self._last_line()}): "
                f"check that {self.python} can import tensorflow, and that memory suffices."
            )
        if "refused" in header:
            raise InputError(header["refused"])
        if "failed" in header:
            missing = header["failed"].startswith("ModuleNotFoundError")
            mend = f"install it for {self.python}" if missing else "unpack it again, or correct `size` or `input`"
            raise InputError(f"TensorFlow cannot run SavedModel {path} ({header['failed']}): {mend}.")
        return header, values

    def _last_line(self):
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")

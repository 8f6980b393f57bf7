"""Packages that only some encoders need."""

import importlib
import warnings

from coldstart.errors import InputError


def extra(package):
    """Import a package of the extra ``encoders``.

    Parameters
    ----------
    package : str
        Its name as imported and as installed.

    Returns
    -------
    module

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        # torchxrayvision silences every warning of the process when imported.
        with warnings.catch_warnings():
            return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package.partition(".")[0]:
            raise
        raise InputError(
            f"this encoder needs the package {error.name}, which is not installed: "
            "`make setup` brings it, or `pip install 'coldstart[encoders]'`."
        ) from error

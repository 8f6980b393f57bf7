"""The one exception that a user is meant to read."""


class InputError(ValueError):
    """Input that only the user can mend.

    Its message is one sentence that says what is wrong, where, and how to mend
    it. Everything else that is raised is a defect of the program.
    """


def shown(names, limit=5):
    """Join names for a message, the first few only.

    Parameters
    ----------
    names : iterable of object
        What to list.
    limit : int, default=5
        How many to spell out.

    Returns
    -------
    str
        ``"a, b, c and 4 more"``.
    """
    names = [str(name) for name in names]
    text = ", ".join(names[:limit])
    return text if len(names) <= limit else f"{text} and {len(names) - limit} more"

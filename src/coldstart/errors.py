"""The exceptions that a user is meant to read."""

from pathlib import Path

# Characters of a message, and how many of them are kept of the end of one that is longer.
LONGEST, END = 1500, 300


class InputError(ValueError):
    """Input that only the user can mend.

    Its message is one sentence that says what is wrong, where, and how to mend
    it. Everything else that is raised is a defect of the program.

    Parameters
    ----------
    message : object
        The sentence. What it quotes may come from anywhere: `plain` makes one
        printable line of it.
    """

    def __init__(self, message):
        super().__init__(plain(message))


class DamagedFile(InputError):
    """A file that the workflow wrote itself and that is no longer whole.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    reason : object
        What its reader said.

    Attributes
    ----------
    path : pathlib.Path
    reason : str
        On one line.
    """

    def __init__(self, path, reason):
        self.path, self.reason = Path(path), " ".join(str(reason).split())
        super().__init__(f"{path} cannot be read ({self.reason}): delete it and run the same command again.")

    def __reduce__(self):
        """Come back from another process with path and reason."""
        return type(self), (self.path, self.reason)


def plain(message):
    r"""One line that a terminal, a log and a table can show, whatever it quotes.

    Parameters
    ----------
    message : object
        A text of any length, with any characters.

    Returns
    -------
    str
        Lines are joined by blanks; other characters that do not print, such as
        escapes of terminals and marks that turn the direction of writing, are
        spelt out (``\x1b``); of a long text the middle is left out.
    """
    text = " ".join(filter(None, (line.strip() for line in str(message).splitlines())))
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - END]} ... {text[-END:]}"
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode("ascii") for one in text
    )


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

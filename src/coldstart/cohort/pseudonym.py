"""Pseudonyms: the same patient gets the same name, which says nothing about who it is."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from coldstart.errors import InputError

SALT_BYTES = 32
DIGITS = 12


def pseudonym(identity, salt):
    """Name a patient without saying who it is.

    Parameters
    ----------
    identity : str
        What tells the patient from others, such as the patient's ID.
    salt : bytes
        From `read_salt`. Without it, neither can a pseudonym be traced back by
        trying identities, nor do those of two projects have anything in common.

    Returns
    -------
    str
        ``p`` and the first 12 hexadecimal digits of HMAC-SHA256 (RFC 2104) of
        the identity under the salt. Of 100,000 patients, any two share one with
        a probability of 2 in 100,000 (48 bits, by the birthday bound).
    """
    code = hmac.new(salt, identity.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return f"p{code.hexdigest()[:DIGITS]}"


def read_salt(path):
    """Read the secret behind the pseudonyms; made at its first use.

    Parameters
    ----------
    path : str or pathlib.Path
        The file: 64 hexadecimal digits. It is made readable for its owner
        alone, whole or not at all, and of several processes that make it at
        once all get the same.

    Returns
    -------
    bytes
        32 bytes.

    Raises
    ------
    InputError
        If the file is damaged, or cannot be read or made.
    """
    path = Path(path)
    try:
        if not path.exists():
            make_salt(path)
        salt = bytes.fromhex(path.read_text(encoding="ascii"))
    except OSError as error:
        raise InputError(
            f"dataset.salt: {path} can neither be read nor made ({error.strerror}): name a file in a folder of yours,"
            " on a file system with hard links."
        ) from error
    except ValueError:
        salt = b""
    if len(salt) != SALT_BYTES:
        raise InputError(
            f"dataset.salt: {path} does not hold {2 * SALT_BYTES} hexadecimal digits: restore it, or delete it,"
            " which gives every patient a new pseudonym."
        )
    return salt


def make_salt(path):
    """Write a new salt, unless another process was faster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(SALT_BYTES) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        # A rename would replace the salt of a faster process; a link does not.
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink(missing_ok=True)

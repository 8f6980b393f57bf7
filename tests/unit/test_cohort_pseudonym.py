"""Pseudonyms: stable, secret, made once."""

import hashlib
import hmac
import stat
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from coldstart.cohort.pseudonym import pseudonym, read_salt
from coldstart.errors import InputError


def test_a_pseudonym_is_the_beginning_of_the_published_test_vector():
    # RFC 4231, test case 1.
    assert pseudonym("Hi There", b"\x0b" * 20) == "pb0344c61d8db"


def test_a_pseudonym_needs_its_salt_and_tells_patients_apart():
    names = {pseudonym(f"MRN-{i}", b"one") for i in range(20_000)}
    assert len(names) == 20_000
    assert pseudonym("MRN-1", b"one") != pseudonym("MRN-1", b"two")
    expected = hmac.new(b"one", "Müller\udc80".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    assert pseudonym("Müller\udc80", b"one") == f"p{expected[:12]}"


def test_a_salt_is_made_once_and_for_its_owner_alone(tmp_path):
    path = tmp_path / "new folder" / ".salt"
    salt = read_salt(path)
    assert len(salt) == 32
    assert read_salt(path) == salt
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert read_salt(tmp_path / "another") != salt


def test_readers_that_start_together_get_the_same_salt(tmp_path):
    for attempt in range(20):
        path, start = tmp_path / str(attempt) / "salt", Barrier(8)

        def read(_, path=path, start=start):
            start.wait()
            return read_salt(path)

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(read, range(8)))) == 1
        assert [file.name for file in path.parent.iterdir()] == ["salt"]


@pytest.mark.parametrize("text", ["", "abc", "00" * 31, "g" * 64, "é" * 64])
def test_a_damaged_salt_is_refused_and_left_alone(tmp_path, text):
    path = tmp_path / "salt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"dataset\.salt: .* 64 hexadecimal digits"):
        read_salt(path)
    assert path.read_text(encoding="utf-8") == text


def test_a_salt_that_cannot_be_made_says_where(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"dataset\.salt: .*file/salt can neither be read nor made"):
        read_salt(tmp_path / "file" / "salt")

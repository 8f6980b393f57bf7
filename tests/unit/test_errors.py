"""Refusals are one line that any terminal, log or table can show, whatever they quote."""

import pickle

import pytest

from coldstart.errors import DamagedFile, InputError, plain


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("The file a.csv is empty: fill it.", "The file a.csv is empty: fill it."),
        ("parser: line 4\n  saw 5\n", "parser: line 4 saw 5"),
        ("a\r\nb\x85c\u2028d", "a b c d"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("gpj.\u202eexe\u2066", "gpj.\\u202eexe\\u2066"),
        ("nul \0 tab \t .", "nul \\x00 tab \\t ."),
        ("Größe é 🫁 日本", "Größe é 🫁 日本"),
        ("no UTF-8: \udcff", "no UTF-8: \\udcff"),
    ],
)
def test_a_message_is_one_printable_line(given, told):
    assert plain(given) == told
    assert str(InputError(given)) == told
    assert told.isprintable()
    told.encode("utf-8")


def test_of_a_long_quotation_the_beginning_and_the_end_are_told():
    message = str(InputError(f"row 3: the label is '{'x' * 10**6}', it must be 0, 1 or empty."))
    assert len(message) < 2000
    assert message.startswith("row 3: the label is 'xxx")
    assert message.endswith("xxx', it must be 0, 1 or empty.")


def test_an_error_comes_back_from_another_process_as_it_was():
    assert str(pickle.loads(pickle.dumps(InputError("a\nb")))) == "a b"
    damaged = pickle.loads(pickle.dumps(DamagedFile("a.parquet", "too short")))
    assert str(damaged) == str(DamagedFile("a.parquet", "too short"))
    assert (damaged.path.name, damaged.reason) == ("a.parquet", "too short")

"""The search for identifiers looks into everything."""

import gzip
import sqlite3
import zipfile

import numpy as np
import pandas as pd
from written import everything_written, places_of

from coldstart.storage import write_table


def test_a_word_is_found_wherever_it_is_planted(tmp_path):
    word = "Quillfeather"
    write_table(tmp_path / "a/values.parquet", pd.DataFrame({"x": ["of quillfeather"] * 5}))
    write_table(tmp_path / "metadata.parquet", pd.DataFrame({"x": [1]}), {"who": word})
    np.savez_compressed(tmp_path / "array.npz", x=np.array([word.encode()] * 50))
    with zipfile.ZipFile(tmp_path / "packed.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("notes", f"{word} " * 50)
    (tmp_path / "page.html").write_text("<a href='data:text/html,%51uillfeather'>")
    (tmp_path / "coded.html").write_text("<img src='data:image/png;base64,UXVpbGxmZWF0aGVyIHdhcyBoZXJl'>")
    (tmp_path / "log.gz").write_bytes(gzip.compress(word.encode() * 9))
    (tmp_path / f"{word}.txt").write_text("")
    with sqlite3.connect(tmp_path / "runs.db") as database:
        database.execute("create table t (x text)")
        database.execute("insert into t values (?)", (word,))
    (tmp_path / "own").mkdir()
    (tmp_path / "own/list.txt").write_text(word)
    (tmp_path / "clean.txt").write_text("nobody")
    found = {place.partition(" (")[0] for _, place in places_of([word], everything_written(tmp_path, ["own"]))}
    here = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert found == here - {"own/list.txt", "clean.txt"}

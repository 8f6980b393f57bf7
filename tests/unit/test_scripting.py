"""What a script says of a damaged file, and where the file lies then."""

import subprocess
import sys

import pytest
from workplace import ROOT

SCRIPT = """
import sys
from pathlib import Path
from types import SimpleNamespace

snakemake = SimpleNamespace(
    rule="evaluate",
    wildcards={},
    log=["logs/a.log"],
    input=["results/tiny/fit.json"],
    config={"dataset": {"name": "tiny"}},
)
# Behind the library, one of whose modules is named as one of the scripts.
sys.path.append(sys.argv[1])
from scripting import snakemake
from coldstart.errors import DamagedFile

raise DamagedFile(Path("results/tiny/fit.json"), "it ends too early")
"""


@pytest.mark.parametrize("there", [True, False])
def test_a_damaged_file_is_put_aside_once_whichever_job_is_first(tmp_path, there):
    (tmp_path / "results/tiny").mkdir(parents=True)
    (tmp_path / "script.py").write_text(SCRIPT)
    path = tmp_path / "results/tiny/fit.json"
    if there:
        path.write_text("{")
    command = [sys.executable, "script.py", str(ROOT / "workflow/scripts")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Error in evaluate: results/tiny/fit.json was damaged (it ends too early)" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in (tmp_path / "logs/a.log").read_text()
    assert not path.exists()
    assert path.with_name("fit.json.damaged").exists() == there

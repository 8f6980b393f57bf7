"""docs/notebook.md: its lines run one after the other, as in a notebook, and give what the workflow gives."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
CELLS = re.findall(r"```python\n(.*?)```", (ROOT / "docs/notebook.md").read_text(encoding="utf-8"), re.DOTALL)
AFTER = """
import sys
assert len(set(first.indices.tolist())) == 20 and len(first.reasons) == 20
assert picks.scores.tolist() == sorted(picks.scores.tolist(), reverse=True) and len(picks.indices) == 10
assert np.abs(probabilities[picks.indices] - 0.5).max() <= np.sort(np.abs(probabilities - 0.5))[9]
assert "torch" not in sys.modules
again = STRATEGIES.load("typiclust")(vectors, 20, rng=np.random.default_rng(1), seed=1)
assert np.array_equal(first.indices, again.indices)
"""


def test_the_notebook_runs(tmp_path):
    rows = {"task": ["classification"], "method": ["random"], "n_labelled": [4], "metric": ["auroc"], "value": [0.5]}
    (tmp_path / "results/phantom").mkdir(parents=True)
    pd.DataFrame(rows).to_parquet(tmp_path / "results/phantom/summary.parquet")
    assert len(CELLS) == 5
    assert len([line for line in CELLS[0].splitlines() if line.strip()]) == 5
    (tmp_path / "notebook.py").write_text("\n".join([*CELLS, AFTER]), encoding="utf-8")
    environment = {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "notebook.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^\[[\d\s]+\] \S", done.stdout), done.stdout

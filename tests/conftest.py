"""Which worker runs which tests under `--dist loadfile`."""

import pytest
from xdist.scheduler import LoadFileScheduling

# These files share one finished run of the workflow, which a worker makes once.
SHARING = tuple(f"tests/workflow/test_{name}.py" for name in ("chain", "determinism", "incremental", "leakage"))
# And these a running Label Studio.
SERVED = ("tests/workflow/test_label_studio.py", "tests/workflow/test_worklist.py")
# Long tests that share nothing: they come last, one by one, so that no worker waits for another's file.
INDEPENDENT = (
    "tests/unit/test_tracking_mirror.py",
    "tests/workflow/test_bad_input.py",
    "tests/workflow/test_gpu.py",
    "tests/workflow/test_published_systems.py",
)


class ByFile(LoadFileScheduling):
    """Whole files to one worker each, but for those that share a fixture or nothing at all."""

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        if file in INDEPENDENT:
            return nodeid
        return "finished" if file in SHARING else "served" if file in SERVED else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Schedule by file; marks of groups are lost between pytest 9 and xdist 3.8."""
    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None

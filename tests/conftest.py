"""Which worker runs which tests under `--dist loadfile`."""

import pytest
from xdist.scheduler import LoadFileScheduling

# These files share one finished run of the workflow, which a worker makes once.
SHARING = ("tests/workflow/test_chain.py", "tests/workflow/test_incremental.py")


class ByFile(LoadFileScheduling):
    """Whole files, and those that share a fixture, to one worker each."""

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        return "finished" if file in SHARING else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Schedule by file; marks of groups are lost between pytest 9 and xdist 3.8."""
    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None

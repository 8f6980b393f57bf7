"""An undisturbed run to hold the disturbed ones against."""

import shutil

import pytest
from injection import SMALL, TARGETS
from workplace import ROOT, Workplace


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """Workplace in which the small grid has run to its end, nothing disturbing it."""
    place = Workplace(ROOT, tmp_path_factory.mktemp("undisturbed") / "work")
    result = place.run(*TARGETS, config=SMALL)
    assert result.code == 0, result.text
    return place


@pytest.fixture
def finished(undisturbed, tmp_path):
    """A copy of that workplace, to spoil."""
    folder = tmp_path / "work"
    shutil.copytree(undisturbed.folder, folder, symlinks=True)
    return Workplace(ROOT, folder)

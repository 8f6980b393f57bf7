"""The pictures of the tutorial: drawn by the documented command, here without the trainings."""

import importlib.util
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def pictures(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "docs/pictures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "FIGURES", tmp_path)
    monkeypatch.setattr(module, "POOL", {**module.POOL, "n": 4, "resolution": 32})
    return module


def test_every_picture_of_the_page_is_drawn(pictures, tmp_path, monkeypatch):
    def lists(work, truth):
        assert sorted(truth) == sorted(path.stem for path in (work / "pool").iterdir())
        for number, name in [(0, "contact"), (1, "map"), (pictures.LISTS - 1, "curve")]:
            (work / f"list{number}").mkdir()
            Image.new("RGB", (2000, 1000)).save(work / f"list{number}/{name}.png")
        return work

    monkeypatch.setattr(pictures, "ask_and_answer", lists)
    pictures.main()
    page = (ROOT / "docs/label_my_pool.md").read_text(encoding="utf-8")
    for path in tmp_path.iterdir():
        assert f"(figures/{path.name})" in page
        with Image.open(path) as image:
            assert image.size == (pictures.WIDTH, pictures.WIDTH // 2)
    assert len(list(tmp_path.iterdir())) == 3


def test_the_pictures_that_are_there_are_light():
    for path in (ROOT / "docs/figures").glob("label_my_pool_*.png"):
        assert path.stat().st_size < 150_000, path.name

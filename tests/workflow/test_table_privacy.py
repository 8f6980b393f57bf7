"""Who the patients of a user's own table are is found in nothing that the chain writes: files, logs, report, MLflow."""

import numpy as np
import pandas as pd
import pytest
from conftest import TINY, changed
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from written import everything_written, places_of

pytestmark = pytest.mark.workflow

CONFIG = changed(
    TINY,
    tasks=["classification"],
    models={},
    methods={"random": {"strategy": "random", "seeds": [1]}},
    budgets=[4],
    query={"rounds": 0},
    learning={"classification": {"network": "small_cnn", "optimiser": "adam", "epochs": 1}},
)


def write_hospital(folder, n=30):
    """Write pictures and their table; answers with the words that must be found nowhere."""
    rows, words = [], set()
    (folder / "images").mkdir(parents=True)
    for number in range(n):
        patient = number // 2
        said = [f"MRN-{7_731_000 + patient}", f"Quillfeather{patient}, Zdenka{patient}", f"19{50 + patient}-08-13"]
        words |= {said[0], f"Quillfeather{patient}", f"Zdenka{patient}", said[2]}
        told = PngInfo()
        told.add_text("Description", f"Chest of {said[1]}")
        told.add_text("Patient", said[0], zip=True)
        pixels = np.random.default_rng(number).integers(0, 120, (32, 32), dtype=np.uint8)
        pixels[8:16, 8:16] += np.uint8(100 * (number % 2))
        Image.fromarray(pixels).save(folder / f"images/i{number:02d}.png", pnginfo=told)
        split = ["train", "train", "train", "val", "test"][patient % 5]
        rows.append((f"images/i{number:02d}.png", number % 2, *said, f"see {said[0]}", 30 + patient, split))
    columns = ["image", "label", "patient_id", "Patient Name", "date of birth", "remark", "age", "split"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "patients.csv", index=False)
    return words


def test_no_patient_of_a_table_is_found_in_anything_that_is_written(place):
    words = write_hospital(place.folder / "hospital")
    dataset = {"name": "own", "kind": "table", "root": "hospital", "table": "patients.csv", "size": 32}
    config = changed(CONFIG, dataset=dataset)
    result = place.run(config=config)
    assert result.code == 0, result.text
    report = place.run("--report", "results/own/provenance.html", config=config)
    assert report.code == 0, report.text

    cohort = pd.read_parquet(place.folder / "results/own/cohort.parquet")
    assert cohort.groupby("patient_id").size().tolist() == [2] * 15
    assert "age" in cohort
    texts = everything_written(place.folder, besides=["hospital"])
    names = {name.rpartition("/")[2] for name in texts}
    assert {"mlflow.db", "cohort.log", "report.html", "provenance.html", "summary.parquet"} <= names
    assert "metrics.parquet (values)" in names
    texts |= {"terminal": (result.text + report.text).lower().encode()}
    assert places_of(words, texts) == []
    # Samples and experiments, which are told, are found by the same search.
    assert ("i07", "results/own/cohort.parquet (values)") in places_of(["i07"], texts)
    assert ("own/classification", "results/mlflow.db") in places_of(["own/classification"], texts)

"""Nobody's identity leaves the files: planted in DICOM headers, searched for in everything that is written."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from standins.dicom import write_dicom
from standins.pool import write_pool
from written import everything_written, places_of

from coldstart.labelling.worklist import read_worklist

pytestmark = pytest.mark.workflow


REAL = Path(__file__).resolve().parents[3] / "shared/data/nih_chestxray"


def phantoms(folder):
    """Pictures that a program drew, with their labels."""
    truth = write_pool(folder, 48, per_patient=2)
    return [(folder / f"{name}.png", label) for name, (label, _) in truth.items()]


def xrays(folder):
    """Real chest X-rays, those of both labels in turn."""
    if not REAL.is_dir():
        pytest.skip("the chest X-rays are not beside the project (../shared/data/nih_chestxray)")
    table = pd.read_csv(REAL / "labels.csv").groupby("pneumonia", sort=True).head(24)
    table = table.sort_values("file_name", kind="stable")
    return [(REAL / "images" / row.file_name, int(row.pneumonia)) for row in table.itertuples()]


def dicom_pool(pictures, place):
    """Pictures as DICOM files, two for each patient; their labels, and every word that must stay in the headers."""
    words, labels = set(), {}
    for number, (path, label) in enumerate(pictures):
        pixels = np.asarray(Image.open(path).convert("L")).astype(np.uint16) * 16
        patient = number // 2
        planted = write_dicom(
            place / f"series {number // 8}/image{number:03d}",
            pixels,
            PatientID=f"MRN-{7_731_000 + patient}",
            PatientName=f"Quillfeather{patient:03d}^Zdenka{patient:03d}",
            PatientSex="FM"[patient % 2],
            PatientAge=f"0{20 + patient}Y",
        )
        words.update(word for word in planted if len(word) > 4)
        labels[f"image{number:03d}"] = label
    return labels, words


@pytest.mark.parametrize("pictures", [phantoms, pytest.param(xrays, marks=pytest.mark.long)])
def test_no_identity_is_found_in_anything_that_is_written(place, tmp_path, pictures):
    labels, words = dicom_pool(pictures(tmp_path / "pictures"), place.folder / "archive")
    assert len(words) > 48
    (place.folder / "archive/cut short").write_bytes((place.folder / "archive/series 0/image000").read_bytes()[:900])
    config = {
        "dataset": {"name": "hospital", "kind": "pool", "root": "archive", "size": 32},
        "tasks": ["classification"],
        "models": {"pixels": {"encoder": "pixels", "size": 16}},
        "learning": {"classification": {"network": "small_cnn", "optimiser": "adam", "epochs": 1}},
        "worklist": {"budget": 12, "batch": 4},
    }
    said = []
    for number in (0, 1):
        result = place.run("worklist", config=config)
        assert result.code == 0, result.text
        said.append(result.text)
        listed = read_worklist(place.folder / f"results/hospital/worklist/classification/list{number}/worklist.csv")
        assert listed.patient_id.str.fullmatch(r"p[0-9a-f]{12}").all()
        assert listed.patient_id.is_unique, "nobody is asked for twice while another waits"
        answers = listed.assign(label=[labels[name.rpartition("/")[2]] for name in listed.sample_id])
        (place.folder / "labels").mkdir(exist_ok=True)
        answers.to_csv(place.folder / f"labels/{number}.csv", index=False)
    quality = pd.read_csv(place.folder / "results/hospital/quality.csv")
    assert quality.file.tolist() == ["cut short"]
    assert quality.left_out.all()
    groups = pd.read_csv(place.folder / "results/hospital/worklist/classification/list1/groups.csv")
    assert set(groups.column) >= {"sex", "age"}

    texts = everything_written(place.folder, besides=["archive"]) | {"terminal": "\n".join(said).lower().encode()}
    assert {"mlflow.db", "worklist.csv", "label_studio.json", "scan.log"} <= {name.rpartition("/")[2] for name in texts}
    assert places_of(words, texts) == []

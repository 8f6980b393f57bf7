"""A small data set of the user's own: PNG images, masks and a table."""

import cv2
import numpy as np
import pandas as pd
from workplace import TINY, changed


def write_table_data(root, n=30, size=32, seed=0):
    """Make a small table data set: PNG images, masks, labels, patients."""
    rng = np.random.default_rng(seed)
    (root / "images").mkdir(parents=True)
    (root / "masks").mkdir()
    rows = []
    for index in range(n):
        label = index % 2
        image = rng.integers(0, 120, (size, size), dtype=np.uint8)
        mask = np.zeros((size, size), np.uint8)
        if label:
            y, x = rng.integers(4, size - 12, 2)
            mask[y : y + 8, x : x + 8] = 255
            image[mask > 0] += 100
        cv2.imwrite(str(root / f"images/i{index:02d}.png"), image)
        cv2.imwrite(str(root / f"masks/i{index:02d}.png"), mask)
        rows.append(
            {
                "file_name": f"images/i{index:02d}.png",
                "finding": label,
                "lesion": f"masks/i{index:02d}.png",
                "patient_id": f"p{index // 2}",
                "split": ["train", "train", "train", "val", "test"][(index // 2) % 5],
            }
        )
    table = pd.DataFrame(rows)
    table.to_csv(root / "labels.csv", index=False)
    return table


def table_config(root, **changes):
    """Point the tiny configuration at a table data set."""
    dataset = {
        "name": "own",
        "kind": "table",
        "root": str(root),
        "table": "labels.csv",
        "columns": {"image": "file_name", "label": "finding", "mask": "lesion"},
        "size": 32,
    }
    return changed(TINY, dataset=dataset, **changes)

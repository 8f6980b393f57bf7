"""How good a trained network is: metrics, their bootstrap, and the mean over runs.

`METRICS` says of every metric that the chain writes which task it belongs to,
how a table or figure spells it, its unit, and which direction is better.
"""

METRICS = {
    "auprc": {"task": "classification", "title": "AUPRC", "unit": "", "higher_is_better": True},
    "average_precision": {"task": "classification", "title": "Average precision", "unit": "", "higher_is_better": True},
    "auroc": {"task": "classification", "title": "AUROC", "unit": "", "higher_is_better": True},
    "f1": {"task": "classification", "title": "F1", "unit": "", "higher_is_better": True},
    "sensitivity": {"task": "classification", "title": "Sensitivity", "unit": "", "higher_is_better": True},
    "specificity": {"task": "classification", "title": "Specificity", "unit": "", "higher_is_better": True},
    "ppv": {"task": "classification", "title": "PPV", "unit": "", "higher_is_better": True},
    "npv": {"task": "classification", "title": "NPV", "unit": "", "higher_is_better": True},
    "accuracy": {"task": "classification", "title": "Accuracy", "unit": "", "higher_is_better": True},
    "balanced_accuracy": {"task": "classification", "title": "Balanced accuracy", "unit": "", "higher_is_better": True},
    "dice": {"task": "segmentation", "title": "DSC", "unit": "", "higher_is_better": True},
    "hd_px": {"task": "segmentation", "title": "HD [px]", "unit": "px", "higher_is_better": False},
    "hd95_px": {"task": "segmentation", "title": "HD95 [px]", "unit": "px", "higher_is_better": False},
    "hd_mm": {"task": "segmentation", "title": "HD [mm]", "unit": "mm", "higher_is_better": False},
    "hd95_mm": {"task": "segmentation", "title": "HD95 [mm]", "unit": "mm", "higher_is_better": False},
    "row_hd": {"task": "segmentation", "title": "Row-vector HD [√px]", "unit": "√px", "higher_is_better": False},
    "dice_volume": {"task": "segmentation", "title": "DSC, 3-D", "unit": "", "higher_is_better": True},
    "dice_macro_volume": {"task": "segmentation", "title": "Macro DSC, 3-D", "unit": "", "higher_is_better": True},
    "precision_volume": {"task": "segmentation", "title": "Precision, 3-D", "unit": "", "higher_is_better": True},
    "recall_volume": {"task": "segmentation", "title": "Recall, 3-D", "unit": "", "higher_is_better": True},
    "hd_mm_volume": {"task": "segmentation", "title": "HD, 3-D [mm]", "unit": "mm", "higher_is_better": False},
    "hd95_mm_volume": {"task": "segmentation", "title": "HD95, 3-D [mm]", "unit": "mm", "higher_is_better": False},
}

# Metrics that guessing gives one value whatever the share of positives.
CHANCE = {"auroc": 0.5, "balanced_accuracy": 0.5}

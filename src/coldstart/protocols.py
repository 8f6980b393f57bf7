"""What the three protocols switch, beyond the keys of a configuration.

``clean`` is sound practice. ``paper_code`` is what the published code of Yuan &
Hong (arXiv 2402.02561) does, ``paper_text`` what its text says; numbers in
brackets are those of the list "Where the code departs from the paper".
"""

PROTOCOLS = {
    "clean": {
        # [6] probability of the positive class: softmax, or the sigmoid of the second logit
        "score": "softmax",
        # [8] decimals to which the Youden threshold is rounded
        "threshold_decimals": None,
        # decimals to which per-image Dice and distances are rounded before averaging
        "decimals": None,
    },
    "paper_text": {"score": "softmax", "threshold_decimals": None, "decimals": 3},
    "paper_code": {"score": "sigmoid", "threshold_decimals": 3, "decimals": 3},
}

#!/usr/bin/env python3
"""Makes metrics.json: python3 tests/golden/make_golden_metrics.py

An oracle for engine/train's metrics: scikit-learn's values (Debian 12: python3-sklearn 1.2.1) on small cases with
ties, missing classes and weights. The tests need neither Python nor scikit-learn.

null stands where a figure can't be had. scikit-learn warns there and returns 0 or 1; this script turns those
warnings into null. More cases, in which it does not warn, are null by our own rule: Matthews' coefficient where
labels or answers are of one class (scikit-learn: 0), balanced accuracy, average precision and kappa where the
labels are, F1 and F2 where no label is positive.
"""

import json
import pathlib
import random
import warnings

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve

BINS = 15


def value(function, *arguments, **options):
    """The figure, or None where scikit-learn says that there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            number = float(function(*arguments, **options))
        except (Warning, ValueError):
            return None
    return None if np.isnan(number) else number


def expected_calibration_error(labels, probabilities):
    share, mean = calibration_curve(labels, probabilities, n_bins=BINS, strategy="uniform")
    bins = np.searchsorted(np.linspace(0.0, 1.0, BINS + 1)[1:-1], probabilities)
    counts = np.bincount(bins, minlength=BINS)
    return np.sum(counts[counts > 0] * np.abs(share - mean)) / len(labels)


def binary(name, labels, probabilities, threshold=0.5, weights=None):
    y, p = np.array(labels), np.array(probabilities)
    called = (p >= threshold).astype(int)
    w = {} if weights is None else {"sample_weight": np.array(weights)}
    both_labels = len(set(labels)) == 2
    both = both_labels and len(set(called.tolist())) == 2
    expected = {
        "samples": float(len(labels) if weights is None else sum(weights)),
        "accuracy": value(metrics.accuracy_score, y, called, **w),
        "balanced_accuracy": value(metrics.balanced_accuracy_score, y, called, **w) if both_labels else None,
        "precision": value(metrics.precision_score, y, called, **w),
        "recall": value(metrics.recall_score, y, called, **w),
        "specificity": value(metrics.recall_score, y, called, pos_label=0, **w),
        "f1": value(metrics.f1_score, y, called, **w) if any(labels) else None,
        "f2": value(metrics.fbeta_score, y, called, beta=2, **w) if any(labels) else None,
        "mcc": value(metrics.matthews_corrcoef, y, called, **w) if both else None,
        "cohen_kappa": value(metrics.cohen_kappa_score, y, called, **w) if both_labels else None,
        "brier": value(metrics.brier_score_loss, y, p, **w),
        "log_loss": value(metrics.log_loss, y, p, labels=[0, 1], **w),
        "roc_auc": value(metrics.roc_auc_score, y, p, **w),
        "pr_auc": value(metrics.average_precision_score, y, p, **w) if both_labels else None,
    }
    recall = expected["recall"]
    expected["false_negative_rate"] = None if recall is None else 1 - recall
    if weights is None:  # calibration_curve knows no weights
        expected["ece"] = float(expected_calibration_error(y, p))
    return {"name": name, "labels": labels, "probabilities": probabilities, "threshold": threshold,
            "weights": weights or [], "expected": expected}


def levels(name, labels, scores, weights=None):
    y, s = np.array(labels), np.array(scores)
    called = np.argmax(s, axis=1)
    w = {} if weights is None else {"sample_weight": np.array(weights)}
    expected = {
        "samples": float(len(labels) if weights is None else sum(weights)),
        "accuracy": value(metrics.accuracy_score, y, called, **w),
        "top_2_accuracy": value(metrics.top_k_accuracy_score, y, s, k=2, labels=list(range(6)), **w),
        "macro_f1": value(metrics.f1_score, y, called, average="macro", **w),
        "weighted_f1": value(metrics.f1_score, y, called, average="weighted", **w),
        "quadratic_kappa": value(metrics.cohen_kappa_score, y, called, weights="quadratic", **w),
        "mean_absolute_level_error": value(metrics.mean_absolute_error, y, called, **w),
    }
    for level in range(6):
        one = {"labels": [level], "average": "macro", **w}
        expected[f"precision_level_{level}"] = value(metrics.precision_score, y, called, **one)
        expected[f"recall_level_{level}"] = value(metrics.recall_score, y, called, **one)
    return {"name": name, "labels": labels, "predicted": called.tolist(),
            "scores": [x for row in scores for x in row], "weights": weights or [], "expected": expected}


def binary_cases():
    r = random.Random(1)
    labels = [int(r.random() < 0.3) for _ in range(200)]
    probabilities = [min(1.0, max(0.0, round(r.gauss(0.35 + 0.25 * y, 0.2), 4))) for y in labels]
    coarse = [round(p * 5) / 5 for p in probabilities]
    edges = [k / BINS for k in range(BINS + 1)] * 3
    weights = [r.choice([0.0, 1.0, 2.0, 0.5]) for _ in labels]
    counts = [float(r.choice([0, 1, 2, 3])) for _ in labels]
    return [
        binary("spread", labels, probabilities),
        binary("another threshold", labels, probabilities, threshold=0.3),
        binary("many ties", labels, coarse),
        binary("on the edges of bins", [int(r.random() < 0.5) for _ in edges], edges),
        binary("weights", labels, probabilities, weights=weights),
        binary("weights and ties", labels, coarse, threshold=0.6, weights=weights),
        binary("groups drawn several times", labels, coarse, weights=counts),
        binary("all scores equal", labels, [0.25] * len(labels)),
        binary("certain", labels, [float(y) for y in labels]),
        binary("certain and wrong", labels, [float(1 - y) for y in labels]),
        binary("never called unstable", labels, [0.4 * p for p in probabilities]),
        binary("stable only", [0] * 20, probabilities[:20]),
        binary("unstable only", [1] * 20, probabilities[:20]),
        binary("two samples", [0, 1], [0.2, 0.8]),
        binary("one sample", [1], [0.7]),
    ]


def level_cases():
    r = random.Random(2)

    def draw(count, highest, noise, digits):
        labels = [min(highest, int(r.expovariate(0.7))) for _ in range(count)]
        scores = [[round(max(0.0, 1 - 0.4 * abs(k - y) + r.gauss(0, noise)), digits) for k in range(6)]
                  for y in labels]
        return labels, scores

    spread, tied, few = draw(200, 5, 0.4, 4), draw(200, 5, 0.5, 1), draw(60, 2, 0.3, 4)
    weights = [r.choice([0.0, 1.0, 2.0, 0.5]) for _ in range(200)]
    return [
        levels("spread", *spread),
        levels("many ties", *tied),
        levels("levels that do not occur", *few),
        levels("weights", *spread, weights=weights),
        levels("weights and ties", *tied, weights=weights),
        levels("one level everywhere", [3] * 10, [[0, 0, 0, 1.0, 0, 0]] * 10),
        levels("one level, answered otherwise", [3] * 10, [[0, 1.0, 0, 0.5, 0, 0]] * 10),
        levels("always the same answer", spread[0], [[1.0, 0.5, 0, 0, 0, 0]] * 200),
        levels("all scores equal", spread[0], [[0.5] * 6] * 200),
        levels("one sample", [4], [[0, 0, 0.1, 0.2, 0.3, 0.4]]),
    ]


def main():
    document = {"source": "scikit-learn, by make_golden_metrics.py", "binary": binary_cases(),
                "levels": level_cases()}
    file = pathlib.Path(__file__).with_name("metrics.json")
    file.write_text(json.dumps(document, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")


main()

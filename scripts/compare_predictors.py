#!/usr/bin/env python3
"""Predictors of other kinds on the program's own windows, inputs and masked targets, K-fold by stope.

    build/benchmarks/window_table STATIC.csv TIMESERIES.csv > windows.csv
    scripts/compare_predictors.py windows.csv [--seeds 3] [--answers NAME=FILE[,FILE...]]

Prints balanced accuracy and area under the ROC curve of the current state, and the share of right levels at each
horizon, of: the most frequent class, logistic regression and gradient boosting on window summaries, gradient
boosting that is given the rules' outputs too, persistence, the rules' extrapolation. With --answers also those of
a network (a file a seed; rows: number of the window, fold, logit of instability, logits of all levels), and by
how much it beats each, with 95 % intervals from a bootstrap over stopes. Its folds are used for all then.

Needs Debian's python3-numpy, python3-pandas and python3-sklearn.
"""
import argparse
import warnings

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HORIZONS = [1, 3, 7, 14, 30]
DAYS, SENSORS, STATICS = 30, 5, 41
FOLDS, BOOTSTRAPS = 5, 500


class Windows:
    def __init__(self, path):
        table = pd.read_csv(path, keep_default_na=False, na_values=[""])
        self.stope = table["stope"].to_numpy()
        self.unstable = table["unstable"].to_numpy(int)
        columns = lambda name: table[[f"{name}_{h}d" for h in HORIZONS]]
        self.targets = columns("risk").fillna(-1).to_numpy(int)
        self.persistence = columns("persistence").to_numpy(int)
        self.extrapolated = columns("extrapolated").to_numpy(int)
        rules = table[["rule_unstable", "rule_fixed", "rule_growing", "rule_long_horizon"]].to_numpy(float)
        first = table.columns.get_loc("rule_long_horizon") + 1
        statics = table.iloc[:, first:first + STATICS].to_numpy(float)
        series = table.iloc[:, first + STATICS:].to_numpy(float).reshape(len(table), DAYS, SENSORS)
        self.summaries = np.hstack([statics, summaries(series)])
        self.with_rules = np.hstack([self.summaries, rules, self.persistence, self.extrapolated])


def slopes(series):
    days = np.arange(series.shape[1]) - (series.shape[1] - 1) / 2
    return np.einsum("wds,d->ws", series, days) / (days @ days)


def summaries(series):
    """What docs/model.md calls the summary: 8 numbers of each sensor."""
    last = series[:, -7:]
    return np.hstack([series.mean(1), series.std(1), series.min(1), series.max(1), series[:, -1],
                      slopes(series), last.mean(1), slopes(last)])


def own_folds(windows, seed):
    """Stopes dealt to folds, stable and unstable ones apart."""
    random = np.random.default_rng(seed)
    fold = {}
    for label, first in ((0, 0), (1, FOLDS // 2 + 1)):
        stopes = np.unique(windows.stope[windows.unstable == label])
        random.shuffle(stopes)
        fold.update({stope: (i + first) % FOLDS for i, stope in enumerate(stopes)})
    return np.array([fold[stope] for stope in windows.stope])


class Majority:
    def fit(self, inputs, labels):
        self.counts = np.bincount(labels, minlength=2)
        return self

    def predict(self, inputs):
        return np.full(len(inputs), self.counts.argmax())

    def predict_proba(self, inputs):
        return np.tile(self.counts[:2] / self.counts[:2].sum(), (len(inputs), 1))


def cross_validated(windows, fold, inputs, make):
    probability = np.zeros(len(fold))
    levels = np.zeros((len(fold), len(HORIZONS)), int)
    for k in range(FOLDS):
        seen, held_out = fold != k, fold == k
        model = make().fit(inputs[seen], windows.unstable[seen])
        probability[held_out] = model.predict_proba(inputs[held_out])[:, 1]
        for h in range(len(HORIZONS)):
            known = seen & (windows.targets[:, h] >= 0)
            levels[held_out, h] = make().fit(inputs[known], windows.targets[known, h]).predict(inputs[held_out])
    return probability, levels


def scores(windows, probability, levels, chosen=slice(None)):
    targets = windows.targets[chosen]
    row = [np.nan, np.nan]
    if probability is not None:
        labels = windows.unstable[chosen]
        if labels.min() < labels.max():
            row = [balanced_accuracy_score(labels, probability[chosen] > 0.5), roc_auc_score(labels, probability[chosen])]
    for h in range(len(HORIZONS)):
        known = targets[:, h] >= 0
        row.append(100 * np.mean(levels[chosen][known, h] == targets[known, h]))
    return np.array(row)


def text(row):
    shown = ["  –  " if np.isnan(v) else f"{v:.3f}" for v in row[:2]] + [f"{v:.1f}" for v in row[2:]]
    return " | ".join(shown)


def answers_of(windows, path):
    table = pd.read_csv(path, header=None).to_numpy()
    number = table[:, 0].astype(int)
    fold = np.full(len(windows.unstable), -1)
    fold[number] = table[:, 1].astype(int)
    probability, levels = np.zeros(len(fold)), np.zeros((len(fold), len(HORIZONS)), int)
    probability[number] = 1 / (1 + np.exp(-table[:, 2]))
    levels[number] = table[:, 3:].reshape(len(table), len(HORIZONS), -1).argmax(2)
    return fold, (probability, levels)


def differences(windows, ours, theirs):
    """Mean difference over seeds, and the 2.5 % and 97.5 % points over resampled stopes."""
    names, index = np.unique(windows.stope, return_inverse=True)
    members = [np.flatnonzero(index == i) for i in range(len(names))]
    mean = lambda chosen: np.mean([scores(windows, *a, chosen) - scores(windows, *b, chosen)
                                   for a, b in zip(ours, theirs)], axis=0)
    random = np.random.default_rng(1)
    draws = [mean(np.concatenate([members[i] for i in random.integers(len(names), size=len(names))]))
             for _ in range(BOOTSTRAPS)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column without any number
        low, high = np.nanpercentile(draws, [2.5, 97.5], axis=0)
    return mean(slice(None)), low, high


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("windows")
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--answers")
    options = arguments.parse_args()
    windows = Windows(options.windows)

    seeds = range(options.seeds)
    folds, found = [own_folds(windows, seed) for seed in seeds], {}
    if options.answers:
        name, files = options.answers.split("=")
        folds, answers = zip(*(answers_of(windows, path) for path in files.split(",")))
        found[name] = list(answers)
    warnings.simplefilter("ignore", ConvergenceWarning)
    boosting = lambda: HistGradientBoostingClassifier(max_iter=60, random_state=0)
    logistic = lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
    for name, inputs, make in (("majority", windows.summaries, Majority),
                               ("logistic regression", windows.summaries, logistic),
                               ("gradient boosting", windows.summaries, boosting),
                               ("gradient boosting with the rules' outputs", windows.with_rules, boosting)):
        found[name] = [cross_validated(windows, fold, inputs, make) for fold in folds]
    found["persistence"] = [(None, windows.persistence)] * len(folds)
    found["the rules' extrapolation"] = [(None, windows.extrapolated)] * len(folds)

    print(f"{len(windows.unstable)} windows of {len(np.unique(windows.stope))} stopes, {len(folds)} seeds")
    print("predictor | balanced accuracy | AUC | " + " | ".join(f"{h} d" for h in HORIZONS))
    for name, answers in found.items():
        print(name, "|", text(np.mean([scores(windows, *a) for a in answers], axis=0)), flush=True)
    if not options.answers:
        return
    ours = next(iter(found))
    print(f"\n{ours} minus, with 95 % intervals over stopes")
    for name, answers in found.items():
        if name == ours:
            continue
        cells = []
        for i, (mean, low, high) in enumerate(zip(*differences(windows, found[ours], answers))):
            digits = 3 if i < 2 else 1
            cells.append("–" if np.isnan(mean) else f"{mean:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})")
        print(name, "|", " | ".join(cells), flush=True)


if __name__ == "__main__":
    main()

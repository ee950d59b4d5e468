#!/usr/bin/env python3
"""A prediction service as a web application has one: from two CSV files and a store of models to a dictionary a
stope.

    python3 prediction_service.py STORE static.csv timeseries.csv [NAME ...]

predict_comprehensive_stability() has the keys of the service that Deepmine Sentinel replaces, so that what was
written for that one goes on working, and a few more. Three things differ, on purpose: an unknown stope is a KeyError
and not None; where the data allows no answer, the values are None and `status` and `reasons` say why; and
confidence is the probability of the answer given, not its distance from one half.
"""

import csv
import json
import sys

import deepmine


class PredictionService:
    def __init__(self, store, static_csv, timeseries_csv):
        self._service = deepmine.Service(store)
        self._cases = read_cases(static_csv, timeseries_csv)

    def is_model_trained(self):
        return self._service.model()["id"] is not None

    def names(self):
        return list(self._cases)

    def predict_all(self):
        """All stopes at once: they are one data set, and the age of readings counts from the newest of all."""
        return {answer["stope_name"]: comprehensive(answer)
                for answer in self._service.predict(self._cases.values())}

    def predict_comprehensive_stability(self, stope_name):
        """One stope, at the newest reading of the data set."""
        if stope_name not in self._cases:
            raise KeyError("there is no stope named %r" % (stope_name,))
        newest = max(case["readings"]["timestamp"][-1] for case in self._cases.values()
                     if case["readings"]["timestamp"])
        answer, = self._service.predict([self._cases[stope_name]], as_of=newest[:10])
        return comprehensive(answer)


def comprehensive(answer):
    """An answer with the keys of the old service; sentences instead of objects."""
    model = answer["model"]
    return {
        "stope_name": answer["stope_name"],
        "timestamp": answer["timestamp"],
        "model_type": {"network": "Dual-Branch Neural Network", "rule_based": "Rule set"}.get(answer["method"]),
        "model_version": model and model["version"],
        "current_stability": {
            key: answer["current_stability"][key]
            for key in ("stable", "instability_probability", "risk_level", "confidence")},
        "future_predictions": [
            {key: future[key] for key in ("horizon_days", "predicted_risk_level", "confidence",
                                          "risk_probabilities")}
            for future in answer["future_predictions"]],
        "risk_trend": answer["risk_trend"],
        "max_risk_horizon": answer["max_risk_horizon"],
        "alert_recommended": answer["alert_recommended"],
        "explanations": [explanation["message"] for explanation in answer["explanations"]],
        "recommendations": [recommendation["text"] for recommendation in answer["recommendations"]],
        # Not in the old service: without these nobody could tell a good answer from none.
        "status": answer["status"],
        "reasons": [reason["message"] for reason in answer["reasons"]],
    }


def number(text):
    return None if text == "" else float(text)


def read_cases(static_csv, timeseries_csv):
    """Cases by name from the files that the command line reads."""
    cases = {}
    with open(static_csv, newline="", encoding="utf-8-sig") as rows:
        for row in csv.DictReader(rows):
            statics = {name: row[name] for name in deepmine.CATEGORIES}
            statics.update((name, number({"true": "1", "false": "0"}.get(row[name].lower(), row[name])))
                           for name in deepmine.NUMBERS)
            readings = {name: [] for name in ("timestamp",) + deepmine.SENSORS}
            cases[row["stope_name"]] = {"stope_name": row["stope_name"], "statics": statics, "readings": readings}
    with open(timeseries_csv, newline="", encoding="utf-8-sig") as rows:
        for row in csv.DictReader(rows):
            if row["stope_name"] not in cases:
                continue  # readings of a stope of which nothing else is known
            readings = cases[row["stope_name"]]["readings"]
            readings["timestamp"].append(row["timestamp"])
            for sensor in deepmine.SENSORS:
                readings[sensor].append(number(row[sensor]))
    return cases


def main(arguments):
    if len(arguments) < 3:
        sys.exit(__doc__.split("\n\n")[1].strip())
    service = PredictionService(*arguments[:3])
    for name in arguments[3:] or service.names():
        print(json.dumps(service.predict_comprehensive_stability(name), ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:])

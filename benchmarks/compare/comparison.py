#!/usr/bin/env python3
"""Compares the engine with PyTorch, PyTorch with oneDNN's LSTM, and ONNX Runtime on this machine: the same
network, the same samples, in turns. Start it by ./run, which builds what it needs. The method is in README.md."""

import argparse
import json
import pathlib
import sys
import time

import inventory
import report
import workload as workloads
from workload import ONEDNN, ONNX, STOCK, Opponents, Workload


def numbers(text):
    values = [int(part) for part in text.split(",")]
    if not values or min(values) < 1:
        raise argparse.ArgumentTypeError("expected whole numbers above 0, separated by commas")
    return values


def read_options():
    parser = argparse.ArgumentParser(prog="run", description=__doc__)
    parser.add_argument("--threads", type=numbers, default=[1, 2], metavar="N[,N...]")
    parser.add_argument("--batch", type=numbers, default=[16, 32, 256], metavar="N[,N...]", help="in training")
    parser.add_argument("--prediction-batch", type=numbers, default=[1, 256], metavar="N[,N...]")
    parser.add_argument("--workloads", default="training,prediction", metavar="NAME[,NAME]")
    parser.add_argument("--rounds", type=int, default=7, help="undisturbed turns that each side should have")
    parser.add_argument("--seconds", type=float, default=3, help="length of a turn")
    parser.add_argument("--quick", action="store_true", help="batch 32 and 1, three rounds of one second")
    parser.add_argument("--static-features", type=int, default=20, help="static inputs of the network")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write everything that was measured")
    parser.add_argument("--onnxruntime", metavar="FILE", help="libonnxruntime.so to use")
    parser.add_argument("--build", type=pathlib.Path, default=inventory.REPOSITORY / "build", metavar="FOLDER")
    options = parser.parse_args()
    if options.quick:
        options.batch, options.prediction_batch, options.rounds, options.seconds = [32], [1], 3, 1
    if min(options.batch) < 2:
        parser.error("--batch: training needs at least two samples in a batch")
    options.workloads = options.workloads.split(",")
    if not set(options.workloads) <= {"training", "prediction"}:
        parser.error("--workloads: expected training, prediction or both")
    return options


def say(text):
    print(text, flush=True)


def planned(options):
    batches = {"training": options.batch, "prediction": options.prediction_batch}
    return [Workload(kind, threads, batch) for kind in options.workloads for threads in options.threads
            for batch in batches[kind]]


def missing_sides(workload, result):
    expected = [STOCK, ONEDNN] + ([ONNX] if workload.kind == "prediction" else [])
    return [name for name in expected if name not in result["sides"]]


def main():
    options = read_options()
    found, machine = inventory.Inventory(options.onnxruntime), inventory.machine()
    say("%s, %d cores, %s" % (machine["processor"], machine["cores"], " ".join(machine["instructions"])))
    for name, remedy in found.missing.items():
        say("MISSING: %s, so it is not compared. It needs: %s (./run --install)" % (name, remedy))
    samples = max(options.batch + options.prediction_batch + [256])
    opponents = Opponents(found, options, inventory.write_case(options.build, options.static_features, samples))
    for threads in options.threads:
        opponents.choose_openblas(threads, min(1.0, options.seconds), say)
    say("\n" + report.legend())

    results = []
    for workload in planned(options):
        result = workloads.compare(opponents, workload, options, progress)
        result["missing"] = missing_sides(workload, result)
        results.append(result)
        say(report.workload_text(result))
        if options.json:
            write_json(options.json, machine, found, opponents, results)


def progress(rounds):
    if sys.stderr.isatty():
        print("\r  round %d " % rounds, end="\r", file=sys.stderr, flush=True)


def write_json(path, machine, found, opponents, results):
    """After every workload, so that a run that is cut short leaves what it has."""
    document = {"written": time.strftime("%Y-%m-%dT%H:%M:%S"), "machine": machine, "missing": found.missing,
                "openblas_product": opponents.best_product, "openblas_of_pytorch": opponents.blas_of_torch,
                "workloads": results}
    path.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        sys.exit("comparison: %s" % error)
    except KeyboardInterrupt:
        sys.exit(130)

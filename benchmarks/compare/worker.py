#!/usr/bin/env python3
"""One side of the comparison in a process of its own. It checks its answers, prints a line of JSON about itself,
then takes a turn for every line with a number of seconds that it reads, and prints a line of JSON about it.

Not for people: comparison.py starts it, with the environment that chooses libraries and kernels.
"""

import argparse
import json
import sys

import gemm
import turn

BATCHES = 4  # that a side goes through in turn


def blas_in_use():
    """The file and the kernels of the BLAS that this process has loaded."""
    import ctypes
    with open("/proc/self/maps") as maps:
        files = {line.split()[-1] for line in maps if "blas" in line.rsplit("/", 1)[-1]}
    for path in sorted(files):
        library = ctypes.CDLL(path)
        if hasattr(library, "openblas_get_corename"):
            library.openblas_get_corename.restype = ctypes.c_char_p
            return {"file": path, "core": library.openblas_get_corename().decode()}
    raise RuntimeError("PyTorch runs without OpenBLAS here (%s): no fair opponent" % ", ".join(sorted(files)))


def torch_side(arguments):
    """What PyTorch's sides share: case, functions that make parameters and layers, and a description."""
    import torch
    import checks
    import onednn
    from case import Case
    from torch_parameters import Parameters

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    case = Case(arguments.case)
    about = {"torch": torch.__version__, "blas": blas_in_use()}
    results = []
    if arguments.onednn:
        library = onednn.Library(arguments.onednn)
        about["onednn"] = library.version
        results.append(checks.check_lstm(case, onednn.OneDnnLayers(library)))

    def parameters_of():
        return Parameters(case.group("parameter"), case.plan["l2"], transpose_lstm=bool(arguments.onednn))

    def layers_of(parameters):
        return onednn.OneDnnLayers(library) if arguments.onednn else checks.stock_layers(parameters)

    return case, parameters_of, layers_of, about, results


def training(arguments):
    import checks
    from torch_training import Batch, Training

    case, parameters_of, layers_of, about, results = torch_side(arguments)
    about["checks"] = results + checks.check_training(case, parameters_of, layers_of)
    parameters = parameters_of()
    trained = Training(case.specification, parameters, case.plan, layers_of(parameters))
    batches = [Batch(*case.batch(i * arguments.batch, arguments.batch)) for i in range(BATCHES)]
    steps = iter(range(sys.maxsize))
    return turn.timed(lambda: trained.step(batches[next(steps) % BATCHES])), about


def prediction(arguments):
    import checks
    import torch
    from torch_prediction import Prediction, frozen

    case, parameters_of, layers_of, about, results = torch_side(arguments)
    parameters = parameters_of()
    model = Prediction(case.specification, parameters, layers_of(parameters)).eval()
    torch.set_grad_enabled(False)
    if not arguments.onednn:  # functions outside PyTorch can't be part of a graph
        model = frozen(model, *case.batch(0, arguments.batch)[:2])
    about["checks"] = results + [
        checks.check_prediction(case, lambda first, n: model(*case.batch(first, n)[:2]), arguments.batch)]
    batches = [case.batch(i * arguments.batch, arguments.batch)[:2] for i in range(BATCHES)]
    steps = iter(range(sys.maxsize))
    return turn.timed(lambda: model(*batches[next(steps) % BATCHES])), about


def onnx_runtime(arguments):
    import checks
    from case import Case
    from onnxruntime_session import Session

    case = Case(arguments.case)
    outputs = case["logits"].shape[1]
    files = (arguments.session, arguments.onnxruntime, arguments.graph, arguments.threads)

    def answer(first, samples):
        session = Session(*files)
        logits = session.add_batch(*case.batch(first, samples)[:2], outputs)
        session.run(1)
        return logits

    session = Session(*files)
    about = {"onnxruntime": session.version, "checks": [checks.check_prediction(case, answer, arguments.batch)]}
    for i in range(BATCHES):
        session.add_batch(*case.batch(i * arguments.batch, arguments.batch)[:2], outputs)
    return session.run, about


def product(arguments):
    matrix_product = gemm.Product(arguments.openblas, arguments.threads)
    return turn.timed(matrix_product.step), {"openblas": arguments.openblas, "core": matrix_product.core,
                                             "operations": matrix_product.operations}


KINDS = {"training": training, "prediction": prediction, "onnxruntime": onnx_runtime, "product": product}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--batch", type=int, default=1)
    for file in ("case", "onednn", "session", "onnxruntime", "graph", "openblas"):
        parser.add_argument("--" + file)
    arguments = parser.parse_args()
    run, about = KINDS[arguments.kind](arguments)
    print(json.dumps(about), flush=True)
    for line in sys.stdin:
        result = turn.take_turn(run, float(line), arguments.threads, arguments.batch)
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()

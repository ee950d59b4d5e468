"""One workload: its sides, and the rounds in which they take turns."""

import collections

import inventory
import openblas
import sides
import summary

ENGINE, STOCK, ONEDNN, ONNX, PRODUCT = "engine", "pytorch", "pytorch_onednn", "onnxruntime", "product"

Workload = collections.namedtuple("Workload", "kind threads batch")


class Opponents:
    """Everything that the sides need: files, and which OpenBLAS is best for what."""

    def __init__(self, found, options, case):
        self.found, self.options, self.case = found, options, case
        self.onednn = self.session = None
        self.graphs = {}
        if found.dnnl and found.has_torch_side:
            self.onednn = inventory.compile_library("onednn_layers", ["onednn_lstm.cpp", "onednn_attention.cpp"],
                                                    ["-ldnnl"])
        if found.onnxruntime and found.torch:
            self.session = inventory.compile_library("onnxruntime_session", ["onnxruntime_session.cpp"], ["-ldl"])
        self.best_product, self.blas_of_torch = {}, {}

    def choose_openblas(self, threads, seconds, report):
        """The fastest product; and, of the builds, the one with which PyTorch trains fastest. By the best step, not
        the median: it takes little time, and other programs disturb it least."""
        results = openblas.measure_all(threads, seconds, report)
        if not results:
            return
        self.best_product[threads] = results[0]
        if not self.found.torch:
            return
        best_of_build = {r["build"]: r for r in reversed(results)}
        speeds = []
        for blas in best_of_build.values():
            side = self.torch_side(STOCK, Workload("training", threads, 32), blas)
            speeds.append((side.turn(seconds)["samples_per_s_best"], blas))
            side.close()
            report("PyTorch with OpenBLAS %-8s threads %d: %6.0f samples/s in training" %
                   (blas["build"], threads, speeds[-1][0]))
        self.blas_of_torch[threads] = max(speeds, key=lambda s: s[0])[1]

    def torch_side(self, name, workload, blas):
        arguments = [workload.kind, "--threads", workload.threads, "--batch", workload.batch, "--case", self.case]
        if name == ONEDNN:
            arguments += ["--onednn", self.onednn]
        return sides.Opponent(name, arguments, openblas.environment(blas["path"], blas["core_type"]))

    def onnx_side(self, workload):
        if workload.batch not in self.graphs:
            self.graphs[workload.batch] = inventory.write_graph(self.case, workload.batch)
        return sides.Opponent(ONNX, ["onnxruntime", "--threads", workload.threads, "--batch", workload.batch, "--case",
                                     self.case, "--session", self.session, "--onnxruntime", self.found.onnxruntime,
                                     "--graph", self.graphs[workload.batch]], {})

    def start(self, workload):
        """All sides that there are for this workload."""
        program = self.options.build / "benchmarks" / (workload.kind + "_benchmark")
        started = [sides.Engine(program, workload.threads, workload.batch, self.options.static_features)]
        blas = self.blas_of_torch.get(workload.threads)
        if blas:
            started.append(self.torch_side(STOCK, workload, blas))
            if self.onednn:
                started.append(self.torch_side(ONEDNN, workload, blas))
        if workload.kind == "prediction" and self.session:
            started.append(self.onnx_side(workload))
        best = self.best_product.get(workload.threads)
        if best:
            started.append(sides.Opponent(PRODUCT, ["product", "--threads", workload.threads, "--openblas",
                                                    best["path"]],
                                          openblas.environment(best["path"], best["core_type"])))
        return started


def enough(rounds, names, wanted):
    return all(sum(summary.sound(r.get(n)) for r in rounds) >= wanted for n in names)


def run_rounds(started, wanted, seconds, progress):
    """Rounds until every side had `wanted` undisturbed turns, but no more than twice as many. Every round begins
    with another side."""
    rounds, names = [], [s.name for s in started]
    while not enough(rounds, names, wanted) and len(rounds) < 2 * wanted:
        first = len(rounds) % len(started)
        rounds.append({side.name: side.turn(seconds) for side in started[first:] + started[:first]})
        progress(len(rounds))
    return rounds


def compare(opponents, workload, options, progress):
    """Everything there is to say about a workload."""
    started = opponents.start(workload)
    try:
        rounds = run_rounds(started, options.rounds, options.seconds, progress)
    finally:
        for side in started:
            side.close()
    about = {side.name: side.about for side in started}
    names = [name for name in about if name != PRODUCT]
    by_cpu_time = {name: summary.ratio_by_cpu_time(rounds, ENGINE, name) for name in names if name != ENGINE}
    result = {"workload": workload.kind, "threads": workload.threads, "batch": workload.batch, "about": about,
              "sides": {name: summary.side_summary(rounds, name) for name in about},
              "ratios": {name: summary.ratio(rounds, ENGINE, name) for name in names if name != ENGINE},
              "ratios_by_cpu_time": by_cpu_time if workload.threads == 1 else {}, "rounds": rounds}
    if PRODUCT in about:
        result["ceiling"] = summary.ceiling(rounds, ENGINE, PRODUCT, about[PRODUCT]["operations"])
    else:
        result["ceiling"] = summary.own_ceiling(rounds, ENGINE)
    return result

"""Finds the installed builds of OpenBLAS and the kernels that are fastest on this processor: its own choice is
not always (0.3.21 takes SSE3 kernels on some newer processors)."""

import glob
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
AUTOMATIC = "automatic"
# Kernels (OPENBLAS_CORETYPE) and the instructions that they need.
CORE_TYPES = [("Sandybridge", {"avx"}), ("Haswell", {"avx2", "fma"}), ("Zen", {"avx2", "fma"}),
              ("SkylakeX", {"avx512f", "avx512dq", "avx512bw", "avx512vl"}),
              ("Cooperlake", {"avx512f", "avx512_bf16"})]


def processor_flags():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("flags"):
                return set(line.split(":")[1].split())
    return set()


def builds():
    """Path of the library by the name of the build: pthread, openmp, serial."""
    return {pathlib.Path(path).parent.name.removeprefix("openblas-"): path
            for path in sorted(glob.glob("/usr/lib/*/openblas-*/libopenblas.so.0"))}


def core_types():
    flags = processor_flags()
    return [AUTOMATIC] + [name for name, needed in CORE_TYPES if needed <= flags]


def environment(library_path, core_type):
    """What makes a program use this build as its BLAS and LAPACK, with these kernels."""
    folder = str(pathlib.Path(library_path).parent)
    paths = [folder, *filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":"))]
    result = {"LD_LIBRARY_PATH": ":".join(paths)}
    if core_type != AUTOMATIC:
        result["OPENBLAS_CORETYPE"] = core_type
    return result


def measure(library_path, core_type, threads, seconds):
    """GFLOP/s of a large product at its best, and the kernels that were really used."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    outcome = subprocess.run(
        [sys.executable, str(HERE / "worker.py"), "product", "--openblas", library_path, "--threads", str(threads)],
        input="%g\n" % seconds, capture_output=True, text=True,
        env={**clean, **environment(library_path, core_type)})
    if outcome.returncode != 0:
        return None  # kernels that this build does not have or this processor can't run
    about, turn = (json.loads(line) for line in outcome.stdout.splitlines())
    return {"core": about["core"], "gflops": 1e-9 * about["operations"] * turn["samples_per_s_best"]}


def measure_all(threads, seconds, report):
    """Every build with all kernels that may run here: a list of results, best first."""
    results = []
    for build, path in builds().items():
        for core_type in core_types():
            found = measure(path, core_type, threads, seconds)
            if found is None:
                continue
            results.append({"build": build, "path": path, "core_type": core_type, **found})
            report("OpenBLAS %-8s OPENBLAS_CORETYPE=%-11s kernels %-11s threads %d: %6.1f GFLOP/s" %
                   (build, core_type, found["core"], threads, found["gflops"]))
    return sorted(results, key=lambda r: -r["gflops"])

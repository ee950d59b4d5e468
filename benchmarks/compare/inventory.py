"""What is installed of the opponents, and the files that are made for a comparison, in a folder outside the
repository."""

import glob
import importlib.util
import os
import pathlib
import platform
import shutil
import subprocess
import sys

import openblas

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]


def cache_folder():
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "deepmine-compare"


def onnx_runtime_library(given):
    """Path of libonnxruntime, or None."""
    if given:
        if not pathlib.Path(given).is_file():
            raise RuntimeError("--onnxruntime: there is no file %s" % given)
        return given
    architecture = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    pattern = str(cache_folder() / "node_modules/onnxruntime-node/bin/*/linux" / architecture / "libonnxruntime.so*")
    found = sorted(glob.glob(pattern)) or sorted(glob.glob("/usr/lib/*/libonnxruntime.so*"))
    return found[0] if found else None


class Inventory:
    """`missing`: what is not here, by what it would be needed for."""

    def __init__(self, onnxruntime):
        self.openblas = openblas.builds()
        self.torch = importlib.util.find_spec("torch") is not None
        self.dnnl = bool(glob.glob("/usr/include/dnnl.hpp")) and shutil.which("c++") is not None
        self.onnxruntime = onnx_runtime_library(onnxruntime)
        self.missing = {}
        if not self.openblas:
            self.missing["OpenBLAS"] = "Debian package libopenblas0-pthread (or -openmp)"
        if not self.torch:
            self.missing["PyTorch"] = "Debian package python3-torch"
        if not self.dnnl:
            self.missing["oneDNN"] = "Debian packages libdnnl-dev and g++"
        if not self.onnxruntime:
            self.missing["ONNX Runtime"] = "npm package onnxruntime-node in %s, or --onnxruntime FILE" % cache_folder()
        elif not self.torch:
            self.missing["ONNX Runtime"] = "PyTorch, which exports its graph"

    @property
    def has_torch_side(self):
        return self.torch and bool(self.openblas)


def compile_library(name, sources, libraries):
    """Compiles C++ sources of this folder to a shared library, if they changed since the last time."""
    target = cache_folder() / ("lib%s.so" % name)
    sources = [HERE / s for s in sources]
    newest = max(p.stat().st_mtime for p in [*sources, *HERE.glob("*.h")])
    if not target.exists() or target.stat().st_mtime < newest:
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["c++", "-std=c++20", "-O3", "-shared", "-fPIC", "-I", str(REPOSITORY), *map(str, sources),
                        "-o", str(target), *libraries], check=True)
    return target


def write_case(build, static_features, samples):
    """Runs `network_case`; returns the folder."""
    folder = cache_folder() / "case"
    subprocess.run([str(build / "benchmarks" / "network_case"), str(folder), "--static-features",
                    str(static_features), "--samples", str(samples)], check=True)
    return folder


def write_graph(case, batch):
    """The ONNX graph for batches of this size. In a process of its own: PyTorch never gets into this one."""
    path = case / ("network_%d.onnx" % batch)
    outcome = subprocess.run([sys.executable, str(HERE / "torch_prediction.py"), str(case), str(batch), str(path)],
                             capture_output=True, text=True)
    if outcome.returncode != 0:
        raise RuntimeError("the export to ONNX failed:\n" + outcome.stderr)
    return path


def machine():
    model = "unknown"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    interesting = ("avx2", "fma", "avx512f", "avx512_bf16", "amx_tile")
    return {"processor": model, "cores": len(os.sched_getaffinity(0)),
            "instructions": [f for f in interesting if f in openblas.processor_flags()],
            "system": "%s %s" % (platform.system(), platform.release()), "python": platform.python_version()}

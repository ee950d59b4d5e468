"""ONNX Runtime through its C interface (onnxruntime_session.cpp)."""

import ctypes

import torch


def addresses(tensors):
    """Pointer to the values and to the shape of each tensor; keep what comes back as second."""
    shapes = [(ctypes.c_int64 * t.dim())(*t.shape) for t in tensors]
    pointers = []
    for tensor, shape in zip(tensors, shapes):
        pointers += [ctypes.c_void_p(tensor.data_ptr()), shape]
    return pointers


class Session:
    def __init__(self, functions_path, library_path, graph_path, threads):
        self.functions = ctypes.CDLL(functions_path)
        f = self.functions
        f.session_error.restype = f.session_version.restype = ctypes.c_char_p
        f.session_create.restype = ctypes.c_void_p
        self.handle = ctypes.c_void_p(
            f.session_create(str(library_path).encode(), str(graph_path).encode(), threads))
        if not self.handle:
            raise RuntimeError("ONNX Runtime: " + f.session_error().decode())
        self.version = f.session_version(self.handle).decode()
        self.kept = []

    def check(self, result):
        if result != 0:
            raise RuntimeError("ONNX Runtime: " + self.functions.session_error().decode())

    def add_batch(self, statics, series, outputs):
        """Returns the tensor that the logits of this batch are written to."""
        tensors = [statics.contiguous(), series.contiguous(), torch.zeros(len(statics), outputs)]
        self.kept.append(tensors)
        self.check(self.functions.session_add_batch(self.handle, *addresses(tensors)))
        return tensors[2]

    def run(self, count):
        """Seconds of each of `count` runs, which take the batches in turn."""
        seconds = (ctypes.c_double * count)()
        self.check(self.functions.session_run(self.handle, count, seconds))
        return list(seconds)

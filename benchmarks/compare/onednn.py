"""oneDNN's LSTM and attention products as functions of torch.autograd; the C++ side is onednn_*.cpp.

Tensors are float32, dense and time-major: (steps, samples, features); LSTM kernels are (inputs, 4 units).
"""

import ctypes

import torch


class Library:
    """Calls the C functions with the addresses of tensors; a failure raises RuntimeError."""

    def __init__(self, path):
        self.functions = ctypes.CDLL(path)
        for name in ("onednn_error", "onednn_version"):
            getattr(self.functions, name).restype = ctypes.c_char_p
        self.version = self.functions.onednn_version().decode()

    def create(self, kind, *numbers):
        function = getattr(self.functions, kind + "_create")
        function.restype = ctypes.c_void_p
        handle = function(*numbers)
        if not handle:
            raise RuntimeError("oneDNN has no such %s: %s" % (kind, self.functions.onednn_error().decode()))
        return ctypes.c_void_p(handle)

    def function(self, name, handle, arguments):
        function = getattr(self.functions, name)
        function.argtypes = [ctypes.c_void_p] * (1 + arguments)

        def call(*tensors):
            if function(handle, *[t.data_ptr() for t in tensors]) != 0:
                raise RuntimeError("oneDNN, %s: %s" % (name, self.functions.onednn_error().decode()))

        return call


class LstmLayer:
    """The primitives for one layer and one shape. One forward pass at a time."""

    def __init__(self, library, steps, samples, inputs, units, training):
        self.units = units
        handle = library.create("lstm", steps, samples, inputs, units, int(training))
        self.run_forward = library.function("lstm_forward", handle, 5)
        self.run_backward = library.function("lstm_backward", handle, 10)

    def forward(self, x, kernel, recurrent, bias):
        y = torch.empty(x.shape[0], x.shape[1], self.units)
        self.run_forward(x, kernel, recurrent, bias, y)
        return y


class LstmFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, layer, x, kernel, recurrent, bias):
        y = layer.forward(x, kernel, recurrent, bias)
        ctx.layer = layer
        ctx.save_for_backward(x, kernel, recurrent, bias, y)
        return y

    @staticmethod
    def backward(ctx, dy):
        inputs = ctx.saved_tensors[:4]
        gradients = [torch.empty_like(t) for t in inputs]
        ctx.layer.run_backward(*ctx.saved_tensors, dy.contiguous(), *gradients)
        return (None, *gradients)


class AttentionCore:
    def __init__(self, library, samples, heads, size, queries, keys):
        self.weights_shape = (samples, heads, queries, keys)
        handle = library.create("attention", samples, heads, size, queries, keys)
        self.run_weights = library.function("attention_weights", handle, 3)
        self.run_output = library.function("attention_output", handle, 3)
        self.output_backward = library.function("attention_output_backward", handle, 5)
        self.scores_backward = library.function("attention_scores_backward", handle, 5)

    def forward(self, query, source, mask):
        """Weights before and after dropout, and the output."""
        weights, output = torch.empty(self.weights_shape), torch.empty_like(query)
        self.run_weights(query, source, weights)
        kept = weights if mask is None else weights * mask
        self.run_output(kept, source, output)
        return weights, kept, output


class AttentionFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, core, query, source, mask):
        weights, kept, output = core.forward(query, source, mask)
        ctx.core, ctx.mask = core, mask
        ctx.save_for_backward(query, source, weights, kept)
        return output

    @staticmethod
    def backward(ctx, d_output):
        query, source, weights, kept = ctx.saved_tensors
        d_weights, d_query, d_source = (torch.empty_like(t) for t in (weights, query, source))
        ctx.core.output_backward(kept, source, d_output.contiguous(), d_weights, d_source)
        if ctx.mask is not None:
            d_weights.mul_(ctx.mask)
        d_scores = torch._softmax_backward_data(d_weights, weights, 3, torch.float32)
        ctx.core.scores_backward(d_scores, query, source, d_query, d_source)
        return None, d_query, d_source, None


class OneDnnLayers:
    """The layers that FastNetwork asks for, by oneDNN; primitives are made when a shape is first met."""

    def __init__(self, library):
        self.library, self.made = library, {}

    def of(self, kind, name, *shape):
        key = (name, *shape)
        if key not in self.made:
            self.made[key] = kind(self.library, *shape)
        return self.made[key]

    def lstm(self, x, p, name):
        weights = [p[name + "/kernel"], p[name + "/recurrent_kernel"], p[name + "/bias"]]
        training = torch.is_grad_enabled()
        layer = self.of(LstmLayer, name, *x.shape, weights[1].shape[0], training)
        return LstmFunction.apply(layer, x, *weights) if training else layer.forward(x, *weights)

    def attend(self, query, source, heads, mask):
        size = query.shape[2] // heads
        core = self.of(AttentionCore, "attention", query.shape[1], heads, size, query.shape[0],
                       source.shape[0])
        if torch.is_grad_enabled():
            return AttentionFunction.apply(core, query, source, mask)
        return core.forward(query, source, mask)[2]

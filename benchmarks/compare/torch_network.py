"""The network of tests/golden/network_twin.py for speed: the same layers in the same order, each as fast as
PyTorch's public functions allow. Activations of several days lie time-major in memory.

What differs from the twin: dropout masks come from PyTorch's generator, and the LSTM layers have no recurrent
dropout, because neither PyTorch's fused LSTM nor oneDNN's has a place for that mask. Both save work.
"""

import sys

import torch
import torch.nn.functional as F

from case import FOLDER_OF_TWIN

sys.path.insert(0, str(FOLDER_OF_TWIN))
import network_twin  # noqa: E402  (its modules set the default type and the number of threads)

torch.set_default_dtype(torch.float32)


class StockLayers:
    """PyTorch's own."""

    def __init__(self, parameters):
        self.zero_bias = {n: torch.zeros_like(t) for n, t in parameters.items()
                          if "/lstm_" in n and n.endswith("/bias")}

    def lstm(self, x, p, name):
        """What torch.nn.LSTM calls. PyTorch's second bias is zero."""
        kernel, recurrent, bias = p[name + "/kernel"], p[name + "/recurrent_kernel"], p[name + "/bias"]
        zero = torch.zeros(1, x.shape[1], recurrent.shape[1])
        weights = [kernel, recurrent, bias, self.zero_bias[name + "/bias"]]
        return torch.lstm(x, [zero, zero], weights, True, 1, 0.0, False, False, False)[0]

    def attend(self, query, source, heads, mask):
        samples, inner = query.shape[1], query.shape[2]
        size = inner // heads

        def by_head(x):  # (steps, samples, inner) to (samples * heads, steps, size)
            return x.reshape(x.shape[0], samples * heads, size).transpose(0, 1)

        keys, values = source.split(inner, dim=2)
        scores = torch.bmm(by_head(query * size**-0.5), by_head(keys).transpose(1, 2))
        weights = torch.softmax(scores, dim=2)
        if mask is not None:
            weights = weights * mask.view_as(weights)
        return torch.bmm(weights, by_head(values)).transpose(0, 1).reshape(query.shape)


class FastNetwork(network_twin.Network):
    """`layers` has two functions, on time-major tensors (days, samples, features):
    lstm(x, parameters, name) and attend(queries, keys and values side by side, heads, mask or None).
    `masks` may be None where nothing is dropped."""

    def __init__(self, specification, parameters, training, layers, masks=None):
        super().__init__(specification, specification["cross_attention"], parameters, training)
        self.layers, self.masks = layers, masks

    def relu(self, z):
        return F.relu(z)

    def norm(self, x, name):
        p = self.p
        flat = x.transpose(0, 1).flatten(0, 1) if x.dim() == 3 else x
        y = F.batch_norm(flat, p[name + "/running_mean"], p[name + "/running_variance"], p[name + "/scale"],
                         p[name + "/shift"], self.training, 0.01, 1e-3)
        return y.view(x.shape[1], x.shape[0], x.shape[2]).transpose(0, 1) if x.dim() == 3 else y

    def dropout(self, x, name, rate):
        if not self.training or self.masks is None or rate == 0:
            return x
        if x.dim() == 3:
            return x * self.masks(name, rate, (x.shape[1], x.shape[0], x.shape[2])).transpose(0, 1)
        return x * self.masks(name, rate, tuple(x.shape))

    def lstm(self, x, name):
        x = x.transpose(0, 1)
        rate = self.s["lstm_dropout"]
        if self.training and self.masks is not None and rate > 0:
            x = x * self.masks(name + "/input_dropout", rate, (x.shape[1], x.shape[2]))
        return self.layers.lstm(x.contiguous(), self.p, name).transpose(0, 1)

    def layer_norm(self, x, name):
        y = F.layer_norm(x.transpose(0, 1), (x.shape[2],), self.p[name + "/scale"], self.p[name + "/shift"],
                         eps=1e-3)
        return y.transpose(0, 1)

    def attention(self, query, source, name, heads, rate):
        def project(x, part):
            return F.linear(x.transpose(0, 1), self.p["%s/%s_kernel" % (name, part)],
                            self.p["%s/%s_bias" % (name, part)])

        mask = None
        if self.training and self.masks is not None and rate > 0:
            mask = self.masks(name + "/dropout", rate, (query.shape[0], heads, query.shape[1], source.shape[1]))
        attended = self.layers.attend(project(query, "query"), project(source, "source"), heads, mask)
        y = F.linear(attended, self.p[name + "/output_kernel"], self.p[name + "/output_bias"])
        return y.transpose(0, 1)

    def all_logits(self, statics, series):
        """(samples, 1 + horizons * levels), in the order in which the engine gives them."""
        return torch.cat(list(self.forward(statics, series).values()), dim=1)

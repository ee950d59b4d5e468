"""All parameters of the network in one flat tensor.

The optimiser then needs a handful of operations for all tensors together instead of a dozen for each of more
than a hundred. The leaves that the network computes with are views of that tensor. Where one product serves
two named tensors (key and value of an attention), these lie side by side and are one leaf.
"""

import torch


def leaf_groups(names):
    """The named tensors of every leaf, in the order in which they lie."""
    groups = {}
    for name in names:
        layer, part = name.rsplit("/", 1)
        joint = layer.endswith("attention") and part.startswith(("key_", "value_"))
        leaf = "%s/source_%s" % (layer, part.split("_")[1]) if joint else name
        groups.setdefault(leaf, []).append(name)
    return groups


def is_lstm_matrix(name):
    return "/lstm_" in name and name.endswith("kernel")


class Parameters:
    """`values`: tensors by name, matrices (outputs, inputs). `transpose_lstm`: the LSTM's matrices are kept as
    (inputs, outputs), which is how oneDNN wants them."""

    def __init__(self, values, l2, transpose_lstm=False):
        self.statistics = {n: v.clone() for n, v in values.items() if "/running_" in n}
        trained = {n: v for n, v in values.items() if "/running_" not in n}
        self.transposed = {n for n in trained if transpose_lstm and is_lstm_matrix(n)}
        shapes = {n: v.t().shape if n in self.transposed else v.shape for n, v in trained.items()}
        groups = leaf_groups(trained)

        ordered = [n for group in groups.values() for n in group]
        self.flat = torch.cat([(trained[n].t() if n in self.transposed else trained[n]).reshape(-1)
                               for n in ordered])
        self.gradient = torch.zeros_like(self.flat)
        self.decay = torch.cat([torch.full((trained[n].numel(),), 2 * l2 if n.endswith("/kernel") else 0.0)
                                for n in ordered])
        self.named, self.named_gradients, self.leaves = {}, {}, {}
        offset = 0
        for leaf, group in groups.items():
            begin = offset
            for name in group:
                piece = slice(offset, offset + trained[name].numel())
                self.named[name] = self.flat[piece].view(shapes[name])
                self.named_gradients[name] = self.gradient[piece].view(shapes[name])
                offset = piece.stop
            rows = sum(shapes[n][0] for n in group)
            self.leaves[leaf] = self.flat[begin:offset].view(rows, *shapes[group[0]][1:]).requires_grad_()

    def for_network(self):
        return {**self.leaves, **self.statistics}

    def as_written(self, tensors):
        """Tensors by name with matrices (outputs, inputs) again."""
        return {n: t.t() if n in self.transposed else t for n, t in tensors.items()}

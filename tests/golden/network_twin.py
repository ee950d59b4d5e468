"""The dual-branch network in PyTorch: a twin of the engine's, written from its description in words (the layers
of each branch, their sizes and dropout rates), with the layers of make_golden.py.

The golden files of the network are made with it. Its pieces are methods (`norm`, `dropout`, `dense`, `lstm`,
`attention`, `relu`), so that other programs can put a faster one in place of one of them and keep the rest.
"""

import math

import torch
import torch.nn.functional as F

from golden_common import draw, dropout_mask, with_gradient
from make_golden import attention_mask, attention_written_out, lstm_by_torch, lstm_with_masks

FULL = dict(static_features=41, sensors=5, days=30, horizons=[1, 3, 7, 14, 30], risk_levels=6,
            static_units=128, temporal_units=128, branch_units=64, self_attention_heads=8,
            cross_attention_heads=4, key_size=16, shared_units=128, shared_output_units=64, head_units=32,
            dense_dropout=0.3, branch_dropout=0.15, lstm_dropout=0.15, temporal_dropout=0.3,
            attention_dropout=0.15)
SMALL = dict(static_features=9, sensors=3, days=6, horizons=[1, 7], risk_levels=4, static_units=12,
             temporal_units=10, branch_units=6, self_attention_heads=4, cross_attention_heads=2, key_size=3,
             shared_units=11, shared_output_units=7, head_units=5, dense_dropout=0.3, branch_dropout=0.15,
             lstm_dropout=0.15, temporal_dropout=0.3, attention_dropout=0.15)


def network_shapes(s):
    """Name and shape of every tensor."""
    shapes = {}

    def norm(name, features):
        for part in ("scale", "shift", "running_mean", "running_variance"):
            shapes[name + "/" + part] = (features,)

    def dense(name, inputs, outputs):
        shapes[name + "/kernel"], shapes[name + "/bias"] = (outputs, inputs), (outputs,)

    def block(name, inputs, outputs):
        dense(name + "/dense", inputs, outputs)
        norm(name + "/norm", outputs)

    def lstm(name, inputs, units):
        shapes[name + "/kernel"], shapes[name + "/recurrent_kernel"] = (4 * units, inputs), (4 * units, units)
        shapes[name + "/bias"] = (4 * units,)

    def attention(name, heads, features):
        inner = heads * s["key_size"]
        for part in ("query", "key", "value"):
            shapes["%s/%s_kernel" % (name, part)] = (inner, features)
            shapes["%s/%s_bias" % (name, part)] = (inner,)
        shapes[name + "/output_kernel"], shapes[name + "/output_bias"] = (features, inner), (features,)

    block("static/block_1", s["static_features"], s["static_units"])
    block("static/block_2", s["static_units"], s["static_units"])
    block("static/block_3", s["static_units"], s["branch_units"])
    lstm("temporal/lstm_1", s["sensors"], s["temporal_units"])
    norm("temporal/norm_1", s["temporal_units"])
    lstm("temporal/lstm_2", s["temporal_units"], s["temporal_units"])
    norm("temporal/norm_2", s["temporal_units"])
    attention("temporal/self_attention", s["self_attention_heads"], s["temporal_units"])
    shapes["temporal/attention_norm/scale"] = (s["temporal_units"],)
    shapes["temporal/attention_norm/shift"] = (s["temporal_units"],)
    lstm("temporal/lstm_3", s["temporal_units"], s["branch_units"])
    norm("temporal/norm_3", s["branch_units"])
    attention("fusion/cross_attention", s["cross_attention_heads"], s["branch_units"])
    block("shared/block_1", 3 * s["branch_units"], s["shared_units"])
    block("shared/block_2", s["shared_units"], s["shared_output_units"])
    block("current/block_1", s["shared_output_units"], s["head_units"])
    dense("current/logits", s["head_units"], 1)
    for horizon in s["horizons"]:
        head, second = "future_%dd" % horizon, s["head_units"] + horizon // 7
        block(head + "/block_1", s["shared_output_units"], s["head_units"])
        block(head + "/block_2", s["head_units"], second)
        dense(head + "/logits", second, s["risk_levels"])
    return shapes


# The known size of the full network with 20 static features, running statistics included.
assert sum(math.prod(shape) for shape in network_shapes(dict(FULL, static_features=20)).values()) == 416780


def network_parameters(s):
    """Matrices: scale the largest power of two that is at most sqrt(6 / (rows + columns)). Scales and running
    variances: 1 + draws of scale 1/2. All other vectors: scale 1/4."""
    parameters = {}
    for name, shape in network_shapes(s).items():
        if len(shape) == 2:
            values = draw(name, shape, 2.0 ** math.floor(math.log2(math.sqrt(6 / sum(shape)))))
        elif name.endswith("/scale") or name.endswith("/running_variance"):
            values = 1 + draw(name, shape, 0.5)
        else:
            values = draw(name, shape, 0.25)
        parameters[name] = values if "/running_" in name else with_gradient(values)
    return parameters


class Network:
    """One pass. Samples run along the first axis everywhere."""

    def __init__(self, s, cross_attention, parameters, training):
        self.s, self.cross_attention, self.p, self.training = s, cross_attention, parameters, training
        self.running = {}  # running statistics after this pass
        self.attention_weights = {}  # softmax of each attention of this pass: samples, heads, queries, keys
        self.closest_to_kink = math.inf  # smallest |pre-activation| of a relu

    def norm(self, x, name):
        """Batch normalisation over all axes but the last."""
        p, flat = self.p, x.flatten(0, -2)
        mean, variance = p[name + "/running_mean"], p[name + "/running_variance"]
        if self.training:
            self.running[name + "/running_mean"] = 0.99 * mean + 0.01 * flat.mean(0).detach()
            self.running[name + "/running_variance"] = 0.99 * variance + 0.01 * flat.var(
                0, unbiased=False).detach()
            mean = variance = None
        return F.batch_norm(flat, mean, variance, p[name + "/scale"], p[name + "/shift"], self.training,
                            eps=1e-3).reshape(x.shape)

    def dropout(self, x, name, rate):
        if not self.training:
            return x
        steps = x.shape[1] if x.dim() == 3 else 1
        padded = (x.shape[-1] + 3) // 4 * 4
        mask = dropout_mask(name, rate, x.shape[0], steps * padded)
        return x * mask.reshape(x.shape[0], steps, padded)[:, :, :x.shape[-1]].reshape(x.shape)

    def dense(self, x, name):
        return F.linear(x, self.p[name + "/kernel"], self.p[name + "/bias"])

    def relu(self, z):
        self.closest_to_kink = min(self.closest_to_kink, float(z.detach().abs().min()))
        return F.relu(z)

    def block(self, x, name, rate):
        z = self.relu(self.dense(x, name + "/dense"))
        return self.dropout(self.norm(z, name + "/norm"), name + "/dropout", rate)

    def lstm(self, x, name):
        samples, steps, inputs = x.shape
        lengths, rate = [steps] * samples, self.s["lstm_dropout"]
        if not self.training:
            return lstm_by_torch(x, self.p, name, lengths)
        units = self.p[name + "/recurrent_kernel"].shape[1]
        return lstm_with_masks(x, self.p, name, lengths,
                               dropout_mask(name + "/input_dropout", rate, samples, inputs),
                               dropout_mask(name + "/recurrent_dropout", rate, samples, units))

    def attention(self, query, source, name, heads, rate):
        """`rate` is that of the dropout of the softmax's weights."""
        mask = None
        if self.training and rate > 0:
            mask = attention_mask(name + "/dropout", rate, query.shape[0], heads, query.shape[1],
                                  source.shape[1])
        output, self.attention_weights[name] = attention_written_out(query, source, self.p, name, heads,
                                                                     mask=mask)
        return output

    def layer_norm(self, x, name):
        return F.layer_norm(x, (x.shape[-1],), self.p[name + "/scale"], self.p[name + "/shift"], eps=1e-3)

    def forward(self, statics, series):
        s = self.s
        s1 = self.block(statics, "static/block_1", s["dense_dropout"])
        s2 = self.block(s1, "static/block_2", s["dense_dropout"]) + s1
        static_vector = self.block(s2, "static/block_3", s["branch_dropout"])

        t1 = self.norm(self.lstm(series, "temporal/lstm_1"), "temporal/norm_1")
        t2 = self.norm(self.lstm(t1, "temporal/lstm_2"), "temporal/norm_2") + t1
        attended = self.attention(t2, t2, "temporal/self_attention", s["self_attention_heads"],
                                  s["attention_dropout"])
        t3 = self.layer_norm(attended + t2, "temporal/attention_norm")
        last = self.lstm(t3, "temporal/lstm_3")
        if self.cross_attention == "pooled":
            last = last[:, -1:]
        last = self.dropout(self.norm(last, "temporal/norm_3"), "temporal/dropout", s["temporal_dropout"])
        temporal_vector = last[:, -1]

        attended = self.attention(static_vector[:, None], last, "fusion/cross_attention",
                                  s["cross_attention_heads"], 0)
        fused = torch.cat([static_vector, temporal_vector, attended[:, 0]], dim=1)
        shared = self.block(fused, "shared/block_1", s["dense_dropout"])
        shared = self.block(shared, "shared/block_2", s["dense_dropout"])

        logits = {"current": self.dense(self.block(shared, "current/block_1", s["dense_dropout"]),
                                        "current/logits")}
        for horizon in s["horizons"]:
            head = "future_%dd" % horizon
            x = self.block(shared, head + "/block_1", s["dense_dropout"])
            x = self.block(x, head + "/block_2", s["dense_dropout"])
            logits[head] = self.dense(x, head + "/logits")
        return logits

    def day_weights(self):
        """How much each day counted for the static vector in this pass."""
        return self.attention_weights["fusion/cross_attention"].mean(1)[:, 0]


def weighted_losses(logits, heads):
    """`heads`: targets and weights by the head's name."""
    losses = {}
    for head, (targets, weights) in heads.items():
        if head == "current":
            each = F.binary_cross_entropy_with_logits(logits[head][:, 0], targets.double(), reduction="none")
            coefficient = 1.2
        else:
            each = F.cross_entropy(logits[head], targets, reduction="none")
            coefficient = 1 / (1 + 0.1 * int(head[len("future_"):-1]))
        total = weights.sum()
        losses[head] = coefficient * (weights * each).sum() / total if total > 0 else torch.tensor(0.0)
    return losses

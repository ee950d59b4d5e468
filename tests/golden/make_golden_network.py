#!/usr/bin/env python3
"""Makes the golden files of the whole network: python3 tests/golden/make_golden_network.py [case ...]

The dual-branch network in PyTorch, from its description in words (the layers of each branch, their sizes and
dropout rates), with the layers of make_golden.py. Weights and inputs are not in the files: both sides draw them by name (`draw` in
golden_common.py, `network_parameters` here). Of the full network only norms, one projection on a drawn vector
and a few values of each gradient are kept.
"""

import math
import sys

import torch
import torch.nn.functional as F

from golden_common import GoldenFile, draw, dropout_mask, gradients_of, with_gradient
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

    def block(self, x, name, rate):
        z = self.dense(x, name + "/dense")
        self.closest_to_kink = min(self.closest_to_kink, float(z.detach().abs().min()))
        return self.dropout(self.norm(F.relu(z), name + "/norm"), name + "/dropout", rate)

    def lstm(self, x, name):
        samples, steps, inputs = x.shape
        lengths, rate = [steps] * samples, self.s["lstm_dropout"]
        if not self.training:
            return lstm_by_torch(x, self.p, name, lengths)
        units = self.p[name + "/recurrent_kernel"].shape[1]
        return lstm_with_masks(x, self.p, name, lengths,
                               dropout_mask(name + "/input_dropout", rate, samples, inputs),
                               dropout_mask(name + "/recurrent_dropout", rate, samples, units))

    def forward(self, statics, series):
        s, p, samples = self.s, self.p, statics.shape[0]
        s1 = self.block(statics, "static/block_1", s["dense_dropout"])
        s2 = self.block(s1, "static/block_2", s["dense_dropout"]) + s1
        static_vector = self.block(s2, "static/block_3", s["branch_dropout"])

        t1 = self.norm(self.lstm(series, "temporal/lstm_1"), "temporal/norm_1")
        t2 = self.norm(self.lstm(t1, "temporal/lstm_2"), "temporal/norm_2") + t1
        heads, days = s["self_attention_heads"], s["days"]
        name = "temporal/self_attention"
        mask = None
        if self.training:
            mask = attention_mask(name + "/dropout", s["attention_dropout"], samples, heads, days, days)
        attended, _ = attention_written_out(t2, t2, p, name, heads, mask=mask)
        t3 = F.layer_norm(attended + t2, (s["temporal_units"],), p["temporal/attention_norm/scale"],
                          p["temporal/attention_norm/shift"], eps=1e-3)
        last = self.lstm(t3, "temporal/lstm_3")
        if self.cross_attention == "pooled":
            last = last[:, -1:]
        last = self.dropout(self.norm(last, "temporal/norm_3"), "temporal/dropout", s["temporal_dropout"])
        temporal_vector = last[:, -1]

        attended, day_weights = attention_written_out(static_vector[:, None], last, p,
                                                      "fusion/cross_attention", s["cross_attention_heads"])
        self.day_weights = day_weights.mean(1)[:, 0]
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


def targets_and_weights(s, samples, none_of_last):
    """Class weights times masks: some samples of every head don't count, and of the last horizon's either all
    but one or, with `none_of_last`, all."""
    heads = {}
    for number, head in enumerate(["current"] + ["future_%dd" % h for h in s["horizons"]]):
        classes = 2 if head == "current" else s["risk_levels"]
        targets = torch.tensor([(5 * i + 3 * number + i * i) % classes for i in range(samples)])
        weights = torch.tensor([0.0 if (i + number) % 4 == 3 else 0.5 + 0.25 * int(targets[i])
                                for i in range(samples)])
        if number == len(s["horizons"]):
            weights = weights * (torch.arange(samples) == 4) * (not none_of_last)
            assert (weights > 0).sum() == (0 if none_of_last else 1)
        heads[head] = (targets, weights)
    return heads


def weighted_losses(s, logits, heads):
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


def put_summary(file, name, tensor):
    """Of a large tensor: norm, projection on drawn values (`draw` by its name), and 16 values, evenly spaced."""
    flat = tensor.flatten()
    file.put(name + ":norm", flat.norm())
    file.put(name + ":projection", flat @ draw("projection/" + name, tuple(flat.shape)))
    count = min(16, len(flat))
    file.put(name + ":values", flat[[i * len(flat) // count for i in range(count)]])


def network(case, s, cross_attention, samples, whole):
    p = network_parameters(s)
    statics = with_gradient(draw("statics", (samples, s["static_features"]), 2.0))
    series = with_gradient(draw("series", (samples, s["days"], s["sensors"]), 2.0))
    heads = targets_and_weights(s, samples, none_of_last=cross_attention == "pooled")
    file = GoldenFile(case, "The %s network, cross-attention to the %s." %
                      ("small" if whole else "full", "days" if cross_attention == "days" else "pooled vector"))
    for head, (targets, weights) in heads.items():
        file.put("targets/" + head, targets)
        file.put("weights/" + head, weights)

    training = Network(s, cross_attention, p, training=True)
    logits = training.forward(statics, series)
    losses = weighted_losses(s, logits, heads)
    sum(losses.values()).backward()
    # In float a relu's derivative may fall on the other side of a kink that is nearer than rounding.
    assert training.closest_to_kink > 2e-6, training.closest_to_kink
    file.put_all("training/logits/", logits)
    file.put_all("training/loss/", losses)
    put = file.put if whole else (lambda name, tensor: put_summary(file, name, tensor))
    for name, statistic in training.running.items():
        put("training/after/" + name, statistic)
    file.put("training/day_weights", training.day_weights)
    decayed = [t for n, t in p.items() if n.endswith("/kernel")]
    file.put("penalty", 0.001 * sum((t.detach() ** 2).sum() for t in decayed))
    trained = {name: t for name, t in p.items() if t.requires_grad}
    gradients = gradients_of(trained)
    gradients["statics"], gradients["series"] = statics.grad, series.grad
    for name, gradient in gradients.items():
        put("gradient/" + name, gradient)

    inference = Network(s, cross_attention, p, training=False)
    with torch.no_grad():
        logits = inference.forward(statics, series)
    file.put_all("inference/logits/", logits)
    file.put("inference/day_weights", inference.day_weights)
    file.write()


CASES = {
    "network_small_days": lambda: network("network_small_days", SMALL, "days", 27, True),
    "network_small_pooled": lambda: network("network_small_pooled", SMALL, "pooled", 27, True),
    "network_full_days": lambda: network("network_full_days", FULL, "days", 29, False),
    "network_full_pooled": lambda: network("network_full_pooled", FULL, "pooled", 29, False),
}

if __name__ == "__main__":
    for name in sys.argv[1:] or CASES:
        CASES[name]()

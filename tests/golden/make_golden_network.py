#!/usr/bin/env python3
"""Makes the golden files of the whole network: python3 tests/golden/make_golden_network.py [case ...]

The network is the one of network_twin.py. Weights and inputs are not in the files: both sides draw them by
name (`draw` in golden_common.py, `network_parameters` in network_twin.py). Of the full network only norms, one
projection on a drawn vector and a few values of each gradient are kept.
"""

import sys

import torch

from golden_common import GoldenFile, draw, gradients_of, with_gradient
from network_twin import FULL, SMALL, Network, network_parameters, weighted_losses


def targets_and_weights(s, samples, none_of_last):
    """By head: targets, and class weights times masks. Some samples of every head don't count, and of the last
    horizon's either all but one or, with `none_of_last`, all."""
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
    losses = weighted_losses(logits, heads)
    sum(losses.values()).backward()
    # In float a relu's derivative may fall on the other side of a kink that is nearer than rounding.
    assert training.closest_to_kink > 2e-6, training.closest_to_kink
    file.put_all("training/logits/", logits)
    file.put_all("training/loss/", losses)
    put = file.put if whole else (lambda name, tensor: put_summary(file, name, tensor))
    for name, statistic in training.running.items():
        put("training/after/" + name, statistic)
    file.put("training/day_weights", training.day_weights())
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
    file.put("inference/day_weights", inference.day_weights())
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

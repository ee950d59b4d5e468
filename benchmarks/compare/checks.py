"""Nothing is timed before it was seen to compute the same as the engine."""

import torch

from torch_network import StockLayers
from torch_training import Batch, Training

PROBABILITY_LIMIT = 1e-5
GRADIENT_LIMIT = 1e-4
UPDATE_LIMIT = 1e-2
LAYER_LIMIT = 1e-5
ONLY_ROUNDING = 1e-6


def require(what, difference, limit):
    if not difference <= limit:  # not a number is no agreement
        raise RuntimeError("%s differ by %.1e, at most %.0e expected: nothing is timed" % (what, difference, limit))
    return {"what": what, "difference": difference, "limit": limit}


def probabilities(case, logits):
    levels = case.specification["risk_levels"]
    future = logits[:, 1:].reshape(len(logits), -1, levels)
    return torch.cat([torch.sigmoid(logits[:, :1]), torch.softmax(future, dim=2).flatten(1)], dim=1)


def check_prediction(case, answer, batch):
    """`answer(first, samples)`: logits of those samples of the case."""
    largest = 0.0
    for first in range(0, max(batch, 16), batch):
        rows = torch.arange(first, first + batch) % len(case["logits"])
        found, expected = probabilities(case, answer(first, batch)), probabilities(case, case["logits"][rows])
        largest = max(largest, float((found - expected).abs().max()))
    return require("the probabilities of this side and of the engine", largest, PROBABILITY_LIMIT)


def only_rounding(gradients):
    """Names of the tensors whose gradient is nothing but rounding, such as the attention's key biases."""
    whole = sum(float(g.norm())**2 for g in gradients.values())**0.5
    return {n for n, g in gradients.items() if float(g.norm()) < ONLY_ROUNDING * whole}


def check_training(case, parameters_of, layers_of):
    """Without dropout: the gradients of the first batch, and what some steps with clipping, L2 and Adam make of
    the parameters. Functions that make parameters and layers are given, because both are used up."""
    samples, expected = case.training_batch, case.group("gradient")
    exempt = only_rounding(expected)
    parameters = parameters_of()
    training = Training(case.specification, parameters, case.plan, layers_of(parameters), dropout=False)
    training.gradients(Batch(*case.batch(0, samples)))
    found = parameters.as_written(parameters.named_gradients)
    if set(found) != set(expected):
        raise RuntimeError("this side and the engine have different parameters")
    gradients = max(float((found[n] - g).norm() / (found[n].norm() + g.norm()))
                    for n, g in expected.items() if n not in exempt)
    clipped = sum(float(g.norm()) > case.plan["clip_norm"] for g in expected.values())
    if clipped == 0:
        raise RuntimeError("no gradient is clipped: the case does not show whether clipping is right")

    parameters = parameters_of()
    training = Training(case.specification, parameters, case.plan, layers_of(parameters), dropout=False)
    for number in range(case.training_steps):
        training.step(Batch(*case.batch(number * samples, samples)))
    before, after, trained = case.group("parameter"), case.group("trained"), parameters.as_written(parameters.named)
    update = max(float((trained[n].detach() - after[n]).norm() / (after[n] - before[n]).norm())
                 for n in trained if n not in exempt)
    return [require("the gradients of this side and of the engine", gradients, GRADIENT_LIMIT),
            require("the parameters after %d steps of this side and of the engine" % case.training_steps, update,
                    UPDATE_LIMIT)]


def check_lstm(case, layers):
    """One LSTM layer of other than PyTorch's making against torch.nn.LSTM: output and all gradients."""
    s = case.specification
    units, steps = s["temporal_units"], s["days"]
    stock = torch.nn.LSTM(units, units)
    torch.nn.init.zeros_(stock.bias_hh_l0)
    x = torch.randn(steps, 8, units, requires_grad=True)
    dy = torch.randn(steps, 8, units)
    weights = [stock.weight_ih_l0, stock.weight_hh_l0, stock.bias_ih_l0]
    expected = stock(x)[0]
    expected = [expected, *torch.autograd.grad(expected, [x, *weights], dy)]
    transposed = [(w.detach().t().contiguous() if w.dim() == 2 else w.detach().clone()).requires_grad_()
                  for w in weights]
    found = layers.lstm(x, dict(zip(("check/kernel", "check/recurrent_kernel", "check/bias"), transposed)), "check")
    gradients = torch.autograd.grad(found, [x, *transposed], dy)
    found = [found, *[g.t() if e.shape != g.shape or i in (1, 2) else g
                      for i, (e, g) in enumerate(zip(expected[1:], gradients))]]
    largest = max(float((f - e).norm() / e.norm()) for f, e in zip(found, expected))
    return require("output and gradients of this LSTM layer and of torch.nn.LSTM", largest, LAYER_LIMIT)


def stock_layers(parameters):
    return StockLayers(parameters.leaves)

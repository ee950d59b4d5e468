#!/usr/bin/env python3
"""Makes the golden files of the layers: python3 tests/golden/make_golden.py [case ...]

An oracle for engine/nn: the same mathematics by PyTorch's own layers and its automatic differentiation, from
the equations of the papers. Needs PyTorch and NumPy (Debian: python3-torch); the tests need neither. What all
scripts share, and the file format, is in golden_common.py. The names of parameters are the engine's.

A layer y = f(x; p) is checked through the loss sum(y * dy) with a given dy, over the steps that count.
"""

import sys

import torch
import torch.nn.functional as F

from golden_common import (GoldenFile, counts, draw, dropout_mask, gradients_of, parameters_of,
                           with_gradient)


def finish_layer(file, inputs, parameters, outputs, dy):
    """Backward through sum(y * dy), then writes everything about a layer."""
    (outputs * dy).sum().backward()
    for name, tensor in inputs.items():
        file.put(name, tensor)
        file.put("gradient/" + name, tensor.grad)
    file.put_all("parameter/", parameters)
    file.put_all("gradient/", gradients_of({n: p for n, p in parameters.items() if p.requires_grad}))
    file.put("dy", dy)
    file.put("y", outputs)
    file.write()


# ---- dense -----------------------------------------------------------------------------------------------


def dense(activation):
    case = "dense_" + activation
    function = {"none": lambda z: z, "relu": F.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}[activation]
    p = parameters_of(case, {"dense/kernel": (19, 7), "dense/bias": (19,)})
    x, dy = with_gradient(draw(case + "/x", (11, 2, 7))), draw(case + "/dy", (11, 2, 19))
    y = function(F.linear(x, p["dense/kernel"], p["dense/bias"]))
    finish_layer(GoldenFile(case, "A dense layer, activation " + activation + ", at each of two steps."),
                 {"x": x}, p, y, dy)


# ---- LSTM ------------------------------------------------------------------------------------------------


def lstm_by_torch(x, p, name, lengths):
    """What torch.nn.LSTM calls, on packed sequences; PyTorch's second bias is zero. After its end a state is
    carried on. (The module itself can't be given weights that are part of a graph.)"""
    kernel, bias = p[name + "/kernel"], p[name + "/bias"]
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), batch_first=True,
                                                     enforce_sorted=False)
    zero = torch.zeros(1, x.shape[0], kernel.shape[0] // 4)
    weights = [kernel, p[name + "/recurrent_kernel"], bias, torch.zeros_like(bias)]
    data, last, _ = torch.lstm(packed.data, packed.batch_sizes, [zero, zero], weights, True, 1, 0.0, False, False)
    packed_output = torch.nn.utils.rnn.PackedSequence(data, packed.batch_sizes, packed.sorted_indices,
                                                      packed.unsorted_indices)
    last = last[:, packed.unsorted_indices]
    hidden, _ = torch.nn.utils.rnn.pad_packed_sequence(packed_output, batch_first=True,
                                                       total_length=x.shape[1])
    mask = counts(x.shape[0], x.shape[1], lengths)
    return hidden * mask + last[0][:, None, :] * (1 - mask)


def lstm_with_masks(x, p, name, lengths, input_mask, recurrent_mask):
    """torch.lstm_cell step by step. Its hidden argument goes into the recurrent product only, so the recurrent
    mask of Gal and Ghahramani is a factor on that argument; the input mask is the same at all steps."""
    kernel = p[name + "/kernel"]
    samples, steps, units = x.shape[0], x.shape[1], kernel.shape[0] // 4
    h, c = torch.zeros(samples, units), torch.zeros(samples, units)
    outputs = []
    for t in range(steps):
        new_h, new_c = torch.lstm_cell(x[:, t] * input_mask, (h * recurrent_mask, c), kernel,
                                       p[name + "/recurrent_kernel"], p[name + "/bias"],
                                       torch.zeros_like(p[name + "/bias"]))
        runs = torch.tensor([t < n for n in lengths])[:, None]
        h, c = torch.where(runs, new_h, h), torch.where(runs, new_c, c)
        outputs.append(h)
    return torch.stack(outputs, dim=1)


LSTM_LENGTHS = [5, 1, 3, 5, 2, 4, 5, 5, 3, 1, 4]


def lstm(case, all_steps, with_lengths, with_dropout):
    samples, steps, inputs, units = 11, 5, 5, 6
    p = parameters_of(case, {"lstm/kernel": (4 * units, inputs), "lstm/recurrent_kernel": (4 * units, units),
                             "lstm/bias": (4 * units,)}, scale=1.0)
    x = with_gradient(draw(case + "/x", (samples, steps, inputs), 2.0))
    lengths = LSTM_LENGTHS if with_lengths else [steps] * samples
    if with_dropout:
        y = lstm_with_masks(x, p, "lstm", lengths,
                            dropout_mask("lstm/input_dropout", 0.25, samples, inputs),
                            dropout_mask("lstm/recurrent_dropout", 0.375, samples, units))
    else:
        y = lstm_by_torch(x, p, "lstm", lengths)
        ones = torch.ones(1, 1)
        assert torch.allclose(y, lstm_with_masks(x, p, "lstm", lengths, ones, ones), rtol=0, atol=1e-14)
    dy = draw(case + "/dy", (samples, steps if all_steps else 1, units))
    if all_steps:
        dy = dy * counts(samples, steps, lengths)
    else:
        y = y[:, -1:]
    file = GoldenFile(case, "LSTM, output of %s; the state is carried on after the end of a sequence.%s" %
                      ("all steps" if all_steps else "the last step",
                       " Dropout: input 0.25, recurrent 0.375." if with_dropout else ""))
    if with_lengths:
        file.put("lengths", lengths)
    finish_layer(file, {"x": x}, p, y, dy)


# ---- normalisation ---------------------------------------------------------------------------------------


def batch_norm(case, steps, lengths):
    """Three updates of the running statistics by three batches; outputs and gradients are those of the third.

    F.batch_norm takes the unbiased variance into the running one, so that is written out: the product's is biased."""
    samples, features = 11, 7
    p = parameters_of(case, {"norm/scale": (features,), "norm/shift": (features,)})
    running_mean, running_variance = torch.zeros(features), torch.ones(features)
    file = GoldenFile(case, "Batch normalisation in training: y and gradients of the third of three batches.")
    if lengths:
        file.put("lengths", lengths)
    mask = counts(samples, steps, lengths or [steps] * samples)
    which = mask.squeeze(2).bool()
    for batch in range(3):
        x = with_gradient(draw("%s/x_%d" % (case, batch), (samples, steps, features), 4.0) + batch)
        counted = x[which]
        y_counted = F.batch_norm(counted, None, None, p["norm/scale"], p["norm/shift"], training=True,
                                 eps=1e-3)
        running_mean = 0.99 * running_mean + 0.01 * counted.mean(0).detach()
        running_variance = 0.99 * running_variance + 0.01 * counted.var(0, unbiased=False).detach()
        if batch < 2:
            file.put("x_%d" % batch, x)
    file.put("after/norm/running_mean", running_mean)
    file.put("after/norm/running_variance", running_variance)
    y = torch.zeros(samples, steps, features).masked_scatter(which[:, :, None], y_counted)
    parameters = dict(p)
    parameters["norm/running_mean"], parameters["norm/running_variance"] = torch.zeros(features), torch.ones(
        features)
    finish_layer(file, {"x": x}, parameters, y, draw(case + "/dy", (samples, steps, features)) * mask)


def batch_norm_inference():
    case, features = "batch_norm_inference", 7
    p = parameters_of(case, {"norm/scale": (features,), "norm/shift": (features,)})
    p["norm/running_mean"] = draw(case + "/running_mean", (features,))
    p["norm/running_variance"] = draw(case + "/running_variance", (features,)) + 1.25
    x, dy = with_gradient(draw(case + "/x", (11, 1, features), 2.0)), draw(case + "/dy", (11, 1, features))
    y = F.batch_norm(x[:, 0], p["norm/running_mean"], p["norm/running_variance"], p["norm/scale"],
                     p["norm/shift"], training=False, eps=1e-3)[:, None]
    finish_layer(GoldenFile(case, "Batch normalisation by the running statistics."), {"x": x}, p, y, dy)


def layer_norm():
    case, features = "layer_norm", 21
    p = parameters_of(case, {"norm/scale": (features,), "norm/shift": (features,)})
    x, dy = with_gradient(draw(case + "/x", (11, 2, features), 2.0)), draw(case + "/dy", (11, 2, features))
    y = F.layer_norm(x, (features,), p["norm/scale"], p["norm/shift"], eps=1e-3)
    finish_layer(GoldenFile(case, "Layer normalisation of each step."), {"x": x}, p, y, dy)


# ---- dropout ---------------------------------------------------------------------------------------------


def dropout():
    """Unit = step * (features rounded up to 4) + feature."""
    samples, steps, features = 11, 3, 6
    x = with_gradient(draw("dropout/x", (samples, steps, features)))
    mask = dropout_mask("dropout", 0.3, samples, steps * 8).reshape(samples, steps, 8)[:, :, :features]
    finish_layer(GoldenFile("dropout", "Dropout 0.3 of every feature of every step."), {"x": x}, {}, x * mask,
                 draw("dropout/dy", (samples, steps, features)))


# ---- attention -------------------------------------------------------------------------------------------


def attention_parameters(case, name, heads, key_size, query_features, source_features, outputs):
    inner = heads * key_size
    shapes = {}
    for part, rows, columns in [("query", inner, query_features), ("key", inner, source_features),
                                ("value", inner, source_features), ("output", outputs, inner)]:
        shapes["%s/%s_kernel" % (name, part)] = (rows, columns)
        shapes["%s/%s_bias" % (name, part)] = (rows,)
    return parameters_of(case, shapes)


def attention_by_torch(query, source, p, name, heads, lengths):
    """torch's multi_head_attention_forward; it wants outputs = query features = heads * key size."""
    q = lambda part: p["%s/%s" % (name, part)]
    y, _ = F.multi_head_attention_forward(
        query.transpose(0, 1), source.transpose(0, 1), source.transpose(0, 1), query.shape[2], heads, None,
        torch.cat([q("query_bias"), q("key_bias"), q("value_bias")]), None, None, False, 0.0,
        q("output_kernel"), q("output_bias"), training=False,
        key_padding_mask=counts(source.shape[0], source.shape[1], lengths).squeeze(2) == 0,
        use_separate_proj_weight=True, q_proj_weight=q("query_kernel"), k_proj_weight=q("key_kernel"),
        v_proj_weight=q("value_kernel"))
    return y.transpose(0, 1)


def attention_written_out(query, source, p, name, heads, lengths=None, mask=None):
    """Vaswani et al. (2017), equation 1 and section 3.2.2. `mask` (samples, heads, queries, keys) multiplies
    the softmax. Returns the output and the softmax."""
    def project(x, part):
        y = F.linear(x, p["%s/%s_kernel" % (name, part)], p["%s/%s_bias" % (name, part)])
        return y.unflatten(2, (heads, y.shape[2] // heads)).transpose(1, 2)  # samples, heads, steps, d

    q, k, v = project(query, "query"), project(source, "key"), project(source, "value")
    scores = q @ k.transpose(2, 3) / q.shape[3] ** 0.5
    if lengths is not None:
        past_end = counts(source.shape[0], source.shape[1], lengths).squeeze(2) == 0
        scores = scores.masked_fill(past_end[:, None, None, :], float("-inf"))
    weights = torch.softmax(scores, dim=3)
    attended = (weights if mask is None else weights * mask) @ v
    y = F.linear(attended.transpose(1, 2).flatten(2), p[name + "/output_kernel"], p[name + "/output_bias"])
    return y, weights


def attention_mask(source, rate, samples, heads, queries, keys):
    """Unit = (head * queries + query) * (keys rounded up to 8) + key."""
    padded = (keys + 7) // 8 * 8
    return dropout_mask(source, rate, samples, heads * queries * padded).reshape(
        samples, heads, queries, padded)[:, :, :, :keys]


def self_attention(case, with_lengths, with_dropout):
    samples, steps, heads, key_size = 9, 5, 8, 2
    features = heads * key_size
    p = attention_parameters(case, "attention", heads, key_size, features, features, features)
    x = with_gradient(draw(case + "/x", (samples, steps, features), 2.0))
    lengths = LSTM_LENGTHS[:samples] if with_lengths else [steps] * samples
    mask = attention_mask("attention/dropout", 0.25, samples, heads, steps, steps) if with_dropout else None
    y, weights = attention_written_out(x, x, p, "attention", heads, lengths, mask)
    if not with_dropout:
        y_written_out, y = y, attention_by_torch(x, x, p, "attention", heads, lengths)
        assert torch.allclose(y, y_written_out, rtol=0, atol=1e-14)
    valid = counts(samples, steps, lengths)
    file = GoldenFile(case, "Self-attention, 8 heads of 2." + (" Dropout 0.25." if with_dropout else ""))
    if with_lengths:
        file.put("lengths", lengths)
    file.put("mean_weights", weights.mean(1))
    finish_layer(file, {"x": x}, p, y, draw(case + "/dy", tuple(y.shape)) * valid)


def cross_attention(case, with_lengths, with_dropout):
    samples, keys, heads, key_size = 9, 10, 4, 3
    p = attention_parameters(case, "attention", heads, key_size, 6, 5, 7)
    query = with_gradient(draw(case + "/query", (samples, 1, 6), 2.0))
    source = with_gradient(draw(case + "/source", (samples, keys, 5), 2.0))
    lengths = [10, 9, 1, 4, 8, 10, 7, 2, 3] if with_lengths else [keys] * samples
    mask = attention_mask("attention/dropout", 0.25, samples, heads, 1, keys) if with_dropout else None
    y, weights = attention_written_out(query, source, p, "attention", heads, lengths, mask)
    file = GoldenFile(case, "Cross-attention with one query step, 4 heads of 3." +
                      (" Dropout 0.25." if with_dropout else ""))
    if with_lengths:
        file.put("lengths", lengths)
    file.put("mean_weights", weights.mean(1))
    finish_layer(file, {"query": query, "source": source}, p, y, draw(case + "/dy", tuple(y.shape)))


# ---- losses ----------------------------------------------------------------------------------------------


def losses():
    samples, classes = 11, 6
    weights = torch.tensor([1, 0.5, 0, 2, 1, 0.25, 0, 3, 1, 1, 0.75])
    file = GoldenFile("losses", "Weighted losses on logits: coefficient * sum w*l / sum w.")
    file.put("weights", weights)

    logits = draw("losses/binary", (samples, 1), 8.0)
    logits[3], logits[7] = 60.0, -60.0
    logits = with_gradient(logits)
    targets = torch.tensor([1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0])
    each = F.binary_cross_entropy_with_logits(logits[:, 0], targets.double(), reduction="none")
    loss = 1.2 * (weights * each).sum() / weights.sum()
    loss.backward()
    file.put_all("binary/", {"logits": logits, "targets": targets, "loss": loss, "d_logits": logits.grad})

    logits = draw("losses/categorical", (samples, classes), 8.0)
    logits[3, 2] = 90.0
    logits = with_gradient(logits)
    targets = torch.tensor([1, 0, 3, 4, 5, 2, 2, 1, 0, 5, 3])
    each = F.cross_entropy(logits, targets, reduction="none")
    loss = 1 / 1.7 * (weights * each).sum() / weights.sum()
    loss.backward()
    file.put_all("categorical/", {"logits": logits, "targets": targets, "loss": loss, "d_logits": logits.grad})
    file.write()


# ---- optimiser -------------------------------------------------------------------------------------------


def keras_adam_step(parameters, moments, gradients, step, learning_rate):
    """keras.optimizers.Adam: the bias corrections go into the step size, epsilon is added to sqrt(v) itself.
    torch.optim.Adam adds it to sqrt(v / (1 - beta2^t)) and is no oracle here."""
    beta1, beta2, epsilon = 0.9, 0.999, 1e-7
    alpha = learning_rate * (1 - beta2**step) ** 0.5 / (1 - beta1**step)
    for name, g in gradients.items():
        m, v = moments[name]
        m += (g - m) * (1 - beta1)
        v += (g * g - v) * (1 - beta2)
        parameters[name].data -= alpha * m / (torch.sqrt(v) + epsilon)


def adam():
    """Five steps of LSTM, batch normalisation and two dense layers, with L2 and clipping."""
    case, samples, steps, l2 = "adam", 11, 4, 0.03125
    p = parameters_of(case, {"lstm/kernel": (20, 3), "lstm/recurrent_kernel": (20, 5), "lstm/bias": (20,),
                             "norm/scale": (5,), "norm/shift": (5,), "hidden/kernel": (6, 5),
                             "hidden/bias": (6,), "logits/kernel": (3, 6), "logits/bias": (3,)}, scale=2.0)
    x = draw(case + "/x", (samples, steps, 3))
    targets = torch.tensor([1, 0, 2, 2, 1, 0, 1, 2, 0, 1, 2])
    weights = torch.tensor([1, 0.5, 0, 2, 1, 1, 0, 3, 1, 1, 0.75])
    file = GoldenFile(case, "Five Adam steps as Keras makes them: learning rate 0.0078125, L2 0.03125, "
                      "each tensor's gradient clipped to norm 1.")
    file.put_all("parameter/", p)
    file.put_all("parameter/", {"norm/running_mean": torch.zeros(5), "norm/running_variance": torch.ones(5)})
    file.put_all("", {"x": x, "targets": targets, "weights": weights})
    moments = {name: (torch.zeros_like(t), torch.zeros_like(t)) for name, t in p.items()}
    start = {name: t.detach().clone() for name, t in p.items()}
    running_mean, running_variance = torch.zeros(5), torch.ones(5)
    clipped, whole = set(), set()
    loss_of_step, penalty_of_step = [], []
    for step in range(1, 6):
        last = lstm_by_torch(x, p, "lstm", [steps] * samples)[:, -1]
        running_mean = 0.99 * running_mean + 0.01 * last.mean(0).detach()
        running_variance = 0.99 * running_variance + 0.01 * last.var(0, unbiased=False).detach()
        normal = F.batch_norm(last, None, None, p["norm/scale"], p["norm/shift"], training=True, eps=1e-3)
        hidden = torch.tanh(F.linear(normal, p["hidden/kernel"], p["hidden/bias"]))
        logits = F.linear(hidden, p["logits/kernel"], p["logits/bias"])
        each = F.cross_entropy(logits, targets, reduction="none")
        loss = 4 * (weights * each).sum() / weights.sum()
        penalty = l2 * sum((p[n + "/kernel"] ** 2).sum() for n in ("lstm", "hidden", "logits"))
        for t in p.values():
            t.grad = None
        (loss + penalty).backward()
        gradients = {}
        for name, t in p.items():
            norm = t.grad.norm()
            (clipped if norm > 1 else whole).add(name)
            gradients[name] = t.grad / max(1.0, float(norm))
        keras_adam_step(p, moments, gradients, step, 0.0078125)
        loss_of_step.append(float(loss))
        penalty_of_step.append(float(penalty))
    assert clipped and whole, (clipped, whole)  # both sides of the limit must be seen
    file.put("losses", loss_of_step)
    file.put("penalties", penalty_of_step)
    file.put_all("update/", {name: t.detach() - start[name] for name, t in p.items()})
    file.put_all("first_moment/", {name: m for name, (m, _) in moments.items()})
    file.put_all("second_moment/", {name: v for name, (_, v) in moments.items()})
    file.put("after/norm/running_mean", running_mean)
    file.put("after/norm/running_variance", running_variance)
    file.write()


CASES = {
    "dense_none": lambda: dense("none"),
    "dense_relu": lambda: dense("relu"),
    "dense_sigmoid": lambda: dense("sigmoid"),
    "dense_tanh": lambda: dense("tanh"),
    "lstm_all_steps": lambda: lstm("lstm_all_steps", True, True, False),
    "lstm_last_step": lambda: lstm("lstm_last_step", False, True, False),
    "lstm_last_step_full": lambda: lstm("lstm_last_step_full", False, False, False),
    "lstm_dropout": lambda: lstm("lstm_dropout", True, True, True),
    "batch_norm": lambda: batch_norm("batch_norm", 1, None),
    "batch_norm_sequence": lambda: batch_norm("batch_norm_sequence", 4, [4, 1, 3, 4, 2, 4, 1, 4, 3, 2, 4]),
    "batch_norm_inference": batch_norm_inference,
    "layer_norm": layer_norm,
    "dropout": dropout,
    "self_attention": lambda: self_attention("self_attention", True, False),
    "self_attention_dropout": lambda: self_attention("self_attention_dropout", True, True),
    "cross_attention": lambda: cross_attention("cross_attention", True, False),
    "cross_attention_dropout": lambda: cross_attention("cross_attention_dropout", False, True),
    "losses": losses,
    "adam": adam,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or CASES:
        CASES[name]()

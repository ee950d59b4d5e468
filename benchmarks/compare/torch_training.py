"""A training step in PyTorch: what the engine's step does, with the optimiser on one flat tensor."""

import math

import torch
import torch.nn.functional as F

from torch_masks import Masks
from torch_network import FastNetwork


class Batch:
    """Inputs and targets of a batch, made ready before the clock runs: series time-major, the weights of each
    head's samples already divided by their sum and multiplied by the head's coefficient."""

    def __init__(self, statics, series, targets):
        self.statics = statics.contiguous()
        self.series = series.transpose(0, 1).contiguous().transpose(0, 1)
        current = targets.pop("current")
        self.current = current.float()
        self.current_weights = 1.2 * self.weights(current)
        self.future = torch.cat([t.clamp(min=0) for t in targets.values()])
        self.future_weights = torch.cat([self.weights(t) / (1 + 0.1 * int(head[len("future_"):-1]))
                                         for head, t in targets.items()])

    @staticmethod
    def weights(targets):
        counted = (targets >= 0).float()
        return counted / counted.sum().clamp(min=1)

    def loss(self, logits):
        current, *future = logits.values()
        each = F.cross_entropy(torch.cat(future), self.future, reduction="none")
        return F.binary_cross_entropy_with_logits(current[:, 0], self.current, self.current_weights,
                                                  reduction="sum") + each.dot(self.future_weights)


class Adam:
    """As Keras writes it, after L2 and after clipping the gradient of each named tensor."""

    def __init__(self, parameters, plan):
        self.parameters, self.plan, self.steps = parameters, plan, 0
        self.first = torch.zeros_like(parameters.flat)
        self.second = torch.zeros_like(parameters.flat)
        self.root = torch.empty_like(parameters.flat)
        self.pieces = list(parameters.named_gradients.values())

    def clip(self):
        limit = self.plan["clip_norm"]
        norms = torch.stack(torch._foreach_norm(self.pieces)).tolist()
        too_long = [i for i, norm in enumerate(norms) if norm > limit]
        if too_long:
            torch._foreach_mul_([self.pieces[i] for i in too_long], [limit / norms[i] for i in too_long])

    def step(self):
        p, plan = self.parameters, self.plan
        p.gradient.addcmul_(p.flat, p.decay)
        self.clip()
        self.steps += 1
        beta1, beta2 = plan["beta1"], plan["beta2"]
        self.first.mul_(beta1).add_(p.gradient, alpha=1 - beta1)
        self.second.mul_(beta2).addcmul_(p.gradient, p.gradient, value=1 - beta2)
        torch.sqrt(self.second, out=self.root).add_(plan["adam_epsilon"])
        rate = plan["learning_rate"] * math.sqrt(1 - beta2**self.steps) / (1 - beta1**self.steps)
        p.flat.addcdiv_(self.first, self.root, value=-rate)


class Training:
    def __init__(self, specification, parameters, plan, layers, dropout=True):
        self.parameters, self.masks = parameters, Masks() if dropout else None
        self.network = FastNetwork(specification, parameters.for_network(), True, layers, self.masks)
        self.adam = Adam(parameters, plan)
        self.leaves = list(parameters.leaves.values())
        self.planned = not dropout

    def gradients(self, batch):
        """Returns the loss; the gradients stand in the flat tensor."""
        if self.planned and self.masks is not None:
            self.masks.refresh()
        loss = batch.loss(self.network.forward(batch.statics, batch.series))
        gradients = torch.autograd.grad(loss, self.leaves)
        torch.cat([g.reshape(-1) for g in gradients], out=self.parameters.gradient)
        if not self.planned:
            self.masks.plan()
            self.planned = True
        return loss

    def step(self, batch):
        loss = self.gradients(batch)
        with torch.no_grad():
            self.adam.step()
        return loss

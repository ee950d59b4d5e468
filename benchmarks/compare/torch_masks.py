"""Dropout masks for a whole training step from one call of the random number generator.

PyTorch's own dropout draws one number after the other and takes several times as long. A mask's element is 0
if a signed word of 16 random bits is below rate * 65536 - 32768, else 1 / (1 - rate).
"""

import torch


class Masks:
    """The first pass tells which masks there are (it gets masks of ones); after that `refresh` draws all of
    them, and the calls hand them out."""

    def __init__(self):
        self.shapes, self.groups, self.masks = {}, [], {}

    def __call__(self, name, rate, shape):
        if name not in self.masks:
            self.shapes[name] = (rate, shape)
            return torch.ones(shape)
        return self.masks[name]

    def plan(self):
        """To be called after the first pass."""
        for rate in sorted({rate for rate, _ in self.shapes.values()}):
            names = [n for n, (r, _) in self.shapes.items() if r == rate]
            counts = [torch.Size(self.shapes[n][1]).numel() for n in names]
            padded = (sum(counts) + 3) // 4 * 4
            words, values = torch.empty(padded // 4, dtype=torch.int64), torch.empty(padded)
            self.groups.append((rate, words, values))
            offset = 0
            for name, count in zip(names, counts):
                self.masks[name] = values[offset:offset + count].view(self.shapes[name][1])
                offset += count
        self.refresh()

    def refresh(self):
        for rate, words, values in self.groups:
            words.random_(-2**63, None)
            torch.ge(words.view(torch.int16), round(rate * 65536) - 32768, out=values)
            values.mul_(1 / (1 - rate))

"""What the scripts of the golden files share: random numbers, dropout masks and the file format.

Everything here is written from the published definitions (Philox: Salmon et al., SC 2011; FNV-1a) and from
what engine/nn/random.h, dropout.h and attention.h promise in words, so that the files also check those.
"""

import pathlib

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

WORD = np.uint64(0xFFFFFFFF)


def philox(key, counter_low, counter_high):
    """Philox4x32-10; the counters may be arrays. Returns an array (n, 4) of 32-bit words."""
    low = np.atleast_1d(np.asarray(counter_low, dtype=np.uint64))
    high = np.broadcast_to(np.asarray(counter_high, dtype=np.uint64), low.shape)
    k = [key & 0xFFFFFFFF, key >> 32]
    shift = np.uint64(32)
    x0, x1, x2, x3 = low & WORD, low >> shift, high & WORD, high >> shift
    for _ in range(10):
        product0, product1 = x0 * np.uint64(0xD2511F53), x2 * np.uint64(0xCD9E8D57)
        x0, x1, x2, x3 = (
            (product1 >> shift) ^ x1 ^ np.uint64(k[0]),
            product1 & WORD,
            (product0 >> shift) ^ x3 ^ np.uint64(k[1]),
            product0 & WORD,
        )
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack([x0, x1, x2, x3], axis=1)


# The reference vectors that the authors publish with the generator (kat_vectors: philox4x32 10).
assert [hex(w) for w in philox(0, 0, 0)[0]] == ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]
assert [hex(w) for w in philox(2**64 - 1, 2**64 - 1, 2**64 - 1)[0]] == [
    "0x408f276d", "0x41c83b0e", "0xa20bc7c6", "0x6d5451fd"]


def derive_key(key, purpose):
    """A key for a purpose: a whole number, or a string that is hashed by FNV-1a first."""
    if isinstance(purpose, str):
        number = 1469598103934665603
        for byte in purpose.encode():
            number = ((number ^ byte) * 1099511628211) % 2**64
        purpose = number
    words = philox(key, purpose, 0x6B65795F64657269)[0]
    return int(words[1]) << 32 | int(words[0])


def words_of(key, count, stream=0):
    """The first `count` words under a key: word u is word u mod 4 of philox(key, u div 4, stream)."""
    return philox(key, np.arange((count + 3) // 4), stream).reshape(-1)[:count]


def draw(name, shape, scale=1.0):
    """Values of a named tensor: whole multiples of 1/1024 in [-1, 1), times a power of two.

    They are exact in float too, so float and double programs start from the same numbers, and they take few
    digits. Element i (last index fastest) is ((word i of the key >> 21) - 1024) / 1024 * scale, where the key
    is derive_key(0, "golden/" + name).
    """
    count = int(np.prod(shape))
    words = words_of(derive_key(0, "golden/" + name), count).astype(np.int64)
    return torch.tensor(((words >> 21) - 1024) / 1024.0 * scale).reshape(shape)


def sample_keys(samples):
    return [derive_key(7, s) for s in range(samples)]


def dropout_mask(source, rate, samples, units):
    """Multipliers (samples, units): 0 where the unit's word is below rate * 2^32, else 1 / (1 - rate)."""
    stream = derive_key(0, source)
    rows = []
    for key in sample_keys(samples):
        words = words_of(key, units, stream)
        rows.append(np.where(words < np.uint64(round(rate * 2**32)), 0.0, 1.0 / (1.0 - rate)))
    return torch.tensor(np.stack(rows))


class GoldenFile:
    """Collects tensors and writes them: a line `tensor NAME RANK DIMENSIONS...`, then the values, ten a line.

    The last index runs fastest. Activations are (samples, steps, features), kernels (outputs, inputs). The
    digits are those that give the same double back. Lines that begin with # are comments.
    """

    folder = pathlib.Path(__file__).parent

    def __init__(self, name, comment):
        self.path = self.folder / (name + ".txt")
        self.lines = ["# Made by the scripts in this folder with PyTorch, in double precision: do not edit.",
                      "# " + comment]

    def put(self, name, values):
        array = np.asarray(values.detach() if torch.is_tensor(values) else values, dtype=np.float64)
        assert np.all(np.isfinite(array)), name
        self.lines.append(" ".join(["tensor", name, str(array.ndim)] + [str(d) for d in array.shape]))
        numbers = [repr(float(v) + 0.0).removesuffix(".0") for v in array.reshape(-1)]
        self.lines += [" ".join(numbers[i:i + 10]) for i in range(0, len(numbers), 10)]

    def put_all(self, prefix, tensors):
        for name, values in tensors.items():
            self.put(prefix + name, values)

    def write(self):
        self.path.write_text("\n".join(self.lines) + "\n")


def with_gradient(tensor):
    return tensor.clone().requires_grad_(True)


def parameters_of(case, shapes, scale=0.5):
    """Draws the named parameters of a case, ready for autograd."""
    return {name: with_gradient(draw(case + "/" + name, shape, scale)) for name, shape in shapes.items()}


def gradients_of(tensors):
    return {name: torch.zeros_like(t) if t.grad is None else t.grad for name, t in tensors.items()}


def counts(samples, steps, lengths):
    """1 where a step of a sample counts, else 0: (samples, steps, 1)."""
    return (torch.arange(steps)[None, :] < torch.tensor(lengths)[:, None]).double()[:, :, None]

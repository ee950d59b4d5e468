"""The network, samples and answers that `network_case` writes."""

import json
import pathlib

import torch

FOLDER_OF_TWIN = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden"


class Case:
    """Tensors by name. Matrices are (outputs, inputs), as the twin has them."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        description = json.loads((folder / "case.json").read_text())
        self.specification, self.plan = description["specification"], description["plan"]
        self.training_batch = description["training_batch"]
        self.training_steps = description["training_steps"]
        storage = torch.frombuffer(bytearray((folder / "case.bin").read_bytes()), dtype=torch.float32)
        self.arrays = {}
        for name, array in description["arrays"].items():
            count = 1
            for size in array["shape"]:
                count *= size
            values = storage[array["offset"]:array["offset"] + count].reshape(array["shape"])
            if name.split("/")[0] in ("parameter", "gradient", "trained") and values.dim() == 2:
                values = values.t().contiguous()
            self.arrays[name] = values

    def __getitem__(self, name):
        return self.arrays[name]

    def group(self, prefix):
        """All arrays `prefix/NAME`, by NAME."""
        return {n[len(prefix) + 1:]: a for n, a in self.arrays.items() if n.startswith(prefix + "/")}

    def batch(self, first, samples):
        """Samples from number `first` on, after the last the first again: statics, series, targets by head
        (-1 is masked)."""
        rows = torch.arange(first, first + samples) % len(self["statics"])
        targets = {"current": self["targets/current"][rows].long()}
        for column, horizon in enumerate(self.specification["horizons"]):
            targets["future_%dd" % horizon] = self["targets/future"][rows, column].long()
        return self["statics"][rows], self["series"][rows], targets

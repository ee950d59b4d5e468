"""Predictions in PyTorch, and the graph for ONNX Runtime."""

import torch

from torch_network import FastNetwork, StockLayers


class Prediction(torch.nn.Module):
    def __init__(self, specification, parameters, layers):
        super().__init__()
        values = {n: t.detach() for n, t in parameters.for_network().items()}
        self.network = FastNetwork(specification, values, False, layers)

    def forward(self, statics, series):
        return self.network.all_logits(statics, series)


def frozen(prediction, statics, series):
    """The same as one TorchScript graph with constant weights: a tenth faster for a batch of one."""
    traced = torch.jit.trace(prediction.eval(), (statics, series), check_trace=False)
    return torch.jit.optimize_for_inference(torch.jit.freeze(traced))


class GraphLayers(StockLayers):
    """The attention as products of four-dimensional tensors, which become one node each in the graph."""

    def attend(self, query, source, heads, mask):
        steps, samples, inner = query.shape

        def by_head(x):  # (steps, samples, inner) to (samples, heads, steps, size)
            return x.reshape(x.shape[0], samples, heads, inner // heads).permute(1, 2, 0, 3)

        keys, values = source.split(inner, dim=2)
        scores = torch.matmul(by_head(query), by_head(keys).transpose(2, 3)) * (inner // heads)**-0.5
        attended = torch.matmul(torch.softmax(scores, dim=3), by_head(values))
        return attended.permute(2, 0, 1, 3).reshape(steps, samples, inner)


def export(case, parameters, samples, path):
    """Writes the network for batches of exactly `samples` samples."""
    statics, series, _ = case.batch(0, samples)
    prediction = Prediction(case.specification, parameters, GraphLayers(parameters.leaves)).eval()
    with torch.no_grad():
        torch.onnx.export(prediction, (statics, series), path, input_names=["statics", "series"],
                          output_names=["logits"], opset_version=16, do_constant_folding=True)


if __name__ == "__main__":
    import sys
    import warnings

    from case import Case
    from torch_parameters import Parameters

    warnings.filterwarnings("ignore")  # of the exporter, about other batch sizes than this one
    case_folder, batch_size, graph_path = sys.argv[1:]
    the_case = Case(case_folder)
    export(the_case, Parameters(the_case.group("parameter"), 0), int(batch_size), graph_path)

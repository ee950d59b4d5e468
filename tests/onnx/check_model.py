"""The checker of the onnx package on the exported graphs, types and shapes included.

    check_model.py FOLDER      of write_cases; exit status 77 where there is no onnx package
"""

import pathlib
import sys

try:
    import onnx
    from onnx import checker, shape_inference
except ImportError:
    print("skipped: no onnx package for " + sys.executable + " (Debian: python3-onnx)")
    sys.exit(77)

for name in ("compact", "full"):
    path = pathlib.Path(sys.argv[1]) / (name + ".onnx")
    model = onnx.load(str(path))
    checker.check_model(model, full_check=True)
    inferred = shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    known = {value.name for value in inferred.graph.value_info}
    outputs = [node.output[0] for node in model.graph.node]
    ports = {port.name for port in model.graph.output}
    unknown = [output for output in outputs if output not in known and output not in ports]
    if unknown:
        sys.exit("%s: no type was inferred for %s" % (name, unknown[:5]))
    assert model.opset_import[0].version == 17
    assert {p.key for p in model.metadata_props} >= {"model_id", "model_version", "static_features", "sensors"}
    symbols = {port.type.tensor_type.shape.dim[0].dim_param for port in [*model.graph.input, *model.graph.output]}
    assert symbols == {"cases"}, symbols
    print("%s: sound, %d nodes, %d bytes" % (name, len(model.graph.node), path.stat().st_size))

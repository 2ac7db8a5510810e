"""Checks ONNX models with ONNX's own checker and shape inference.

Argument: a JSON file of jobs (runtimes.ts).
"""
import json
import sys

import onnx

with open(sys.argv[1], encoding="utf-8") as file:
    jobs = json.load(file)
for job in jobs:
    model = onnx.load(job["main"])
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    unknown = [v.name for v in inferred.graph.value_info
               if any(not d.dim_param and not d.dim_value for d in v.type.tensor_type.shape.dim)]
    print(json.dumps({
        "opset": model.opset_import[0].version,
        "metadata": {p.key: p.value for p in model.metadata_props},
        "parameters": len(model.graph.initializer),
        "unknown": unknown,
    }))

"""Executes generated PyTorch source with its weights.

Arguments: the source, the safetensors, a file of float32 images
[N, height, width, channels], N, height, width, channels.
"""
import importlib.util
import json
import sys

import torch

source, weights, images, *dims = sys.argv[1:]
spec = importlib.util.spec_from_file_location("exported", source)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
network = module.load(weights)
with open(images, "rb") as file:
    x = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
x = x.reshape([int(dim) for dim in dims]).permute(0, 3, 1, 2)
with torch.no_grad():
    logits = network(x)
state = {name: list(value.shape) for name, value in network.state_dict().items()}
print(json.dumps({
    "shape": list(logits.shape),
    "logits": logits.flatten().tolist(),
    "state": state,
    "prepared": module.prepared(torch.tensor([[[0, 51], [102, 255]]], dtype=torch.uint8)).flatten().tolist(),
}))

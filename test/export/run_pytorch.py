"""Executes generated PyTorch source with its weights, in a process of its own.

Argument: a JSON file of jobs (runtimes.ts).
"""
import importlib.util
import json
import sys

import torch


def run(job):
    spec = importlib.util.spec_from_file_location("exported", job["main"])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network = module.load(job["main"].replace(".py", ".safetensors"))
    with open(job["images"], "rb") as file:
        x = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
    x = x.reshape(job["shape"]).permute(0, 3, 1, 2)
    with torch.no_grad():
        logits = network(x)
    pixels = torch.tensor([[[0, 51], [102, 255]]], dtype=torch.uint8)
    return {
        "shape": list(logits.shape),
        "logits": logits.flatten().tolist(),
        "told": {
            "state": {
                name: list(value.shape)
                for name, value in network.state_dict().items()
            },
            "prepared": module.prepared(pixels).tolist(),
        },
    }


with open(sys.argv[1], encoding="utf-8") as file:
    jobs = json.load(file)
print(json.dumps([run(job) for job in jobs]))

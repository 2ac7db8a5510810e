// What the generated PyTorch source has beside its network: the operations PyTorch lacks, and the reading of
// weights and images. Python as text, by name, so that a source holds only what it uses.

const lines = (text: string): readonly string[] => text.trim().split('\n');

/** In the order in which they are defined. */
export const HELPERS = {
  conv: lines(`
def conv(inputs, outputs, kernel, stride=1):
    """A convolution whose first output is centred on the first pixel."""
    padding = tuple((size - 1) // 2 for size in kernel)
    return nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
`),
  depthwise: lines(`
def depthwise(channels, kernel, dilation=1):
    """A convolution of each channel by itself, of the same size."""
    padding = tuple(dilation * (size - 1) // 2 for size in kernel)
    return nn.Conv2d(
        channels,
        channels,
        kernel,
        padding=padding,
        dilation=dilation,
        groups=channels,
        bias=False,
    )
`),
  padded: lines(`
def padded(x, size, value):
    """What a pool of stride 2 reads: the smaller half of the padding first."""
    pads = []
    for side in (x.shape[3], x.shape[2]):
        total = max(((side + 1) // 2 - 1) * 2 + size - side, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value)
`),
  MaxPool: lines(`
class MaxPool(nn.Module):
    """Halves height and width, rounded up; padding is never the largest."""

    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, x):
        x = padded(x, self.size, float("-inf"))
        return F.max_pool2d(x, self.size, stride=2)

    def extra_repr(self):
        return str(self.size)
`),
  AveragePool: lines(`
class AveragePool(nn.Module):
    """Halves height and width, rounded up; padding does not count."""

    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, x):
        return self.sums(x) / self.sums(torch.ones_like(x[:1, :1]))

    def sums(self, x):
        x = padded(x, self.size, 0.0)
        return F.avg_pool2d(x, self.size, stride=2, divisor_override=1)

    def extra_repr(self):
        return str(self.size)
`),
} as const;
export type HelperName = keyof typeof HELPERS;

export const LOADING = {
  imports: lines(`
from collections import OrderedDict
import json
import struct

import torch
from torch import nn
`),
  functional: lines('import torch.nn.functional as F'),
  sequence: lines(`
def sequence(**modules):
    """Modules one after the other, by name."""
    return nn.Sequential(OrderedDict(modules))
`),
  prepared: lines(`
def prepared(pixels):
    """uint8 [N, height, width] or [N, height, width, channels] as input."""
    pixels = torch.as_tensor(pixels)
    if pixels.dim() == 3:
        pixels = pixels.unsqueeze(3)
    return (pixels.permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5
`),
  read: lines(`
def read_safetensors(path):
    """Tensors by name; the package safetensors is not needed."""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        start, end = (8 + length + at for at in entry["data_offsets"])
        values = bytearray(content[start:end])
        values = torch.frombuffer(values, dtype=torch.float32)
        tensors[name] = values.reshape(entry["shape"])
    return tensors
`),
  load: lines(`
def load(path):
    """The network with the weights of a safetensors file, for inference."""
    network = Network()
    network.load_state_dict(read_safetensors(path))
    return network.eval()
`),
} as const;

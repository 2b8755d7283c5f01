# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""The study's network: a ResNet of 20 layers, 16-32-64 channels, on the 28x28 images of Fashion-MNIST, and its designs.

A node list in the form of network.json (docs/networks.md), which `train_digits.Network` interprets in PyTorch and epim reads: one
description for training and for the integers.
"""
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(ROOT / "python"))

CROSSBAR, LANES, ACT_BITS = 64, 8, 8
INPUT = {"name": "image", "channels": 1, "height": 28, "width": 28, "bits": ACT_BITS, "signed": False, "scale": 2.0 ** -8}


def conv(name, source, cout, kernel, stride, relu):
    pad = (kernel - 1) // 2
    role = {"role": "bottleneck"} if kernel == 3 and name != "stem" else {}
    return {"name": name, "op": "conv", **role, "inputs": [source], "cout": cout, "kernel": [kernel, kernel], "stride": stride,
            "padding": [pad] * 4, "batch_norm": True, "relu": relu}


def nodes(channels=(16, 32, 64), blocks=3):
    """3 stages of `blocks` residual blocks: 2 + 6 * blocks layers with weights, and a 1x1 convolution where a stage begins."""
    out = [conv("stem", "image", channels[0], 3, 1, True)]
    last, width = "stem", channels[0]
    for s, cout in enumerate(channels, 1):
        for b in range(1, blocks + 1):
            stride, name = (2 if s > 1 and b == 1 else 1), f"s{s}b{b}"
            out += [conv(name + "a", last, cout, 3, stride, True), conv(name + "b", name + "a", cout, 3, 1, False)]
            shortcut = last
            if stride != 1 or width != cout:
                shortcut = name + "c"
                out.append(conv(shortcut, last, cout, 1, stride, False))
            out.append({"name": name, "op": "add", "inputs": [name + "b", shortcut], "relu": True})
            last, width = name, cout
    return out + [{"name": "gap", "op": "global_avg_pool", "inputs": [last]},
                  {"name": "fc", "op": "fc", "inputs": ["gap"], "cout": 10, "batch_norm": True, "relu": False}]


def with_design(plain, design):
    """The node list with the epitomes, wrappings and pools of a design file (docs/design-file.md); None: as it is."""
    out = [dict(n) for n in plain]
    by_name = {n["name"]: n for n in out}
    for layer in (design or {"layers": []})["layers"]:
        node = by_name[layer["node"]]
        if layer.get("epitome"):
            node["epitome"] = dict(layer["epitome"], sampler=layer.get("sampler", "cycle"))
            node["wrap"] = layer.get("wrap", "off")
        if "pool" in layer:
            node["pool"] = layer["pool"]
    return out

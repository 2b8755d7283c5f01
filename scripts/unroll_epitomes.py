#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""A network with epitomes as the plain network that computes the same: every virtual weight has a cell of its own.

usage: unroll_epitomes.py models/digits OUT_FOLDER

Reads network.json and weights.npz of a chain of convolutions with the sampler "cycle" and writes both without epitomes and
without wrapping. docs/device.md compares the two: equal weights, but in the plain network a faulty cell is read by one weight.
"""
import json
import sys
from pathlib import Path

import numpy as np


def unrolled(node, epitome, cin):
    e_out, e_in, p, q = epitome.shape
    kh, kw = node.get("kernel", [1, 1])
    corners = [(0, 0), (p - kh, q - kw), (0, q - kw), (p - kh, 0)]
    starts = list(dict.fromkeys(corners + [(a, b) for a in range(p - kh + 1) for b in range(q - kw + 1)]))
    weight = np.zeros((node["cout"], cin, kh, kw), epitome.dtype)
    for o in range(node["cout"]):
        for i in range(cin):
            a, b = starts[i // e_in % len(starts)]
            weight[o, i] = epitome[o % e_out, i % e_in, a:a + kh, b:b + kw]
    return weight


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    network = json.loads((source / "network.json").read_text())
    arrays = dict(np.load(source / "weights.npz"))
    channels = {network["input"]["name"]: network["input"]["channels"]}
    for node in network["nodes"]:
        channels[node["name"]] = node.get("cout", channels[node["inputs"][0]])
        if "epitome" not in node:
            continue
        name = node["name"] + "/epitome"
        arrays[name] = unrolled(node, arrays[name], channels[node["inputs"][0]])
        del node["epitome"]
        node.pop("wrap", None)
    network["name"] += "_plain"
    target.mkdir(parents=True, exist_ok=True)
    (target / "network.json").write_text(json.dumps(network, indent=1) + "\n")
    np.savez(target / "weights.npz", **arrays)


if __name__ == "__main__":
    main()

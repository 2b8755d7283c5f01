#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Write tb/chip/mix: a small network that uses every block of a chip, with seeded random weights and images.

Standard library only; the same bytes every time. usage: make_mix.py [folder]
"""
import io
import json
import os
import random
import struct
import sys
import zipfile

rng = random.Random(7)


def npy(kind, shape, values, pack):
    header = "{'descr': '%s', 'fortran_order': False, 'shape': (%s,), }" % (kind, ", ".join(map(str, shape)))
    header += " " * (63 - (len(header) + 10) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack("<%d%s" % (len(values), pack), *values)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "mix")
    conv = dict(op="conv", stride=1, batch_norm=True)
    nodes = [
        dict(conv, name="stem", inputs=["image"], cout=8, kernel=3, padding=1, relu=True, act_scale=0.25),
        dict(conv, name="left.a", inputs=["stem"], cout=8, kernel=3, padding=1, relu=False, act_scale=0.25,
             epitome=dict(e_out=8, e_in=4, p=4, q=4, sampler="cycle")),
        dict(conv, name="left-a", inputs=["stem"], cout=8, kernel=1, padding=0, relu=False, act_scale=0.25),
        dict(name="skip", op="add", inputs=["left.a", "stem"], relu=False),
        dict(name="sum", op="add", inputs=["skip", "left-a"], relu=False),
        dict(name="twice", op="add", inputs=["sum", "sum"], relu=False),
        dict(name="positive", op="relu", inputs=["sum"]),
        dict(name="high", op="max_pool", inputs=["positive"], kernel=3, stride=2, padding=1),
        dict(name="deep", op="max_pool", inputs=["twice"], kernel=[3, 3], stride=2, padding=[1, 1, 1, 1]),
        dict(name="join", op="add", inputs=["high", "deep"], relu=True),
        dict(name="mean", op="avg_pool", inputs=["join"], kernel=[2, 2], stride=1),
        dict(name="still", op="relu", inputs=["mean"]),
        dict(conv, name="thin", inputs=["still"], cout=8, kernel=1, padding=0, relu=True, act_scale=0.25,
             epitome=dict(e_out=4, e_in=8, p=1, q=1, sampler="cycle"), wrap="stored_once"),
        dict(name="all", op="global_avg_pool", inputs=["thin"]),
        dict(name="fc", op="fc", inputs=["all"], cout=5, batch_norm=True, relu=False, act_scale=0.01),
    ]
    image = dict(name="image", channels=3, height=7, width=6, bits=5, signed=False, scale=0.03125)
    os.makedirs(folder, exist_ok=True)
    lines = ",\n".join("    " + json.dumps(n) for n in nodes)
    with open(os.path.join(folder, "network.json"), "w") as f:
        f.write('{\n  "schema": 1,\n  "name": "mix",\n  "input": %s,\n  "nodes": [\n%s\n  ],\n  "output": "fc",\n'
                '  "weights": "weights.npz"\n}\n' % (json.dumps(image), lines))
    shapes = {"stem": (8, 3, 3, 3), "left.a": (8, 4, 4, 4), "left-a": (8, 8, 1, 1), "thin": (4, 8, 1, 1), "fc": (5, 8, 1, 1)}
    couts = {"stem": 8, "left.a": 8, "left-a": 8, "thin": 8, "fc": 5}
    with zipfile.ZipFile(os.path.join(folder, "weights.npz"), "w", zipfile.ZIP_STORED) as z:
        def put(name, shape, values):
            z.writestr(zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0)), npy("<f4", shape, values, "f"))
        for node, shape in shapes.items():
            size = shape[0] * shape[1] * shape[2] * shape[3]
            put(node + "/epitome", shape, [rng.gauss(0, 0.35) for _ in range(size)])
            period = 4 if node == "thin" else couts[node]
            scale = [rng.uniform(0.7, 1.3) for _ in range(period)]
            bias = [rng.uniform(0.5, 4) if node == "thin" else rng.uniform(-0.2, 0.3) for _ in range(period)]
            put(node + "/bn_scale", (couts[node],), [scale[i % period] for i in range(couts[node])])
            put(node + "/bn_bias", (couts[node],), [bias[i % period] for i in range(couts[node])])
    count = 12
    pixels = [rng.randrange(32) for _ in range(count * 3 * 7 * 6)]
    with open(os.path.join(folder, "images.npy"), "wb") as f:
        f.write(npy("|u1", (count, 3, 7, 6), pixels, "B"))


main()

#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Write models/<net>/network.json for ResNet-18/34/50/101 (v1.5 strides: the 3x3 of a bottleneck carries the stride)
and VGG-16 with batch norm for 224x224 images, and VGG-8 for the 32x32 of CIFAR. Standard library only; the output depends
on nothing else.

usage: make_models.py [--check] [folder]     --check compares with the committed files and writes nothing
"""
import json
import os
import sys


class Net:
    def __init__(self, name, size=224):
        self.name = name
        self.size = size
        self.nodes = []

    def add(self, name, op, inputs, **keys):
        node = {"name": name, "op": op, "inputs": inputs if isinstance(inputs, list) else [inputs]}
        node.update(keys)
        self.nodes.append(node)
        return name

    def conv(self, name, source, role, cout, k, stride=1, relu=True):
        return self.add(name, "conv", source, role=role, cout=cout, kernel=[k, k], stride=stride, padding=k // 2,
                        batch_norm=True, relu=relu)

    def fc(self, name, source, cout, relu=False):
        return self.add(name, "fc", source, role="classifier", cout=cout, batch_norm=True, relu=relu)

    def text(self):
        image = {"name": "image", "channels": 3, "height": self.size, "width": self.size, "bits": 8, "signed": False,
                 "scale": 0.00390625}
        lines = ",\n".join("    " + json.dumps(n) for n in self.nodes)
        return ('{\n  "schema": 1,\n  "name": %s,\n  "input": %s,\n  "nodes": [\n%s\n  ],\n  "output": %s\n}\n'
                % (json.dumps(self.name), json.dumps(image), lines, json.dumps(self.nodes[-1]["name"])))


def resnet(name, blocks, bottleneck):
    net = Net(name)
    at = net.conv("conv1", "image", "stem", 64, 7, 2)
    at = net.add("pool1", "max_pool", at, kernel=[3, 3], stride=2, padding=1)
    channels = 64
    for stage, count in enumerate(blocks, 1):
        width = 64 << (stage - 1)
        out = width * 4 if bottleneck else width
        for block in range(count):
            prefix = f"layer{stage}.{block}."
            stride = 2 if stage > 1 and block == 0 else 1
            if bottleneck:
                x = net.conv(prefix + "conv1", at, "bottleneck", width, 1)
                x = net.conv(prefix + "conv2", x, "bottleneck", width, 3, stride)
                x = net.conv(prefix + "conv3", x, "bottleneck", out, 1, relu=False)
            else:
                x = net.conv(prefix + "conv1", at, "bottleneck", width, 3, stride)
                x = net.conv(prefix + "conv2", x, "bottleneck", width, 3, relu=False)
            short = at
            if stride != 1 or channels != out:
                short = net.conv(prefix + "downsample", at, "downsample", out, 1, stride, relu=False)
            at = net.add(prefix + "add", "add", [x, short], relu=True)
            channels = out
    at = net.add("pool2", "global_avg_pool", at)
    net.fc("fc", at, 1000)
    return net


def vgg16():
    net = Net("vgg16")
    at = "image"
    for stage, (count, width) in enumerate([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)], 1):
        for i in range(1, count + 1):
            at = net.conv(f"conv{stage}_{i}", at, "stem" if at == "image" else "bottleneck", width, 3)
        at = net.add(f"pool{stage}", "max_pool", at, kernel=[2, 2], stride=2)
    at = net.fc("fc6", at, 4096, relu=True)  # its kernel is the whole 7x7 map
    at = net.fc("fc7", at, 4096, relu=True)
    net.fc("fc8", at, 1000)
    return net


def vgg8():
    """3-128-128-p-256-256-p-512-512-p-1024-10, 3x3, the last two fully connected: the VGG-8 of NeuroSim and its like."""
    net = Net("vgg8", 32)
    at = "image"
    for stage, width in enumerate([128, 256, 512], 1):
        for i in (1, 2):
            at = net.conv(f"conv{stage}_{i}", at, "stem" if at == "image" else "bottleneck", width, 3)
        at = net.add(f"pool{stage}", "max_pool", at, kernel=[2, 2], stride=2)
    at = net.fc("fc4", at, 1024, relu=True)
    net.fc("fc5", at, 10)
    return net


NETS = [resnet("resnet18", [2, 2, 2, 2], False), resnet("resnet34", [3, 4, 6, 3], False),
        resnet("resnet50", [3, 4, 6, 3], True), resnet("resnet101", [3, 4, 23, 3], True), vgg16(), vgg8()]


def main(args):
    check = "--check" in args
    folders = [a for a in args if a != "--check"]
    root = folders[0] if folders else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "models")
    different = []
    for net in NETS:
        path = os.path.join(root, net.name, "network.json")
        if check:
            with open(path, encoding="utf-8") as f:
                if f.read() != net.text():
                    different.append(path)
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".tmp", "w", encoding="utf-8") as f:
            f.write(net.text())
        os.replace(path + ".tmp", path)
    for path in different:
        print(f"{path}: differs from what make_models.py writes", file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

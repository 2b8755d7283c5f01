#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Trace of the Hessian of the training loss with respect to the epitome of every layer, by Hutchinson's method.

For random signs z (Rademacher), E[z'Hz] = trace(H); z'Hz comes from a second backward pass. The loss is the mean
cross-entropy over the training images, of the exported float network with its folded batch norm, nothing quantised.
An epitome element's row of H already holds every weight of the convolution that reads it. epim quantize --traces takes
the file.

usage: hessian_trace.py [--net digits] [--samples 200] [--seed 1] [--models models] [--out models/digits/traces.json]
"""
import argparse
import json
import math
import platform
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from train_digits import ROOT, Network, accuracy, as_input, load_split, write_bytes


def exported_network(folder):
    """The network of an exported folder, in evaluation, batch norm as the exported scale and bias."""
    description = json.loads((folder / "network.json").read_text())
    bundle = np.load(folder / description["weights"])
    net = Network(description["nodes"])
    with torch.no_grad():
        for name, unit in net.units.items():
            unit.conv.epitome.copy_(torch.from_numpy(bundle[name + "/epitome"]))
            unit.norm.running_mean.zero_()
            unit.norm.running_var.fill_(1.0 - unit.norm.eps)
            unit.norm.weight.copy_(torch.from_numpy(bundle[name + "/bn_scale"][:unit.period]))
            unit.norm.bias.copy_(torch.from_numpy(bundle[name + "/bn_bias"][:unit.period]))
    return net.eval(), description


def traces(net, images, labels, samples, seed):
    """{layer: [z'Hz of every sample]}; one z spans all layers, layers off the diagonal average out."""
    weights = {name: unit.conv.epitome for name, unit in net.units.items()}
    generator = torch.Generator().manual_seed(seed)
    loss = F.cross_entropy(net(images), labels)
    gradient = torch.autograd.grad(loss, list(weights.values()), create_graph=True)
    found = {name: [] for name in weights}
    begin = time.time()
    for i in range(samples):
        z = [torch.randint(0, 2, w.shape, generator=generator).to(w.dtype) * 2 - 1 for w in weights.values()]
        product = torch.autograd.grad(gradient, list(weights.values()), z, retain_graph=True)
        for name, zz, hz in zip(weights, z, product):
            found[name].append(float((zz * hz).sum()))
        if i % 20 == 19:
            print(f"{i + 1} of {samples} samples, {time.time() - begin:.0f} s", file=sys.stderr, flush=True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--net", default="digits")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--models", type=Path, default=ROOT / "models")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if args.samples < 2:
        parser.error("--samples: at least 2, for a standard error")
    torch.set_num_threads(1)
    images, labels, test, test_labels = load_split()
    net, description = exported_network(args.models / args.net)
    right = accuracy(net, as_input(test), torch.from_numpy(test_labels.astype(np.int64)))
    if "float_accuracy" in description and abs(right - description["float_accuracy"]) > 1e-6:
        sys.exit(f"the network classifies {right:.6f} of the test images, its file says {description['float_accuracy']}")
    found = traces(net, as_input(images), torch.from_numpy(labels.astype(np.int64)), args.samples, args.seed)
    layers = [{"node": name, "trace": float(f"{np.mean(v):.6g}"),
               "standard_error": float(f"{np.std(v, ddof=1) / math.sqrt(len(v)):.3g}")} for name, v in found.items()]
    made = {"by": "scripts/hessian_trace.py", "method": "Hutchinson, Rademacher", "samples": args.samples,
            "seed": args.seed, "loss": f"mean cross-entropy over {len(labels)} training images",
            "torch": torch.__version__, "python": platform.python_version()}
    text = '{\n  "schema": 1,\n  "network": %s,\n  "layers": [\n%s\n  ],\n  "made": %s\n}\n' % (
        json.dumps(args.net), ",\n".join("    " + json.dumps(row) for row in layers), json.dumps(made))
    write_bytes(args.out or args.models / args.net / "traces.json", text.encode())
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())

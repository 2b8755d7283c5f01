#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Trains the two networks of docs/device.md on Fashion-MNIST of 14x14 pixels: one with epitomes, one without, of as many crossbars.

The layers are those of `digits` and `digits_plain` in train_digits.py, and so is the training: float, then quantisation-aware with
5-bit weights. Data: Debian's dataset-fashion-mnist, 2x2 pixels averaged, the first --images of the training set.

  scripts/setup.sh train
  scripts/train_small_fashion.py                 # models/fashion_epitome, models/fashion_plain; some minutes of one core each
  scripts/train_small_fashion.py --data OUT      # the test set alone, as OUT/images.npy and OUT/labels.npy
"""
import argparse
import json
from pathlib import Path

import numpy as np

from fashion_data import idx

SOURCE = {"fashion_epitome": "digits", "fashion_plain": "digits_plain"}


def small(name):
    """[n][14][14], the mean of 2x2 pixels rounded down."""
    x = idx(name).astype(np.uint16)
    return (x.reshape(len(x), 14, 2, 14, 2).sum((2, 4)) // 4).astype(np.uint8)


def write_data(folder):
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "images.npy", small("t10k-images-idx3-ubyte"))
    np.save(folder / "labels.npy", idx("t10k-labels-idx1-ubyte"))


def train(name, args):
    import torch
    import train_digits as base
    base.INPUT.update(height=14, width=14, scale=2.0 ** -8)
    base.BATCH = 128
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(args.seed)
    images = base.as_input(small("train-images-idx3-ubyte")[:args.images])
    labels = torch.from_numpy(idx("train-labels-idx1-ubyte")[:args.images].astype(np.int64))
    test = base.as_input(small("t10k-images-idx3-ubyte")), torch.from_numpy(idx("t10k-labels-idx1-ubyte").astype(np.int64))

    net = base.Network(base.NETWORKS[SOURCE[name]])
    base.fit(net, images, labels, args.epochs, 4e-3, generator)
    result = {"network": name, "seed": args.seed, "float_training": base.accuracy(net, *test)}
    print(json.dumps(result), flush=True)
    net.quantise_weights(base.layer_bits("5", list(net.units)), "per_crossbar", 64, "symmetric")
    base.fit_quantised(net, images, labels, args.qat_epochs, generator)
    result["quantised"] = base.accuracy(net, *test)
    net.quantise_weights(None, "per_crossbar", 64)
    net.quantise = False
    result["exported_float"] = base.accuracy(net, *test)
    base.export(net, name, result, args.models, False)
    print(json.dumps(result), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=Path(__file__).resolve().parent.parent / "models")
    parser.add_argument("--net", choices=[*SOURCE, "all"], default="all")
    parser.add_argument("--data", type=Path, help="write the test set here, train nothing")
    parser.add_argument("--images", type=int, default=20000)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--qat-epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.data:
        write_data(args.data)
        return
    for name in SOURCE if args.net == "all" else [args.net]:
        train(name, args)


if __name__ == "__main__":
    main()

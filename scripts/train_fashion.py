#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Trains a small residual network on Fashion-MNIST and writes it as ONNX: the start of docs/own-network.md.

Data: Fashion-MNIST (Xiao, Rasul, Vollgraf, arXiv 1708.07747) as Debian's package dataset-fashion-mnist installs it. The
network takes pixels 0..255; the first thing it does is to subtract the mean of the training images and to divide by their
standard deviation. Float training only: epim quantises.

  scripts/setup.sh train
  scripts/train_fashion.py --out models/fashion/fashion.onnx     # about five minutes of one core
"""
import argparse
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from fashion_data import idx


class Normalise(nn.Module):
    """(pixel - mean) / deviation, of pixels 0..255."""

    def __init__(self, mean, deviation):
        super().__init__()
        self.register_buffer("mean", torch.tensor(float(mean)))
        self.register_buffer("deviation", torch.tensor(float(deviation)))

    def forward(self, x):
        return (x - self.mean) / self.deviation


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut; the first has the stride."""

    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.shortcut = nn.Sequential()
        if stride != 1 or cin != cout:
            self.shortcut = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class Fashion(nn.Module):
    def __init__(self, mean, deviation):
        super().__init__()
        self.normalise = Normalise(mean, deviation)
        self.stem = nn.Conv2d(1, 16, 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(16)
        self.layers = nn.Sequential(Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = self.layers(F.relu(self.bn(self.stem(self.normalise(x)))))
        return self.fc(x.mean((2, 3)))


def augmented(x, generator):
    """Half of the images mirrored, all moved by up to two pixels."""
    flip = torch.rand(len(x), generator=generator) < 0.5
    x = torch.where(flip[:, None, None, None], x.flip(3), x)
    dy, dx = (int(v) for v in torch.randint(0, 5, (2,), generator=generator))
    return F.pad(x, (2, 2, 2, 2))[:, :, dy:dy + 28, dx:dx + 28]


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        right = sum(int((model(x[i:i + 500]).argmax(1) == y[i:i + 500]).sum()) for i in range(0, len(x), 500))
    return right / len(x)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the .onnx file")
    parser.add_argument("--epochs", type=int, default=7)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    generator = torch.Generator().manual_seed(args.seed)

    images, labels = idx("train-images-idx3-ubyte"), torch.from_numpy(idx("train-labels-idx1-ubyte").astype(np.int64))
    test, test_labels = idx("t10k-images-idx3-ubyte"), torch.from_numpy(idx("t10k-labels-idx1-ubyte").astype(np.int64))
    to_tensor = lambda a: torch.from_numpy(a.astype(np.float32))[:, None]
    x, x_test = to_tensor(images), to_tensor(test)
    model = Fashion(images.mean(), images.std()).to(memory_format=torch.channels_last)  # twice as fast here
    batch, steps = 128, len(x) // 128
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.1, total_steps=args.epochs * steps, pct_start=0.2)
    begin = time.time()
    for epoch in range(args.epochs):
        model.train()
        order = torch.randperm(len(x), generator=generator)
        total = 0.0
        for step in range(steps):
            chosen = order[step * batch:(step + 1) * batch]
            loss = F.cross_entropy(model(augmented(x[chosen], generator).contiguous(memory_format=torch.channels_last)), labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss)
        share = (epoch + 1) / args.epochs
        left = (time.time() - begin) * (1 - share) / share
        print(f"epoch {epoch + 1} of {args.epochs}: loss {total / steps:.4f}, test {100 * accuracy(model, x_test, test_labels):.2f} %, "
              f"about {left:.0f} s left", flush=True)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    model.eval()
    torch.onnx.export(model, x_test[:1], str(args.out), input_names=["image"], output_names=["scores"], opset_version=13)
    print(f"{args.out}: {args.out.stat().st_size} bytes, test {100 * accuracy(model, x_test, test_labels):.2f} %")


if __name__ == "__main__":
    main()

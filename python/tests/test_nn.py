# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion and export of PyTorch models."""
import numpy as np
import pytest

import epim

torch = pytest.importorskip("torch")
from epim import nn as enn  # noqa: E402


def test_projection_is_the_best_epitome(seed):
    torch.manual_seed(seed)
    conv = torch.nn.Conv2d(16, 24, 3, padding=1, bias=True)
    model = torch.nn.Sequential(conv)
    converted = enn.convert(model, {"0": (8, 4, 4, 4)})
    e = converted[0]
    assert enn.epitomes_of(converted) == {"0": (8, 4, 4, 4)}
    base = ((e.weight() - conv.weight) ** 2).sum()
    for _ in range(20):  # any other epitome is worse
        with torch.no_grad():
            kept = e.epitome.clone()
            e.epitome.add_(0.01 * torch.randn_like(kept) * (e.repetition > 0))
            assert ((e.weight() - conv.weight) ** 2).sum() > base
            e.epitome.copy_(kept)
    x = torch.randn(2, 16, 7, 7)
    y = torch.nn.functional.conv2d(x, e.weight(), conv.bias, padding=1)
    assert torch.allclose(converted(x), y, atol=1e-5)


def test_projection_of_weights_from_an_epitome_is_that_epitome(seed):
    torch.manual_seed(seed)
    e = enn.EpitomeConv2d(16, 24, (3, 3), (8, 4, 4, 4))
    conv = torch.nn.Conv2d(16, 24, 3, bias=False)
    conv.weight.data.copy_(e.weight())
    again = enn.convert(torch.nn.Sequential(conv), {"0": (8, 4, 4, 4)})[0]
    assert torch.equal(again.epitome, e.epitome)


def test_uniform_design_replaces_what_does_not_fit():
    model = torch.nn.Sequential(torch.nn.Conv2d(4, 8, 3), torch.nn.Conv2d(64, 256, 3), torch.nn.Conv2d(64, 64, 3, groups=64))
    assert enn.epitomes_of(enn.convert(model, "256x128")) == {"1": (128, 16, 4, 4)}
    with pytest.raises(epim.InputError) as e:
        enn.convert(model, {"9": (1, 1, 3, 3)})
    assert e.value.rule == "unknown-layer"
    with pytest.raises(epim.InputError) as e:
        enn.convert(model, {"2": (64, 1, 3, 3)})
    assert e.value.rule == "epitome-groups"


def test_export_gives_a_network_that_computes_the_same(tmp_path, seed):
    torch.manual_seed(seed)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.BatchNorm2d(8), torch.nn.ReLU(),
                                torch.nn.Conv2d(8, 8, 3, stride=2, padding=1), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1),
                                torch.nn.Flatten(), torch.nn.Linear(8, 5)).eval()
    images = torch.rand(16, 3, 8, 8)
    net = enn.export(model, images, tmp_path / "net")
    codes = np.load(tmp_path / "net" / "images.npy")
    integers = net.evaluate(codes).reshape(len(codes), -1)
    with torch.no_grad():
        real = model(images).numpy()
    description = __import__("json").loads((tmp_path / "net" / "network.json").read_text())
    last = description["nodes"][-1]
    got = (integers - last.get("zero_point", 0)) * last["act_scale"]
    # Nine bits: the quantisation error of the outputs is far below their spread.
    assert np.abs(got - real).max() < 0.05 * np.abs(real).max()

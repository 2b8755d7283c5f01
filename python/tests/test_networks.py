# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Networks by golden model, RTL and command."""
import json

import numpy as np
import pytest

import epim


def test_golden_classifies_digits_as_published(root):
    images = np.load(root / "models/digits/test_images.npy")
    labels = np.load(root / "models/digits/test_labels.npy")
    net = epim.load(root / "configs/digits.toml")
    out = net.evaluate(images)
    right = int((out.reshape(len(out), -1).argmax(1) == labels).sum())
    told = net.accuracy(root / "models/digits/test_images.npy", root / "models/digits/test_labels.npy")
    assert right == told["points"][0]["top1"]["count"] and len(images) == told["images"]["count"]
    assert right > 0.99 * len(images)


def test_rtl_gives_what_golden_gives(root):
    images = np.load(root / "models/digits/test_images.npy")[:2]
    net = epim.load(root / "configs/digits.toml")
    assert np.array_equal(net.evaluate(images, backend="rtl"), net.evaluate(images))


def test_overrides_and_modes_change_integers(root):
    images = np.load(root / "models/digits/test_images.npy")[:8]
    net = epim.load(root / "configs/digits.toml")
    narrow = epim.load(root / "configs/digits.toml", hardware__weight_bits=2)
    assert not np.array_equal(narrow.evaluate(images), net.evaluate(images))
    assert not np.array_equal(net.evaluate(images, mode="naive"), net.evaluate(images))


def test_errors_carry_the_rule(root):
    net = epim.load(root / "configs/digits.toml")
    images = np.load(root / "models/digits/test_images.npy")[:1]
    with pytest.raises(epim.InputError) as e:
        net.evaluate(images[:, :4])
    assert e.value.rule
    with pytest.raises(epim.InputError) as e:
        net.evaluate(images.astype(np.float32))
    assert e.value.rule == "wrong-type"
    with pytest.raises(epim.InputError) as e:
        epim.load(root / "configs/digits.toml", hardware__weight_bits=12).evaluate(images)
    assert e.value.rule == "value-out-of-range"
    with pytest.raises(epim.InputError) as e:
        epim.estimate("no-such-network")
    assert e.value.rule and "no-such-network" in str(e.value)
    with pytest.raises(epim.InputError):
        epim.load(root / "no-such-folder")


def test_estimate_search_quantize_report(root, tmp_path):
    estimate = epim.estimate("resnet18", design="1024x256", model="rtl")
    assert estimate["network"] == "resnet18"
    found = epim.search("resnet18", budget=2000, model="rtl", out=str(tmp_path / "d.json"))
    assert json.loads((tmp_path / "d.json").read_text())["network"] == "resnet18" and found
    q = epim.quantize(epim.load(root / "configs/digits.toml"), tmp_path / "q.npz", mode="overlap")
    assert (tmp_path / "q.npz").is_file() and q
    page = epim.report(root / "configs/digits.toml", tmp_path / "r.html")
    assert page.read_text().startswith("<!")

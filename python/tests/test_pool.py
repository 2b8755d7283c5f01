# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Weight pools: the PyTorch layer beside the C++ operator."""
import json
import random

import numpy as np
import pytest

import epim
from epim import arrays

torch = pytest.importorskip("torch")
pytest.importorskip("scipy")
from epim import nn as enn  # noqa: E402
from epim.nn import pool as pools  # noqa: E402


def random_layer(draw, trained):
    """A WeightPoolConv2d, the weights it began from and its pool; with `trained` errors and scales as training moves them."""
    lanes = draw.choice([2, 4, 8])
    vector = lanes * draw.choice([v for v in (1, 2, 4, 8) if v * lanes <= 32])
    words = vector // lanes
    kept = draw.choice([k for k in (1, 2, 4, 8) if words % k == 0])
    pool = enn.WeightPool(vector, draw.choice([g for g in (1, 2, 4, 8, 16, 32) if vector % g == 0]), kept, draw.randrange(kept), lanes)
    shape = (draw.randint(1, 2 * vector), draw.randint(pool.kept_first * lanes + 1, 2 * vector), *draw.choice([(1, 1), (3, 3), (1, 5), (3, 2)]))
    weight = draw.choice([0.01, 0.3, 4.0]) * torch.randn(shape)
    conv = enn.WeightPoolConv2d(weight, pool)
    if trained:
        with torch.no_grad():
            conv.error.add_(torch.randn_like(conv.error) * conv.error.abs().mean())
            conv.log_a.add_(draw.uniform(-1, 1))
            conv.log_e.add_(draw.uniform(-1, 1))
    return conv, weight, pool


def on_pool(weight, pool, *given):
    return arrays.on_pool(weight.detach().numpy(), pool.vector, pool.group, pool.kept_one_in, pool.kept_first, pool.lanes, *given)


def test_both_have_the_same_pool():
    for vector in (1, 8, 16, 32, 64, 128):
        assert np.array_equal(pools.pool_signs(vector).T, arrays.pool_signs(vector))


def test_a_trained_layer_is_the_integer_operator(seed):
    draw = random.Random(seed)
    torch.manual_seed(seed)
    for _ in range(40):
        conv, _, pool = random_layer(draw, trained=True)
        w = conv.weight()
        a, e = (float(s) for s in conv.scales())
        tool = on_pool(w, pool, conv.permutation, (a, e))
        assert (tool["a"], tool["e"]) == (a, e) and np.array_equal(tool["permutation"], conv.permutation)
        step = a / tool["multipliers"][0]
        assert np.log2(step) == np.rint(np.log2(step)) and tool["multipliers"][1] * step == e and max(tool["multipliers"]) < 256
        assert np.array_equal(tool["integers"] * step, w.detach().numpy().astype(np.float64)), (pool, w.shape)
        # The equation, weight by weight.
        signs, want = pools.pool_signs(pool.vector), np.empty(w.shape)
        patch_of = {(p.dst_out, p.dst_in, p.ky, p.kx): j for j, p in enumerate(pools.pool_patches(tuple(w.shape), pool.vector))}
        for o, c, ky, kx in np.ndindex(*w.shape):
            j = patch_of[(o - o % pool.vector, c - c % pool.vector, ky, kx)]
            r = c % pool.vector
            want[o, c, ky, kx] = a * signs[r, conv.permutation[j, o % pool.vector]]
            if r // pool.lanes % pool.kept_one_in == pool.kept_first:
                want[o, c, ky, kx] += -e if conv.error[o, c, ky, kx] < 0 else e
        assert np.array_equal(w.detach().numpy(), want)


def test_a_layer_begins_at_the_tool_s_projection(seed):
    draw = random.Random(seed)
    torch.manual_seed(seed)
    for _ in range(25):
        conv, weight, pool = random_layer(draw, trained=False)
        tool = on_pool(weight, pool)
        for p, ours, theirs in zip(pools.pool_patches(tuple(weight.shape), pool.vector), conv.permutation, tool["permutation"]):
            gain = np.zeros(2)
            block = weight[p.dst_out:p.dst_out + p.filters, p.dst_in:p.dst_in + p.channels, p.ky, p.kx].double().numpy()
            signs = pools.pool_signs(pool.vector)[:p.channels]
            for i, order in enumerate((ours, theirs)):
                gain[i] = (block * signs[:, order[:p.filters]].T).sum()
            assert abs(gain[0] - gain[1]) <= 1e-9 * np.abs(block).sum()  # equal ones may be dealt differently
        assert np.isclose(float(torch.exp(conv.log_a)), tool["a"], rtol=1e-5) and np.isclose(float(torch.exp(conv.log_e)), tool["e"], rtol=1e-5)


def test_gradients_reach_scales_and_kept_errors(seed):
    torch.manual_seed(seed)
    conv = enn.WeightPoolConv2d(torch.randn(20, 24, 3, 3), enn.WeightPool(16, 8, 2, 1, 4), padding=(1, 1, 1, 1))
    w = conv.weight().detach().clone().requires_grad_()
    x = torch.randn(2, 24, 5, 6)
    loss = torch.nn.functional.conv2d(x, w, padding=1).pow(2).mean()
    loss.backward()
    conv(x).pow(2).mean().backward()
    kept = conv.kept.bool()
    assert torch.allclose(conv.error.grad[kept], w.grad[kept], rtol=1e-4, atol=1e-9) and not conv.error.grad[~kept].any()
    a, e = conv.scales()
    with torch.no_grad():
        signs = torch.where(conv.error < 0, -1.0, 1.0) * conv.kept
        # exp(log) passes through the rounding to a whole multiple.
        assert torch.isclose(conv.log_a.grad, (w.grad * conv.columns).sum() * torch.exp(conv.log_a), rtol=1e-3)
        assert torch.isclose(conv.log_e.grad, (w.grad * signs).sum() * torch.exp(conv.log_e), rtol=1e-3)


def test_what_is_no_pool_is_refused(seed):
    torch.manual_seed(seed)
    conv = enn.WeightPoolConv2d(torch.randn(9, 12, 1, 1), enn.WeightPool(16, 8, 1, 0, 4))
    a, e = (float(s) for s in conv.scales())
    order = conv.permutation
    twice = order.copy()
    twice[0, 0] = twice[0, 2]
    other_group = order.copy()
    other_group[0, [0, 1]] = other_group[0, [1, 0]]
    w = conv.weight()
    off = w.detach().clone()
    off[0, 0] *= 1.01
    for weight, given in ((w, (twice, (a, e))), (w, (other_group, (a, e))), (w, (order[:, :8], (a, e))), (w, (order, (0.0, e))), (w, (order, (a, 2 * e))),
                          (off, (order, (a, e)))):
        with pytest.raises(epim.InputError) as error:
            on_pool(weight, conv.pool, *given)
        assert error.value.rule == "pool-data"
    for wrong, rule in ((enn.WeightPool(16, 8, 3, 0, 4), "pool-kept"), (enn.WeightPool(16, 8, 2, 2, 4), "pool-kept"), (enn.WeightPool(18, 6, 1, 0, 4), "pool-vector"),
                        (enn.WeightPool(16, 5, 1, 0, 4), "pool-vector")):
        with pytest.raises(epim.InputError) as error:
            enn.WeightPoolConv2d(torch.randn(4, 4, 1, 1), wrong)
        assert error.value.rule == rule


def test_export_keeps_the_pools(tmp_path, seed):
    torch.manual_seed(seed)
    pool = enn.WeightPool(16, 4, 2, 0, 4)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 16, 3, padding=1), torch.nn.ReLU(), enn.WeightPoolConv2d(torch.randn(20, 16, 3, 3), pool, padding=(1, 1, 1, 1)),
                                torch.nn.BatchNorm2d(20), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(20, 5)).eval()
    images = torch.rand(16, 3, 6, 6)
    folder = tmp_path / "net"
    enn.export(model, images, folder)
    convs = [n["name"] for n in json.loads((folder / "network.json").read_text())["nodes"] if n["op"] == "conv"]
    enn.put_pools(folder, {convs[1]: model[2]})
    net = epim.load(folder, hardware__crossbar="16x16", hardware__cols_per_adc=4, hardware__lanes=4)
    codes = np.load(folder / "images.npy")
    integers = net.evaluate(codes).reshape(len(codes), -1)
    with torch.no_grad():
        real = model(images).numpy()
    last = json.loads((folder / "network.json").read_text())["nodes"][-1]
    got = (integers - last.get("zero_point", 0)) * last["act_scale"]
    assert np.abs(got - real).max() < 0.05 * np.abs(real).max()
    with pytest.raises(epim.InputError) as error:
        enn.put_pools(folder, {"nothing": model[2]})
    assert error.value.rule == "unknown-layer"
    with torch.no_grad():
        model[2].error.neg_()
    with pytest.raises(epim.InputError) as error:
        enn.put_pools(folder, {convs[1]: model[2]})
    assert error.value.rule == "pool-weights"

# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""The C++ operator beside plain Python and beside the PyTorch layers that train it."""
import random

import numpy as np
import pytest

import epim
from epim import arrays


def random_layer(draw):
    kernel = draw.choice([(1, 1), (3, 3), (3, 2), (1, 5)])
    cin, cout = draw.randint(1, 24), draw.randint(1, 24)
    epitome = (draw.randint(1, cout), draw.randint(1, cin), kernel[0] + draw.randint(0, 2), kernel[1] + draw.randint(0, 2))
    if np.prod(epitome) > cout * cin * kernel[0] * kernel[1]:
        epitome = (cout, cin, *kernel)
    return cout, cin, kernel, epitome


def by_hand(epitome, cout, cin, kernel, patches):
    """Eq. 1 element by element."""
    w = np.full((cout, cin, *kernel), np.nan, np.float32)
    for p, q, c_in, c_out, beta1, beta2, dst_in, dst_out in patches:
        for b in range(beta2):
            for a in range(beta1):
                for y in range(kernel[0]):
                    for x in range(kernel[1]):
                        assert np.isnan(w[dst_out + b, dst_in + a, y, x]), "read twice"
                        w[dst_out + b, dst_in + a, y, x] = epitome[c_out + b, c_in + a, p + y, q + x]
    assert not np.isnan(w).any()
    return w


def test_sampler_rebuilds_every_weight_once(seed):
    draw = random.Random(seed)
    for _ in range(40):
        cout, cin, kernel, shape = random_layer(draw)
        for sampler in ("cycle", "distinct"):
            patches = arrays.sample(cout, cin, kernel, shape, sampler)
            epitome = np.random.default_rng(draw.randrange(1 << 30)).standard_normal(shape).astype(np.float32)
            w = by_hand(epitome, cout, cin, kernel, patches)
            assert np.array_equal(arrays.reconstruct(epitome, cout, cin, kernel, patches), w)
            counts = arrays.repetition_map(cout, cin, kernel, shape, patches)
            assert counts.sum() == w.size
            # Each element's count is how often its value, all different, occurs among the weights.
            labels = np.arange(epitome.size, dtype=np.float32).reshape(shape)
            read = by_hand(labels, cout, cin, kernel, patches).astype(int).ravel()
            assert np.array_equal(np.bincount(read, minlength=epitome.size).reshape(shape), counts)


def test_rules_have_names():
    with pytest.raises(epim.InputError) as e:
        arrays.sample(4, 4, (3, 3), (4, 4, 2, 3))
    assert e.value.rule == "epitome-smaller-than-kernel"
    with pytest.raises(epim.InputError) as e:
        arrays.sample(4, 4, (3, 3), (4, 4, 3, 3), "spiral")
    assert e.value.rule == "unknown-choice" and "cycle" in str(e.value)


def test_training_quantises_as_the_tool_does(seed):
    torch = pytest.importorskip("torch")
    from epim.nn import epitome as nn
    draw = random.Random(seed)
    for _ in range(30):
        cout, cin, kernel, shape = random_layer(draw)
        shape = (shape[0], cin, *shape[2:]) if cin % 4 else shape
        if shape[1] % 4 and shape[1] != cin:
            shape = (shape[0], cin, *shape[2:])
        if np.prod(shape) > cout * cin * kernel[0] * kernel[1]:
            shape = (cout, cin, *kernel)
        sampler = draw.choice(["cycle", "distinct"])
        patches = nn.sample(cout, cin, kernel, shape, sampler)
        assert [tuple(p) for p in patches] == arrays.sample(cout, cin, kernel, shape, sampler)
        counts = nn.repetition_map(shape, kernel, patches)
        assert np.array_equal(counts.numpy(), arrays.repetition_map(cout, cin, kernel, shape, [tuple(p) for p in patches]))
        values = torch.from_numpy(np.random.default_rng(draw.randrange(1 << 30)).standard_normal(shape).astype(np.float32))
        bits, mode, scheme = draw.randint(2, 9), draw.choice(nn.MODES), draw.choice(nn.SCHEMES)
        ours = nn.WeightQuantiser(counts, bits, mode, 16, 4, scheme)(values).numpy()
        tool = arrays.quantise(values.numpy(), cout, cin, kernel, [tuple(p) for p in patches], bits, mode, scheme, (16, 16), 4)["values"]
        assert np.array_equal(ours, tool), (cout, cin, kernel, shape, sampler, bits, mode, scheme)

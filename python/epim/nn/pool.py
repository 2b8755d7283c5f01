# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Weight pools (CIMPool, arXiv 2503.22044; docs/pool.md) as a PyTorch convolution.

Of every block of V input channels, tap and tile of V filters, one patch:
    W[r][f] = a*P[r][pi(f)] + e*mask[r]*D[r][f]
P is the network's V x V matrix of signs, pi a permutation within the groups of filters that are alike modulo V/group, mask
keeps whole words of `lanes` channels, one in `kept_one_in`, D holds the signs of the error, a and e are the layer's.
"""
import json
import math
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np
import torch
from torch import nn

from ..errors import InputError
from .epitome import padded_conv2d

SCALE_BITS = 8  # of the multipliers that a and e become


class WeightPool(NamedTuple):
    """A layer's pool, as golden/layer.hpp; vector is the crossbar's side, group None the least of 32 and vector."""
    vector: int = 128
    group: Optional[int] = None
    kept_one_in: int = 2
    kept_first: int = 0
    lanes: int = 8


class PoolPatch(NamedTuple):
    """Filters dst_out.., channels dst_in.. of the tap (ky, kx)."""
    dst_out: int
    dst_in: int
    filters: int
    channels: int
    ky: int
    kx: int


def pool_signs(vector: int) -> np.ndarray:
    """P, [row][column], of every network with vectors of this length: xoshiro256** from a seed of its own, the same signs as
    the C++ code (python/tests holds them against each other)."""
    word = (1 << 64) - 1
    seed = 0xcbf29ce484222325
    for byte in b"pool":  # FNV-1a
        seed = (seed ^ byte) * 0x100000001b3 & word
    seed ^= vector * 0x9e3779b97f4a7c15 & word
    state = []
    for _ in range(4):  # splitmix64
        seed = seed + 0x9e3779b97f4a7c15 & word
        z = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9 & word
        z = (z ^ z >> 27) * 0x94d049bb133111eb & word
        state.append(z ^ z >> 31)

    def rotate(x: int, k: int) -> int:
        return (x << k | x >> (64 - k)) & word

    signs = np.empty(vector * vector, np.int64)
    reject = (1 << 64) % 100
    for i in range(len(signs)):
        while True:
            drawn = rotate(state[1] * 5 & word, 7) * 9 & word
            t = state[1] << 17 & word
            state[2] ^= state[0]
            state[3] ^= state[1]
            state[1] ^= state[2]
            state[0] ^= state[3]
            state[2] ^= t
            state[3] = rotate(state[3], 45)
            if drawn >= reject:
                break
        signs[i] = 1 if drawn % 100 < 50 else -1
    return signs.reshape(vector, vector)


def pool_patches(shape: Tuple[int, int, int, int], vector: int) -> List[PoolPatch]:
    """Output tiles outer, then input blocks, then taps (golden/pool.cpp)."""
    cout, cin, kh, kw = shape
    return [PoolPatch(o, i, min(vector, cout - o), min(vector, cin - i), ky, kx)
            for o in range(0, cout, vector) for i in range(0, cin, vector) for ky in range(kh) for kx in range(kw)]


def assign(weight: np.ndarray, signs: np.ndarray, group: int) -> np.ndarray:
    """pi [patches][V] of largest correlation between filters and columns, group by group. Filters beyond the tile take what is left."""
    from scipy.optimize import linear_sum_assignment
    vector = len(signs)
    stride = vector // group
    patches = pool_patches(weight.shape, vector)
    order = np.empty((len(patches), vector), np.int64)
    for j, p in enumerate(patches):
        block = np.zeros((vector, vector))  # [filter][row]
        block[:p.filters, :p.channels] = weight[p.dst_out:p.dst_out + p.filters, p.dst_in:p.dst_in + p.channels, p.ky, p.kx]
        gain = block @ signs
        for first in range(stride):
            members = np.arange(first, vector, stride)
            _, columns = linear_sum_assignment(gain[np.ix_(members, members)], maximize=True)
            order[j, members] = members[columns]
    return order


def fit_scales(weight: np.ndarray, pool: np.ndarray, kept: np.ndarray) -> Tuple[float, float]:
    """a and e of least squared error with D = sign(weight - a*pool): the two in turn until a stays."""
    a = float((weight * pool).mean())
    e = 0.0
    for _ in range(50):
        left = weight - a * pool
        e = float(np.abs(left[kept]).mean()) if kept.any() else 0.0
        signs = np.where(left < 0, -1.0, 1.0) * kept
        before, a = a, float(((weight - e * signs) * pool).mean())
        if abs(a - before) <= 1e-9 * abs(before):
            break
    return max(a, 1e-12), max(e, 1e-12)


class StraightThrough(torch.autograd.Function):
    """`value`, exactly; the gradient goes to x."""

    @staticmethod
    def forward(ctx, x, value):
        return value.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


class WeightPoolConv2d(nn.Module):
    """Convolution whose weights are read from the pool.

    weight [cout][cin][Kh][Kw]: where it begins; it gives the assignment (fixed from then on: `permutation`) and the first a, e
    and D. Trained are the logarithms of a and e, and `error`, whose signs are D: gradients pass the sign as if e*sign(x) were x.
    a and e are used as whole multiples, below 2^8, of one power of two, so that an export is exactly what was trained. padding is
    (top, left, bottom, right).
    """

    def __init__(self, weight: torch.Tensor, pool: WeightPool, stride: int = 1, padding: Tuple[int, int, int, int] = (0, 0, 0, 0),
                 bias: bool = False):
        super().__init__()
        vector, lanes = pool.vector, pool.lanes
        pool = pool._replace(group=pool.group or min(32, vector))
        if vector % lanes or vector % pool.group:
            raise InputError("pool-vector", f"vectors of {vector}; legal: a multiple of lanes = {lanes} and of the group {pool.group}")
        if pool.kept_one_in not in (1, 2, 4, 8) or vector // lanes % pool.kept_one_in or not 0 <= pool.kept_first < pool.kept_one_in:
            raise InputError("pool-kept", f"one word in {pool.kept_one_in} from {pool.kept_first} keeps its error; legal: one in 1, 2, 4, 8, a "
                                          f"divisor of the {vector // lanes} words of a block, from one of the first as many")
        self.pool, self.stride, self.padding, self.kernel = pool, stride, padding, tuple(weight.shape[2:])
        real = weight.detach().double().cpu().numpy()
        signs = pool_signs(vector)
        self.permutation = assign(real, signs, pool.group)
        columns = np.empty(real.shape)
        for p, order in zip(pool_patches(real.shape, vector), self.permutation):
            columns[p.dst_out:p.dst_out + p.filters, p.dst_in:p.dst_in + p.channels, p.ky, p.kx] = signs[:p.channels, order[:p.filters]].T
        word = np.arange(real.shape[1]) % vector // lanes
        kept = np.broadcast_to((word % pool.kept_one_in == pool.kept_first)[None, :, None, None], real.shape)
        a, e = fit_scales(real, columns, kept)
        self.register_buffer("columns", torch.tensor(columns, dtype=torch.float32))
        self.register_buffer("kept", torch.tensor(kept.copy(), dtype=torch.float32))
        self.log_a = nn.Parameter(torch.tensor(math.log(a), dtype=torch.float32))  # steps of training are shares of a scale
        self.log_e = nn.Parameter(torch.tensor(math.log(e), dtype=torch.float32))
        self.error = nn.Parameter(torch.tensor((real - a * columns) * kept, dtype=torch.float32))
        self.bias = nn.Parameter(torch.zeros(real.shape[0])) if bias else None

    def scales(self) -> Tuple[torch.Tensor, torch.Tensor]:
        """a and e as they are used."""
        a, e = torch.exp(self.log_a), torch.exp(self.log_e)
        most = max(float(a.detach()), float(e.detach()))
        step = 2.0 ** (math.floor(math.log2(most)) + 1 - SCALE_BITS)

        def dyadic(x: torch.Tensor) -> torch.Tensor:
            return StraightThrough.apply(x, torch.clamp(torch.round(x.detach() / step), 1, 2 ** SCALE_BITS - 1) * step)

        return dyadic(a), dyadic(e)

    def weight(self) -> torch.Tensor:
        """W[cout][cin][Kh][Kw], every value exact."""
        a, e = self.scales()
        sign = StraightThrough.apply(self.error / e.detach(), torch.where(self.error.detach() < 0, -1.0, 1.0))
        return a * self.columns + e * (self.kept * sign)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return padded_conv2d(x, self.weight(), self.bias, self.stride, self.padding)

    def arrays(self, node: str) -> Dict[str, np.ndarray]:
        """What a weights file holds for the node: weights, permutation, a and e (golden/graph/node_weights.hpp)."""
        a, e = (float(s) for s in self.scales())
        return {f"{node}/weight": self.weight().detach().numpy(), f"{node}/permutation": self.permutation.astype(np.int32),
                f"{node}/pool_scale": np.array([a, e], np.float32)}

    def node_entry(self) -> Dict[str, object]:
        """The key "pool" of the node in network.json."""
        entry: Dict[str, object] = {"kept": "1" if self.pool.kept_one_in == 1 else f"1/{self.pool.kept_one_in}", "group": self.pool.group}
        if self.pool.kept_first:
            entry["kept_first"] = self.pool.kept_first
        return entry


def put_pools(folder: Path, pools: Mapping[str, WeightPoolConv2d]) -> None:
    """Gives nodes of a network folder their pools: the key "pool" in network.json, permutation and scales in its weights file.

    ONNX knows no pools: `export` writes such a layer's weights as a plain convolution, and this says how they are made. pools:
    {node: layer}. Raises InputError unknown-layer; pool-weights where the folder has other weights than the layer.
    """
    network_file = Path(folder) / "network.json"
    network = json.loads(network_file.read_text())
    nodes = {node["name"]: node for node in network["nodes"]}
    weights_file = Path(folder) / network["weights"]
    with np.load(weights_file) as file:
        arrays = dict(file)
    for name, layer in pools.items():
        if name not in nodes:
            raise InputError("unknown-layer", f'"{name}" is no node of {network_file}; legal: {", ".join(nodes)}')
        new = layer.arrays(name)
        key = next((name + k for k in ("/epitome", "/weight", ".weight", "/kernel") if name + k in arrays), None)
        w, scale = new[f"{name}/weight"], arrays.get(f"{name}/bn_scale")
        file = arrays[key].reshape(w.shape) if key and arrays[key].size == w.size else None
        # The importer takes a factor out of every output channel and gives it to bn_scale.
        factor = None if file is None else (file * w).sum((1, 2, 3), dtype=np.float64) / (w.astype(np.float64) ** 2).sum((1, 2, 3))
        if factor is None or (scale is None and not np.allclose(factor, 1)) or \
                not np.allclose(file, factor[:, None, None, None] * w, rtol=0, atol=1e-5 * float(np.abs(file).max())):
            raise InputError("pool-weights", f"{weights_file}: node {name} has other weights than the layer; legal: a folder of the same model")
        if scale is not None:
            arrays[f"{name}/bn_scale"] = (scale * factor).astype(np.float32)
        del arrays[key]
        arrays.update(new)
        nodes[name]["pool"] = layer.node_entry()
    np.savez(weights_file, **arrays)
    network_file.write_text(json.dumps(network, indent=1) + "\n")

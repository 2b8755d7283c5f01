# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""The epitome as a PyTorch convolution, and the fake quantisation that trains it for integer crossbars.

An epitome E[e_out][e_in][P][Q] is smaller than the convolution W[Cout][Cin][Kh][Kw] it stands for. A sampler lists
patches of E (EPIM, DAC 2024, arXiv 2311.07620, Eq. 1); laid side by side they are W, each element of W exactly once.
A plain convolution is an epitome with one patch.
"""
import math
from typing import List, NamedTuple, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import nn

MODES = ("naive", "per_crossbar", "overlap")
SCHEMES = ("symmetric", "affine")


class Patch(NamedTuple):
    """E[c_out:c_out+beta2, c_in:c_in+beta1, p:p+Kh, q:q+Kw] -> W[dst_out:dst_out+beta2, dst_in:dst_in+beta1]."""
    p: int
    q: int
    c_in: int
    c_out: int
    beta1: int
    beta2: int
    dst_in: int
    dst_out: int


def window_starts(p: int, q: int, kh: int, kw: int) -> List[Tuple[int, int]]:
    """The (p-kh+1)*(q-kw+1) legal spatial starts of a kh x kw window in a p x q epitome, in visiting order:
    opposite corners first, then the rest row by row (own choice: the paper does not give an order)."""
    if kh > p or kw > q:
        raise ValueError(f"kernel {kh}x{kw} does not fit in an epitome of {p}x{q}")
    bottom, right = p - kh, q - kw
    corners = [(0, 0), (bottom, right), (0, right), (bottom, 0)]
    everything = [(row, col) for row in range(bottom + 1) for col in range(right + 1)]
    return list(dict.fromkeys(corners + everything))


def sample(cout: int, cin: int, kernel: Tuple[int, int], shape: Tuple[int, int, int, int],
           sampler: str = "cycle") -> List[Patch]:
    """Default samplers: output groups outer, input groups inner, beta1 = min(e_in, cin - i*e_in), beta2 likewise.

    "cycle":    the start of input group i is starts[i mod n] for every output group, so output groups beyond e_out
                are copies of each other (paper Eq. 8).
    "distinct": starts[(i + o) mod n], so output groups differ where the epitome has spare positions.
    shape is (e_out, e_in, P, Q); ValueError for an unknown sampler or an epitome the kernel does not fit.
    """
    if sampler not in ("cycle", "distinct"):
        raise ValueError(f"sampler {sampler!r}: legal are cycle, distinct")
    e_out, e_in, p, q = shape
    starts = window_starts(p, q, *kernel)
    patches = []
    for o, dst_out in enumerate(range(0, cout, e_out)):
        for i, dst_in in enumerate(range(0, cin, e_in)):
            row, col = starts[(i + o if sampler == "distinct" else i) % len(starts)]
            patches.append(Patch(row, col, 0, 0, min(e_in, cin - dst_in), min(e_out, cout - dst_out), dst_in, dst_out))
    return patches


def repetition_map(shape: Tuple[int, int, int, int], kernel: Tuple[int, int], patches: List[Patch]) -> torch.Tensor:
    """R[e_out][e_in][P][Q]: how many elements of W read each element of E. Zero is legal: that cell is unused."""
    count = torch.zeros(shape, dtype=torch.int64)
    for t in patches:
        count[t.c_out:t.c_out + t.beta2, t.c_in:t.c_in + t.beta1, t.p:t.p + kernel[0], t.q:t.q + kernel[1]] += 1
    return count


def crossbar_blocks(shape: Tuple[int, int, int, int], crossbar: int, lanes: int) -> torch.Tensor:
    """Index of the crossbar x crossbar block that holds each element of E, same shape as E.

    Word line of (c, p, q): ((c/lanes)*P*Q + p*Q + q)*lanes + c%lanes; bit line: the output channel.
    """
    e_out, e_in, p, q = shape
    c = torch.arange(e_in).view(-1, 1, 1)
    position = torch.arange(p * q).view(1, p, q)
    row = ((c // lanes) * (p * q) + position) * lanes + c % lanes
    col_blocks = (e_out + crossbar - 1) // crossbar
    col = torch.arange(e_out).view(-1, 1, 1, 1) // crossbar
    return (row // crossbar).unsqueeze(0) * col_blocks + col


def round_straight_through(x: torch.Tensor) -> torch.Tensor:
    """Round half to even; the gradient passes as if nothing were rounded."""
    return x + (torch.round(x) - x).detach()


class _FakeQuantise(torch.autograd.Function):
    """In place where autograd would keep every step: a third of the time and of the memory."""

    @staticmethod
    def forward(ctx, x, scale, low, high):
        code = x / scale
        clamped = code.clamp(low, high)
        ctx.scale = scale
        ctx.save_for_backward(code.eq_(clamped))  # 1 inside, 0 outside, as floats: comparisons that give bool are slow
        return clamped.round_().mul_(scale)

    @staticmethod
    def backward(ctx, gradient):
        inside, = ctx.saved_tensors
        return (gradient * ctx.scale).mul_(inside).div_(ctx.scale), None, None, None


def fake_quantise(x: torch.Tensor, scale: float, low: int, high: int) -> torch.Tensor:
    """scale * round(clamp(x/scale, low, high)), straight-through inside the range, gradient zero outside."""
    return _FakeQuantise.apply(x, scale, low, high)


class WeightQuantiser:
    """Fake quantisation of an epitome: the function `quantise` of golden/quantise.hpp, in double precision, value for
    value (tb/quantise/compare.py holds them against each other). Codes are sign and magnitude, -m..m with
    m = 2^(bits-1)-1.

    mode    naive: one range [alpha, beta] per layer, min and max of all elements; per_crossbar: one per crossbar block
            (paper section 4.2); overlap: per block, Eq. 4 and 5: alpha = w1*min(O) + w2*min(others), beta likewise
            with max. O holds the elements of the block with the largest repetition, others the remaining ones;
            elements with repetition zero are left out. The paper does not publish w1 and w2; own choice:
            w1 = sum_O R / sum R, w2 = 1 - w1. Every range is made to include zero.
    scheme  symmetric: S = max(-alpha, beta)/m, Z = 0; affine (Eq. 2, 3): S = (beta - alpha)/2m,
            Z = round(alpha/S) + m. An element becomes S*(clamp(round(e/S) - Z, -m, m) + Z).
    """

    def __init__(self, repetition: torch.Tensor, bits: int, mode: str, crossbar: int = 64, lanes: int = 8,
                 scheme: str = "symmetric"):
        if mode not in MODES:
            raise ValueError(f"mode {mode!r}: legal are {', '.join(MODES)}")
        if scheme not in SCHEMES:
            raise ValueError(f"scheme {scheme!r}: legal are {', '.join(SCHEMES)}")
        if not 2 <= bits <= 9:
            raise ValueError(f"bits {bits}: legal are 2..9")
        self.top = 2 ** (bits - 1) - 1
        self.affine = scheme == "affine"
        shape = tuple(repetition.shape)
        block = torch.zeros(shape, dtype=torch.int64) if mode == "naive" else crossbar_blocks(shape, crossbar, lanes)
        self.block = block
        self.groups = []  # per block: [(weight, flat indices)], the range being the weighted sum over its groups
        for b in range(int(block.max()) + 1):
            inside = block == b
            if mode == "overlap":
                most = repetition[inside].max()
                centre = inside & (repetition == most) & (repetition > 0)
                others = inside & (repetition > 0) & (repetition < most)
                w1 = float(repetition[centre].sum()) / max(1.0, float(repetition[inside].sum()))
                parts = [(w1, centre), (1.0 - w1, others)] if bool(others.any()) else [(1.0, centre)]
            else:
                parts = [(1.0, inside)]
            self.groups.append([(w, mask.flatten().nonzero().flatten()) for w, mask in parts if bool(mask.any())])

    def scales(self, epitome: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
        """S and Z of every element, double, same shape as the epitome; S = 1 where a block is all zero."""
        values = epitome.detach().flatten()
        scale, zero = [], []
        for parts in self.groups:
            reach = [(w, *torch.aminmax(values[index])) for w, index in parts]
            alpha = min(0.0, sum(w * float(low) for w, low, _ in reach))
            beta = max(0.0, sum(w * float(high) for w, _, high in reach))
            span = (beta - alpha) / (2 * self.top) if self.affine else max(-alpha, beta) / self.top
            scale.append(span if span > 0 else 1.0)
            zero.append(round(alpha / scale[-1]) + self.top if self.affine else 0)
        return (torch.tensor(scale, dtype=torch.float64)[self.block],
                torch.tensor(zero, dtype=torch.float64)[self.block])

    def __call__(self, epitome: torch.Tensor) -> torch.Tensor:
        scale, zero = self.scales(epitome)
        x = epitome.double() / scale
        return (scale * round_straight_through(torch.clamp(x, zero - self.top, zero + self.top))).to(epitome.dtype)


def padded_conv2d(x: torch.Tensor, weight: torch.Tensor, bias: Optional[torch.Tensor], stride: int,
                  padding: Tuple[int, int, int, int]) -> torch.Tensor:
    """Convolution with zeros (top, left, bottom, right) around x. Equal ones are left to PyTorch, which needs no padded copy."""
    top, left, bottom, right = padding
    if (top, left) == (bottom, right):
        return F.conv2d(x, weight, bias, stride=stride, padding=(top, left))
    return F.conv2d(F.pad(x, (left, right, top, bottom)), weight, bias, stride=stride)


class EpitomeConv2d(nn.Module):
    """Convolution whose weights are patches of an epitome; with epitome_shape None, a plain convolution.

    Input [N][cin][H][W], output [N][cout][OH][OW]: batch norm stays outside, because output channels share epitome
    columns; `bias` adds one per output channel. padding is (top, left, bottom, right). Set `quantiser` to train with
    quantised weights.
    """

    def __init__(self, cin: int, cout: int, kernel: Tuple[int, int],
                 epitome_shape: Optional[Tuple[int, int, int, int]] = None, sampler: str = "cycle", stride: int = 1,
                 padding: Tuple[int, int, int, int] = (0, 0, 0, 0), bias: bool = False):
        super().__init__()
        self.stride, self.padding, self.kernel = stride, padding, tuple(kernel)
        shape = tuple(epitome_shape or (cout, cin, *kernel))
        self.patches = sample(cout, cin, self.kernel, shape, sampler)
        self.repetition = repetition_map(shape, self.kernel, self.patches)
        self.quantiser: Optional[WeightQuantiser] = None
        start = torch.randn(shape) * math.sqrt(2.0 / (cin * kernel[0] * kernel[1]))
        start[self.repetition == 0] = 0.0  # an unused cell gets no gradient: it must not widen a quantisation range
        self.epitome = nn.Parameter(start)
        self.bias = nn.Parameter(torch.zeros(cout)) if bias else None

    def weight(self) -> torch.Tensor:
        """W[cout][cin][Kh][Kw]: the patches of the (fake-quantised) epitome, concatenated."""
        e = self.epitome if self.quantiser is None else self.quantiser(self.epitome)
        kh, kw = self.kernel
        bands = {}
        for t in self.patches:
            piece = e[t.c_out:t.c_out + t.beta2, t.c_in:t.c_in + t.beta1, t.p:t.p + kh, t.q:t.q + kw]
            bands.setdefault(t.dst_out, []).append(piece)
        return torch.cat([torch.cat(band, dim=1) for band in bands.values()], dim=0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return padded_conv2d(x, self.weight(), self.bias, self.stride, self.padding)


class EpitomeUnit(nn.Module):
    """EpitomeConv2d followed by batch norm; wrap is off, copies or stored_once (paper section 5.3).

    Stored once, batch norm has one set of statistics and parameters per epitome column, so that output channel v
    equals channel v mod e_out and a consumer may read it there. As copies, every channel keeps its own parameters;
    they start as relu(x) and relu(-x), because equal ones would never part (own choice).
    """

    def __init__(self, cin: int, cout: int, kernel: Tuple[int, int],
                 epitome_shape: Optional[Tuple[int, int, int, int]] = None, sampler: str = "cycle", stride: int = 1,
                 padding: Tuple[int, int, int, int] = (0, 0, 0, 0), wrap: str = "off"):
        super().__init__()
        if wrap != "off" and sampler != "cycle":
            raise ValueError(f"wrap {wrap!r} needs the cycle sampler: its output groups are copies of each other")
        self.cout = cout
        self.conv = EpitomeConv2d(cin, cout, kernel, epitome_shape, sampler, stride, padding)
        e_out = self.conv.epitome.shape[0]
        self.period = e_out if wrap == "stored_once" else cout
        self.norm = nn.BatchNorm2d(self.period)
        if wrap == "copies":
            self.norm.weight.data *= 1.0 - 2.0 * ((torch.arange(cout) // e_out) % 2)

    def repeat(self, stored: torch.Tensor, dim: int) -> torch.Tensor:
        """Virtual channel v reads stored channel v mod period."""
        if self.period == self.cout:
            return stored
        return stored.index_select(dim, torch.arange(self.cout) % self.period)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.repeat(self.norm(self.conv(x)[:, :self.period]), 1)

    def folded(self):
        """(bn_scale, bn_bias), numpy [cout]: batch norm in evaluation is bn_scale*y + bn_bias."""
        scale = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        bias = self.norm.bias - self.norm.running_mean * scale
        return self.repeat(scale, 0).detach().numpy(), self.repeat(bias, 0).detach().numpy()

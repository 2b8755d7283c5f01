# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Trained convolutions to epitomes."""
import copy
import re
from typing import Dict, Mapping, Tuple, Union

import torch
from torch import nn

from ..errors import InputError
from .epitome import EpitomeConv2d

Shape = Tuple[int, int, int, int]
Design = Union[str, Mapping[str, Shape]]


def uniform_epitome(cout: int, cin: int, kernel: Tuple[int, int], rows: int, cols: int) -> Shape:
    """(e_out, e_in, P, Q) of the design ROWSxCOLS, as `epim estimate --design` makes it (golden/graph/network.hpp)."""
    from .._core import uniform_epitome as shape
    return shape(cout, cin, tuple(kernel), rows, cols)


def project(weight: torch.Tensor, conv: EpitomeConv2d) -> None:
    """Sets the epitome of least squared error to `weight` [cout][cin][Kh][Kw]: every element becomes the mean of the
    weights that read it (the patches of an epitome are disjoint in the convolution, so elements are independent); an element
    that nobody reads becomes 0. Sums in double precision."""
    total = torch.zeros(conv.epitome.shape, dtype=torch.float64)
    kh, kw = conv.kernel
    w = weight.detach().double()
    for t in conv.patches:
        total[t.c_out:t.c_out + t.beta2, t.c_in:t.c_in + t.beta1, t.p:t.p + kh, t.q:t.q + kw] += \
            w[t.dst_out:t.dst_out + t.beta2, t.dst_in:t.dst_in + t.beta1]
    with torch.no_grad():
        conv.epitome.copy_(total / conv.repetition.clamp(min=1))


def _wanted(name: str, conv: nn.Conv2d, design: Design):
    """Epitome shape for a module, None where it stays."""
    if isinstance(design, str):
        m = re.fullmatch(r"(\d+)x(\d+)", design)
        if not m:
            raise InputError("bad-argument", f'design "{design}"; legal: "ROWSxCOLUMNS", or {{module: (e_out, e_in, P, Q)}}')
        rows, cols = int(m[1]), int(m[2])
        kh, kw = conv.kernel_size
        if conv.in_channels * kh * kw <= rows and conv.out_channels <= cols:
            return None
        return uniform_epitome(conv.out_channels, conv.in_channels, (kh, kw), rows, cols)
    return design.get(name)


def convert(model: nn.Module, design: Design, sampler: str = "cycle") -> nn.Module:
    """A copy of `model` in which nn.Conv2d modules are EpitomeConv2d with projected weights (`project`).

    design: "1024x256" replaces every convolution without groups and dilation that does not fit into ROWS x COLUMNS of
    weights; a dictionary names modules, {"layer3.0.conv2": (256, 64, 4, 4)}. Raises InputError `unknown-layer`,
    `epitome-groups` (a named module has groups or dilation), and those of the sampler.
    """
    model = copy.deepcopy(model)
    modules = {name: m for name, m in model.named_modules() if isinstance(m, nn.Conv2d)}
    if not isinstance(design, str):
        for name in design:
            if name not in modules:
                raise InputError("unknown-layer", f'"{name}" is no nn.Conv2d of the model; legal: {", ".join(modules)}')
    for name, old in modules.items():
        shape = _wanted(name, old, design)
        if shape is None:
            continue
        if old.groups != 1 or tuple(old.dilation) != (1, 1) or isinstance(old.padding, str) or old.padding_mode != "zeros":
            if isinstance(design, str):
                continue
            raise InputError("epitome-groups", f'"{name}" has groups, dilation or a padding by name; legal: none of them')
        if old.stride[0] != old.stride[1]:
            raise InputError("epitome-stride", f'"{name}" has stride {tuple(old.stride)}; legal: the same in both axes')
        top, left = old.padding
        new = EpitomeConv2d(old.in_channels, old.out_channels, tuple(old.kernel_size), tuple(shape), sampler, old.stride[0],
                            (top, left, top, left), bias=old.bias is not None)
        project(old.weight, new)
        if old.bias is not None:
            with torch.no_grad():
                new.bias.copy_(old.bias)
        parent = model.get_submodule(name.rpartition(".")[0]) if "." in name else model
        setattr(parent, name.rpartition(".")[2], new)
    return model


def epitomes_of(model: nn.Module) -> Dict[str, Shape]:
    """{module name: (e_out, e_in, P, Q)} of a converted model."""
    return {name: tuple(m.epitome.shape) for name, m in model.named_modules() if isinstance(m, EpitomeConv2d)}

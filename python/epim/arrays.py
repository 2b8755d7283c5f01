# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""The operator on arrays, computed by the C++ golden model.

Shapes: an epitome is E[e_out][e_in][P][Q], a convolution's weights W[cout][cin][Kh][Kw]. A patch is
(p, q, c_in, c_out, beta1, beta2, dst_in, dst_out): E[c_out:c_out+beta2, c_in:c_in+beta1, p:p+Kh, q:q+Kw] stands at
W[dst_out:dst_out+beta2, dst_in:dst_in+beta1] (EPIM, DAC 2024, Eq. 1). Weight pools: docs/pool.md.
"""
from ._core import on_pool, pool_signs, quantise, reconstruct, repetition_map, sample

__all__ = ["on_pool", "pool_signs", "quantise", "reconstruct", "repetition_map", "sample"]

#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Recomputes the outputs of `epim sim --dump DIR` from its files with NumPy alone: check_dump.py DIR|LAYER_DIR ...

Shares no code with the tool: no tables, no firing order. Format: docs/dump-format.md; equations: docs/arithmetic.md.
Exit code 0: every layer equal, 1: a difference, 2: no or broken dump.
"""
import json
import pathlib
import sys

import numpy as np


def numbers(value, count):
    """`count` integers from a list of them, or from one that stands for all."""
    return value if isinstance(value, list) else [value] * count


def check_blocks(n):
    """A patch lies in one block of the convolution and reads the input block of the same number."""
    cin, cout = n["cin"] // n["groups"], n["cout"] // n["groups"]
    for i, t in enumerate(n["patches"]):
        blocks = {t["dst_in"] // cin, (t["dst_in"] + t["beta1"] - 1) // cin,
                  t["dst_out"] // cout, (t["dst_out"] + t["beta2"] - 1) // cout}
        if len(blocks) != 1:
            raise ValueError(f"patch {i} joins input and output channels of different groups")


def evaluate(n, x, e, m, z, g, b, a=None):
    """y[Cout][Ho][Wo] of layer.json `n`; x[stored Cin][H][W], e codes, m and z per PE, g, b and slopes a per channel."""
    lanes, big_p, big_q = n["lanes"], n["epitome"]["p"], n["epitome"]["q"]
    top, left, bottom, right = numbers(n["pad"], 4)
    (sy, sx), (dy, dx) = numbers(n["stride"], 2), numbers(n["dilation"], 2)
    ho = (n["h"] + top + bottom - (n["kh"] - 1) * dy - 1) // sy + 1
    wo = (n["w"] + left + right - (n["kw"] - 1) * dx - 1) // sx + 1
    x = np.pad(x, ((0, 0), (top, bottom), (left, right)), constant_values=n["pad_value"])

    def row(c, p, q):  # word line of epitome element (c, p, q), counted over all PE rows
        return ((c // lanes) * big_p * big_q + p * big_q + q) * lanes + c % lanes

    w = np.zeros((n["pe_rows"] * n["xb_rows"], n["epitome"]["e_out"]), np.int64)
    w[row(*np.indices(e.shape[1:]))] = e.transpose(1, 2, 3, 0)
    # Input steps: first bit, bits, sign. The order does not matter to the sum.
    bits = n["act_bits"] - n["act_signed"]
    steps = [(k, min(n["dac_bits"], bits - k), 1) for k in range(0, bits, n["dac_bits"])]
    steps += [(n["act_bits"] - 1, 1, -1)] * n["act_signed"]

    rows = n.get("rows_per_read", n["xb_rows"])  # word lines of a read
    acc = np.zeros((ho * wo, n["cout"]), np.int64)
    for t in n["patches"]:  # w pairs with p (kernel rows), h with q (kernel columns), as in paper Eq. 1
        c = np.arange(t["beta1"])
        lines = np.zeros((ho * wo, len(w)), np.int64)
        for ky, kx in np.ndindex(t["w"], t["h"]):
            seen = x[(t["dst_in"] + c) % len(x), ky * dy:, kx * dx:][:, ::sy, ::sx][:, :ho, :wo]
            lines[:, row(t["c_in"] + c, t["p"] + ky, t["q"] + kx)] = seen.reshape(t["beta1"], -1).T
        columns = slice(t["c_out"], t["c_out"] + t["beta2"])
        u = np.arange(columns.start, columns.stop) // n["xb_cols"]
        for pe_row in range(n["pe_rows"]):
            part = slice(pe_row * n["xb_rows"], (pe_row + 1) * n["xb_rows"])
            psum = np.zeros((ho * wo, t["beta2"]), np.int64)
            for bit, width, sign in steps:
                level = (lines[:, part] >> bit & (1 << width) - 1).astype(float)
                for first in range(0, n["weight_bits"] - 1, n["cell_bits"]):
                    for polarity in (1, -1):
                        cell = np.maximum(polarity * w[part, columns], 0) >> first & (1 << n["cell_bits"]) - 1
                        for line in range(0, n["xb_rows"], rows):  # a group without input gives the code 0
                            read = slice(line, line + rows)
                            code = np.minimum(level[:, read] @ cell[read].astype(float), 2 ** n["adc_bits"] - 1)  # ADC; exact
                            psum += sign * polarity * code.astype(np.int64) << bit + first
            psum += z[pe_row, u] * lines[:, part].sum(1, keepdims=True)
            acc[:, t["dst_out"]:t["dst_out"] + t["beta2"]] += m[pe_row, u] * psum
    half = 1 << n["shift"] >> 1
    v = acc.astype(object) * g + b  # Python integers: no width to think of
    if a is not None:
        v = np.where(v < 0, v * a >> n["slope_fraction_bits"], v)
    y = v + half >> n["shift"]
    y = np.minimum(np.maximum(y, n["clamp_lo"]), n["clamp_hi"])
    return y.astype(np.int64).T.reshape(n["cout"], ho, wo)


def check(folder):
    """Compares one layer; returns whether everything is equal."""
    def load(name):
        return np.load(folder / (name + ".npy"), allow_pickle=False).astype(np.int64)

    description = json.loads((folder / "layer.json").read_text())
    if "pool" in description:
        raise ValueError(f"{folder} has a weight pool, which this script does not compute; legal: epitomes and plain convolutions")
    check_blocks(description)
    names = ("x", "epitome", "crossbar_scale", "zero_point", "channel_scale", "channel_bias")
    if "slope_fraction_bits" in description:
        names += ("channel_slope",)
    y, equal = evaluate(description, *map(load, names)), True
    for name in ("y_golden", "y_rtl"):
        other = load(name)
        if other.shape != y.shape:
            print(f"{folder}: {name} has shape {other.shape}, computed {y.shape}")
            return False
        for at in np.argwhere(y != other)[:1]:
            equal = False
            print(f"{folder}: {name}: {np.sum(y != other)} of {y.size} differ, first [channel row column] = {at}: "
                  f"computed {y[tuple(at)]}, file {other[tuple(at)]}")
    golden, rtl = (json.loads((folder / f"events_{k}.json").read_text()) for k in ("golden", "rtl"))
    for name in sorted(golden.keys() | rtl.keys()):
        if golden.get(name) != rtl.get(name):
            equal = False
            print(f"{folder}: event {name}: golden {golden.get(name)}, RTL {rtl.get(name)}")
    print(f"{folder}: {'equal' if equal else 'DIFFERENT'}: {y.size} outputs, {len(np.unique(y))} different values, "
          f"{rtl['adc_saturated']} clipped conversions")
    return equal


def main():
    layers = sorted({p.parent for d in sys.argv[1:] for p in pathlib.Path(d).rglob("layer.json")})
    if not layers:
        print("usage: check_dump.py DIR ...   (folders of `epim sim --dump`; no layer.json found)", file=sys.stderr)
        return 2
    try:
        return 0 if all([check(folder) for folder in layers]) else 1
    except (OSError, ValueError, KeyError, IndexError) as error:
        print(f"broken dump: {type(error).__name__}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

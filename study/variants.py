# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""What the study compares: one row per variant, by the tables of the paper that it answers (docs/study.md).

Every variant starts from the float network of its seed, takes over the design (weights projected), is trained with quantised weights
and activations over the same batches, and is judged by the integers of the golden model.
"""
from typing import Dict, NamedTuple, Optional, Tuple

MODES, SCHEMES = ("naive", "per_crossbar", "overlap"), ("symmetric", "affine")
SIZES = ("512x64", "384x64", "256x64", "128x64")      # uniform epitomes, rows x columns of weights
MIDDLE = "128x64"                                    # the one that tables A and C use
BUDGET = "256x64"                                    # the searched designs have its crossbars
BITS = (9, 7, 5, 3)


class Variant(NamedTuple):
    tables: str                       # letters of docs/study.md
    design: str = "plain"             # plain, ROWSxCOLUMNS, pool:SHARE, or a file of study/designs
    bits: str = "9"                   # weight bits: one number, or 3-5
    mode: str = "per_crossbar"
    scheme: str = "symmetric"
    prune: Optional[Tuple[str, int]] = None  # ("elements" or "word-lines", percent removed)


def variants() -> Dict[str, Variant]:
    out: Dict[str, Variant] = {}

    def put(name: str, v: Variant) -> None:
        if name in out:  # one training may answer several tables
            assert out[name]._replace(tables="") == v._replace(tables=""), name
            v = v._replace(tables="".join(sorted(set(out[name].tables + v.tables))))
        out[name] = v

    def quantised(tables: str, design: str, bits: str, mode: str = "per_crossbar", scheme: str = "symmetric") -> None:
        name = f"{design.replace(':', '-').replace('/', '_')}-w{bits}"
        if (mode, scheme) != ("per_crossbar", "symmetric"):
            name += f"-{mode}-{scheme}"
        put(name, Variant(tables, design, bits, mode, scheme))

    for bits in ("2", "3", "3-5"):                   # A: the paper's Table 2
        for scheme in SCHEMES:
            for mode in MODES:
                quantised("A", MIDDLE, bits, mode, scheme)
    for bits in ("9", "7", "5", "3", "2"):           # B: Table 1
        quantised("B", "plain", bits)
    for design in (*SIZES, "latency", "energy"):
        for bits in BITS:
            quantised("B", design, str(bits))
    quantised("C", MIDDLE, "9")                      # C: Table 3
    put("epitome-elements-50", Variant("C", MIDDLE, "9", prune=("elements", 50)))
    for percent in (50, 75):
        put(f"word-lines-{percent}", Variant("C", "plain", "9", prune=("word-lines", percent)))
    for share in ("1", "1/2", "1/4", "1/8"):         # D: pools beside B; the layers without a pool have 5 bits
        put(f"pool-{share.replace('/', '_')}", Variant("D", f"pool:{share}", "5"))
    for design in ("unwrapped", "wrapped"):          # E: section 5.3
        quantised("E", design, "9")
    return out


def layer_bits(bits: str, names) -> Dict[str, int]:
    """3-5: 3 bits for the layers of the last stage, which hold three quarters of the weights, 5 for the others (own choice)."""
    if bits == "3-5":
        return {n: 3 if n.startswith("s3") else 5 for n in names}
    return {n: int(bits) for n in names}

# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Fashion-MNIST (Xiao, Rasul, Vollgraf, arXiv 1708.07747) as Debian's dataset-fashion-mnist installs it."""
import gzip
from pathlib import Path

import numpy as np

DATA = Path("/usr/share/datasets/fashion-mnist")


def idx(name):
    """An IDX file (LeCun): two zero bytes, type (8 = bytes), number of dimensions, sizes, elements."""
    with gzip.open(DATA / (name + ".gz")) as f:
        raw = f.read()
    dims = [int.from_bytes(raw[4 + 4 * k:8 + 4 * k], "big") for k in range(raw[3])]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(dims)

# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""Networks: loading, integers, accuracy, estimates, designs, reports."""
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Union

import numpy as np

from . import command
from .errors import InputError

Json = Dict[str, Any]


class Network:
    """A network with a configuration: a folder that `epim import` wrote, or a TOML file with [network].

    `set` overrides keys, {"hardware.weight_bits": 5}. Integers are made on the first evaluation.
    """

    def __init__(self, path: Union[str, Path], set: Optional[Mapping[str, Any]] = None):
        p = Path(path)
        self.config = p / "config.toml" if p.is_dir() else p
        if not self.config.is_file():
            raise InputError("unreadable-file", "no such file; legal: a folder with config.toml, or a configuration", str(self.config))
        self.set = dict(set or {})
        self._compiled: Dict[tuple, Any] = {}

    def compile(self, mode: str = "per_crossbar", scheme: str = "symmetric") -> Any:
        """The integers by one way of quantising: mode naive, per_crossbar, overlap; scheme symmetric, affine."""
        key = (mode, scheme)
        if key not in self._compiled:
            from ._core import Compiled
            overrides = [command.assignment(name, value) for name, value in self.set.items()]
            if scheme == "affine":
                overrides.append("hardware.zero_point=true")
            self._compiled[key] = Compiled(str(self.config), overrides, mode, scheme)
        return self._compiled[key]

    @property
    def input_shape(self) -> List[int]:
        """[channels, height, width]"""
        return list(self.compile().input_shape)

    def evaluate(self, images: np.ndarray, backend: str = "golden", mode: str = "per_crossbar", scheme: str = "symmetric") -> np.ndarray:
        """Outputs (integers) for codes of the input map, images [N, C, H, W] of integers; [N, H, W] with one channel.

        backend "golden": the C++ model. "rtl": the generated RTL in Verilator, layer by layer, every stage compared with
        the golden model on the way; EpimError where they differ. The first call of "rtl" builds the core.
        """
        if backend not in ("golden", "rtl"):
            raise InputError("unknown-choice", f'backend "{backend}"; legal: golden, rtl')
        x = np.asarray(images)
        if not np.issubdtype(x.dtype, np.integer):
            raise InputError("wrong-type", f"images are {x.dtype}; legal: integers, codes of the input map")
        compiled = self.compile(mode, scheme)
        if x.ndim == 3 and compiled.input_shape[0] == 1:
            x = x[:, None]
        return compiled.golden(x) if backend == "golden" else compiled.rtl(x, command.cache())

    def accuracy(self, images: Union[str, Path], labels: Union[str, Path], **options: Any) -> Json:
        """`epim eval`: top-1, top-5, agreement, classes, signal-to-noise ratio per map (docs/eval.md)."""
        return command.run("eval", config=str(self.config), set=self.set, images=str(images), labels=str(labels), **options)


def load(path: Union[str, Path], **set: Any) -> Network:
    """Network(path); keyword hardware__weight_bits=5 overrides hardware.weight_bits."""
    return Network(path, {key.replace("__", "."): value for key, value in set.items()})


def quantize(config: Union[str, Path, Network], out: Union[str, Path, None] = None, **options: Any) -> Json:
    """`epim quantize`: integers of every layer, errors per layer and crossbar; `out`: the bundle (.npz)."""
    file = config.config if isinstance(config, Network) else config
    overrides = config.set if isinstance(config, Network) else None
    return command.run("quantize", config=str(file), set=overrides, out=None if out is None else str(out), **options)


def estimate(network: Union[str, Path], **options: Any) -> Json:
    """`epim estimate`: crossbars, latency, energy, area of a network in models/ or a network.json."""
    return command.run("estimate", str(network), **options)


def search(network: Union[str, Path], **options: Any) -> Json:
    """`epim search`: a design under a budget of crossbars."""
    return command.run("search", str(network), **options)


def report(source: Union[str, Path], out: Union[str, Path] = "report.html", **options: Any) -> Path:
    """`epim report`: one HTML page from a network, an import, a run, a search or an evaluation."""
    command.run("report", str(source), json_output=False, out=str(out), **options)
    return Path(out)

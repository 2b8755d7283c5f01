# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""epim from Python: networks on epitomes and crossbars, by golden model, RTL and estimate.

    import epim
    epim.estimate("resnet50", design="1024x256")["totals"]        # what the command prints with --json
    net = epim.load("out/fashion")                                 # what `epim import` or epim.nn.export wrote
    logits = net.evaluate(images)                                  # the golden model; backend="rtl": the RTL, compared

Modules: `epim.arrays` (sampler, repetition map, quantisation), `epim.nn` (PyTorch layers, conversion, export; needs
torch), `epim.errors`.
"""
from .errors import CheckFailed, EpimError, InputError, MissingTool
from .networks import Network, estimate, load, quantize, report, search

__all__ = ["CheckFailed", "EpimError", "InputError", "MissingTool", "Network", "estimate", "load", "quantize", "report", "search"]
__version__ = "0.1.0"

# SPDX-FileCopyrightText: 2026 The epim authors
# SPDX-License-Identifier: Apache-2.0
"""PyTorch layers on epitomes, fake quantisation, conversion of trained models, export. Needs torch."""
from .convert import convert, epitomes_of
from .epitome import EpitomeConv2d, EpitomeUnit, WeightQuantiser
from .export import export
from .pool import WeightPool, WeightPoolConv2d, pool_signs, put_pools

__all__ = ["EpitomeConv2d", "EpitomeUnit", "WeightPool", "WeightPoolConv2d", "WeightQuantiser", "convert", "epitomes_of", "export",
           "pool_signs", "put_pools"]

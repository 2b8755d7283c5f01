// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Rewrites within the canonical form.
#pragma once
#include "gen/import/graph.hpp"

namespace epim::importer {

/// Affine behind Affine, Conv or Gemm goes into it: into float weights and bias; into the bias alone where the weights are
/// quantised and the scale is 1. Only where nothing else reads what lies between.
void fold_affines(Graph& graph);
/// Padding of 0 goes into Conv, and into an AveragePool that then counts it; padding of -infinity, or of 0 behind what
/// cannot be negative, into MaxPool. A Pad stays where one of its readers cannot take it.
void fold_padding(Graph& graph);
/// Clip(ax+b, 0, m)/m is HardSigmoid; x*Sigmoid(x) is Silu, x*HardSigmoid(x) with 1/6 and 1/2 HardSwish, also
/// x*Clip(x+3, 0, 6)/6. Relu and Clip behind each other are one Clip, Clip from 0 without end is Relu. A pool over the
/// whole map is a global pool.
void name_functions(Graph& graph);

}  // namespace epim::importer

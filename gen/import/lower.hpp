// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Operators on integers in terms of real ones between QuantizeLinear and DequantizeLinear, which is how they are defined.
#pragma once
#include "gen/import/graph.hpp"

namespace epim::importer {

/// Replaces QLinearConv, QLinearMatMul, and of com.microsoft QGemm, QLinearAdd, QLinearMul, QLinearGlobalAveragePool,
/// QLinearAveragePool, QLinearConcat, QLinearSigmoid, QLinearLeakyRelu and QLinearSoftmax. The real operator keeps the node's
/// name. Throws InputError at the graph's file: wrong-input-count, computed-operand, bad-attribute (channels_last).
void lower_integer_operators(Graph& graph);

}  // namespace epim::importer

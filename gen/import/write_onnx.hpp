// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A quantised network as an ONNX file of QuantizeLinear, DequantizeLinear and real operators between them.
#pragma once
#include <string>

#include "gen/import/plan.hpp"
#include "gen/network/compile.hpp"

namespace epim::importer {

/// The bytes of the file: operator set 13, or 21 where a map has more than 8 bits. Every map is quantised as the network
/// does it; weights are those that the cores hold. Sizes of all tensors are written down.
std::string onnx_bytes(const Plan& plan, const CompiledNetwork& net, const std::string& name);

}  // namespace epim::importer

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A canonical graph as text and JSON.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "gen/import/fidelity.hpp"
#include "gen/import/graph.hpp"

namespace epim::importer {

/// What a node is set to, short: "3x3, stride 2, pads 1,1,1,1, group 4".
std::string parameters_of(const Graph& graph, const Node& node);
/// What a quantising node does, or how the weights of a layer are quantised: "4 bits signed, 16 scales 0.01..0.02". Empty
/// where nothing is quantised.
std::string quantisation_of(const Graph& graph, const Node& node);

/// One line per node, then remarks.
std::string text_of(const Graph& graph);
/// One line per output, and what lies on rounding boundaries where that matters.
std::string text_of(const FidelityReport& report);
nlohmann::ordered_json json_of(const Graph& graph);
nlohmann::ordered_json json_of(const FidelityReport& report);

}  // namespace epim::importer

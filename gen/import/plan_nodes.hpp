// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Operators of the canonical form as those of a network file, one by one.
#pragma once
#include <variant>
#include <vector>

#include "gen/import/plan.hpp"

namespace epim::importer {

/// The node for one operator of the canonical form, without name, origin, tensor; `inputs`: its maps. Or why there is none.
std::variant<PlannedNode, Complaint> planned_node(const Graph& graph, const Node& node, const Plan& plan, const std::vector<int>& inputs);

}  // namespace epim::importer

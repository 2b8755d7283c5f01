// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The canonical form of a graph: docs/import.md lists its operators.
#pragma once
#include <map>
#include <string>

#include "gen/import/graph.hpp"

namespace epim::importer {

/// Reads nothing, changes the form only: evaluated, the result gives what `graph` gives (in float32, to 1e-6 of the
/// largest value). `graph`: shapes are inferred. Choices, such as the layout of the image, are in the remarks.
/// Throws InputError at the graph's file: unsupported-operators (all that cannot be mapped, in one list),
/// constant-output, input-shape (an input of more than one image, or not 2 to 4 dimensions), not-a-number (infinite weights),
/// and those of the operators.
Graph normalise(const Graph& graph, int jobs);

/// All steps from the file's graph to one whose shapes are known: lower_integer_operators, check_support, fix_inputs,
/// infer_shapes, remove_unused.
void prepare(Graph& graph, const std::map<std::string, Dims>& shapes);

}  // namespace epim::importer

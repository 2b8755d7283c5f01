// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Sizes of all tensors, and the values of those that no image is needed for.
#pragma once
#include <map>
#include <set>
#include <string>

#include "gen/import/graph.hpp"

namespace epim::importer {

/// "NAME=1,3,32,32" as name and sizes. Throws InputError bad-argument at `option`.
std::pair<std::string, Dims> read_input_shape(const std::string& text, const std::string& option);

/// Fixes the free sizes of the inputs. A free first size that is not given is 1, which a remark says.
/// Throws InputError at the graph's file: unknown-input (name), input-shape (wrong number of sizes, another size than
/// the file's), free-size (left free; names them and the option).
void fix_inputs(Graph& graph, const std::map<std::string, Dims>& shapes);

/// Fills graph.maps with type and sizes of every tensor; nodes whose inputs are constant are evaluated and become
/// constants, except quantising nodes, which stay (they are what quantised weights look like).
/// Throws InputError at the graph's file, naming the node: those of the operators, computed-weights, output-type,
/// output-shape (the file declares another), tensor-too-large (computed constants of more than 2^22
/// elements and four times what the file holds).
void infer_shapes(Graph& graph);

/// Tensors that no image is needed for: constants and what follows from them alone.
std::set<std::string> fixed_tensors(const Graph& graph);

}  // namespace epim::importer

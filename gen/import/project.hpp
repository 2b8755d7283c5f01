// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Epitomes from trained weights.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "gen/import/evaluate.hpp"
#include "gen/import/plan.hpp"
#include "gen/network/mapping.hpp"

namespace epim::importer {

struct LayerProjection {
  std::string node;
  EpitomeShape epitome;
  std::int64_t weights = 0, stored = 0;  ///< of the convolution; of the epitome
  double relative_error = 0;             ///< |W' - W| / |W| over all weights, W' rebuilt from the epitome
};

/// The epitome E that rebuilds W[Cout][Cin][Kh][Kw] (of groups: the block diagonal) best: minimises |W' - W|^2 over all weights, which is
///   E(e) = (sum of the weights that read e) / R(e), R the repetition map; 0 where none reads e.
/// `layer` has its patches.
FloatTensor project(const Layer& layer, const FloatTensor& weights);

/// What the weights of a trained network become with a design.
struct Projection {
  std::vector<LayerProjection> layers;
  Graph graph;  ///< with W' in the place of W: what the network computes, for calibration
};

/// Gives the plan's layers the design's epitomes, samplers, wrapping and widths as keys, and their projected weights.
/// Throws InputError: those of apply_design and infer_shapes, at the design's entry or the node's name in the graph's file.
Projection project_weights(Plan& plan, const Graph& graph, const Evaluator& values, const std::string& network, const DesignChoice& design);

/// A line per layer, what all of them save and cost, and that fine-tuning is needed.
std::string text_of(const Projection& projection, const std::string& design);
nlohmann::ordered_json json_of(const Projection& projection, const std::string& design);

}  // namespace epim::importer

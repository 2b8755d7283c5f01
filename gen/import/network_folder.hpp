// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A planned network as the files that every verb takes.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "gen/import/calibrate.hpp"
#include "gen/import/plan.hpp"
#include "golden/files/npz.hpp"
#include "golden/tensor.hpp"

namespace epim::importer {

/// network.json, one line per node. `name`: of the network. Formats are known.
std::string network_text(const Plan& plan, const std::string& name);

/// Arrays of weights.npz: X/weight, or X/codes and X/weight_scale; X/bias, X/bn_scale, X/bn_bias, X/slope. `remarks` is told
/// which quantised weights had to be taken as real ones, and why. most_code: largest magnitude of all codes, 0 = none.
struct NetworkWeights {
  std::vector<std::pair<std::string, NpyArray>> arrays;
  std::int64_t most_code = 0;
  bool real = false;  ///< some weights are real: quantised where the network is compiled
};
NetworkWeights network_weights(const Plan& plan, const Graph& graph, const Evaluator& values, std::vector<std::string>& remarks, int jobs);

/// Real weights of a layer are divided by the largest magnitude of their output channel (relative to the layer's largest, at
/// least 1e-3), and the channel's bn_scale is multiplied by it: the same function, but every channel has all codes of its
/// crossbars, whose one scale would be that of the largest channel. A plain bias becomes a bn_bias. Comes before network_text
/// and network_weights.
void equalise_channels(Plan& plan, const Graph& graph, const Evaluator& values, int jobs);

/// config.toml: a core for this network, wide enough for what it holds. `weight_bits`: of real weights.
std::string config_text(const Plan& plan, const std::string& name, const NetworkWeights& weights, int weight_bits, bool labels);

/// The images as integers of the input map [N][C][H][W], as the file's own quantiser gives them where it has one.
IntTensor input_codes(const Plan& plan, const Graph& graph, const Images& images);

}  // namespace epim::importer

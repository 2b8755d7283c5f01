// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A network description with floating-point weights, turned into integer layers for a core.
#pragma once
#include <string>
#include <vector>

#include "gen/config.hpp"
#include "golden/network.hpp"
#include "golden/npz.hpp"
#include "golden/quantise.hpp"

namespace epim {

/// One node that runs on the core.
struct CompiledLayer {
  int node = 0;             ///< index into Network::nodes
  Layer layer;
  LayerData data;
  double act_in = 1, act_out = 1;   ///< real value of one integer step
  double quantisation_error = 0;    ///< sum R(e)*(Q(e)-e)^2
};

struct CompiledNetwork {
  Network network;
  NpzFile weights;
  std::vector<CompiledLayer> layers;   ///< in execution order
  /// Index into `layers` of a node, -1 for host nodes.
  int layer_of_node(int node) const;
};

/// Real value of one integer step of every node's output: its own act_scale, or its input's for additions, pools and
/// ReLU. Throws InputError at the node: missing-act-scale, add-scale-mismatch.
std::vector<double> activation_scales(const Network& network);

/// Reads the network and its weights, resolves the automatic parts of `config.hw` (PE array, buffer, accumulator), and
/// quantises every layer for it. Throws InputError with the node's place in the file.
CompiledNetwork compile_network(Config& config, const QuantiseOptions& options = {});

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A network description with floating-point weights, turned into integer layers for a core.
#pragma once
#include <string>
#include <vector>

#include "gen/config/config.hpp"
#include "golden/graph/network.hpp"
#include "golden/files/npz.hpp"
#include "golden/quantise.hpp"

namespace epim {

/// One node that runs on the core.
struct CompiledLayer {
  int node = 0;             ///< index into Network::nodes
  Layer layer;
  LayerData data;
  double act_in = 1, act_out = 1;   ///< real value of one integer step
  int weight_bits = 0;              ///< width of the codes: the node's, else the core's
  QuantisedEpitome quantised;       ///< empty where the integers came from a bundle
  double scale_error = 0, channel_error = 0;  ///< golden/quantise.hpp, IntegerLayer
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

/// Reads the network, its design and its weights (none where config.network->integers names a bundle), and lays out
/// every layer: geometry, patches, clamp, activation scales, width. Resolves PE array and buffer of `config.hw`.
/// Throws InputError with the node's place in the file; contradictory-bits where a node's weight_bits exceed the core's.
CompiledNetwork lay_out_network(Config& config);

/// Epitome of one layer from the weights. Throws InputError `missing-array`.
FloatTensor float_epitome(const CompiledNetwork& network, const CompiledLayer& layer);

/// Fills `data`, `quantised` and the shift of every layer: codes of CompiledLayer::weight_bits on a core that may hold
/// wider ones. Resolves the accumulator of `config.hw`. Throws InputError with the node's place in the file.
void quantise_network(Config& config, CompiledNetwork& network, const QuantiseOptions& options = {});

/// Both of the above; with config.network->integers the integers are read instead (golden/files/integer_bundle.hpp).
CompiledNetwork compile_network(Config& config, const QuantiseOptions& options = {});

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Integers of a mapped layer from real weights: the one way from a weights file to a core.
#pragma once
#include "gen/network/mapping.hpp"
#include "golden/graph/node_weights.hpp"
#include "golden/quantise.hpp"

namespace epim {

/// Width of a node's codes on `core`: 1 with a pool, its own, else what was asked for; 1: codes -1 and 1.
int code_bits_of(const Node& node, const HardwareRequest& asked, const Hardware& core);

struct QuantisedLayer {
  QuantisedEpitome quantised;
  IntegerLayer integers;
};

/// Quantises the weights of `node`, rewritten as `mapped` holds them, to codes of `weight_bits` (1: codes -1 and 1) on `core`,
/// which may hold wider ones; codes of the file are taken as they are. A layer with a pool: golden/pool_projection.hpp, of codes too. Throws InputError at the node: missing-act-scale and
/// those of golden/quantise.hpp.
QuantisedLayer layer_integers(const Hardware& core, const Node& node, const MappedLayer& mapped, const NodeWeights& weights,
                              int weight_bits, const QuantiseOptions& options);

}  // namespace epim

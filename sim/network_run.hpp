// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A whole network, layer by layer on a core: weights nodes in RTL, the others on the host.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "gen/network/walk.hpp"
#include "sim/driver.hpp"

namespace epim {

struct NetworkRun {
  std::vector<LayerRun> layers;                 ///< one per CompiledNetwork::layers
  std::vector<std::vector<IntTensor>> inputs;   ///< per layer and image, as streamed
  std::vector<IntTensor> outputs;               ///< per image, from the RTL
};

/// Streams all images through every layer, back to back, and checks each layer against the golden model.
/// `progress(layer, done share)` may be empty.
NetworkRun run_network(const Core& core, const CompiledNetwork& net, const std::vector<IntTensor>& images,
                       const RunOptions& options, const std::function<void(std::size_t, double)>& progress);

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A whole network, layer by layer on a core: weights nodes in RTL, the others on the host.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "gen/compile.hpp"
#include "sim/driver.hpp"

namespace epim {

struct NetworkRun {
  std::vector<LayerRun> layers;                 ///< one per CompiledNetwork::layers
  std::vector<std::vector<IntTensor>> inputs;   ///< per layer and image, as streamed
  std::vector<IntTensor> outputs;               ///< per image, from the RTL
};

/// Evaluates the nodes in order: those with weights by `run_layer(index into net.layers, inputs)`, the others on the
/// host (golden/host_nodes.hpp). Returns the network's output per image.
std::vector<IntTensor> walk_network(const CompiledNetwork& net, int act_bits, const std::vector<IntTensor>& images,
                                    const std::function<std::vector<IntTensor>(std::size_t, const std::vector<IntTensor>&)>& run_layer);

/// Streams all images through every layer, back to back, and checks each layer against the golden model.
/// `progress(layer, done share)` may be empty.
NetworkRun run_network(const Core& core, const CompiledNetwork& net, const std::vector<IntTensor>& images,
                       const RunOptions& options, const std::function<void(std::size_t, double)>& progress);

/// The same with the golden model alone.
std::vector<IntTensor> run_network_golden(const Hardware& hw, const CompiledNetwork& net,
                                          const std::vector<IntTensor>& images, int threads);

/// Images of a [network] and, where given, their classes.
struct LabelledImages {
  std::vector<IntTensor> images;
  std::vector<std::int64_t> labels;
};
/// The first `limit` ones (0: all). Throws InputError missing-key, tensor-shape.
LabelledImages load_images(const Config& config, const Network& network, int limit);

/// Index of the largest value; the first one of equals.
int argmax(const IntTensor& logits);

}  // namespace epim

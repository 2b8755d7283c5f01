// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A compiled network, node by node: who runs the layers is the caller's, the other nodes run on the host.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "gen/network/compile.hpp"

namespace epim {

/// Evaluates the nodes in order: those with weights by `run_layer(index into net.layers, inputs)`, the others on the
/// host (golden/graph/host_nodes.hpp). Returns the network's output per image.
std::vector<IntTensor> walk_network(const CompiledNetwork& net, const std::vector<IntTensor>& images,
                                    const std::function<std::vector<IntTensor>(std::size_t, const std::vector<IntTensor>&)>& run_layer);

/// Every layer on the golden model of its core. Returns the network's output per image.
std::vector<IntTensor> run_network_golden(const CompiledNetwork& net, const std::vector<IntTensor>& images, int threads);

/// Images of a [network] and, where given, their classes.
struct LabelledImages {
  std::vector<IntTensor> images;
  std::vector<std::int64_t> labels;
};
/// The first `limit` ones (0: all). A network without weights that is given no images gets seeded ones, `limit` or 2 of
/// them. Throws InputError missing-key and those of check_images and check_labels.
LabelledImages load_images(const Config& config, const Network& network, int limit);

/// Index of the largest value; the first one of equals.
int argmax(const IntTensor& logits);

}  // namespace epim

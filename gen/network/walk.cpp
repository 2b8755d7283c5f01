// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/walk.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gen/network/golden_network.hpp"
#include "gen/network/input_checks.hpp"
#include "gen/network/synthetic_network.hpp"
#include "golden/files/npz.hpp"
#include "golden/graph/host_nodes.hpp"
#include "golden/parallel.hpp"

namespace epim {

std::vector<IntTensor> walk_network(const CompiledNetwork& net, const std::vector<IntTensor>& images,
                                    const std::function<std::vector<IntTensor>(std::size_t, const std::vector<IntTensor>&)>& run_layer_maps) {
  const Network& network = net.network;
  std::vector<std::vector<IntTensor>> maps(network.nodes.size());
  const auto map_of = [&](int id) -> const std::vector<IntTensor>& {
    return id < 0 ? images : maps[static_cast<std::size_t>(id)];
  };
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    const int layer = net.layer_of_node(static_cast<int>(n));
    if (layer >= 0) {
      maps[n] = run_layer_maps(static_cast<std::size_t>(layer), map_of(node.input_ids[0]));
    } else {
      for (std::size_t i = 0; i < images.size(); ++i) {
        std::vector<const IntTensor*> in;
        for (int id : node.input_ids) in.push_back(&map_of(id)[i]);
        maps[n].push_back(evaluate_host_node(network, static_cast<int>(n), in, net.arithmetic));
      }
    }
    // Maps that no later node reads are dropped.
    for (std::size_t m = 0; m < n; ++m) {
      bool needed = static_cast<int>(m) == network.output();
      for (std::size_t later = n + 1; later < network.nodes.size() && !needed; ++later)
        for (int id : network.nodes[later].input_ids) needed |= id == static_cast<int>(m);
      if (!needed) maps[m].clear();
    }
  }
  return maps[static_cast<std::size_t>(network.output())];
}

std::vector<IntTensor> run_network_golden(const CompiledNetwork& net, const std::vector<IntTensor>& images, int threads) {
  const GoldenNetwork golden(net, false);
  std::vector<IntTensor> out(images.size());
  const bool few = images.size() < static_cast<std::size_t>(threads);
  parallel(images.size(), few ? 1 : threads, [&](std::size_t i) { out[i] = golden.run(images[i], few ? threads : 1, {}, nullptr, static_cast<std::int64_t>(i)); });
  return out;
}

LabelledImages load_images(const Config& config, const Network& network, int limit) {
  if (config.network->images.empty() && without_weights(*config.network, network)) {
    LabelledImages out;
    for (int i = 0; i < (limit > 0 ? limit : 2); ++i)
      out.images.push_back(synthetic_image(network, kNetworkSeed + static_cast<std::uint64_t>(i)));
    return out;
  }
  if (config.network->images.empty())
    throw InputError(config.locate("network"), "missing-key", "network.images: no images to run; name an .npy");
  const IntTensor all = read_npy(config.network->images).ints(config.network->images);
  check_images(all, network, config.network->images);
  const MapShape& in = network.input;
  const std::size_t one = static_cast<std::size_t>(in.elements());
  LabelledImages out;
  std::size_t count = all.size() / one;
  if (limit > 0) count = std::min(count, static_cast<std::size_t>(limit));
  for (std::size_t i = 0; i < count; ++i) {
    IntTensor x({in.channels, in.height, in.width});
    std::copy_n(all.data.begin() + static_cast<std::ptrdiff_t>(i * one), one, x.data.begin());
    out.images.push_back(std::move(x));
  }
  if (!config.network->labels.empty()) {
    const IntTensor labels = read_npy(config.network->labels).ints(config.network->labels);
    check_labels(labels, network, count, config.network->labels);
    out.labels = labels.data;
  }
  return out;
}

int argmax(const IntTensor& logits) {
  return static_cast<int>(std::max_element(logits.data.begin(), logits.data.end()) - logits.data.begin());
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/scale_check.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "golden/graph/float_network.hpp"

namespace epim {
namespace {

struct MapLoss {
  std::int64_t values = 0, cut = 0, kept = 0;
  double greatest = 0;
};

}  // namespace

void check_scales(const CompiledNetwork& net, const std::vector<IntTensor>& images) {
  if (net.network.scales_trained || net.layers.empty() || net.layers[0].quantised.codes.data.empty()) return;  // integers, or seeds
  std::vector<MapLoss> loss(net.layers.size());
  const std::size_t count = std::min<std::size_t>(images.size(), 4);
  for (std::size_t i = 0; i < count; ++i)
    run_float(net.network, net.weights, images[i], [&](int node, const FloatTensor& map) {
      const int l = net.layer_of_node(node);
      if (l < 0) return;
      const CompiledLayer& layer = net.layers[static_cast<std::size_t>(l)];
      MapLoss& sum = loss[static_cast<std::size_t>(l)];
      const double lo = static_cast<double>(layer.layer.clamp_lo), hi = static_cast<double>(layer.layer.clamp_hi);
      for (const double y : map.data) {
        if (y == 0 || (y < 0 && lo == 0)) continue;
        const double code = std::clamp(std::round(y / layer.out.format.scale) + layer.out.format.zero, lo, hi);
        ++sum.values;
        sum.cut += (code == lo || code == hi) && std::abs(y) > 4 * std::abs(layer.out.format.scale * code);
        sum.kept += code != 0;
        sum.greatest = std::max(sum.greatest, std::abs(y));
      }
    });
  for (std::size_t l = 0; l < loss.size(); ++l) {
    const MapLoss& sum = loss[l];
    if (sum.values == 0 || (2 * sum.cut <= sum.values && sum.kept > 0)) continue;
    const CompiledLayer& layer = net.layers[l];
    const Node& node = net.network.nodes[static_cast<std::size_t>(layer.node)];
    const double hi = static_cast<double>(layer.layer.clamp_hi);
    const std::string what =
        sum.kept == 0 ? "all values of its map become 0"
                      : fmt::format("{:.0f} % of the values of its map come out as less than a quarter", 100.0 * static_cast<double>(sum.cut) / static_cast<double>(sum.values));
    throw InputError(node.where, "scale-loses-map",
                     fmt::format("act_scale {:g} of node {} with codes {}..{}: {} for the images given (largest {:.3g}, largest code {:.3g}), "
                                 "legal: a scale that keeps most of them; {:.3g} holds them all",
                                 layer.out.format.scale, node.name, layer.layer.clamp_lo, layer.layer.clamp_hi, what, sum.greatest,
                                 hi * layer.out.format.scale, sum.greatest / hi));
  }
}

}  // namespace epim

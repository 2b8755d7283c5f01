// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "gen/import/network_folder.hpp"
#include "golden/parallel.hpp"

namespace epim::importer {

void equalise_channels(Plan& plan, const Graph& graph, const Evaluator& values, int jobs) {
  parallel(plan.nodes.size(), jobs, [&](std::size_t k) {
    PlannedNode& n = plan.nodes[k];
    const Value* w = n.weights.empty() || !n.epitome.empty() || !n.channel_range.empty() ? nullptr : graph.constant(n.weights);
    if (!w || w->type() != Type::f32) return;  // integers keep the steps of the file
    const auto all = w->as<float>();
    const auto channels = static_cast<std::size_t>(w->dims()[0]), each = all.size() / channels;
    std::vector<float> range(channels, 0.0f);
    for (std::size_t i = 0; i < all.size(); ++i) range[i / each] = std::max(range[i / each], std::fabs(all[i]));
    const float most = *std::max_element(range.begin(), range.end());
    if (!(most > 0)) return;
    // Below a thousandth a channel hardly counts, and its scale needs bits that the others would lack.
    for (float& r : range) r = std::max(r / most, 1e-3f);
    if (n.norm_scale.empty()) {
      n.norm_scale.assign(channels, 1.0f);
      n.norm_bias.assign(channels, 0.0f);
    }
    if (!n.bias.empty()) {
      const std::vector<float> bias = values.fixed(n.bias)->floats();
      for (std::size_t o = 0; o < channels; ++o) n.norm_bias[o] += n.norm_scale[o] * bias[o];
      n.bias.clear();
    }
    for (std::size_t o = 0; o < channels; ++o) n.norm_scale[o] *= range[o];
    n.channel_range = std::move(range);
  });
}

}  // namespace epim::importer

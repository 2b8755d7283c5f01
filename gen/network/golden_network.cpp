// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/golden_network.hpp"

#include <algorithm>

#include "golden/graph/host_nodes.hpp"
#include "golden/parallel.hpp"

namespace epim {

std::int64_t conversions_of(const CompiledLayer& l) {
  const Hardware hw = hardware_for(l.hw, l.layer);
  std::int64_t conversions = 0;  // of one input step, slice and polarity
  for (const Firing& f : plan_firings(l.layer).firings) {
    const Patch& patch = l.layer.patches[static_cast<std::size_t>(f.patch)];
    conversions += static_cast<std::int64_t>(row_groups_of(hw, l.layer, patch).size() * converting_rows_of(hw, l.layer, patch).size()) * patch.beta2;
  }
  return 2 * conversions * hw.slices() * hw.steps() * l.layer.out_h() * l.layer.out_w();
}

GoldenNetwork::GoldenNetwork(const CompiledNetwork& net, bool count_events) : net_(net), count_events_(count_events), first_layer_(net.network.nodes.size()) {
  layers_.resize(net.layers.size());
  parallel(net.layers.size(), processors(), [&](std::size_t l) {
    layers_[l].emplace(net.layers[l].hw, net.layers[l].layer, net.layers[l].data, count_events);
  });
  for (std::size_t l = net.layers.size(); l-- > 0;) first_layer_[static_cast<std::size_t>(net.layers[l].node)] = l;
  const std::vector<Node>& nodes = net.network.nodes;
  last_reader_.resize(nodes.size());
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    last_reader_[n] = static_cast<int>(n);
    for (const int in : nodes[n].input_ids)
      if (in >= 0) last_reader_[static_cast<std::size_t>(in)] = static_cast<int>(n);
  }
  last_reader_[static_cast<std::size_t>(net.network.output())] = static_cast<int>(nodes.size());
}

IntTensor GoldenNetwork::run_node(int n, const std::vector<const IntTensor*>& in, int threads, Counts* counts, std::int64_t frame) const {
  const Node& node = net_.network.nodes[static_cast<std::size_t>(n)];
  if (!node.has_weights()) return evaluate_host_node(net_.network, n, in, net_.arithmetic);
  IntTensor whole;
  for (std::size_t l = first_layer_[static_cast<std::size_t>(n)]; l < layers_.size() && net_.layers[l].node == n; ++l) {
    const CompiledLayer& layer = net_.layers[l];
    const bool as_it_is = layer.space_to_depth == 1 && layer.subsample == 1;
    IntTensor y = layers_[l]->run(as_it_is ? *in[0] : streamed_map(*in[0], layer), counts && count_events_ ? &counts->events[l] : nullptr, threads,
                                 counts ? &counts->clipped[l] : nullptr, frame);
    if (layer.parts == 1) return y;
    if (layer.part == 0) whole = IntTensor({node.cout, y.shape[1], y.shape[2]});
    const std::size_t to = static_cast<std::size_t>(layer.first_channel) * y.size() / static_cast<std::size_t>(y.shape[0]);
    std::copy(y.data.begin(), y.data.end(), whole.data.begin() + static_cast<std::ptrdiff_t>(to));
  }
  return whole;
}

IntTensor GoldenNetwork::run(const IntTensor& image, int threads, const std::function<void(int, const IntTensor&)>& observe, Counts* counts,
                             std::int64_t frame) const {
  if (counts) {
    counts->clipped.assign(layers_.size(), 0);
    counts->events.assign(count_events_ ? layers_.size() : 0, {});
  }
  const std::vector<Node>& nodes = net_.network.nodes;
  std::vector<IntTensor> maps(nodes.size());
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    std::vector<const IntTensor*> in;
    for (const int id : nodes[n].input_ids) in.push_back(id < 0 ? &image : &maps[static_cast<std::size_t>(id)]);
    maps[n] = run_node(static_cast<int>(n), in, threads, counts, frame);
    if (observe) observe(static_cast<int>(n), maps[n]);
    for (const int id : nodes[n].input_ids)
      if (id >= 0 && last_reader_[static_cast<std::size_t>(id)] == static_cast<int>(n)) maps[static_cast<std::size_t>(id)] = {};
  }
  return std::move(maps[static_cast<std::size_t>(net_.network.output())]);
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/graph/network.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "golden/graph/operators.hpp"

namespace epim {

int Network::find(const std::string& node) const {
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (nodes[i].name == node) return static_cast<int>(i);
  return -1;
}

bool Network::is_output(int node) const { return std::find(outputs.begin(), outputs.end(), node) != outputs.end(); }

std::vector<int> Network::readers(int id) const {
  std::vector<int> found;
  for (std::size_t n = 0; n < nodes.size(); ++n)
    for (int in : nodes[n].input_ids)
      if (in == id) found.push_back(static_cast<int>(n));
  return found;
}

bool Network::own_formats() const {
  return std::any_of(nodes.begin(), nodes.end(), [](const Node& n) { return n.has_format(); });
}

Layer layer_of(const Node& node) {
  Layer layer;
  layer.name = node.name;
  layer.cin = node.in.channels;
  layer.cout = node.cout;
  layer.in_period = node.in.stored < node.in.channels ? node.in.stored : 0;
  layer.kh = node.kh;
  layer.kw = node.kw;
  layer.stride = node.stride;
  layer.dilation = node.dilation;
  layer.groups = node.groups;
  layer.slopes = node.has_slopes();
  layer.pad = node.pad;
  layer.h = node.in.height;
  layer.w = node.in.width;
  layer.epitome = node.weight_shape();
  layer.wrap = node.wrap;
  return layer;
}

bool replaced_by_uniform(const Node& node, int rows, int cols) {
  return node.op == Op::conv && node.role == Role::bottleneck &&
         (std::int64_t{node.in.channels} * node.kh * node.kw > rows || node.cout > cols);
}

EpitomeShape uniform_epitome(const Node& node, int rows, int cols) {
  EpitomeShape e{std::min(node.cout, cols), node.in.channels, node.kh, node.kw};
  if (std::int64_t{node.in.channels} * node.kh * node.kw > rows) {
    if (node.kh > 1) ++e.p;
    if (node.kw > 1) ++e.q;
    e.e_in = std::min(node.in.channels, rows / (e.p * e.q));
  }
  if (e.e_in < 1 || e.e_out < 1)
    throw InputError(node.where, "uniform-rows-too-few",
                     fmt::format("node '{}': a uniform design of {} rows x {} columns holds no epitome of {}x{} "
                                 "positions; needs at least {} rows and 1 column",
                                 node.name, rows, cols, e.p, e.q, e.p * e.q));
  return e;
}

void apply_uniform(Network& net, int rows, int cols) {
  for (Node& node : net.nodes) {
    node.epitome.reset();
    node.pool.reset();
    node.wrap = Wrap::off;
    node.sampler = SpatialCycle::cycle;
    if (replaced_by_uniform(node, rows, cols)) node.epitome = uniform_epitome(node, rows, cols);
  }
  infer_shapes(net);
}

bool replaced_by_pool(const Network& net, int index) {
  const Node& node = net.nodes[static_cast<std::size_t>(index)];
  const auto reads_input = [&] { return std::find(node.input_ids.begin(), node.input_ids.end(), -1) != node.input_ids.end(); };
  if ((node.op != Op::conv && node.op != Op::fc) || node.groups > 1) return false;
  if (node.role == Role::stem || node.role == Role::classifier || reads_input() || net.is_output(index)) return false;
  const Layer layer = layer_of(node);
  return std::max(node.pad.top, node.pad.bottom) < layer.window_h() && std::max(node.pad.left, node.pad.right) < layer.window_w();
}

void apply_pools(Network& net, const PoolChoice& pool) {
  for (std::size_t n = 0; n < net.nodes.size(); ++n) {
    Node& node = net.nodes[n];
    node.epitome.reset();
    node.pool.reset();
    node.wrap = Wrap::off;
    node.sampler = SpatialCycle::cycle;
    if (!replaced_by_pool(net, static_cast<int>(n))) continue;
    node.pool = pool;
    node.weight_bits = 0;  // codes -1 and 1
  }
  infer_shapes(net);
}

std::string kept_name(int kept_one_in) { return kept_one_in == 1 ? "1" : fmt::format("1/{}", kept_one_in); }

std::string op_name(Op op) {
  for (const OperatorName& o : operator_names())
    if (o.op == op) return std::string(o.name);
  return "";
}

}  // namespace epim

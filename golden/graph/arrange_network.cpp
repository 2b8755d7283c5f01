// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/graph/arrange_network.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace epim {
namespace {

/// Position of the n-th input name of a node that was read from `v`.
const Position& input_position(const JsonValue& v, std::size_t n) { return v.find("inputs")->items[n].where; }

/// Keeps the nodes of `order`, in that order.
void keep_nodes(Network& net, const std::vector<int>& order) {
  std::vector<int> rank(net.nodes.size(), -1);
  for (std::size_t i = 0; i < order.size(); ++i) rank[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
  std::vector<Node> kept;
  for (int id : order) {
    Node node = std::move(net.nodes[static_cast<std::size_t>(id)]);
    for (int& in : node.input_ids)
      if (in >= 0) in = rank[static_cast<std::size_t>(in)];
    kept.push_back(std::move(node));
  }
  net.nodes = std::move(kept);
  for (int& out : net.outputs) out = rank[static_cast<std::size_t>(out)];
}

/// Stable topological order (always the earliest node in the file whose inputs are ready). Refuses unknown inputs and
/// cycles; a cycle is named by its nodes.
void order_nodes(Network& net, const std::vector<JsonValue>& texts) {
  const std::size_t n = net.nodes.size();
  std::map<std::string, int, std::less<>> by_name;
  for (std::size_t i = 0; i < n; ++i) {
    const std::string& name = net.nodes[i].name;
    if (name == net.input_name || !by_name.emplace(name, static_cast<int>(i)).second)
      throw InputError(texts[i].find("name")->where, "duplicate-node",
                       fmt::format("node '{}': the name is taken; names must be unique", name));
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < net.nodes[i].inputs.size(); ++k) {
      const std::string& name = net.nodes[i].inputs[k];
      const auto it = by_name.find(name);
      if (name != net.input_name && it == by_name.end())
        throw InputError(input_position(texts[i], k), "unknown-input",
                         fmt::format("node '{}' reads '{}', which is neither a node nor the input '{}'",
                                     net.nodes[i].name, name, net.input_name));
      net.nodes[i].input_ids.push_back(name == net.input_name ? -1 : it->second);
    }
  }
  std::vector<int> order, rank(n, -1);
  while (order.size() < n) {
    bool found = false;
    for (std::size_t i = 0; i < n && !found; ++i) {
      const auto& ids = net.nodes[i].input_ids;
      if (rank[i] >= 0 || !std::all_of(ids.begin(), ids.end(), [&](int id) {
            return id < 0 || rank[static_cast<std::size_t>(id)] >= 0;
          }))
        continue;
      rank[i] = static_cast<int>(order.size());
      order.push_back(static_cast<int>(i));
      found = true;
    }
    if (found) continue;
    // Every unordered node waits for an unordered one: following them must come round.
    std::vector<int> path;
    int at = static_cast<int>(std::find(rank.begin(), rank.end(), -1) - rank.begin());
    while (std::find(path.begin(), path.end(), at) == path.end()) {
      path.push_back(at);
      for (int id : net.nodes[static_cast<std::size_t>(at)].input_ids)
        if (id >= 0 && rank[static_cast<std::size_t>(id)] < 0) at = id;
    }
    path.erase(path.begin(), std::find(path.begin(), path.end(), at));
    path.push_back(at);
    std::vector<std::string> names;
    for (int id : path) names.push_back(net.nodes[static_cast<std::size_t>(id)].name);
    throw InputError(net.nodes[static_cast<std::size_t>(at)].where, "network-cycle",
                     fmt::format("node '{}' waits for itself: {}", names.front(), fmt::join(names, " reads ")));
  }
  keep_nodes(net, order);
}

/// Readers of `from` read `to` (a node or -1) instead; outputs too.
void replace_node(Network& net, int from, int to) {
  for (Node& node : net.nodes)
    for (std::size_t i = 0; i < node.input_ids.size(); ++i)
      if (node.input_ids[i] == from) {
        node.input_ids[i] = to;
        node.inputs[i] = to < 0 ? net.input_name : net.nodes[static_cast<std::size_t>(to)].name;
      }
  for (int& out : net.outputs)
    if (out == from) out = to;
}

/// An answer that nobody reads is the host's. A softmax that another node reads, or that names the steps of its output, is a
/// map like others.
void leave_to_host(Network& net, int n) {
  Node& node = net.nodes[static_cast<std::size_t>(n)];
  const bool last = net.readers(n).empty() && net.is_output(n);
  if (node.host_op == "softmax" && (!last || node.act_scale > 0 || node.has_format())) {
    node.op = Op::softmax;
    return;
  }
  if (!last)
    throw InputError(node.where, "host-operator",
                     fmt::format("node '{}' (op {}): its result is no map of integers; legal: as the last node, where the host does it, or softmax",
                                 node.name, node.host_op));
  net.host.push_back(fmt::format("{} of {}", node.host_op, node.inputs[0]));
}

/// A norm or a slope goes into the node with weights before it, where nobody sees the map between them.
bool joins_producer(const Network& net, const Node& node) {
  if ((node.op != Op::batch_norm && node.op != Op::leaky_relu && node.op != Op::prelu) || node.input_ids[0] < 0) return false;
  const Node& producer = net.nodes[static_cast<std::size_t>(node.input_ids[0])];
  return producer.has_weights() && node.zero_point == 0 && !producer.has_slopes() && !producer.has_format() && producer.lo < 0 && producer.hi > 1e30 &&
         net.readers(node.input_ids[0]).size() == 1 && !net.is_output(node.input_ids[0]);
}

/// The nodes that stand for nothing any more.
std::vector<bool> rewrite(Network& net) {
  std::vector<bool> gone(net.nodes.size(), false);
  for (std::size_t i = net.nodes.size(); i-- > 0;) {  // from the end: what stands behind a softmax is gone before it is looked at
    Node& node = net.nodes[i];
    if (node.op != Op::same) continue;
    if (!node.host_op.empty()) leave_to_host(net, static_cast<int>(i));
    else if (node.has_format()) node.op = Op::clip;  // without limits: it requantises
    if (node.op != Op::same) continue;
    if (net.is_output(static_cast<int>(i)) && node.input_ids[0] < 0)
      throw InputError(node.where, "unknown-output", fmt::format("node '{}' gives the network's input as its output; legal: a node that computes", node.name));
    replace_node(net, static_cast<int>(i), node.input_ids[0]);
    gone[i] = true;
  }
  for (std::size_t i = 0; i < net.nodes.size(); ++i) {
    Node& node = net.nodes[i];
    if (gone[i]) continue;
    const bool pool = node.op == Op::global_avg_pool || node.op == Op::global_max_pool;
    if (pool && node.input_ids[0] >= 0 && net.nodes[static_cast<std::size_t>(node.input_ids[0])].op == Op::flatten)
      net.remarks.push_back(fmt::format("{}:{}:{}: warning: flatten-before-pool: node '{}' pools over the map before '{}', which leaves one place",
                                        node.where.file, node.where.line, node.where.column, node.name, node.inputs[0]));
    if (node.op == Op::fc || pool)
      while (node.input_ids[0] >= 0 && net.nodes[static_cast<std::size_t>(node.input_ids[0])].op == Op::flatten) {
        const Node& flatten = net.nodes[static_cast<std::size_t>(node.input_ids[0])];
        gone[static_cast<std::size_t>(node.input_ids[0])] = true;
        node.inputs[0] = flatten.inputs[0];
        node.input_ids[0] = flatten.input_ids[0];
      }
    if (!joins_producer(net, node)) continue;
    Node& producer = net.nodes[static_cast<std::size_t>(node.input_ids[0])];
    if (node.op == Op::batch_norm) producer.norms.push_back(node.constants);
    producer.lo = node.lo;
    producer.hi = node.hi;
    producer.slope = node.slope;
    producer.slopes = node.slopes;
    if (node.act_scale > 0) producer.act_scale = node.act_scale;
    producer.act_bits = node.act_bits;
    producer.act_signed = node.act_signed;
    producer.zero_point = node.zero_point;
    replace_node(net, static_cast<int>(i), node.input_ids[0]);
    gone[i] = true;
  }
  return gone;
}

/// Leaves out what leads to no output.
void leave_out_unused(Network& net, const std::vector<bool>& gone) {
  std::vector<bool> used(net.nodes.size(), false);
  for (int out : net.outputs) used[static_cast<std::size_t>(out)] = true;
  for (std::size_t i = net.nodes.size(); i-- > 0;)
    if (used[i])
      for (int id : net.nodes[i].input_ids)
        if (id >= 0) used[static_cast<std::size_t>(id)] = true;
  std::vector<int> order;
  for (std::size_t i = 0; i < net.nodes.size(); ++i) {
    const Node& node = net.nodes[i];
    if (used[i]) order.push_back(static_cast<int>(i));
    else if (!gone[i])
      net.remarks.push_back(fmt::format("{}:{}:{}: warning: unused-node: node '{}' leads to no output and is left out", node.where.file,
                                        node.where.line, node.where.column, node.name));
  }
  keep_nodes(net, order);
}

}  // namespace

void arrange_network(Network& net, const std::vector<JsonValue>& texts, const std::vector<std::string>& outputs,
                     const JsonValue& output) {
  order_nodes(net, texts);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Position& where = output.kind == JsonValue::Kind::array ? output.items[i].where : output.where;
    const int node = net.find(outputs[i]);
    if (node < 0) throw InputError(where, "unknown-output", fmt::format("output '{}' is not a node", outputs[i]));
    if (std::count(outputs.begin(), outputs.end(), outputs[i]) > 1)
      throw InputError(where, "unknown-output", fmt::format("output '{}' is named twice, legal: once", outputs[i]));
    net.outputs.push_back(node);
  }
  leave_out_unused(net, rewrite(net));
}

}  // namespace epim

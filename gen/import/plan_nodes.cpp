// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/plan_nodes.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace epim::importer {
namespace {

nlohmann::ordered_json one_or_two(const std::vector<std::int64_t>& v) {
  if (v[0] == v[1]) return v[0];
  return v;
}

bool all_equal(const std::vector<std::int64_t>& v, std::int64_t x) {
  return std::all_of(v.begin(), v.end(), [&](std::int64_t e) { return e == x; });
}

/// kernel, stride, dilation, padding (top, left, bottom, right).
void window_keys(const Node& n, nlohmann::ordered_json& keys) {
  keys["kernel"] = one_or_two(n.integers("kernel_shape"));
  if (const auto s = n.integers("strides"); s.size() == 2 && !all_equal(s, 1)) keys["stride"] = one_or_two(s);
  if (const auto d = n.integers("dilations"); d.size() == 2 && !all_equal(d, 1)) keys["dilation"] = one_or_two(d);
  if (const auto p = n.integers("pads"); p.size() == 4 && !all_equal(p, 0)) {
    if (all_equal(p, p[0])) keys["padding"] = p[0];
    else keys["padding"] = p;
  }
}

Complaint refused(const Node& n, const std::string& what, const std::string& legal, const std::string& rewrite) {
  return {n.name, n.op, what, legal, rewrite};
}

std::variant<PlannedNode, Complaint> pool_node(const Graph& g, const Node& n) {
  PlannedNode p;
  const bool mean = n.op == "AveragePool";
  p.op = mean ? "avg_pool" : "max_pool";
  window_keys(n, p.keys);
  if (p.keys.contains("dilation")) return refused(n, "a dilated pool", "dilation 1", "a pool without dilations");
  if (n.integer("ceil_mode", 0) != 0) p.keys["ceil_mode"] = true;
  const auto kernel = n.integers("kernel_shape"), pads = n.integers("pads");
  if (mean) p.keys["count_include_pad"] = n.integer("count_include_pad", 0) != 0;
  else p.source = FormatSource::input;
  if (mean && all_equal(pads, 0) && n.integer("ceil_mode", 0) == 0) p.mean_places = kernel[0] * kernel[1];
  (void)g;
  return p;
}

/// Padding with 0 that no layer took: a layer of its own, every channel times 1.
std::variant<PlannedNode, Complaint> pad_node(const Graph& g, const Node& n) {
  const std::vector<std::int64_t> pads = n.integers("pads");
  if (n.real("value", 0) != 0)
    return refused(n, fmt::format("padding with {}", n.real("value", 0)), "padding of rows, columns and channels with 0", "the pads of the Conv or pool behind it");
  const std::int64_t channels = g.maps.at(n.inputs[0]).dims[1], all = channels + pads[1] + pads[5];
  PlannedNode p;
  p.op = "conv";
  p.source = FormatSource::input;
  p.first_channel = pads[1];
  p.keys["cout"] = all;
  p.keys["kernel"] = 1;
  if (pads[2] + pads[3] + pads[6] + pads[7] > 0) p.keys["padding"] = std::vector<std::int64_t>{pads[2], pads[3], pads[6], pads[7]};
  if (all == channels) p.keys["groups"] = channels;
  p.norm_scale.assign(static_cast<std::size_t>(all), 1.0f);
  p.norm_bias.assign(static_cast<std::size_t>(all), 0.0f);
  return p;
}

PlannedNode layer_node(const Graph& g, const Node& n) {
  PlannedNode p;
  const bool matrix = n.domain == "epim";
  p.op = matrix ? "fc" : "conv";
  p.weights = n.inputs[1];
  if (n.has_input(2)) p.bias = n.inputs[2];
  p.keys["cout"] = g.maps.at(n.inputs[1]).dims[0];
  if (matrix) return p;
  window_keys(n, p.keys);
  if (n.integer("group", 1) != 1) p.keys["groups"] = n.integer("group", 1);
  return p;
}

const char* function_name(const Node& n) {
  if (n.op == "Sigmoid") return "sigmoid";
  if (n.op == "Tanh") return "tanh";
  if (n.op == "HardSigmoid") return "hard_sigmoid";
  if (n.op == "HardSwish") return "hard_swish";
  if (n.op == "Silu" && n.domain == "epim") return "silu";
  return nullptr;
}

}  // namespace

std::variant<PlannedNode, Complaint> planned_node(const Graph& g, const Node& n, const Plan& plan, const std::vector<int>& inputs) {
  std::variant<PlannedNode, Complaint> made = PlannedNode{};
  PlannedNode& p = std::get<PlannedNode>(made);
  if (n.op == "Conv" || (n.op == "Gemm" && n.domain == "epim")) {
    p = layer_node(g, n);
  } else if (n.op == "Affine") {
    p.op = "batch_norm";
    p.norm_scale = g.constant(n.inputs[1])->floats();
    p.norm_bias = g.constant(n.inputs[2])->floats();
  } else if (n.op == "Relu" || (n.op == "Clip" && n.domain == "epim")) {
    p.op = "clip";
    p.source = FormatSource::input;
    p.lo = n.op == "Relu" ? 0 : n.real("min", -INFINITY);
    p.hi = n.op == "Relu" ? INFINITY : n.real("max", INFINITY);
    if (g.maps.at(n.inputs[0]).type != Type::f32) {  // limits are codes
      const MapFormat& f = plan.format_of(inputs.at(0));
      p.lo = f.scale * (p.lo - f.zero);
      p.hi = f.scale * (p.hi - f.zero);
    }
  } else if (n.op == "LeakyRelu") {
    p.op = "leaky_relu";
    p.slope = n.real("alpha", 0.01);
  } else if (n.op == "PRelu") {
    const Value* slopes = g.constant(n.inputs[1]);
    if (!slopes) return refused(n, "its slopes are quantised", "constant slopes", "slopes as an initialiser");
    p.op = "prelu";
    p.slopes = slopes->floats();
  } else if (const char* function = function_name(n)) {
    p.op = function;
    if (n.op == "HardSigmoid") {
      p.keys["alpha"] = n.real("alpha", 0.2);
      p.keys["beta"] = n.real("beta", 0.5);
    }
  } else if (n.op == "Add" || n.op == "Mul" || n.op == "Concat") {
    p.op = n.op == "Add" ? "add" : n.op == "Mul" ? "mul" : "concat";
    if (inputs.size() != n.inputs.size()) return refused(n, "one of its operands is constant", "maps", "a constant per channel, which goes into a layer");
  } else if (n.op == "MaxPool" || n.op == "AveragePool") {
    made = pool_node(g, n);
  } else if (n.op == "GlobalAveragePool" || n.op == "GlobalMaxPool") {
    const bool mean = n.op == "GlobalAveragePool";
    p.op = mean ? "global_avg_pool" : "global_max_pool";
    const Dims& map = g.maps.at(n.inputs[0]).dims;
    if (mean) p.mean_places = map[2] * map[3];
    else p.source = FormatSource::input;
  } else if (n.op == "Resize" && n.domain == "epim") {
    p.op = "resize";
    p.keys["factor"] = one_or_two(n.integers("factors"));
    p.source = FormatSource::input;
  } else if (n.op == "Pad" && n.domain == "epim") {
    made = pad_node(g, n);
  } else {
    return refused(n, "there is no such node in a network", "the operators of docs/import.md", "another operator");
  }
  if (PlannedNode* node = std::get_if<PlannedNode>(&made)) node->inputs = inputs;
  return made;
}

}  // namespace epim::importer

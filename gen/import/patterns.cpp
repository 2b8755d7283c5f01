// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/patterns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace epim::importer {
namespace {

/// Who gives and reads what; built anew after every change.
class Links {
 public:
  explicit Links(Graph& graph) : graph_(graph) { build(); }
  void build() {
    from_.clear();
    readers_.clear();
    outputs_.clear();
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      for (const std::string& out : graph_.nodes[i].outputs) from_[out] = i;
      for (const std::string& in : graph_.nodes[i].inputs) readers_[in].push_back(i);
    }
    for (const GraphOutput& out : graph_.outputs) outputs_[out.tensor] = true;
  }
  Node* from(const std::string& tensor) {
    const auto at = from_.find(tensor);
    return at == from_.end() || graph_.nodes[at->second].host ? nullptr : &graph_.nodes[at->second];
  }
  /// `tensor` comes from this node now.
  void moved(const std::string& tensor, const Node& node) {
    from_[tensor] = static_cast<std::size_t>(&node - graph_.nodes.data());
  }
  /// The producer, where it has this operator.
  Node* from(const std::string& tensor, const char* op) {
    Node* n = from(tensor);
    return n && n->op == op ? n : nullptr;
  }
  const std::vector<std::size_t>& readers(const std::string& tensor) { return readers_[tensor]; }
  bool is_output(const std::string& tensor) const { return outputs_.count(tensor) > 0; }
  /// One node reads it, once, and it is no output.
  bool only_use(const std::string& tensor) { return readers_[tensor].size() == 1 && !is_output(tensor); }

 private:
  Graph& graph_;
  std::map<std::string, std::size_t> from_;
  std::map<std::string, std::vector<std::size_t>> readers_;
  std::map<std::string, bool> outputs_;
};

std::string put(Graph& graph, const std::string& wanted, Value value) {
  std::string name = wanted;
  for (int k = 2; graph.maps.count(name); ++k) name = fmt::format("{}#{}", wanted, k);
  graph.maps[name] = value.info();
  graph.constants[name] = std::make_shared<const Value>(std::move(value));
  return name;
}

/// All elements equal; their value.
std::optional<double> uniform(const Value* v) {
  if (!v || v->size() == 0) return std::nullopt;
  for (std::int64_t i = 1; i < v->size(); ++i)
    if (v->number(i) != v->number(0)) return std::nullopt;
  return v->number(0);
}

bool into_affine(Graph& g, Node& first, const Node& second) {
  const Value &s1 = *g.constant(first.inputs[1]), &b1 = *g.constant(first.inputs[2]);
  const Value &s2 = *g.constant(second.inputs[1]), &b2 = *g.constant(second.inputs[2]);
  Value scale(Type::f32, s1.dims()), bias(Type::f32, s1.dims());
  for (std::int64_t c = 0; c < s1.size(); ++c) {
    scale.set(c, s1.number(c) * s2.number(c));
    bias.set(c, b1.number(c) * s2.number(c) + b2.number(c));
  }
  first.inputs[1] = put(g, second.name + "/scale", std::move(scale));
  first.inputs[2] = put(g, second.name + "/bias", std::move(bias));
  return true;
}

bool into_layer(Graph& g, Node& layer, const Node& affine) {
  const Value &scale = *g.constant(affine.inputs[1]), &bias = *g.constant(affine.inputs[2]);
  const Value* weights = g.constant(layer.inputs[1]);
  const Value* old = layer.has_input(2) ? g.constant(layer.inputs[2]) : nullptr;
  if (layer.has_input(2) && !old) return false;  // a quantised bias
  if (!weights && uniform(&scale) != 1.0) return false;
  Value sum(Type::f32, scale.dims());
  for (std::int64_t c = 0; c < scale.size(); ++c) sum.set(c, (old ? old->number(c) : 0.0) * scale.number(c) + bias.number(c));
  if (weights && uniform(&scale) != 1.0) {
    Value scaled(Type::f32, weights->dims());
    const std::int64_t inner = weights->size() / weights->dims()[0];
    for (std::int64_t i = 0; i < weights->size(); ++i) scaled.set(i, weights->number(i) * scale.number(i / inner));
    layer.inputs[1] = put(g, layer.inputs[1], std::move(scaled));
  }
  layer.inputs.resize(2);
  layer.inputs.push_back(put(g, layer.name + "/bias", std::move(sum)));
  return true;
}

}  // namespace

void fold_affines(Graph& graph) {
  Links links(graph);
  std::vector<bool> gone(graph.nodes.size(), false);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    Node& node = graph.nodes[i];
    if (node.op != "Affine" || node.host || !links.only_use(node.inputs[0])) continue;
    Node* before = links.from(node.inputs[0]);
    if (!before) continue;
    const bool affine = before->op == "Affine", layer = before->op == "Conv" || before->op == "Gemm";
    if (!(affine ? into_affine(graph, *before, node) : layer && into_layer(graph, *before, node))) continue;
    // The layer now gives what the affine gave, by its name.
    graph.maps.erase(before->outputs[0]);
    before->outputs[0] = node.outputs[0];
    links.moved(node.outputs[0], *before);
    gone[i] = true;
  }
  std::vector<Node> kept;
  for (std::size_t i = 0; i < gone.size(); ++i)
    if (!gone[i]) kept.push_back(std::move(graph.nodes[i]));
  graph.nodes = std::move(kept);
  remove_unused(graph);
}

namespace {

/// Operators whose results are never negative.
bool never_negative(Links& links, std::string tensor) {
  while (const Node* n = links.from(tensor)) {
    if (n->op == "Relu" || n->op == "Sigmoid" || n->op == "HardSigmoid") return true;
    if (n->op == "Clip") return n->real("min", -1) >= 0;
    if (n->op != "MaxPool" && n->op != "AveragePool" && n->op != "Resize") return false;
    tensor = n->inputs[0];
  }
  return false;
}

/// The reader with the padding in it; nothing where it cannot take it.
std::optional<Node> with_padding(Links& links, const Node& pad, Node reader) {
  const std::vector<std::int64_t> more = pad.integers("pads");
  const double value = pad.real("value", 0);
  if (more[0] || more[1] || more[4] || more[5] || reader.host) return std::nullopt;
  if (reader.op != "Conv" && reader.op != "AveragePool" && reader.op != "MaxPool") return std::nullopt;
  std::vector<std::int64_t> pads = reader.integers("pads");
  const bool own = std::any_of(pads.begin(), pads.end(), [](std::int64_t p) { return p != 0; });
  for (std::size_t k = 0; k < 2; ++k) {
    pads[k] += more[2 + k];
    pads[2 + k] += more[6 + k];
  }
  if (reader.op == "MaxPool") {
    const bool lowest = std::isinf(value) && value < 0;
    if (!lowest && !(value == 0 && never_negative(links, pad.inputs[0]))) return std::nullopt;
  } else if (value != 0) {
    return std::nullopt;
  }
  if (reader.op != "Conv") {
    // With ceil_mode the padding of the pool itself is treated otherwise than places of a map.
    if (reader.integer("ceil_mode", 0) != 0) return std::nullopt;
    const auto kernel = reader.integers("kernel_shape"), dilation = reader.integers("dilations");
    for (std::size_t k = 0; k < 2; ++k)
      if (std::max(pads[k], pads[2 + k]) >= (kernel[k] - 1) * dilation[k] + 1 || dilation[k] != 1) return std::nullopt;
    if (reader.op == "AveragePool") {
      if (own && reader.integer("count_include_pad", 0) == 0) return std::nullopt;
      reader.set("count_include_pad", std::int64_t{1});
    }
  }
  reader.set("pads", pads);
  reader.inputs[0] = pad.inputs[0];
  return reader;
}

}  // namespace

void fold_padding(Graph& graph) {
  Links links(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node pad = graph.nodes[i];
    if (pad.op != "Pad" || pad.host || links.is_output(pad.outputs[0])) continue;
    std::vector<std::pair<std::size_t, Node>> now;
    for (const std::size_t r : links.readers(pad.outputs[0]))
      if (std::optional<Node> n = with_padding(links, pad, graph.nodes[r])) now.emplace_back(r, std::move(*n));
    if (now.empty() || now.size() != links.readers(pad.outputs[0]).size()) continue;
    for (auto& [r, node] : now) graph.nodes[r] = std::move(node);
    links.build();
  }
  remove_unused(graph);
}

namespace {

bool near(double a, double b) { return std::fabs(a - b) <= 1e-6 * std::fabs(b); }

/// scale and bias of an Affine that is the same for all channels.
struct Line {
  double scale, bias;
};
std::optional<Line> line_of(const Graph& g, const Node* n) {
  if (!n || n->op != "Affine") return std::nullopt;
  const auto s = uniform(g.constant(n->inputs[1])), b = uniform(g.constant(n->inputs[2]));
  if (!s || !b) return std::nullopt;
  return Line{*s, *b};
}

/// Clip(Affine(x), 0, m): slope and offset of the function before the division by m.
struct Ramp {
  std::string x;
  double scale, bias, top;
};
std::optional<Ramp> ramp_of(Graph& g, Links& links, const std::string& tensor) {
  const Node* clip = links.from(tensor, "Clip");
  if (!clip || clip->real("min", -1) != 0 || !std::isfinite(clip->real("max", INFINITY))) return std::nullopt;
  const Node* before = links.from(clip->inputs[0], "Affine");
  const auto line = line_of(g, before);
  if (!line) return std::nullopt;
  return Ramp{before->inputs[0], line->scale, line->bias, clip->real("max", 1)};
}

void become(Node& node, const std::string& op, const std::string& domain, const std::string& x) {
  node.op = op;
  node.domain = domain;
  node.inputs = {x};
  node.attributes.clear();
}

bool name_one(Graph& g, Links& links, Node& node) {
  const double infinity = std::numeric_limits<double>::infinity();
  if (node.op == "Mul") {
    for (int k = 0; k < 2; ++k) {
      const std::string x = node.inputs[static_cast<std::size_t>(k)], gate = node.inputs[static_cast<std::size_t>(1 - k)];
      if (const Node* n = links.from(gate, "Sigmoid"); n && n->inputs[0] == x) {
        become(node, "Silu", "epim", x);
        return true;
      }
      if (const Node* n = links.from(gate, "HardSigmoid");
          n && n->inputs[0] == x && near(n->real("alpha", 0.2), 1.0 / 6) && near(n->real("beta", 0.5), 0.5)) {
        become(node, "HardSwish", "", x);
        return true;
      }
    }
    return false;
  }
  if (node.op == "Affine") {
    const auto line = line_of(g, &node);
    if (!line || line->bias != 0) return false;
    // Clip(ax+b, 0, m) / m
    if (const auto ramp = ramp_of(g, links, node.inputs[0]); ramp && near(line->scale * ramp->top, 1)) {
      become(node, "HardSigmoid", "", ramp->x);
      node.set("alpha", ramp->scale * line->scale);
      node.set("beta", ramp->bias * line->scale);
      return true;
    }
    // x * Clip(x+3, 0, 6) / 6
    if (const Node* mul = links.from(node.inputs[0], "Mul"); mul && near(line->scale, 1.0 / 6))
      for (std::size_t k = 0; k < 2; ++k)
        if (const auto ramp = ramp_of(g, links, mul->inputs[k]);
            ramp && ramp->x == mul->inputs[1 - k] && ramp->scale == 1 && near(ramp->bias, 3) && near(ramp->top, 6)) {
          become(node, "HardSwish", "", ramp->x);
          return true;
        }
    return false;
  }
  if (node.op == "Clip" || node.op == "Relu") {
    const bool relu = node.op == "Relu";
    double lo = relu ? 0 : node.real("min", -infinity), hi = relu ? infinity : node.real("max", infinity);
    const Node* before = links.from(node.inputs[0]);
    if (before && (before->op == "Relu" || before->op == "Clip") && links.only_use(node.inputs[0])) {
      const double a = before->op == "Relu" ? 0 : before->real("min", -infinity),
                   b = before->op == "Relu" ? infinity : before->real("max", infinity);
      if (a <= b && lo <= hi) {
        const std::string x = before->inputs[0];
        become(node, "Clip", "epim", x);
        node.set("min", std::clamp(a, lo, hi));
        node.set("max", std::clamp(b, lo, hi));
        return true;
      }
    }
    if (!relu && lo == 0 && hi == infinity) {
      become(node, "Relu", "", node.inputs[0]);
      return true;
    }
    return false;
  }
  if (node.op == "AveragePool" || node.op == "MaxPool") {
    const Dims& map = g.maps.at(node.inputs[0]).dims;
    const auto pads = node.integers("pads");
    if (node.integers("kernel_shape") == std::vector<std::int64_t>{map[2], map[3]} &&
        std::all_of(pads.begin(), pads.end(), [](auto p) { return p == 0; }) &&
        node.integers("dilations") == std::vector<std::int64_t>{1, 1} && g.maps.at(node.inputs[0]).type == Type::f32) {
      become(node, node.op == "MaxPool" ? "GlobalMaxPool" : "GlobalAveragePool", "", node.inputs[0]);
      return true;
    }
  }
  return false;
}

}  // namespace

void name_functions(Graph& graph) {
  bool again = true;
  while (again) {
    again = false;
    Links links(graph);
    for (Node& node : graph.nodes) {
      if (node.host || !name_one(graph, links, node)) continue;
      again = true;
      links.build();
    }
    remove_unused(graph);
  }
}

}  // namespace epim::importer

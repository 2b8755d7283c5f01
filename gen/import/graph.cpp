// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/graph.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gen/import/operators.hpp"

namespace epim::importer {

void rethrow_at(const InputError& e, const std::string& file) {
  if (!e.where().file.empty()) throw e;
  throw e.at({file, 0, 0});
}

void Node::fail(const std::string& rule, const std::string& what) const {
  throw InputError({}, rule, fmt::format("node '{}' ({}): {}", name, op, what));
}
const Attribute* Node::find(const std::string& attribute) const {
  const auto at = attributes.find(attribute);
  return at == attributes.end() ? nullptr : &at->second;
}

namespace {

const Attribute* typed(const Node& node, const std::string& name, Attribute::Kind kind, const char* legal) {
  const Attribute* a = node.find(name);
  if (a && a->kind != kind) node.fail("bad-attribute", fmt::format("attribute {} has another type, legal: {}", name, legal));
  return a;
}

}  // namespace

std::int64_t Node::integer(const std::string& attribute, std::int64_t otherwise) const {
  const Attribute* a = typed(*this, attribute, Attribute::Kind::integer, "an integer");
  return a ? a->integer : otherwise;
}
double Node::real(const std::string& attribute, double otherwise) const {
  const Attribute* a = typed(*this, attribute, Attribute::Kind::real, "a float");
  return a ? static_cast<double>(a->real) : otherwise;
}
std::string Node::text(const std::string& attribute, const std::string& otherwise) const {
  const Attribute* a = typed(*this, attribute, Attribute::Kind::text, "a string");
  return a ? a->text : otherwise;
}
std::vector<std::int64_t> Node::integers(const std::string& attribute) const {
  const Attribute* a = typed(*this, attribute, Attribute::Kind::integers, "integers");
  return a ? a->integers : std::vector<std::int64_t>{};
}
void Node::set(const std::string& attribute, std::int64_t x) {
  Attribute a;
  a.integer = x;
  attributes[attribute] = a;
}
void Node::set(const std::string& attribute, double x) {
  Attribute a;
  a.kind = Attribute::Kind::real;
  a.real = static_cast<float>(x);
  attributes[attribute] = a;
}
void Node::set(const std::string& attribute, const std::string& x) {
  Attribute a;
  a.kind = Attribute::Kind::text;
  a.text = x;
  attributes[attribute] = a;
}
void Node::set(const std::string& attribute, std::vector<std::int64_t> x) {
  Attribute a;
  a.kind = Attribute::Kind::integers;
  a.integers = std::move(x);
  attributes[attribute] = a;
}

View plain_view() { return {{0}, {1}, {2}, {3}}; }

Dims viewed(const Dims& map, const View& view) {
  Dims out;
  for (const auto& part : view) {
    std::int64_t n = 1;
    for (const int d : part) n *= map[static_cast<std::size_t>(d)];
    out.push_back(n);
  }
  return out;
}

namespace {

/// All four dimensions, those that the view leaves out first (they have size 1).
std::vector<int> order_of(const View& view) {
  std::vector<int> order, missing;
  for (const auto& part : view) order.insert(order.end(), part.begin(), part.end());
  for (int d = 0; d < 4; ++d)
    if (std::find(order.begin(), order.end(), d) == order.end()) missing.push_back(d);
  order.insert(order.begin(), missing.begin(), missing.end());
  return order;
}

}  // namespace

Value to_file(const Value& map, const View& view) { return map.transposed(order_of(view)).reshaped(viewed(map.dims(), view)); }

Value from_file(const Value& tensor, const View& view, const Dims& map) {
  const std::vector<int> order = order_of(view);
  Dims split;
  std::vector<int> back(4);
  for (std::size_t k = 0; k < 4; ++k) {
    split.push_back(map[static_cast<std::size_t>(order[k])]);
    back[static_cast<std::size_t>(order[k])] = static_cast<int>(k);
  }
  return tensor.reshaped(split).transposed(back);
}

std::string text_of(const View& view) {
  std::vector<std::string> parts;
  for (const auto& part : view) {
    std::string s;
    for (const int d : part) s += (s.empty() ? "" : "*") + std::string(1, "NCHW"[d]);
    parts.push_back(s.empty() ? "1" : s);
  }
  return fmt::format("[{}]", fmt::join(parts, ","));
}

const Node* Graph::producer_of(const std::string& tensor) const {
  for (const Node& n : nodes)
    if (std::find(n.outputs.begin(), n.outputs.end(), tensor) != n.outputs.end()) return &n;
  return nullptr;
}
const Value* Graph::constant(const std::string& tensor) const {
  const auto at = constants.find(tensor);
  return at == constants.end() ? nullptr : at->second.get();
}

void order_nodes(Graph& graph) {
  std::map<std::string, std::size_t> from;  // tensor -> node
  std::set<std::string> given;
  const auto duplicate = [&](const std::string& tensor, const std::string& who) {
    throw InputError({graph.file, 0, 0}, "duplicate-tensor",
                     fmt::format("{} gives tensor '{}', which has another source already; legal: one each", who, tensor));
  };
  for (const auto& [name, value] : graph.constants) given.insert(name);
  for (const GraphInput& in : graph.inputs)
    if (!given.insert(in.name).second) duplicate(in.name, "input");
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for (const std::string& out : graph.nodes[i].outputs) {
      if (out.empty()) continue;
      if (given.count(out) || !from.emplace(out, i).second) duplicate(out, fmt::format("node '{}'", graph.nodes[i].name));
    }
  std::vector<std::vector<std::size_t>> readers(graph.nodes.size());
  std::vector<std::size_t> waits(graph.nodes.size(), 0);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for (const std::string& in : graph.nodes[i].inputs) {
      if (in.empty() || given.count(in)) continue;
      const auto at = from.find(in);
      if (at == from.end())
        throw InputError({graph.file, 0, 0}, "unknown-tensor",
                         fmt::format("node '{}' ({}) reads '{}', which nothing provides; legal: inputs, initializers and "
                                     "outputs of nodes",
                                     graph.nodes[i].name, graph.nodes[i].op, in));
      readers[at->second].push_back(i);
      ++waits[i];
    }
  std::set<std::size_t> ready;
  for (std::size_t i = 0; i < waits.size(); ++i)
    if (waits[i] == 0) ready.insert(i);
  std::vector<Node> sorted;
  while (!ready.empty()) {
    const std::size_t i = *ready.begin();
    ready.erase(ready.begin());
    sorted.push_back(graph.nodes[i]);
    for (const std::size_t r : readers[i])
      if (--waits[r] == 0) ready.insert(r);
  }
  if (sorted.size() != graph.nodes.size()) {
    std::size_t first = 0;
    while (waits[first] == 0) ++first;
    throw InputError({graph.file, 0, 0}, "network-cycle",
                     fmt::format("node '{}' ({}) reads what follows from its own output; legal: no cycles",
                                 graph.nodes[first].name, graph.nodes[first].op));
  }
  graph.nodes = std::move(sorted);
  for (const GraphOutput& out : graph.outputs)
    if (!given.count(out.tensor) && !from.count(out.tensor))
      throw InputError({graph.file, 0, 0}, "unknown-tensor", fmt::format("output '{}': nothing provides it", out.name));
}

void remove_unused(Graph& graph) {
  std::set<std::string> needed;
  for (const GraphOutput& out : graph.outputs) needed.insert(out.tensor);
  std::vector<Node> kept;
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    Node& node = graph.nodes[i];
    if (std::none_of(node.outputs.begin(), node.outputs.end(), [&](const std::string& t) { return needed.count(t) > 0; }))
      continue;
    needed.insert(node.inputs.begin(), node.inputs.end());
    kept.push_back(std::move(node));
  }
  std::reverse(kept.begin(), kept.end());
  graph.nodes = std::move(kept);
  std::erase_if(graph.constants, [&](const auto& c) { return needed.count(c.first) == 0; });
}

void refuse(const std::string& file, const std::vector<Complaint>& complaints) {
  if (complaints.empty()) return;
  std::vector<std::string> lines;
  for (const Complaint& c : complaints)
    lines.push_back(fmt::format("node '{}' ({}): {}, legal: {}; shortest rewrite: {}", c.node, c.op, c.what, c.legal, c.rewrite));
  if (lines.size() == 1) throw InputError({file, 0, 0}, "unsupported-operators", lines[0]);
  throw InputError({file, 0, 0}, "unsupported-operators",
                   fmt::format("{} nodes cannot be imported\n  {}", lines.size(), fmt::join(lines, "\n  ")));
}

namespace {

struct Hint {
  std::string_view ops, what, rewrite;
};
const Hint hints[] = {
    {"LSTM GRU RNN Attention MultiHeadAttention LayerNormalization SkipLayerNormalization RMSNormalization Einsum "
     "RotaryEmbedding",
     "not an operator that a convolutional network needs", "export the convolutional part alone"},
    {"If Loop Scan SequenceMap", "control flow", "export with fixed sizes, without control flow"},
    {"ConvTranspose DepthToSpace", "not built", "Resize nearest by a whole factor, then Conv"},
    {"Elu Selu Celu Softplus Softsign Mish Gelu ThresholdedRelu Erf", "not built",
     "Relu, LeakyRelu, PRelu, HardSwish or x*Sigmoid(x)"},
    {"InstanceNormalization GroupNormalization LRN LpNormalization MeanVarianceNormalization", "not built", "BatchNormalization"},
    {"NonMaxSuppression TopK NonZero RoiAlign", "not built", "end the graph before it and do it on the host"},
    {"Split SpaceToDepth", "not built", "one Conv or Slice-free branch per part, each with its share of the weights"},
    {"DynamicQuantizeLinear ConvInteger MatMulInteger", "scales that depend on the image", "static quantisation (QDQ)"},
    {"FusedConv FusedGemm FusedMatMul", "made by an optimiser", "save the graph before ONNX Runtime optimised it"},
};

Complaint unknown_operator(const Node& node) {
  for (const Hint& h : hints)
    if ((" " + std::string(h.ops) + " ").find(" " + node.op + " ") != std::string::npos)
      return {node.name, node.op, std::string(h.what), "the operators of docs/import.md", std::string(h.rewrite)};
  return {node.name, node.op,
          node.domain.empty() ? "unknown operator" : fmt::format("unknown operator of domain {}", node.domain),
          "the operators of docs/import.md", "operators of that list, or end the graph before it"};
}

}  // namespace

void check_support(const Graph& graph) {
  std::vector<Complaint> all;
  std::set<std::string> fixed;  // known before an image is
  for (const auto& [name, value] : graph.constants) fixed.insert(name);
  for (const Node& node : graph.nodes) {
    const Operator* op = find_operator(node);
    const bool constant = node.op == "Shape" || node.op == "Size" ||
                          std::all_of(node.inputs.begin(), node.inputs.end(),
                                      [&](const std::string& in) { return in.empty() || fixed.count(in) > 0; });
    if (constant) fixed.insert(node.outputs.begin(), node.outputs.end());
    if (!op) {
      all.push_back(unknown_operator(node));
      continue;
    }
    const auto opset = graph.opsets.find(node.domain);
    if (opset == graph.opsets.end() && node.domain != "epim") {
      all.push_back({node.name, node.op, fmt::format("domain '{}' has no version in the file", node.domain),
                     "an opset_import for every domain", "export again"});
      continue;
    }
    if (op->scope == Scope::constants && !constant) {
      all.push_back({node.name, node.op, "applied to a map", "constants and shapes alone",
                     node.op == "Slice" || node.op == "Gather" || node.op == "GatherElements"
                         ? "a Conv of kernel 1 that picks the channels"
                         : "an operator of docs/import.md"});
      continue;
    }
    for (const auto& [name, attribute] : node.attributes)
      if ((" " + std::string(op->attributes) + " ").find(" " + name + " ") == std::string::npos)
        all.push_back({node.name, node.op, fmt::format("attribute {} is not known", name),
                       op->attributes.empty() ? "none" : std::string(op->attributes), "leave it out"});
    if (op->complain)
      if (std::optional<Complaint> c = op->complain(node)) all.push_back(*c);
  }
  refuse(graph.file, all);
}

}  // namespace epim::importer

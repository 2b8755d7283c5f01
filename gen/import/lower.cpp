// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/lower.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace epim::importer {
namespace {

class Lowering {
 public:
  Lowering(Graph& graph, const Node& node, std::vector<Node>& out) : graph_(graph), node_(node), out_(out) {}

  /// The node, lowered; false: it is none of these.
  bool run() {
    const std::string& op = node_.op;
    const bool onnx = node_.domain.empty(), microsoft = node_.domain == "com.microsoft";
    if (onnx && op == "QLinearConv") {
      need(8, 9);
      Node real = real_node("Conv", {reals(0), reals(3, 0)}, true);
      if (node_.has_input(8)) real.inputs.push_back(bias(8, 1, 4, 1.0));
      finish(std::move(real), 6);
    } else if ((onnx || microsoft) && op == "QLinearMatMul") {
      need(8, 8);
      finish(real_node("MatMul", {reals(0), reals(3, last_axis(3))}, false), 6);
    } else if (microsoft && op == "QGemm") {
      need(6, 9);
      if (node_.has_input(7) != node_.has_input(8))
        node_.fail("wrong-input-count", "a scale of the result without its zero point or the reverse, legal: both or none");
      const bool transposed = node_.integer("transB", 0) != 0;
      Node real = real_node("Gemm", {reals(0), reals(3, transposed ? 0 : 1)}, true);
      if (node_.has_input(6)) real.inputs.push_back(bias(6, 1, 4, node_.real("alpha", 1)));
      finish(std::move(real), 7);
    } else if (microsoft && (op == "QLinearAdd" || op == "QLinearMul")) {
      need(8, 8);
      one_type({2, 5, 7});
      finish(real_node(op.substr(7), {reals(0), reals(3)}, false), 6);
    } else if (microsoft && (op == "QLinearGlobalAveragePool" || op == "QLinearAveragePool")) {
      need(4, 5);
      one_type({2, 4});
      if (node_.integer("channels_last", 0) != 0) node_.fail("bad-attribute", "channels_last is 1, legal: 0");
      Node real = real_node(op.substr(7), {reals(0)}, true);
      real.attributes.erase("channels_last");
      finish(std::move(real), 3);
    } else if (microsoft && (op == "QLinearSigmoid" || op == "QLinearLeakyRelu")) {
      need(4, 5);
      one_type({2, 4});
      finish(real_node(op.substr(7), {reals(0)}, true), 3);
    } else if (microsoft && op == "QLinearSoftmax") {
      need(5, 5);
      Node real = real_node("Softmax", {reals(0)}, true);
      real.version = static_cast<int>(std::clamp<std::int64_t>(node_.integer("opset", real.version), 1, 100));
      real.attributes.erase("opset");
      finish(std::move(real), 3);
    } else if (microsoft && op == "QLinearConcat") {
      need(5, 1024);
      if (node_.inputs.size() % 3 != 2)
        node_.fail("wrong-input-count", fmt::format("{} inputs, legal: 2 and 3 per map", node_.inputs.size()));
      std::vector<std::string> in;
      for (std::size_t i = 2; i < node_.inputs.size(); i += 3) in.push_back(reals(i));
      finish(real_node("Concat", std::move(in), true), 0);
    } else {
      return false;
    }
    return true;
  }

 private:
  void need(std::size_t least, std::size_t most) {
    if (node_.outputs.size() != 1) node_.fail("wrong-output-count", fmt::format("{} outputs, legal: 1", node_.outputs.size()));
    if (node_.inputs.size() < least || node_.inputs.size() > most)
      node_.fail("wrong-input-count", fmt::format("{} inputs, legal: {} to {}", node_.inputs.size(), least, most));
  }
  /// Zero points of one type: what the operator takes and gives is.
  void one_type(const std::vector<std::size_t>& zeros) {
    const Value* first = nullptr;
    for (const std::size_t i : zeros) {
      const Value* v = node_.has_input(i) ? graph_.constant(node_.inputs[i]) : nullptr;
      if (first && v && v->type() != first->type())
        node_.fail("wrong-type",
                   fmt::format("zero points are {} and {}, legal: one type", name_of(first->type()), name_of(v->type())));
      if (v) first = v;
    }
  }
  const Value& known(std::size_t i, const char* what) {
    const Value* v = node_.has_input(i) ? graph_.constant(node_.inputs[i]) : nullptr;
    if (!v) node_.fail("computed-operand", fmt::format("its {} are not constant, legal: an initializer", what));
    return *v;
  }
  std::int64_t last_axis(std::size_t i) {
    const Value* v = node_.has_input(i) ? graph_.constant(node_.inputs[i]) : nullptr;
    return v && !v->dims().empty() ? static_cast<std::int64_t>(v->dims().size()) - 1 : 1;
  }
  Node part(const std::string& suffix, const std::string& op) {
    Node n;
    n.name = node_.name + "/" + suffix;
    n.op = op;
    n.version = graph_.opsets.count("") ? graph_.opsets[""] : 13;
    graph_.opsets.emplace("", n.version);
    return n;
  }
  /// Input i with scale i+1 and zero point i+2, as reals.
  std::string reals(std::size_t i, std::int64_t axis = 1) {
    if (!node_.has_input(i) || !node_.has_input(i + 1))
      node_.fail("wrong-input-count", fmt::format("input {} is left out, legal: given", node_.has_input(i) ? i + 1 : i));
    Node n = part(fmt::format("in{}", i), "DequantizeLinear");
    n.inputs = {node_.inputs[i], node_.inputs[i + 1]};
    if (node_.has_input(i + 2)) n.inputs.push_back(node_.inputs[i + 2]);
    n.set("axis", axis);
    n.outputs = {n.name};
    out_.push_back(n);
    return n.name;
  }
  /// Integers in steps of scale a times scale b.
  std::string bias(std::size_t i, std::size_t a, std::size_t b, double factor) {
    if (known(i, "biases").type() != Type::i32)
      node_.fail("wrong-type", fmt::format("its bias is {}, legal: int32", name_of(known(i, "biases").type())));
    const Value &x = known(a, "scales"), &w = known(b, "scales");
    if (x.size() != 1) node_.fail("shape-mismatch", "a scale per channel of the input, legal: one");
    std::vector<float> scale;
    for (std::int64_t k = 0; k < w.size(); ++k) scale.push_back(static_cast<float>(x.number(0) * w.number(k) * factor));
    Node n = part("bias", "DequantizeLinear");
    const std::string name = n.name + "/scale";
    const bool one = scale.size() == 1;
    const auto count = static_cast<std::int64_t>(scale.size());
    graph_.constants[name] = std::make_shared<const Value>(Value::of(std::move(scale), one ? Dims{} : Dims{count}));
    n.inputs = {node_.inputs[i], name};
    n.set("axis", std::int64_t{0});
    n.outputs = {n.name};
    out_.push_back(n);
    return n.name;
  }
  Node real_node(const std::string& op, std::vector<std::string> inputs, bool attributes) {
    Node n = part("", op);
    n.name = node_.name;
    n.inputs = std::move(inputs);
    if (attributes) n.attributes = node_.attributes;
    return n;
  }
  /// The real node, then a quantiser with scale i and zero point i+1 where they are given.
  void finish(Node real, std::size_t i) {
    if (!node_.has_input(i)) {
      real.outputs = {node_.outputs[0]};
      out_.push_back(std::move(real));
      return;
    }
    Node n = part("out", "QuantizeLinear");
    real.outputs = {node_.name + "/real"};
    n.inputs = {real.outputs[0], node_.inputs[i]};
    if (node_.has_input(i + 1)) n.inputs.push_back(node_.inputs[i + 1]);
    n.outputs = {node_.outputs[0]};
    out_.push_back(std::move(real));
    out_.push_back(std::move(n));
  }

  Graph& graph_;
  const Node& node_;
  std::vector<Node>& out_;
};

}  // namespace

void lower_integer_operators(Graph& graph) try {
  std::vector<Node> out;
  bool any = false;
  for (const Node& node : graph.nodes) {
    if (Lowering(graph, node, out).run()) any = true;
    else out.push_back(node);
  }
  graph.nodes = std::move(out);
  if (any) order_nodes(graph);  // refuses names that were there already
} catch (const InputError& e) {
  rethrow_at(e, graph.file);
}

}  // namespace epim::importer

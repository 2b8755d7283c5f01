// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/shapes.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gen/import/operators.hpp"
#include "gen/import/quantiser.hpp"

namespace epim::importer {

std::pair<std::string, Dims> read_input_shape(const std::string& text, const std::string& option) {
  const auto bad = [&]() -> InputError {
    return InputError({option, 0, 0}, "bad-argument",
                      fmt::format("\"{}\", legal: NAME=1,3,32,32, sizes from 1 to {}", text, most_elements));
  };
  const std::size_t equal = text.rfind('=');
  if (equal == std::string::npos || equal == 0) throw bad();
  Dims dims;
  const char* at = text.data() + equal + 1;
  const char* const end = text.data() + text.size();
  while (true) {
    std::int64_t x = 0;
    const auto [next, failed] = std::from_chars(at, end, x);
    if (failed != std::errc() || x < 1 || x > most_elements || dims.size() == most_dimensions) throw bad();
    dims.push_back(x);
    if (next == end) break;
    if (*next != ',') throw bad();
    at = next + 1;
  }
  if (!element_count(dims)) throw bad();
  return {text.substr(0, equal), dims};
}

void fix_inputs(Graph& graph, const std::map<std::string, Dims>& shapes) {
  std::vector<std::string> names;
  for (const GraphInput& in : graph.inputs) names.push_back(in.name);
  for (const auto& [name, dims] : shapes)
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw InputError({graph.file, 0, 0}, "unknown-input",
                       fmt::format("--input-shape names '{}', legal: {}", name, fmt::join(names, ", ")));
  for (GraphInput& in : graph.inputs) {
    const auto given = shapes.find(in.name);
    if (given != shapes.end()) {
      if (in.dims.empty()) in.dims.assign(given->second.size(), -1);
      bool fits = in.dims.size() == given->second.size();
      for (std::size_t k = 0; fits && k < in.dims.size(); ++k) fits = k == 0 || in.dims[k] < 0 || in.dims[k] == given->second[k];
      if (!fits)
        throw InputError(
            {graph.file, 0, 0}, "input-shape",
            fmt::format(
                "--input-shape says {} for '{}', which is {} in the file (-1 = free), legal: its sizes, free ones filled in",
                text_of(given->second), in.name, text_of(in.dims)));
      in.dims = given->second;
    }
    if (!in.dims.empty() && in.dims[0] < 0) {
      in.dims[0] = 1;
      graph.remarks.push_back(fmt::format("input '{}': the free first size {} is taken as 1 image", in.name,
                                          in.symbols.empty() ? "" : "'" + in.symbols[0] + "'"));
    }
    std::vector<std::string> free;
    for (std::size_t k = 0; k < in.dims.size(); ++k)
      if (in.dims[k] < 0)
        free.push_back(k < in.symbols.size() && !in.symbols[k].empty() ? fmt::format("'{}'", in.symbols[k])
                                                                       : fmt::format("size {}", k));
    if (!free.empty() || in.dims.empty())
      throw InputError(
          {graph.file, 0, 0}, "free-size",
          fmt::format(
              "input '{}': {} free, legal: sizes given by --input-shape {}={}", in.name,
              in.dims.empty() ? "its shape is" : fmt::format("{} {}", fmt::join(free, " and "), free.size() == 1 ? "is" : "are"),
              in.name, in.dims.size() == 4 ? "1,3,224,224" : "1,..."));
    if (!element_count(in.dims))
      throw InputError({graph.file, 0, 0}, "tensor-too-large",
                       fmt::format("input '{}' is {}, legal: at most {} elements", in.name, text_of(in.dims), most_elements));
  }
}

std::set<std::string> fixed_tensors(const Graph& graph) {
  std::set<std::string> fixed;
  for (const auto& [name, value] : graph.constants) fixed.insert(name);
  for (const Node& n : graph.nodes) {
    const bool constant =
        std::all_of(n.inputs.begin(), n.inputs.end(), [&](const std::string& in) { return in.empty() || fixed.count(in) > 0; });
    if (constant) fixed.insert(n.outputs.begin(), n.outputs.end());
  }
  return fixed;
}

namespace {

/// Which operands must not depend on an image, by operator: weights, biases, slopes, scales.
void check_operands(const Node& node, const std::set<std::string>& fixed) {
  const auto need = [&](std::size_t i, const char* what) {
    if (node.has_input(i) && !fixed.count(node.inputs[i]))
      node.fail("computed-weights", fmt::format("its {} not constant, legal: an initializer or what follows from one", what));
  };
  if (node.op == "Conv" || node.op == "Gemm") {
    need(1, "weights are");
    need(2, "bias is");
  } else if (node.op == "PRelu") {
    need(1, "slopes are");
  } else if (node.op == "BatchNormalization") {
    for (std::size_t i = 1; i < 5; ++i) need(i, "parameters are");
  } else if (node.op == "Clip") {
    need(1, "limits are");
    need(2, "limits are");
  } else if (node.op == "Pad") {
    need(2, "value is");
  } else if (node.op == "MatMul" && node.inputs.size() == 2 && !fixed.count(node.inputs[0]) && !fixed.count(node.inputs[1])) {
    node.fail("computed-weights", "neither of its factors is constant, legal: an initializer or what follows from one");
  }
}

void check_outputs(const Graph& graph) {
  for (const auto& [tensor, type] : graph.declared)
    if (const auto at = graph.maps.find(tensor); at != graph.maps.end() && at->second.type != type)
      throw InputError(
          {graph.file, 0, 0}, "output-type",
          fmt::format("'{}' is declared {} but is {}, legal: equal", tensor, name_of(type), name_of(at->second.type)));
  for (const GraphOutput& out : graph.outputs) {
    if (!out.info || graph.canonical) continue;
    const Info& is = graph.maps.at(out.tensor);
    if (out.info->type != is.type)
      throw InputError(
          {graph.file, 0, 0}, "output-type",
          fmt::format("output '{}' is declared {} but is {}, legal: equal", out.name, name_of(out.info->type), name_of(is.type)));
    bool fits = !out.ranked || out.info->dims.size() == is.dims.size();
    for (std::size_t k = 1; fits && out.ranked && k < is.dims.size(); ++k)
      fits = out.info->dims[k] < 0 || out.info->dims[k] == is.dims[k];
    if (!fits)
      throw InputError(
          {graph.file, 0, 0}, "output-shape",
          fmt::format("output '{}' is declared {} but is {}, legal: equal", out.name, text_of(out.info->dims), text_of(is.dims)));
  }
}

}  // namespace

void infer_shapes(Graph& graph) try {
  const std::set<std::string> fixed = fixed_tensors(graph);
  // What a file makes of its constants is bounded by what it holds, and by the weights of a ResNet-50.
  std::int64_t most_constants = std::int64_t{1} << 25, constants = 0;
  graph.maps.clear();
  for (const auto& [name, value] : graph.constants) {
    graph.maps[name] = value->info();
    most_constants += 4 * value->size();
  }
  for (const GraphInput& in : graph.inputs) {
    Dims dims = in.dims;
    if (in.view && graph.canonical) {
      dims.assign(4, 1);
      for (std::size_t k = 0; k < in.view->size(); ++k)
        for (const int d : (*in.view)[k]) dims[static_cast<std::size_t>(d)] = in.dims[k];
    }
    graph.maps[in.name] = {in.type, dims};
  }
  std::vector<Node> kept;
  for (Node& node : graph.nodes) {
    check_operands(node, fixed);
    const Call call = call_in(graph, node);
    bool constant = !is_quantiser(node);
    for (std::size_t k = 0; k < node.inputs.size(); ++k) constant = constant && (node.inputs[k].empty() || call.value[k]);
    const bool sizes = node.op == "Shape" || node.op == "Size";
    if (constant || sizes) {
      std::vector<Info> infos = infer_node(call);
      for (const Info& i : infos) constants += i.size();
      if (constants > most_constants)
        node.fail("tensor-too-large",
                  fmt::format("what follows from constants has more than {} elements in all, legal: less", most_constants));
      std::vector<Value> values;
      if (node.op == "Conv" || node.op == "MatMul" || node.op == "Gemm" || node.op == "MaxPool" || node.op == "AveragePool")
        node.fail("constant-layer", "no input of it depends on an image, legal: a layer of the network");
      values = evaluate_node(call);
      for (std::size_t k = 0; k < node.outputs.size(); ++k) {
        if (node.outputs[k].empty()) continue;
        graph.maps[node.outputs[k]] = values[k].info();
        graph.constants[node.outputs[k]] = std::make_shared<const Value>(std::move(values[k]));
      }
      continue;
    }
    std::vector<Info> infos = infer_node(call);
    for (std::size_t k = 0; k < node.outputs.size(); ++k)
      if (!node.outputs[k].empty()) graph.maps[node.outputs[k]] = std::move(infos[k]);
    kept.push_back(std::move(node));
  }
  graph.nodes = std::move(kept);
  check_outputs(graph);
} catch (const InputError& e) {
  rethrow_at(e, graph.file);
}

}  // namespace epim::importer

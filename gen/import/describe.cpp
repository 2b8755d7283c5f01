// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/describe.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gen/import/quantiser.hpp"

namespace epim::importer {
namespace {

std::string range_of(const std::vector<float>& values, const char* one, const char* many) {
  const auto [lo, hi] = std::minmax_element(values.begin(), values.end());
  if (values.size() == 1) return fmt::format("{} {:.6g}", one, *lo);
  return fmt::format("{} {} {:.4g}..{:.4g}", values.size(), many, *lo, *hi);
}

std::string text_of_quantiser(const Quantiser& q) {
  std::string s =
      q.kind == Quantiser::Kind::bipolar ? "bipolar" : fmt::format("{} bits {}", q.bits, q.is_signed ? "signed" : "unsigned");
  if (q.kind == Quantiser::Kind::quant &&
      (q.is_signed ? q.lo != -std::ldexp(1.0, q.bits - 1) : q.hi != std::ldexp(1.0, q.bits) - 1))
    s += " narrow";
  s += ", " + range_of(q.scale, "scale", "scales");
  if (std::any_of(q.zero.begin(), q.zero.end(), [](float z) { return z != 0; }))
    s += ", " + range_of(q.zero, "zero point", "zero points");
  if (q.kind == Quantiser::Kind::trunc) s += fmt::format(", divided by {}", q.divisor);
  return s;
}

/// The quantiser that gives a layer's weights.
const Node* weights_of(const Graph& graph, const Node& node) {
  if ((node.op != "Conv" && node.op != "Gemm") || node.host || graph.constant(node.inputs[1])) return nullptr;
  return graph.producer_of(node.inputs[1]);
}

std::string number_of(double x) { return std::isfinite(x) ? fmt::format("{:.6g}", x) : x > 0 ? "infinity" : "-infinity"; }

/// Weights' quantisers are shown with their layer.
bool is_operand(const Graph& graph, const Node& node) {
  return is_quantiser(node) && std::all_of(node.inputs.begin(), node.inputs.end(),
                                           [&](const std::string& in) { return in.empty() || graph.constant(in); });
}

}  // namespace

std::string parameters_of(const Graph& graph, const Node& node) {
  std::vector<std::string> parts;
  const auto pair = [&](const char* name) { return node.integers(name); };
  if (const auto kernel = pair("kernel_shape"); kernel.size() == 2) {
    parts.push_back(fmt::format("{}x{}", kernel[0], kernel[1]));
    if (const auto s = pair("strides"); s.size() == 2 && (s[0] != 1 || s[1] != 1))
      parts.push_back(s[0] == s[1] ? fmt::format("stride {}", s[0]) : fmt::format("strides {},{}", s[0], s[1]));
    if (const auto d = pair("dilations"); d.size() == 2 && (d[0] != 1 || d[1] != 1))
      parts.push_back(fmt::format("dilations {},{}", d[0], d[1]));
    if (const auto p = pair("pads"); std::any_of(p.begin(), p.end(), [](auto x) { return x != 0; }))
      parts.push_back(fmt::format("pads {}", fmt::join(p, ",")));
    if (node.integer("group", 1) != 1) parts.push_back(fmt::format("group {}", node.integer("group", 1)));
    if (node.integer("ceil_mode", 0) != 0) parts.push_back("ceil");
    if (node.integer("count_include_pad", 0) != 0) parts.push_back("counts padding");
  } else if (node.domain == "epim" && node.op == "Gemm") {
    const Dims& d = graph.maps.at(node.inputs[1]).dims;
    parts.push_back(fmt::format("{}x{} of {} channels", d[2], d[3], d[1]));
  } else if (node.op == "Clip" && node.domain == "epim") {
    parts.push_back(fmt::format("{}..{}", number_of(node.real("min", -INFINITY)), number_of(node.real("max", INFINITY))));
  } else if (node.op == "Pad" && node.domain == "epim") {
    parts.push_back(fmt::format("pads {} with {}", fmt::join(pair("pads"), ","), number_of(node.real("value", 0))));
  } else if (node.op == "Resize" && node.domain == "epim") {
    parts.push_back(fmt::format("factors {}", fmt::join(pair("factors"), ",")));
  } else if (!node.host) {
    for (const char* name : {"alpha", "beta"})
      if (node.find(name)) parts.push_back(fmt::format("{} {:.6g}", name, node.real(name, 0)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string quantisation_of(const Graph& graph, const Node& node) {
  if (node.host) return "";
  if (const auto q = quantiser_in(graph, node)) return text_of_quantiser(*q);
  if (const Node* w = weights_of(graph, node))
    if (const auto q = quantiser_in(graph, *w)) return "weights " + text_of_quantiser(*q);
  return "";
}

std::string text_of(const Graph& graph) {
  std::string s = fmt::format("{}{}{}\n", graph.file, graph.name.empty() ? "" : ": " + graph.name,
                              graph.producer.empty() ? "" : " (" + graph.producer + ")");
  const auto line = [&](const std::string& a, const std::string& b, const std::string& c, const std::string& d,
                        const std::string& e) {
    std::string l = fmt::format("{:<28} {:<18} {:<18} {:<44} {}", a, b, c, d, e);
    l.erase(l.find_last_not_of(' ') + 1);
    s += l + "\n";
  };
  line("node", "operator", "map", "parameters", "quantisation");
  for (const GraphInput& in : graph.inputs)
    line(in.name, "input", text_of(graph.maps.at(in.name).dims),
         in.view ? fmt::format("{} as {}", text_of(in.dims), text_of(*in.view)) : "", "");
  for (const Node& n : graph.nodes) {
    if (is_operand(graph, n)) continue;
    line(n.name, n.op, text_of(graph.maps.at(n.outputs[0]).dims), n.host ? "left to the host" : parameters_of(graph, n),
         quantisation_of(graph, n));
  }
  for (const GraphOutput& out : graph.outputs)
    line(out.name, "output", text_of(graph.maps.at(out.tensor).dims),
         out.view ? fmt::format("as {}", text_of(*out.view)) : "left to the host", "");
  for (const std::string& r : graph.remarks) s += "remark: " + r + "\n";
  return s;
}

std::string text_of(const FidelityReport& report) {
  std::string s;
  for (const OutputFidelity& o : report.outputs) {
    s += fmt::format("fidelity (a), output {}: {:.3g} of the largest value over {} images{}\n", o.output, o.exact, report.images,
                     o.exact <= fidelity_limit ? "" : fmt::format(", limit {:g}", fidelity_limit));
    if (o.float32 < 0) continue;
    s += fmt::format("  with sums in float32 in the order of ONNX Runtime: {:.3g}\n", o.float32);
    for (const BoundaryCount& b : report.boundaries)
      s += fmt::format(
          "  {}: {} of {} elements lie on a rounding boundary of the quantiser behind it, where the order of a sum decides\n",
          b.tensor, b.boundary, b.elements);
  }
  if (report.quantised &&
      std::any_of(report.outputs.begin(), report.outputs.end(), [](const OutputFidelity& o) { return !o.good(); }))
    s += "  answers that ONNX Runtime gave with graph optimisations round otherwise than the file says; with ORT_DISABLE_ALL it "
         "does as it says\n";
  return s;
}

nlohmann::ordered_json json_of(const Graph& graph) {
  nlohmann::ordered_json j = {{"file", graph.file}, {"name", graph.name}, {"producer", graph.producer}, {"opsets", graph.opsets}};
  j["inputs"] = nlohmann::ordered_json::array();
  for (const GraphInput& in : graph.inputs)
    j["inputs"].push_back({{"name", in.name},
                           {"shape", in.dims},
                           {"map", graph.maps.at(in.name).dims},
                           {"layout", in.view ? text_of(*in.view) : ""}});
  j["nodes"] = nlohmann::ordered_json::array();
  for (const Node& n : graph.nodes) {
    if (is_operand(graph, n)) continue;
    std::vector<std::string> from;
    for (const std::string& in : n.inputs)
      if (!in.empty() && !graph.constant(in) && !(graph.producer_of(in) && is_operand(graph, *graph.producer_of(in))))
        from.push_back(in);
    nlohmann::ordered_json node = {
        {"name", n.name}, {"op", n.op}, {"inputs", from}, {"output", n.outputs[0]}, {"shape", graph.maps.at(n.outputs[0]).dims}};
    if (const std::string p = parameters_of(graph, n); !p.empty()) node["parameters"] = p;
    if (const std::string q = quantisation_of(graph, n); !q.empty()) node["quantisation"] = q;
    if (n.host) node["host"] = true;
    j["nodes"].push_back(std::move(node));
  }
  j["outputs"] = nlohmann::ordered_json::array();
  for (const GraphOutput& out : graph.outputs)
    j["outputs"].push_back({{"name", out.name},
                            {"tensor", out.tensor},
                            {"shape", graph.maps.at(out.tensor).dims},
                            {"layout", out.view ? text_of(*out.view) : "host"}});
  j["remarks"] = graph.remarks;
  return j;
}

nlohmann::ordered_json json_of(const FidelityReport& report) {
  nlohmann::ordered_json j = {{"images", report.images}, {"limit", fidelity_limit}};
  j["outputs"] = nlohmann::ordered_json::array();
  for (const OutputFidelity& o : report.outputs) {
    nlohmann::ordered_json one = {{"name", o.output}, {"relative", o.exact}, {"ok", o.good()}};
    if (o.float32 >= 0) one["relative_float32"] = o.float32;
    j["outputs"].push_back(std::move(one));
  }
  j["on_rounding_boundary"] = nlohmann::ordered_json::array();
  for (const BoundaryCount& b : report.boundaries)
    j["on_rounding_boundary"].push_back({{"tensor", b.tensor}, {"elements", b.elements}, {"boundary", b.boundary}});
  return j;
}

}  // namespace epim::importer

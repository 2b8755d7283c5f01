// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/project.hpp"

#include <cmath>
#include <memory>

#include <fmt/format.h>

#include "gen/import/network_folder.hpp"
#include "golden/sampler.hpp"

namespace epim::importer {

FloatTensor project(const Layer& layer, const FloatTensor& weights) {
  const EpitomeShape& e = layer.epitome;
  const IntTensor repeated = repetition_map(layer);
  std::vector<double> sum(repeated.size(), 0.0);
  for (const Patch& p : layer.patches)
    for (int b = 0; b < p.beta2; ++b)
      for (int a = 0; a < p.beta1; ++a)
        for (int y = 0; y < layer.kh; ++y)
          for (int x = 0; x < layer.kw; ++x)
            sum[repeated.index(p.c_out + b, p.c_in + a, p.p + y, p.q + x)] +=
                static_cast<double>(weights.data[weights.index(p.dst_out + b, p.dst_in + a, y, x)]);
  FloatTensor out({e.e_out, e.e_in, e.p, e.q});
  for (std::size_t i = 0; i < sum.size(); ++i)
    if (repeated.data[i] > 0) out.data[i] = static_cast<float>(sum[i] / static_cast<double>(repeated.data[i]));
  return out;
}

namespace {

/// The network of a plan whose formats are not known yet: shapes are right, steps are not.
Network shapes_of(Plan plan, const std::string& name, const std::string& file) {
  const MapFormat any{8, true, 1, 0};
  if (plan.input_format.scale <= 0) plan.input_format = any;
  for (PlannedNode& n : plan.nodes)
    if (n.format.scale <= 0) n.format = any;
  return parse_network(network_text(plan, name), file);
}

double norm(const std::vector<float>& v) {
  double s = 0;
  for (const float x : v) s += static_cast<double>(x) * static_cast<double>(x);
  return std::sqrt(s);
}

/// Weights [Cout][Cin/groups][Kh][Kw] as the block diagonal [Cout][Cin][Kh][Kw], and back.
FloatTensor copied(const Layer& layer, const FloatTensor& from, bool to_diagonal) {
  const int in = layer.cin / layer.groups, out = layer.cout / layer.groups;
  FloatTensor to({layer.cout, to_diagonal ? layer.cin : in, layer.kh, layer.kw});
  for (int o = 0; o < layer.cout; ++o)
    for (int c = 0; c < in; ++c)
      for (int y = 0; y < layer.kh; ++y)
        for (int x = 0; x < layer.kw; ++x) {
          const int block = o / out * in + c;
          if (to_diagonal) to(o, block, y, x) = from(o, c, y, x);
          else to(o, c, y, x) = from(o, block, y, x);
        }
  return to;
}

/// The graph with a constant in the place of the tensor.
void replace_weights(Graph& graph, const std::string& tensor, const FloatTensor& w) {
  std::erase_if(graph.nodes, [&](const Node& n) { return n.outputs[0] == tensor; });
  graph.constants[tensor] = std::make_shared<const Value>(Value::of(w.data, graph.maps.at(tensor).dims));
}

}  // namespace

Projection project_weights(Plan& plan, const Graph& graph, const Evaluator& values, const std::string& name, const DesignChoice& design) {
  if (design.pool)
    throw InputError({"--project", 0, 0}, "bad-design", "pools need no projection, legal: an epitome design; weights are assigned to a pool where they are quantised");
  Network net = shapes_of(plan, name, graph.file);
  if (design.file) apply_design(net, *design.file);
  else if (design.uniform) apply_uniform(net, design.rows, design.cols);
  Projection result{{}, graph};
  for (PlannedNode& n : plan.nodes) {
    const int index = net.find(n.name);
    if (index < 0) continue;
    const epim::Node& node = net.nodes[static_cast<std::size_t>(index)];
    if (node.weight_bits > 0) n.keys["weight_bits"] = node.weight_bits;
    if (!node.epitome || n.weights.empty()) continue;
    Layer layer = layer_of(node);
    layer.patches = default_sampler(layer.cin, layer.cout, layer.kh, layer.kw, layer.epitome, 1, node.sampler == SpatialCycle::distinct, layer.groups);
    FloatTensor w({node.cout, node.in.channels / node.groups, node.kh, node.kw});
    w.data = values.fixed(n.weights)->floats();
    n.epitome = project(layer, copied(layer, w, true));
    const FloatTensor rebuilt = copied(layer, reconstruct(layer, n.epitome), false);
    std::vector<float> error(w.data.size());
    for (std::size_t i = 0; i < error.size(); ++i) error[i] = rebuilt.data[i] - w.data[i];
    const double all = norm(w.data);
    result.layers.push_back({n.name, layer.epitome, static_cast<std::int64_t>(w.data.size()), static_cast<std::int64_t>(n.epitome.data.size()),
                             all > 0 ? norm(error) / all : 0});
    n.keys["epitome"] = {{"e_out", layer.epitome.e_out}, {"e_in", layer.epitome.e_in}, {"p", layer.epitome.p}, {"q", layer.epitome.q},
                         {"sampler", sampler_name(node.sampler)}};
    if (node.wrap != Wrap::off) n.keys["wrap"] = wrap_name(node.wrap);
    replace_weights(result.graph, n.weights, rebuilt);
  }
  return result;
}

std::string text_of(const Projection& projection, const std::string& design) {
  if (projection.layers.empty()) return fmt::format("design {}: no layer becomes an epitome\n", design);
  std::string s = fmt::format("{:<24} {:<20} {:>10} {:>10}  {}\n", "layer", "epitome", "weights", "stored", "error of its weights");
  std::int64_t weights = 0, stored = 0;
  for (const LayerProjection& l : projection.layers) {
    const EpitomeShape& e = l.epitome;
    s += fmt::format("{:<24} {:<20} {:>10} {:>10}  {:.1f} % of their norm\n", l.node, fmt::format("{}x{}x{}x{}", e.e_out, e.e_in, e.p, e.q), l.weights, l.stored, 100 * l.relative_error);
    weights += l.weights;
    stored += l.stored;
  }
  return s + fmt::format("design {}: {} weights of {} layers on {} stored ones, by least squares: the trained network is lost until it is "
                         "fine-tuned with these epitomes\n",
                         design, weights, projection.layers.size(), stored);
}

nlohmann::ordered_json json_of(const Projection& projection, const std::string& design) {
  nlohmann::ordered_json j = {{"design", design}, {"needs_fine_tuning", !projection.layers.empty()}};
  j["layers"] = nlohmann::ordered_json::array();
  for (const LayerProjection& l : projection.layers)
    j["layers"].push_back({{"node", l.node}, {"epitome", {{"e_out", l.epitome.e_out}, {"e_in", l.epitome.e_in}, {"p", l.epitome.p}, {"q", l.epitome.q}}},
                           {"weights", l.weights}, {"stored", l.stored}, {"relative_error", l.relative_error}});
  return j;
}

}  // namespace epim::importer

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/network_folder.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "gen/import/operators.hpp"
#include "golden/parallel.hpp"

namespace epim::importer {
namespace {

using Json = nlohmann::ordered_json;

/// The reader takes +-1e30 for no limit.
double limit(double x) { return std::clamp(x, -1e30, 1e30); }

void pointwise_keys(const PlannedNode& n, Json& j) {
  const bool lower = std::isfinite(n.lo), upper = std::isfinite(n.hi), relu = n.lo == 0 && !upper;
  if (n.op == "clip") {
    if (relu) j["op"] = "relu";
    else {
      if (lower) j["lo"] = n.lo;
      if (upper) j["hi"] = n.hi;
    }
  } else if (relu) {
    j["relu"] = true;
  } else if (lower || upper) {
    j["clip"] = {limit(n.lo), limit(n.hi)};
  }
  if (n.slope) j["slope"] = *n.slope;
  if (!n.slopes.empty() && n.has_weights()) j["activation"] = "prelu";
}

/// What a convolution is for: the first, those of a residual path, 1x1 on the shortcut of one.
std::string role_of(const Plan& plan, int id) {
  const PlannedNode& n = plan.nodes[static_cast<std::size_t>(id)];
  if (n.op == "fc") return "classifier";
  if (std::none_of(plan.nodes.begin(), plan.nodes.begin() + id, [](const PlannedNode& other) { return other.op == "conv"; })) return "stem";
  const auto reads = [&](int map) {
    std::int64_t count = 0;
    for (const PlannedNode& other : plan.nodes) count += std::count(other.inputs.begin(), other.inputs.end(), map);
    return count;
  };
  const bool shortcut = n.keys.value("kernel", Json()) == Json(1) && reads(n.inputs[0]) > 1 &&
                        std::any_of(plan.nodes.begin(), plan.nodes.end(), [&](const PlannedNode& other) {
                          return other.op == "add" && std::find(other.inputs.begin(), other.inputs.end(), id) != other.inputs.end();
                        });
  return shortcut ? "downsample" : "bottleneck";
}

Json node_json(const Plan& plan, int id) {
  const PlannedNode& n = plan.nodes[static_cast<std::size_t>(id)];
  Json j = {{"name", n.name}, {"op", n.op}};
  j["inputs"] = Json::array();
  for (const int in : n.inputs) j["inputs"].push_back(plan.name_of(in));
  if (n.op == "fc" || (n.op == "conv" && !n.weights.empty() && !n.keys.contains("groups"))) j["role"] = role_of(plan, id);
  for (const auto& [key, value] : n.keys.items()) j[key] = value;
  if (n.op == "conv" || n.op == "fc") {
    if (!n.bias.empty()) j["bias"] = true;
    if (!n.norm_scale.empty()) j["batch_norm"] = true;
  }
  pointwise_keys(n, j);
  j["act_bits"] = n.format.bits;
  j["act_signed"] = n.format.is_signed;
  if (n.format.zero != 0) j["zero_point"] = n.format.zero;
  j["act_scale"] = n.format.scale;
  return j;
}

NpyArray array_of(const std::vector<float>& v, std::vector<int> shape) {
  FloatTensor t(std::move(shape));
  t.data = v;
  return NpyArray::from(t);
}
NpyArray array_of(const std::vector<float>& v) { return array_of(v, {static_cast<int>(v.size())}); }

std::vector<int> shape_of(const Dims& dims) { return {dims.begin(), dims.end()}; }

}  // namespace

std::string network_text(const Plan& plan, const std::string& name) {
  const MapFormat& in = plan.input_format;
  Json input = {{"name", plan.input_name}, {"channels", plan.input_dims[1]}, {"height", plan.input_dims[2]}, {"width", plan.input_dims[3]},
                {"bits", in.bits}, {"signed", in.is_signed}, {"scale", in.scale}};
  if (in.zero != 0) input["zero_point"] = in.zero;
  std::string s = fmt::format("{{\n  \"schema\": 1,\n  \"name\": {},\n  \"input\": {},\n  \"nodes\": [\n", Json(name).dump(), input.dump());
  for (std::size_t k = 0; k < plan.nodes.size(); ++k)
    s += fmt::format("    {}{}\n", node_json(plan, static_cast<int>(k)).dump(), k + 1 < plan.nodes.size() ? "," : "");
  Json outputs = Json::array(), host = Json::array();
  std::set<int> named;
  for (const PlannedOutput& o : plan.outputs) {
    if (named.insert(o.node).second) outputs.push_back(plan.name_of(o.node));
    if (!o.host.empty()) host.push_back(fmt::format("{} of {}", o.host, plan.name_of(o.node)));
  }
  s += fmt::format("  ],\n  \"output\": {},\n", outputs.size() == 1 ? outputs[0].dump() : outputs.dump());
  if (!host.empty()) s += fmt::format("  \"host\": {},\n", host.dump());
  return s + "  \"weights\": \"weights.npz\"\n}\n";
}

namespace {

/// What one node puts into the bundle.
struct NodeWeights {
  std::vector<std::pair<std::string, NpyArray>> arrays;
  bool real = false;
  std::int64_t most_code = 0;
  std::string why;  ///< its codes cannot be taken
};

NodeWeights node_weights(const Plan& plan, const PlannedNode& n, const Graph& graph, const Evaluator& values) {
  NodeWeights out;
  const auto put = [&](const char* key, NpyArray a) { out.arrays.emplace_back(n.name + key, std::move(a)); };
  if (n.op == "conv" && n.weights.empty()) {
    const std::int64_t cout = n.keys.at("cout"), in = n.keys.contains("groups") ? 1 : plan.dims_of(n.inputs[0])[1];
    std::vector<float> copy(static_cast<std::size_t>(cout * in), in == 1 && n.keys.contains("groups") ? 1.0f : 0.0f);
    if (!n.keys.contains("groups"))
      for (std::int64_t c = 0; c < in; ++c) copy[static_cast<std::size_t>((n.first_channel + c) * in + c)] = 1;
    put("/weight", array_of(copy, {static_cast<int>(cout), static_cast<int>(in), 1, 1}));
    out.real = true;
  } else if (!n.epitome.empty()) {
    put("/epitome", NpyArray::from(n.epitome));
    out.real = true;
  } else if (!n.weights.empty()) {
    const std::vector<int> shape = shape_of(graph.maps.at(n.weights).dims);
    if (auto w = weight_codes(graph, values, n.weights, out.why)) {
      IntTensor codes(shape);
      codes.data = std::move(w->codes);
      put("/codes", NpyArray::from(codes, DType::i16));
      put("/weight_scale", array_of(w->scale));
      out.most_code = w->most;
    } else {
      std::vector<float> real = values.fixed(n.weights)->floats();
      if (!n.channel_range.empty())
        for (std::size_t i = 0, each = real.size() / n.channel_range.size(); i < real.size(); ++i) real[i] /= n.channel_range[i / each];
      put("/weight", array_of(real, shape));
      out.real = true;
    }
  }
  if (!n.bias.empty()) put("/bias", array_of(values.fixed(n.bias)->floats()));
  if (!n.norm_scale.empty()) {
    put("/bn_scale", array_of(n.norm_scale));
    put("/bn_bias", array_of(n.norm_bias));
  }
  if (!n.slopes.empty()) put("/slope", array_of(n.slopes));
  return out;
}

}  // namespace

NetworkWeights network_weights(const Plan& plan, const Graph& graph, const Evaluator& values, std::vector<std::string>& remarks, int jobs) {
  std::vector<NodeWeights> nodes(plan.nodes.size());
  parallel(nodes.size(), jobs, [&](std::size_t k) { nodes[k] = node_weights(plan, plan.nodes[k], graph, values); });
  NetworkWeights all;
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    if (!nodes[k].why.empty())
      remarks.push_back(fmt::format("node '{}': its quantised weights are taken as real ones: {}", plan.nodes[k].name, nodes[k].why));
    all.most_code = std::max(all.most_code, nodes[k].most_code);
    all.real = all.real || nodes[k].real;
    std::move(nodes[k].arrays.begin(), nodes[k].arrays.end(), std::back_inserter(all.arrays));
  }
  return all;
}

namespace {

/// Channels per word: as many as a chip's concatenation can join without cutting words, that is, a divisor of the channels of
/// every operand but the last.
int lanes_for(const Plan& plan) {
  int lanes = 8;
  for (const PlannedNode& n : plan.nodes) {
    if (n.op != "concat") continue;
    for (std::size_t k = 0; k + 1 < n.inputs.size(); ++k) {
      const Dims& dims = plan.dims_of(n.inputs[k]);
      while (dims[1] % lanes != 0) lanes /= 2;
    }
  }
  return lanes;
}

}  // namespace

std::string config_text(const Plan& plan, const std::string& name, const NetworkWeights& weights, int weight_bits, bool labels) {
  int act_bits = 1, code_bits = 2;
  bool is_signed = false, slopes = false;
  const int lanes = lanes_for(plan);
  std::int64_t most = 0;  // PEs of 64x64 cells
  for (const PlannedNode& n : plan.nodes) {
    if (!n.has_weights()) continue;
    code_bits = std::max(code_bits, n.keys.value("weight_bits", 0));
    const MapFormat& in = plan.format_of(n.inputs[0]);
    act_bits = std::max(act_bits, in.bits);
    is_signed = is_signed || in.is_signed;
    slopes = slopes || n.slope || !n.slopes.empty();
    const Dims& from = plan.dims_of(n.inputs[0]);
    std::int64_t places = 1;
    if (n.op == "fc") places = from[2] * from[3];
    else if (n.keys.contains("kernel")) places = n.keys["kernel"].is_array() ? n.keys["kernel"][0].get<std::int64_t>() * n.keys["kernel"][1].get<std::int64_t>()
                                                                             : n.keys["kernel"].get<std::int64_t>() * n.keys["kernel"].get<std::int64_t>();
    const std::int64_t rows = (from[1] + lanes - 1) / lanes * lanes * places / n.keys.value("groups", std::int64_t{1});
    std::int64_t pes = (rows + 63) / 64 * ((n.dims[1] + 63) / 64);
    if (const auto& e = n.epitome.shape; !e.empty()) pes = ((e[1] + lanes - 1) / lanes * lanes * e[2] * e[3] + 63) / 64 * ((e[0] + 63) / 64);
    most = std::max(most, pes);
  }
  while ((std::int64_t{1} << (code_bits - 1)) - 1 < weights.most_code) ++code_bits;
  if (weights.real) code_bits = std::max(code_bits, weight_bits);
  std::string s = fmt::format("# {} as one core holds it, written by epim import\nschema = 1\nname = {}\n\n[hardware]\ncrossbar = \"{}\"\n", name,
                              Json(name).dump(), most > 64 ? "256x256" : "64x64");
  s += fmt::format("weight_bits = {}\nact_bits = {}\nact_signed = {}\nlanes = {}{}\nout_bits = {}\n", code_bits, is_signed ? std::max(2, act_bits) : act_bits, is_signed, lanes,
                   lanes < 8 ? "  # a chip's concatenation joins whole words; one core is faster with 8" : "", output_bits);
  s += "channel_scale_bits = 24  # what the scales of the maps are rounded to\nchannel_bias_bits = 40\n";
  if (slopes) s += "slope_bits = 18\n";
  s += "\n[network]\nfile = \"network.json\"\nimages = \"images.npy\"\n";
  if (labels) s += "labels = \"labels.npy\"\n";
  return s;
}

IntTensor input_codes(const Plan& plan, const Graph& graph, const Images& images) {
  const GraphInput& in = graph.inputs.at(0);
  const std::vector<int> one = shape_of(Dims(plan.input_dims.begin() + 1, plan.input_dims.end()));
  IntTensor all({static_cast<int>(images.size()), one[0], one[1], one[2]});
  auto to = all.data.begin();
  const Node* quantiser = plan.input_tensor == in.name ? nullptr : graph.producer_of(plan.input_tensor);
  for (const auto& image : images) {
    Value v = in.view ? from_file(image.at(in.name), *in.view, plan.input_dims) : image.at(in.name);
    if (quantiser) {
      Call call = call_in(graph, *quantiser);
      call.value[0] = &v;
      Value q = std::move(evaluate_node(call).at(0));
      v = std::move(q);
    }
    for (const std::int64_t code : codes_of(v, plan.input_format)) *to++ = std::clamp(code, plan.input_format.least(), plan.input_format.greatest());
  }
  return all;
}

}  // namespace epim::importer

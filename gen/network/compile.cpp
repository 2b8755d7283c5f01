// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/compile.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "gen/network/design_file.hpp"
#include "gen/network/input_checks.hpp"
#include "golden/bounds.hpp"
#include "golden/evaluate.hpp"
#include "golden/files/integer_bundle.hpp"
#include "golden/sampler.hpp"

namespace epim {

int CompiledNetwork::layer_of_node(int node) const {
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (layers[i].node == node) return static_cast<int>(i);
  return -1;
}

std::vector<double> activation_scales(const Network& network) {
  std::vector<double> scales(network.nodes.size());
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    const auto in = [&](std::size_t i) {
      return node.input_ids[i] < 0 ? network.input_scale : scales[static_cast<std::size_t>(node.input_ids[i])];
    };
    if (node.has_weights() && node.act_scale <= 0)
      throw InputError(node.where, "missing-act-scale",
                       fmt::format("node {}: act_scale is needed to quantise it (a real number > 0)", node.name));
    if (node.op == Op::add && in(0) != in(1))
      throw InputError(node.where, "add-scale-mismatch",
                       fmt::format("node {}: its inputs count in steps of {} and {}; an integer addition needs one scale",
                                   node.name, in(0), in(1)));
    scales[n] = node.has_weights() ? node.act_scale : in(0);
  }
  return scales;
}

namespace {

std::vector<float> channel_values(const CompiledNetwork& net, const Node& node, const char* key) {
  const std::string name = node.name + "/" + key;
  const FloatTensor t = net.weights.at(name).floats();
  if (static_cast<int>(t.size()) != node.cout)
    throw InputError(node.where, "tensor-shape",
                     fmt::format("node {}: {} in {} has {} values, {} output channels need one each", node.name, name,
                                 net.weights.path, t.size(), node.cout));
  return t.data;
}

}  // namespace

CompiledNetwork lay_out_network(Config& config) {
  CompiledNetwork net;
  net.network = load_network(config.network->file);
  if (!config.network->design.empty()) apply_design(net.network, read_design(config.network->design));
  const Network& network = net.network;
  const NetworkSource& source = *config.network;
  if (!source.integers.empty()) {
    if (!source.weights.empty())
      throw InputError(config.locate("network.integers"), "contradictory-weights",
                       "network.weights and network.integers are both given; legal: one of them");
    net.weights = read_npz(source.integers);
    check_integer_bundle(net.weights, config.hw);
  } else if (!source.weights.empty()) {
    net.weights = read_npz(source.weights);
  } else {
    if (network.weights.empty())
      throw InputError({network.file, 0, 0}, "missing-key", "weights: this network has none; name an .npz");
    net.weights = read_npz((std::filesystem::path(network.file).parent_path() / network.weights).string());
  }
  if (source.integers.empty()) warn_of_unused_arrays(net.weights, network);
  const std::vector<double> scales = activation_scales(network);

  std::vector<Layer> shapes;
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    if (!node.has_weights()) continue;
    if (node.weight_bits > config.hw.weight_bits)
      throw InputError(node.where, "contradictory-bits",
                       fmt::format("node {}: the design has weight_bits {}, the core hardware.weight_bits = {}; legal: up to {}",
                                   node.name, node.weight_bits, config.hw.weight_bits, config.hw.weight_bits));
    CompiledLayer compiled;
    compiled.weight_bits = node.weight_bits > 0 ? node.weight_bits : config.hw.weight_bits;
    compiled.node = static_cast<int>(n);
    Layer& layer = compiled.layer;
    layer = layer_of(node);
    layer.wrap = node.wrap;
    try {
      layer.patches = default_sampler(layer.cin, layer.cout, layer.kh, layer.kw, layer.epitome, config.hw.lanes,
                                      node.sampler == SpatialCycle::distinct);
      validate_patches(layer, config.hw.lanes);
    } catch (const InputError& e) {
      throw InputError(node.where, e.rule(), fmt::format("node {}: {}", node.name, e.text()));
    }
    const bool is_output = static_cast<int>(n) == network.output;
    if (node.relu) {
      layer.clamp_hi = (std::int64_t{1} << std::min(config.hw.act_bits, config.hw.out_bits)) - 1;
    } else {
      const int bits = is_output ? config.hw.out_bits : config.hw.act_bits;
      layer.clamp_lo = -(std::int64_t{1} << (bits - 1));
      layer.clamp_hi = (std::int64_t{1} << (bits - 1)) - 1;
    }
    compiled.act_in = node.input_ids[0] < 0 ? network.input_scale : scales[static_cast<std::size_t>(node.input_ids[0])];
    compiled.act_out = scales[n];
    shapes.push_back(layer);
    net.layers.push_back(std::move(compiled));
  }
  resolve(config, shapes);
  return net;
}

FloatTensor float_epitome(const CompiledNetwork& net, const CompiledLayer& layer) {
  const std::string name = layer.layer.name + "/epitome";
  const NpyArray* array = net.weights.find(name);
  const Node& node = net.network.nodes[static_cast<std::size_t>(layer.node)];
  if (array == nullptr)
    throw InputError(node.where, "missing-array", fmt::format("node {}: {} holds no array '{}'", node.name, net.weights.path, name));
  return array->floats();
}

namespace {

/// Fills every layer by `fill(node, layer)`, then checks the accumulators and resolves their width. Errors are placed
/// at the node, or at the bundle where they name one.
template <class F> void fill_layers(Config& config, CompiledNetwork& net, F&& fill) {
  int acc_bits = 1;
  for (CompiledLayer& compiled : net.layers) {
    const Node& node = net.network.nodes[static_cast<std::size_t>(compiled.node)];
    try {
      fill(node, compiled);
      acc_bits = std::max(acc_bits, accumulator_bound(config.hw, compiled.layer, compiled.data).bits);
      check_accumulator(config.hw, compiled.layer, compiled.data);
    } catch (const InputError& e) {
      const std::string& bundle = config.network->integers;
      if (e.where().line > 0 || (!e.where().file.empty() && !bundle.empty())) throw;
      throw InputError(bundle.empty() ? node.where : Position{bundle, 0, 0}, e.rule(), fmt::format("node {}: {}", node.name, e.text()));
    }
  }
  if (config.hw.acc_bits == 0) config.hw.acc_bits = acc_bits;
}

}  // namespace

void quantise_network(Config& config, CompiledNetwork& net, const QuantiseOptions& options) {
  fill_layers(config, net, [&](const Node& node, CompiledLayer& compiled) {
    Hardware codes = config.hw;
    codes.weight_bits = compiled.weight_bits;
    compiled.quantised = quantise(codes, compiled.layer, float_epitome(net, compiled), options);
    const LayerScales scale{channel_values(net, node, "bn_scale"), channel_values(net, node, "bn_bias"), compiled.act_in,
                            compiled.act_out};
    IntegerLayer integers = to_integer(config.hw, compiled.layer, compiled.quantised, scale);
    compiled.data = std::move(integers.data);
    compiled.layer.shift = integers.shift;
    compiled.scale_error = integers.scale_error;
    compiled.channel_error = integers.channel_error;
  });
}

CompiledNetwork compile_network(Config& config, const QuantiseOptions& options) {
  CompiledNetwork net = lay_out_network(config);
  if (config.network->integers.empty())
    quantise_network(config, net, options);
  else
    fill_layers(config, net, [&](const Node&, CompiledLayer& compiled) {
      compiled.data = read_integer_layer(net.weights, config.hw, compiled.layer);
      GoldenLayer(config.hw, compiled.layer, compiled.data);  // refuses what the core cannot hold
    });
  return net;
}

}  // namespace epim

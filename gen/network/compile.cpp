// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/compile.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "gen/network/design_file.hpp"
#include "gen/network/input_checks.hpp"
#include "gen/network/synthetic_network.hpp"
#include "gen/network/walk.hpp"
#include "golden/bounds.hpp"
#include "golden/evaluate.hpp"
#include "golden/files/integer_bundle.hpp"

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

bool without_weights(const NetworkSource& source, const Network& network) {
  return source.weights.empty() && source.integers.empty() && network.weights.empty();
}

namespace {

/// The network with its design, mapped.
Mapping map_configured(const Config& config, const Network& network, CorePolicy policy) {
  Mapping mapping = map_network(network, config.core.hw, {}, policy, [&](const std::string& key) { return config.locate(key); });
  if (policy == CorePolicy::shared && config.core.tables == Tables::rom && mapping.layers.size() > 1)
    throw InputError(config.locate("hardware.tables"), "rom-single-layer",
                     fmt::format("hardware.tables is \"rom\" with {} layers on one core, legal: \"writable\"", mapping.layers.size()));
  return mapping;
}

/// The core that all layers share, if they do.
std::optional<CoreSpec> shared_core(const Config& config, const Mapping& mapping) {
  if (mapping.policy != CorePolicy::shared) return std::nullopt;
  const CoreRequest& asked = config.core;
  return CoreSpec{config.name, mapping.cores.at(0).hw, asked.tables, asked.event_counters, asked.storage};
}

Network read_configured(const NetworkSource& source) {
  Network network = load_network(source.file);
  if (!source.design.empty()) apply_design(network, read_design(source.design));
  return network;
}

CompiledLayer compiled_layer(const Mapping& mapping, const MappedLayer& mapped) {
  CompiledLayer compiled;
  const Node& node = mapping.network.nodes[static_cast<std::size_t>(mapped.node)];
  compiled.node = mapped.node;
  compiled.hw = mapping.cores[static_cast<std::size_t>(mapped.core)].hw;
  compiled.layer = mapped.layer;
  compiled.weight_bits = node.weight_bits > 0 ? node.weight_bits : compiled.hw.weight_bits;
  return compiled;
}

/// A network without weights: seeded as `epim run` does it.
CompiledNetwork seed_network(const Config& config, Network network, CorePolicy policy) {
  Mapping mapping = map_configured(config, network, policy);
  const IntTensor image = load_images(config, network, 1).images.at(0);
  SynthesisedNetwork integers = synthesise_network(mapping, image, {kNetworkSeed, nullptr}, 1, {});
  CompiledNetwork net;
  net.policy = policy;
  net.seeded = true;
  for (std::size_t l = 0; l < mapping.layers.size(); ++l) {
    net.layers.push_back(compiled_layer(mapping, mapping.layers[l]));
    net.layers.back().data = std::move(integers.data[l]);
  }
  net.core = shared_core(config, mapping);
  net.network = std::move(mapping.network);
  return net;
}

}  // namespace

CompiledNetwork lay_out_network(const Config& config, CorePolicy policy) {
  CompiledNetwork net;
  net.policy = policy;
  const NetworkSource& source = *config.network;
  const Network network = read_configured(source);
  if (!source.integers.empty()) {
    if (!source.weights.empty())
      throw InputError(config.locate("network.integers"), "contradictory-weights",
                       "network.weights and network.integers are both given; legal: one of them");
    net.weights = read_npz(source.integers);
    check_integer_bundle(net.weights, config.core.hw);
  } else if (!source.weights.empty()) {
    net.weights = read_npz(source.weights);
  } else {
    if (network.weights.empty())
      throw InputError({network.file, 0, 0}, "missing-key", "weights: this network has none; name an .npz");
    net.weights = read_npz((std::filesystem::path(network.file).parent_path() / network.weights).string());
  }
  if (source.integers.empty()) warn_of_unused_arrays(net.weights, network);
  const std::vector<double> scales = activation_scales(network);
  Mapping mapping = map_configured(config, network, policy);
  for (const MappedLayer& mapped : mapping.layers) {
    CompiledLayer compiled = compiled_layer(mapping, mapped);
    const int from = network.nodes[static_cast<std::size_t>(mapped.node)].input_ids[0];
    compiled.act_in = from < 0 ? network.input_scale : scales[static_cast<std::size_t>(from)];
    compiled.act_out = scales[static_cast<std::size_t>(mapped.node)];
    net.layers.push_back(std::move(compiled));
  }
  net.core = shared_core(config, mapping);
  net.network = std::move(mapping.network);
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

/// Fills every layer by `fill(node, layer)`, then checks the accumulators and gives every core its width. Errors are
/// placed at the node, or at the bundle where they name one.
template <class F> void fill_layers(const Config& config, CompiledNetwork& net, F&& fill) {
  int widest = 1;
  std::vector<int> bits;
  for (CompiledLayer& compiled : net.layers) {
    const Node& node = net.network.nodes[static_cast<std::size_t>(compiled.node)];
    try {
      fill(node, compiled);
      bits.push_back(accumulator_bound(compiled.hw, compiled.layer, compiled.data).bits);
      widest = std::max(widest, bits.back());
      check_accumulator(compiled.hw, compiled.layer, compiled.data);
    } catch (const InputError& e) {
      const std::string& bundle = config.network->integers;
      if (e.where().line > 0 || (!e.where().file.empty() && !bundle.empty())) throw;
      throw InputError(bundle.empty() ? node.where : Position{bundle, 0, 0}, e.rule(), fmt::format("node {}: {}", node.name, e.text()));
    }
  }
  if (net.core) net.core = with_accumulators(config.core.hw, *net.core, widest);
  for (std::size_t l = 0; l < net.layers.size(); ++l)
    net.layers[l].hw.acc_bits = net.core ? net.core->hw.acc_bits : config.core.hw.acc_bits.value_or(bits[l]);
}

}  // namespace

void quantise_network(const Config& config, CompiledNetwork& net, const QuantiseOptions& options) {
  fill_layers(config, net, [&](const Node& node, CompiledLayer& compiled) {
    Hardware codes = compiled.hw;
    codes.weight_bits = compiled.weight_bits;
    compiled.quantised = quantise(codes, compiled.layer, float_epitome(net, compiled), options);
    const LayerScales scale{channel_values(net, node, "bn_scale"), channel_values(net, node, "bn_bias"), compiled.act_in,
                            compiled.act_out};
    IntegerLayer integers = to_integer(compiled.hw, compiled.layer, compiled.quantised, scale);
    compiled.data = std::move(integers.data);
    compiled.layer.shift = integers.shift;
    compiled.scale_error = integers.scale_error;
    compiled.channel_error = integers.channel_error;
  });
}

CompiledNetwork compile_network(const Config& config, const QuantiseOptions& options, CorePolicy policy) {
  if (Network network = read_configured(*config.network); without_weights(*config.network, network))
    return seed_network(config, std::move(network), policy);
  CompiledNetwork net = lay_out_network(config, policy);
  if (config.network->integers.empty())
    quantise_network(config, net, options);
  else
    fill_layers(config, net, [&](const Node&, CompiledLayer& compiled) {
      compiled.data = read_integer_layer(net.weights, compiled.hw, compiled.layer);
      GoldenLayer(compiled.hw, compiled.layer, compiled.data);  // refuses what the core cannot hold
    });
  return net;
}

}  // namespace epim

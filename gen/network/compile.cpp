// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/compile.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "gen/network/adc_calibration.hpp"
#include "gen/network/design_file.hpp"
#include "gen/network/input_checks.hpp"
#include "gen/network/layer_integers.hpp"
#include "gen/network/synthetic_network.hpp"
#include "gen/network/walk.hpp"
#include "golden/parallel.hpp"
#include "golden/bounds.hpp"
#include "golden/device/spare_columns.hpp"
#include "golden/evaluate.hpp"
#include "golden/files/integer_bundle.hpp"

namespace epim {
int CompiledNetwork::layer_of_node(int node) const {
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (layers[i].node == node) return static_cast<int>(i);
  return -1;
}

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

CompiledLayer compiled_layer(const Config& config, const Mapping& mapping, const MappedLayer& mapped) {
  CompiledLayer compiled;
  const Node& node = mapping.network.nodes[static_cast<std::size_t>(mapped.node)];
  static_cast<MappedLayer&>(compiled) = mapped;
  compiled.hw = mapping.cores[static_cast<std::size_t>(mapped.core)].hw;
  compiled.weight_bits = code_bits_of(node, config.core.hw, compiled.hw);
  return compiled;
}

/// Everything of the mapping but data.
void take_mapping(const Config& config, Mapping mapping, const NpzFile* weights, CompiledNetwork& net) {
  for (const MappedLayer& mapped : mapping.layers) net.layers.push_back(compiled_layer(config, mapping, mapped));
  net.core = shared_core(config, mapping);
  net.arithmetic = network_arithmetic(mapping.network, mapping.asked, signed_maps_of(mapping.policy), weights);
  net.network = std::move(mapping.network);
}

/// A network without weights: seeded as `epim run` does it.
CompiledNetwork seed_network(const Config& config, Network network, CorePolicy policy) {
  say_remarks(network);
  Mapping mapping = map_configured(config, network, policy);
  const IntTensor image = load_images(config, network, 1).images.at(0);
  SynthesisedNetwork integers = synthesise_network(mapping, image, {kNetworkSeed, nullptr}, 1, {});
  CompiledNetwork net;
  net.policy = policy;
  net.seeded = true;
  take_mapping(config, std::move(mapping), nullptr, net);
  for (std::size_t l = 0; l < net.layers.size(); ++l) net.layers[l].data = std::move(integers.data[l]);
  return net;
}

}  // namespace

CorePolicy policy_for(const Config& config) {
  const Network network = read_configured(*config.network);
  const bool pools = std::any_of(network.nodes.begin(), network.nodes.end(), [](const Node& n) { return n.pool.has_value(); });
  return pools ? CorePolicy::own : CorePolicy::shared;
}

CompiledNetwork lay_out_network(const Config& config, const Network& network, NpzFile weights, CorePolicy policy) {
  CompiledNetwork net;
  net.policy = policy;
  net.weights = std::move(weights);
  net.has_float = true;
  take_mapping(config, map_configured(config, network, policy), &net.weights, net);
  return net;
}

CompiledNetwork lay_out_network(const Config& config, CorePolicy policy) {
  CompiledNetwork net;
  net.policy = policy;
  const NetworkSource& source = *config.network;
  const Network network = read_configured(source);
  say_remarks(network);
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
  net.has_float = source.integers.empty();
  if (net.has_float) warn_of_unused_arrays(net.weights, network);
  take_mapping(config, map_configured(config, network, policy), &net.weights, net);
  return net;
}

CompiledNetwork synthesised_network(Mapping mapping, SynthesisedNetwork integers, const NpzFile* weights) {
  CompiledNetwork net;
  net.policy = mapping.policy;
  net.seeded = weights == nullptr;
  net.has_float = weights != nullptr;
  if (weights) net.weights = *weights;
  for (std::size_t l = 0; l < mapping.layers.size(); ++l) {
    CompiledLayer compiled;
    static_cast<MappedLayer&>(compiled) = mapping.layers[l];
    compiled.hw = mapping.cores[static_cast<std::size_t>(compiled.core)].hw;
    compiled.weight_bits = code_bits_of(mapping.network.nodes[static_cast<std::size_t>(compiled.node)], mapping.base, compiled.hw);
    compiled.data = std::move(integers.data[l]);
    net.layers.push_back(std::move(compiled));
  }
  net.arithmetic = network_arithmetic(mapping.network, mapping.asked, signed_maps_of(mapping.policy), weights);
  net.network = std::move(mapping.network);
  return net;
}

FloatTensor float_epitome(const CompiledNetwork& net, const CompiledLayer& layer) {
  const Node& node = net.network.nodes[static_cast<std::size_t>(layer.node)];
  return mapped_weights(node, layer, weights_of(node, net.weights).epitome);
}

namespace {

/// Spare columns and cells of a layer, whatever it was programmed for before.
void program(const DeviceModel& device, CompiledLayer& layer, std::size_t number) {
  if (layer.unmoved) {
    layer.layer = layer.unmoved->layer;
    layer.data.epitome = layer.unmoved->epitome;
    layer.unmoved = nullptr;
  }
  std::shared_ptr<const CompiledLayer::Unmoved> unmoved;
  if (device.spare_columns > 0) unmoved = std::make_shared<CompiledLayer::Unmoved>(CompiledLayer::Unmoved{layer.layer, layer.data.epitome});
  program_layer(device, layer.hw, layer.layer, layer.data, static_cast<int>(number));
  if (layer.layer.spare_columns > 0) layer.unmoved = unmoved;
}

/// Fills every layer by `fill(node, layer)` and programs its cells, several at a time, then checks the accumulators and gives every core its width.
/// Errors are placed at the node, or at the bundle where they name one; the first layer's is thrown.
template <class F> void fill_layers(const Config& config, CompiledNetwork& net, F&& fill) {
  net.device = config.device;
  std::vector<int> bits(net.layers.size(), 1);
  std::vector<std::exception_ptr> failures(net.layers.size());
  parallel(net.layers.size(), processors(), [&](std::size_t l) {
    CompiledLayer& compiled = net.layers[l];
    const Node& node = net.network.nodes[static_cast<std::size_t>(compiled.node)];
    try {
      try {
        fill(node, compiled);
        program(config.device, compiled, l);
        const AccumulatorBound bound = accumulator_bound(compiled.hw, compiled.layer, compiled.data);
        bits[l] = bound.bits;
        check_accumulator(compiled.hw, compiled.layer, bound);
      } catch (const InputError& e) {
        const std::string& bundle = config.network->integers;
        if (e.where().line > 0 || (!e.where().file.empty() && !bundle.empty())) throw;
        throw InputError(bundle.empty() ? node.where : Position{bundle, 0, 0}, e.rule(), fmt::format("node {}: {}", node.name, e.text()));
      }
    } catch (...) {
      failures[l] = std::current_exception();
    }
  });
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
  const int widest = bits.empty() ? 1 : *std::max_element(bits.begin(), bits.end());
  if (net.core) net.core = with_accumulators(config.core.hw, *net.core, widest);
  for (std::size_t l = 0; l < net.layers.size(); ++l)
    net.layers[l].hw.acc_bits = net.core ? net.core->hw.acc_bits : config.core.hw.acc_bits.value_or(bits[l]);
}

}  // namespace

void quantise_network(const Config& config, CompiledNetwork& net, const QuantiseOptions& options, bool keep_quantised) {
  fill_layers(config, net, [&](const Node& node, CompiledLayer& compiled) {
    QuantisedLayer layer = layer_integers(compiled.hw, node, compiled, weights_of(node, net.weights), compiled.weight_bits, options);
    if (keep_quantised) compiled.quantised = std::move(layer.quantised);
    IntegerLayer& integers = layer.integers;
    compiled.data = std::move(integers.data);
    compiled.layer.shift = integers.shift;
    compiled.scale_error = integers.scale_error;
    compiled.channel_error = integers.channel_error;
  });
}

void program_network(CompiledNetwork& net, const DeviceModel& device) {
  net.device = device;
  parallel(net.layers.size(), processors(), [&](std::size_t l) {
    CompiledLayer& compiled = net.layers[l];
    program(device, compiled, l);
  });
}

CompiledNetwork outline_network(const Config& config, CorePolicy policy) {
  const Network network = read_configured(*config.network);
  if (!without_weights(*config.network, network)) return lay_out_network(config, policy);
  CompiledNetwork net;
  net.policy = policy;
  net.seeded = true;
  say_remarks(network);
  take_mapping(config, map_configured(config, network, policy), nullptr, net);
  return net;
}

CompiledNetwork compile_network(const Config& config, const QuantiseOptions& options, CorePolicy policy) {
  if (!config.network->adc_calibration.empty()) {
    Config calibrated = config;
    calibrated.core.hw.adc_step = calibrated_adc_step(config, options, policy);
    calibrated.network->adc_calibration.clear();
    return compile_network(calibrated, options, policy);
  }
  if (Network network = read_configured(*config.network); without_weights(*config.network, network))
{
    CompiledNetwork net = seed_network(config, std::move(network), policy);
    if (config.device.any()) fill_layers(config, net, [](const Node&, CompiledLayer&) {});
    return net;
  }
  CompiledNetwork net = lay_out_network(config, policy);
  if (config.network->integers.empty())
    quantise_network(config, net, options);
  else
    fill_layers(config, net, [&](const Node&, CompiledLayer& compiled) {
      compiled.data = read_integer_layer(net.weights, compiled.hw, compiled.layer);
      check_layer(compiled.hw, compiled.layer, compiled.data);  // refuses what the core cannot hold
    });
  return net;
}

}  // namespace epim

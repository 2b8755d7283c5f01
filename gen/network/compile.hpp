// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A network description with floating-point weights, turned into integer layers for a core.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gen/config/config.hpp"
#include "gen/network/mapping.hpp"
#include "golden/graph/network.hpp"
#include "golden/files/npz.hpp"
#include "golden/quantise.hpp"

namespace epim {

/// One node that runs on the core, with its integers.
struct CompiledLayer : MappedLayer {
  Hardware hw;              ///< of its core
  LayerData data;
  int weight_bits = 0;              ///< width of the codes: the node's, else the core's; 1: codes -1 and 1
  /// As the network asks for them, where spare columns moved them.
  struct Unmoved {
    Layer layer;
    IntTensor epitome;
  };
  std::shared_ptr<const Unmoved> unmoved;
  QuantisedEpitome quantised;       ///< empty where the integers came from a bundle
  double scale_error = 0, channel_error = 0;  ///< golden/quantise.hpp, IntegerLayer
};

struct CompiledNetwork {
  CorePolicy policy = CorePolicy::shared;
  std::optional<CoreSpec> core;  ///< that of all layers, with CorePolicy::shared
  Network network;
  NetworkArithmetic arithmetic;  ///< what the nodes between the cores compute
  bool seeded = false;      ///< neither weights nor integers were given
  bool has_float = false;   ///< `weights` are those of the float network, not integers
  NpzFile weights;
  DeviceModel device;       ///< that the cells of all layers were programmed for
  std::vector<CompiledLayer> layers;   ///< in execution order
  /// Index into `layers` of a node, -1 for host nodes.
  int layer_of_node(int node) const;
};

/// Seed of a network without weights, and of its first image.
constexpr std::uint64_t kNetworkSeed = 1;
/// Nobody names weights: neither the configuration nor the network.
bool without_weights(const NetworkSource& source, const Network& network);

/// One core for all layers; one for each, where a layer reads a weight pool: plain layers have other cores.
CorePolicy policy_for(const Config& config);

/// Reads the network, its design and its weights (none where config.network->integers names a bundle), and maps it
/// (gen/network/mapping.hpp). Throws InputError with the node's place in the file; missing-key without weights.
CompiledNetwork lay_out_network(const Config& config, CorePolicy policy = CorePolicy::shared);
/// The same for a network and weights that are in memory.
CompiledNetwork lay_out_network(const Config& config, const Network& network, NpzFile weights, CorePolicy policy = CorePolicy::shared);

/// Programs all layers for another device: spare columns, cells and ADCs, nothing else. Throws as program_cells.
void program_network(CompiledNetwork& network, const DeviceModel& device);

/// A mapped network with the integers that synthesise_network gave it; `weights`: what these were made from, null: a seed.
CompiledNetwork synthesised_network(Mapping mapping, struct SynthesisedNetwork integers, const NpzFile* weights);

/// Epitome of one layer from the weights. Throws InputError `missing-array`.
FloatTensor float_epitome(const CompiledNetwork& network, const CompiledLayer& layer);

/// Fills `data`, `quantised` and the shift of every layer: codes of CompiledLayer::weight_bits on a core that may hold
/// wider ones. Accumulators become as wide as the weights ask for. Throws InputError with the node's place in the file.
/// `keep_quantised`: else `quantised` stays empty, which spares twelve bytes per weight.
void quantise_network(const Config& config, CompiledNetwork& network, const QuantiseOptions& options = {}, bool keep_quantised = true);

/// Both of the above; with config.network->integers the integers are read instead (golden/files/integer_bundle.hpp), and
/// without weights they are seeded as `epim run` does it (gen/network/synthetic_network.hpp), for the first image. With
/// config.network->adc_calibration hardware.adc_step is calibrated_adc_step.
CompiledNetwork compile_network(const Config& config, const QuantiseOptions& options = {}, CorePolicy policy = CorePolicy::shared);

/// compile_network without the integers: mapping, cores and arithmetic, all that time and counts follow from. No weight is read where the
/// network has none. Accumulators are as wide as the mapping has them.
CompiledNetwork outline_network(const Config& config, CorePolicy policy);

}  // namespace epim

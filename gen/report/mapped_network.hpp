// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A network on its cores, as the figures of a report need it: sections graph, layers, timeline, energy, epitomes.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "gen/cost/network_estimate.hpp"
#include "golden/timing/timing.hpp"

namespace epim::report {

using Json = nlohmann::ordered_json;

struct MappedNetwork {
  Mapping plan;
  NetworkEstimate estimate;         ///< of the same layers, in the same order
  bool counted = false;             ///< cycles and events are counters of the RTL, not the model's
  std::vector<std::int64_t> cycles; ///< per layer
  std::vector<EventCounts> events;
  std::vector<EnergyReport> energy;
  const Hardware& core_of(std::size_t layer) const;
  /// Crossbars of a layer's PE array (on a shared core: those that it occupies), and the share of their cells that hold a weight.
  std::int64_t crossbars(std::size_t layer) const;
  double utilisation(std::size_t layer) const;
};

/// Maps onto a core per PE array and estimates by the model of our own core. Errors of map_network and estimate_network.
MappedNetwork map_for_report(const Network& network, const HardwareRequest& base, const DesignChoice& design, int weight_bits,
                             const EstimateData& data);
/// The same on the one core of a configuration; `network` with its design.
MappedNetwork map_configured(const Network& network, const Config& config, const EstimateData& data);

/// What a run counted in the place of the estimate, one entry per layer. Throws InputError run-result, placed at `file`,
/// where the layers are not those of the mapping.
void use_run(MappedNetwork& mapped, const std::vector<std::string>& names, const std::vector<std::int64_t>& cycles,
             const std::vector<EventCounts>& events, const EstimateData& data, const std::string& file);

/// {"nodes": [...], "edges": [[from, to], ...]}: node 0 is the input, node n + 1 the network's node n.
Json graph_section(const MappedNetwork& mapped);
/// One row per layer on a core: array, crossbars, utilisation, cycles, bound, the share of cycles in which array, loading
/// and draining are busy.
Json layers_section(const MappedNetwork& mapped, const std::vector<Phases>& phases);
/// Attojoules: {"components": [...], "layers": [{"layer", "aJ": [per component]}], "total_aJ"}.
Json energy_section(const MappedNetwork& mapped);
/// Per layer: shares of busy cycles in `bins` equal bins, and the intervals of its first activations, cycle by cycle.
Json timeline_section(const MappedNetwork& mapped, const std::vector<Phases>& phases);
/// Per layer of several patches: its repetition map in blocks, IFAT, IFRT and OFAT. Empty where there is none.
Json epitomes_section(const MappedNetwork& mapped);

/// Intervals of one image for every layer.
std::vector<Phases> phases_of(const MappedNetwork& mapped, int jobs);

/// A repetition map cut along the borders of the patches: within a block R depends on (p, q) alone.
struct RepetitionBlock {
  int in_first = 0, in_last = 0, out_first = 0, out_last = 0;  ///< channels of the epitome
  std::vector<std::int64_t> reads;                             ///< [P*Q]
};
std::vector<RepetitionBlock> repetition_blocks(const Layer& layer);

}  // namespace epim::report

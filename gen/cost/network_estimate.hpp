// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What a whole network costs before any hardware exists: crossbars, parameters, latency, energy and area, by the model
/// of our own core (`rtl`) and by the one of MNSIM 2.0 (`mnsim`).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "gen/network/mapping.hpp"
#include "golden/energy.hpp"
#include "golden/graph/crossbar_count.hpp"
#include "gen/cost/mnsim.hpp"
#include "golden/timing/rtl_model.hpp"

namespace epim {

/// Constants of both models.
struct EstimateData {
  MnsimData mnsim;
  EnergyTable energy;
  std::vector<ActivityRow> activity;
};
/// Reads gen/cost/data/mnsim.toml, golden/data/energy.toml and golden/data/activity.toml below `home`. Errors of the three readers.
EstimateData load_estimate_data(const std::string& home);

struct EstimateRequest {
  bool rtl = true, mnsim = true;   ///< models to run
  bool bounds = false;             ///< say what each layer waits for (golden/timing/timing.hpp); takes longer than the estimate
  HardwareRequest base;            ///< core parameters as for map_network; its weight_bits are min(weight_bits, 9)
  DesignChoice design;
  int weight_bits = 9;             ///< 2..32 (32 = FP32) where a node has no width of its own
  MnsimWorkload workload;          ///< activation bits, slices, classes, activation rule; weight widths are filled in
  MnsimQuirks quirks;
};

/// Area of the crossbars of our own core and of the converters around them, um2, from the constants of the mnsim data:
///   crossbar = XBs * (rows*cols*cell area + rows*row driver area)
///   adc      = PEs * 2 * slices * ADCs * area of the smallest listed ADC of at least adc_bits
///   dac      = PEs * rows * area of the listed DAC of dac_bits
/// The digital part is not in it.
struct RtlArea {
  double crossbar = 0, dac = 0;
  std::optional<double> adc;       ///< absent: no listed ADC has that many bits
};

/// One conv or fc node.
struct LayerEstimate {
  int node = 0;
  int part = 0;                    ///< of a layer that is split over several cores (gen/network/mapping.hpp)
  std::string name;
  int weight_bits = 0;
  WeightOperator weights = WeightOperator::plain;
  int activations = 1;             ///< firings of the PE array per output position
  LayerCount paper, physical;      ///< by both rules; physical counts the PE array that is generated
  // rtl
  Hardware hw;                     ///< its core
  RtlEstimate rtl;
  EnergyReport energy;             ///< attojoules
  RtlArea area;
  // mnsim
  int mnsim_layer = -1;            ///< index into NetworkEstimate::mnsim.layers
};

struct NetworkEstimate {
  Network network;                 ///< with the design applied
  std::vector<LayerEstimate> layers;
  NetworkCount paper, physical;    ///< sums; their `layers` are empty
  CrossbarTotals pools;            ///< physical crossbars with the pool counted per core and once
  std::int64_t macs = 0;           ///< multiplications of the virtual convolutions
  // against the same network with FP32 plain convolutions
  double crossbar_rate_paper = 0, crossbar_rate_physical = 0, parameter_rate = 0;
  // rtl: layer after layer, one core each
  std::int64_t cycles = 0;
  EventCounts events;
  EnergyReport energy;
  RtlArea area;
  ActivityRow activity;            ///< the figures that the data-dependent events of the base widths come from
  bool activity_measured = false;  ///< at exactly the base widths
  // mnsim
  MnsimResult mnsim;
};

/// Estimates a network. `source` has shapes. Throws InputError as map_network, estimate_rtl, map_to_mnsim and
/// evaluate_mnsim, and `mnsim-pool` (the mnsim model and a pool), `rtl-weight-bits` (the rtl model asked for with a node of more than 9 bits).
NetworkEstimate estimate_network(const Network& source, const EstimateRequest& request, const EstimateData& data);

/// One event of one layer that is not what was estimated.
struct EventDifference {
  std::string layer, event;
  std::int64_t estimated = 0, counted = 0;
  bool on_data = false;            ///< the data decide this event
};
/// Compares the estimate with counted events, one EventCounts per layer; `idle`: idle_cycles were counted too.
std::vector<EventDifference> compare_events(const NetworkEstimate& estimate, const std::vector<EventCounts>& events,
                                            bool idle);

/// Puts the counted number of every event that the data decide in the place of its estimate, and energies and sums anew.
/// `events`: one per layer, e.g. of the golden model.
void use_counted_events(NetworkEstimate& estimate, const EstimateRequest& request, const EstimateData& data,
                        const std::vector<EventCounts>& events);
/// The activity figures that `events` of `estimate` have, averaged over the network.
Activity measured_activity(const NetworkEstimate& estimate);

}  // namespace epim

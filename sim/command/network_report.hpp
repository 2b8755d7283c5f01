// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Tables and JSON of `epim map` and `epim run`.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "golden/energy.hpp"
#include "sim/network_jobs.hpp"

namespace epim::command {

/// What `epim map` shows: epitome, PE array, tables, wrapping, predicted cycles and bound of every layer.
nlohmann::ordered_json plan_json(const Mapping& plan);
void print_plan(const Mapping& plan);

/// Crossbars with the pool counted per core and once for the chip; without pools one number.
std::string crossbars_text(const CrossbarTotals& totals);
nlohmann::ordered_json crossbars_json(const CrossbarTotals& totals);

/// A layer whose array waits (bound other than firing), and the smallest number of lanes, by doubling, that lifts it.
struct Wait {
  std::string layer;
  Bound bound = Bound::loading;
  double busy = 0;
  int lanes = 0;            ///< 0: no number of lanes that was tried does
  double busy_then = 0;
};
/// `plan_with(lanes)` plans the same network with other lanes.
std::vector<Wait> waits(const Mapping& plan, int lanes, const std::function<Mapping(int)>& plan_with);
nlohmann::ordered_json waits_json(const std::vector<Wait>& list);
void print_waits(const std::vector<Wait>& list);

/// Totals over layers.
struct RunTotals {
  EventCounts events;
  std::int64_t cycles = 0, energy = 0, macs = 0;  ///< energy in aJ
  CrossbarTotals crossbars;
  int resumed = 0;
  double seconds = 0;
  double busy_least = 1;                          ///< of the layers that firing bounds
};
RunTotals totals(const Mapping& plan, const std::vector<LayerJobResult>& results, const std::vector<std::size_t>& layers,
                 const EnergyTable& table);

/// One object per layer, no wall times.
nlohmann::ordered_json layers_json(const Mapping& plan, const std::vector<LayerJobResult>& results,
                                   const std::vector<std::size_t>& layers, const EnergyTable& table);
void print_layers(const Mapping& plan, const std::vector<LayerJobResult>& results, const std::vector<std::size_t>& layers,
                  const EnergyTable& table);

/// Wrapped layers beside the same without wrapping: activations, output-buffer writes, cycles, energy, and the totals
/// of the network. `twin` as append_unwrapped gives it.
nlohmann::ordered_json comparison_json(const Mapping& plan, const std::vector<LayerJobResult>& results,
                                       const std::vector<std::size_t>& twin, const EnergyTable& table);
void print_comparison(const Mapping& plan, const std::vector<LayerJobResult>& results, const std::vector<std::size_t>& twin,
                      const EnergyTable& table);

}  // namespace epim::command

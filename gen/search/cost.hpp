// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What designs cost: a table of costs that add up over layers, and the model that they come from.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gen/config/config.hpp"
#include "gen/search/space.hpp"
#include "golden/energy.hpp"
#include "golden/graph/crossbar_count.hpp"
#include "gen/cost/mnsim.hpp"
#include "golden/timing/rtl_model.hpp"

namespace epim {

/// Whole units, so that sums and comparisons are exact.
struct Cost {
  std::int64_t crossbars = 0;
  std::int64_t latency = 0;  ///< mnsim: picoseconds; rtl: cycles
  std::int64_t energy = 0;   ///< attojoules
  Cost& operator+=(const Cost& o) {
    crossbars += o.crossbars;
    latency += o.latency;
    energy += o.energy;
    return *this;
  }
  bool operator==(const Cost&) const = default;
};

enum class Objective { latency, energy, edp };
std::string objective_name(Objective objective);

/// Wide enough for latency times energy and for two objectives in lexicographic order.
using WideInt = __int128;
/// latency, energy, or their product.
WideInt value_of(const Cost& cost, Objective objective);

/// Costs of every candidate, with everything that is not searched in `fixed`.
///
/// Buffers that have one size on the whole chip are sized by the layer that needs most, so the energy of every layer
/// depends on all choices. But for one pair of sizes it is a sum again: there is one table per pair of sizes
/// (`Sizing`). Candidate c of layer l needs the sizes of rank need[l][c]; a selection belongs to the sizing whose ranks are
/// the largest needed ones. Models without such buffers have one sizing.
struct CostTable {
  struct Sizing {
    std::array<int, 2> rank{0, 0};
    Cost fixed;
    std::vector<std::vector<Cost>> cost;  ///< [layer][candidate]; valid where need <= rank in both
  };
  std::vector<std::vector<std::array<int, 2>>> need;  ///< [layer][candidate]
  std::vector<Sizing> sizings;

  bool fits(const Sizing& sizing, std::size_t layer, std::size_t candidate) const;
  /// fixed + sum of the selected costs, in the selection's own sizing.
  Cost additive(const Selection& selection) const;
};

/// A model of a network on hardware, ready for a search.
class CostModel {
 public:
  virtual ~CostModel() = default;
  /// The model's own answer for a network with shapes. Throws as the model does. Safe to call from several threads.
  virtual Cost evaluate(const Network& network) const = 0;

  const std::vector<SearchLayer>& layers() const { return layers_; }
  const Network& network() const { return network_; }
  const CostTable& table() const { return table_; }
  Cost evaluate(const Selection& selection) const { return evaluate(select(network_, layers_, selection)); }
  /// Cost::latency in the unit that latency_unit() names: "ms" (mnsim), "Mcycles" (rtl).
  double latency(const Cost& cost) const { return static_cast<double>(cost.latency) * latency_scale_; }
  const std::string& latency_unit() const { return latency_unit_; }
  static double energy_mj(const Cost& cost) { return static_cast<double>(cost.energy) * 1e-15; }
  /// What the table's sums leave out of the model's own answer; empty = nothing, they are equal.
  const std::string& not_additive(Objective objective) const;
  /// No selection with at most `budget` crossbars has less latency than this, by the model's own answer; the optimum of the
  /// table where that is exact. Unit of Cost::latency. Throws budget-too-small.
  virtual std::int64_t latency_bound(std::int64_t budget) const = 0;

 protected:
  Network network_;
  std::vector<SearchLayer> layers_;
  CostTable table_;
  double latency_scale_ = 1;
  std::string latency_unit_, latency_note_, energy_note_;
};

/// How crossbars are counted for the budget, and how wide weights are.
struct CountOptions {
  CountRule rule = CountRule::paper;
  CountGeometry geometry;
  std::vector<int> weight_bits;  ///< per node
};

/// Latency by the pipelined recurrence of MNSIM, energy by its components. `workload.node_weight_bits` must be set.
///   latency  additive: sum over layers of their busy time, tiles placed as in the uniform design of that candidate. The
///            model's own answer overlaps layers and is smaller.
///   energy   exact (one sizing per pair of buffer sizes).
std::unique_ptr<CostModel> mnsim_cost_model(const Network& network, std::vector<SearchLayer> layers, const CountOptions& count,
                                            const MnsimWorkload& workload, const MnsimData& data, const MnsimQuirks& quirks);

/// Cycles and energy of our own cores, layer after layer: both are sums over layers, unless a candidate is stored once (its
/// consumer then reads fewer words, which the table leaves out).
std::unique_ptr<CostModel> rtl_cost_model(const Network& network, std::vector<SearchLayer> layers, const CountOptions& count,
                                          const HardwareRequest& base, const std::vector<ActivityRow>& activity,
                                          const EnergyTable& energies);

}  // namespace epim

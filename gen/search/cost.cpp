// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/search/cost.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "gen/config/config.hpp"
#include "gen/network/mapping.hpp"
#include "gen/search/exact.hpp"
#include "golden/evaluate.hpp"

namespace epim {
namespace {

/// By the physical rule: those of the PE array that map_network gives the node.
std::int64_t crossbars_of(const Network& net, int node, const CountOptions& c) {
  const Node& n = net.nodes[static_cast<std::size_t>(node)];
  if (c.rule == CountRule::physical && mapped_space_to_depth(n, c.geometry.lanes) > 1) {
    Hardware hw;
    hw.xb_rows = c.geometry.xb_rows;
    hw.xb_cols = c.geometry.xb_cols;
    hw.lanes = c.geometry.lanes;
    hw.cell_bits = c.geometry.cell_bits;
    hw.weight_bits = c.weight_bits.at(static_cast<std::size_t>(node));
    const PeArray array = pe_array_for(hw, space_to_depth_layer(layer_of(n)).epitome);
    return 2 * std::int64_t{hw.slices()} * array.rows * array.cols;
  }
  return count_layer(net, node, c.weight_bits.at(static_cast<std::size_t>(node)), c.rule, c.geometry).crossbars;
}

std::size_t most_candidates(const std::vector<SearchLayer>& layers) {
  std::size_t n = 0;
  for (const SearchLayer& l : layers) n = std::max(n, l.candidates.size());
  return n;
}

/// Candidate k everywhere; the last one where a layer has fewer.
Selection all_of(const std::vector<SearchLayer>& layers, std::size_t k) {
  Selection s;
  for (const SearchLayer& l : layers) s.push_back(static_cast<int>(std::min(k, l.candidates.size() - 1)));
  return s;
}

/// -1 for nodes that are not searched.
std::vector<int> layer_of_node(const Network& net, const std::vector<SearchLayer>& layers) {
  std::vector<int> of(net.nodes.size(), -1);
  for (std::size_t l = 0; l < layers.size(); ++l) of[static_cast<std::size_t>(layers[l].node)] = static_cast<int>(l);
  return of;
}

class MnsimCost : public CostModel {
 public:
  MnsimCost(const Network& network, std::vector<SearchLayer> layers, CountOptions count, MnsimWorkload workload, MnsimData data,
            MnsimQuirks quirks)
      : count_(std::move(count)), workload_(std::move(workload)), data_(std::move(data)), quirks_(quirks) {
    network_ = network;
    layers_ = std::move(layers);
    latency_scale_ = 1e-9;
    latency_unit_ = "ms";
    latency_note_ =
        "the model overlaps layers and places tiles by all choices, so its latency is no sum; the table adds the layers' busy times, "
        "tiles placed as in uniform designs";
    build();
  }

  Cost evaluate(const Network& net) const override {
    const MnsimResult r = evaluate_mnsim(net, workload_, data_, quirks_);
    Cost c;
    for (std::size_t n = 0; n < net.nodes.size(); ++n)
      if (net.nodes[n].has_weights()) c.crossbars += crossbars_of(net, static_cast<int>(n), count_);
    c.latency = picoseconds(r.latency);
    for (const MnsimLayerResult& l : r.layers) c.energy += attojoules(l.energy.total());
    return c;
  }

  /// Positions of one layer follow each other, so no design is faster than its busiest layer even if links cost no time.
  std::int64_t latency_bound(std::int64_t budget) const override {
    return std::max(fixed_bound_, bottleneck(bound_items_, budget - table_.sizings.front().fixed.crossbars));
  }

 private:
  static std::int64_t picoseconds(double ns) { return std::llround(ns * 1e3); }
  static std::int64_t attojoules(double nj) { return std::llround(nj * 1e9); }

  void build() {
    const std::size_t most = most_candidates(layers_);
    const std::vector<int> searched = layer_of_node(network_, layers_);
    std::vector<Network> uniform;
    std::vector<MnsimResult> base;
    for (std::size_t k = 0; k < most; ++k) {
      uniform.push_back(select(network_, layers_, all_of(layers_, k)));
      base.push_back(evaluate_mnsim(uniform.back(), workload_, data_, quirks_));
    }
    // Buffer sizes that occur: no design is below the least need of each layer.
    const bool fixed_buffers = data_.config.pe_inbuf_size > 0 && data_.config.tile_outbuf_size > 0;
    std::array<double, 2> floor{0, 0};
    std::vector<std::vector<std::array<double, 2>>> kb(layers_.size());
    for (std::size_t l = 0; l < layers_.size(); ++l) kb[l].resize(layers_[l].candidates.size());
    for (std::size_t k = 0; k < most; ++k)
      for (const MnsimLayerResult& r : base[k].layers) {
        const int l = searched[static_cast<std::size_t>(r.layer.node)];
        const std::array<double, 2> need{r.layer.input_buffer_kb, r.layer.output_buffer_kb};
        if (l >= 0 && k < kb[static_cast<std::size_t>(l)].size()) kb[static_cast<std::size_t>(l)][k] = need;
        if (l < 0)
          for (int b : {0, 1}) floor[b] = std::max(floor[b], need[b]);
      }
    for (const auto& layer : kb)
      for (int b : {0, 1}) {
        double least = layer.front()[b];
        for (const auto& need : layer) least = std::min(least, need[b]);
        floor[b] = std::max(floor[b], least);
      }
    std::array<std::vector<double>, 2> sizes;
    for (int b : {0, 1}) {
      std::set<double> found{floor[b]};
      for (const auto& layer : kb)
        for (const auto& need : layer)
          if (need[b] > floor[b]) found.insert(need[b]);
      if (fixed_buffers) found = {floor[b]};
      sizes[b].assign(found.begin(), found.end());
    }
    const auto rank = [&](int b, double need) {
      if (fixed_buffers) return 0;
      return static_cast<int>(std::lower_bound(sizes[b].begin(), sizes[b].end(), need) - sizes[b].begin());
    };
    for (const auto& layer : kb) {
      table_.need.emplace_back();
      for (const auto& need : layer) table_.need.back().push_back({rank(0, need[0]), rank(1, need[1])});
    }
    // Counts, latency and bounds do not depend on the sizing.
    std::vector<std::vector<Cost>> cost(layers_.size());
    bound_items_.resize(layers_.size());
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      cost[l].resize(layers_[l].candidates.size());
      bound_items_[l].resize(layers_[l].candidates.size());
    }
    Cost fixed;
    for (std::size_t k = 0; k < most; ++k)
      for (const MnsimLayerResult& r : base[k].layers) {
        const int l = searched[static_cast<std::size_t>(r.layer.node)];
        if (l >= 0 && k < cost[static_cast<std::size_t>(l)].size()) {
          Cost& c = cost[static_cast<std::size_t>(l)][k];
          c.crossbars = crossbars_of(uniform[k], r.layer.node, count_);
          c.latency = picoseconds(r.busy);
          bound_items_[static_cast<std::size_t>(l)][k] = {c.crossbars, static_cast<std::int64_t>(std::floor((r.busy - r.links) * 1e3))};
        } else if (l < 0 && k == 0) {
          fixed.latency += picoseconds(r.busy);
          fixed_bound_ = std::max(fixed_bound_, static_cast<std::int64_t>(std::floor((r.busy - r.links) * 1e3)));
        }
      }
    for (std::size_t n = 0; n < network_.nodes.size(); ++n)
      if (network_.nodes[n].has_weights() && searched[n] < 0) fixed.crossbars += crossbars_of(network_, static_cast<int>(n), count_);
    for (std::size_t i = 0; i < sizes[0].size(); ++i)
      for (std::size_t o = 0; o < sizes[1].size(); ++o) {
        CostTable::Sizing s{{static_cast<int>(i), static_cast<int>(o)}, fixed, cost};
        MnsimData sized = data_;
        if (!fixed_buffers) {
          sized.config.pe_inbuf_size = data_.config.pe_inbuf_size > 0 ? data_.config.pe_inbuf_size : sizes[0][i];
          sized.config.tile_outbuf_size = data_.config.tile_outbuf_size > 0 ? data_.config.tile_outbuf_size : sizes[1][o];
        }
        for (std::size_t k = 0; k < most; ++k) {
          const MnsimResult r = evaluate_mnsim(uniform[k], workload_, sized, quirks_);
          for (std::size_t at = 0; at < r.layers.size(); ++at) {
            const int l = searched[static_cast<std::size_t>(r.layers[at].layer.node)];
            if (l >= 0 && k < s.cost[static_cast<std::size_t>(l)].size())
              s.cost[static_cast<std::size_t>(l)][k].energy = attojoules(r.layers[at].energy.total());
            // The global buffer of element sums is sized by the network alone.
            else if (l < 0 && k == 0)
              s.fixed.energy += attojoules((r.layers[at].layer.kind == MnsimKind::element_sum ? base[k] : r).layers[at].energy.total());
          }
        }
        table_.sizings.push_back(std::move(s));
      }
  }

  CountOptions count_;
  MnsimWorkload workload_;
  MnsimData data_;
  MnsimQuirks quirks_;
  std::vector<std::vector<BottleneckItem>> bound_items_;
  std::int64_t fixed_bound_ = 0;
};

class RtlCost : public CostModel {
 public:
  RtlCost(const Network& network, std::vector<SearchLayer> layers, CountOptions count, const HardwareRequest& base,
          const std::vector<ActivityRow>& activity, const EnergyTable& energies)
      : count_(std::move(count)), base_(base), activity_(activity), energies_(energies) {
    network_ = network;
    layers_ = std::move(layers);
    latency_scale_ = 1e-6;
    latency_unit_ = "Mcycles";
    const std::vector<int> searched = layer_of_node(network_, layers_);
    bool stored_once = false;
    for (std::size_t n = 0; n < network_.nodes.size(); ++n) stored_once |= searched[n] < 0 && network_.nodes[n].wrap == Wrap::stored_once;
    for (const SearchLayer& l : layers_)
      for (const Candidate& c : l.candidates) stored_once |= c.wrap == Wrap::stored_once;
    if (stored_once)
      latency_note_ = energy_note_ = "a map that its producer stored once also shortens what its consumer reads; the table leaves that out";
    table_.sizings.resize(1);
    CostTable::Sizing& s = table_.sizings.front();
    s.cost.resize(layers_.size());
    table_.need.resize(layers_.size());
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      s.cost[l].resize(layers_[l].candidates.size());
      table_.need[l].resize(layers_[l].candidates.size(), {0, 0});
    }
    fire_ = table_;
    CostTable::Sizing& f = fire_.sizings.front();
    for (std::size_t k = 0; k < most_candidates(layers_); ++k) {
      const Network uniform = select(network_, layers_, all_of(layers_, k));
      const Mapping plan = plan_alone(uniform);
      for (const MappedLayer& p : plan.layers) {
        const int l = searched[static_cast<std::size_t>(p.node)];
        const bool fixed = l < 0 && k == 0;
        if (!fixed && (l < 0 || k >= s.cost[static_cast<std::size_t>(l)].size())) continue;
        std::int64_t fire = 0;
        const Cost cost = layer_cost(uniform, plan, p, &fire);
        if (fixed) {
          s.fixed += cost;
          f.fixed += {cost.crossbars, fire, 0};
        } else {
          s.cost[static_cast<std::size_t>(l)][k] += cost;  // a layer may be split over several cores
          f.cost[static_cast<std::size_t>(l)][k] += {cost.crossbars, fire, 0};
        }
      }
    }
  }

  Cost evaluate(const Network& net) const override {
    const Mapping plan = map_network(net, base_, {});
    Cost c;
    for (const MappedLayer& p : plan.layers) c += layer_cost(net, plan, p);
    return c;
  }

  /// Where a consumer's cycles depend on its producer, the firing cycles still do not.
  std::int64_t latency_bound(std::int64_t budget) const override {
    return solve(latency_note_.empty() ? table_ : fire_, Objective::latency, budget).cost.latency;
  }

 private:
  /// Plans without giving consumers the periods of their producers.
  Mapping plan_alone(const Network& net) const {
    Network alone = net;
    std::vector<Wrap> wraps;
    for (Node& node : alone.nodes) {
      wraps.push_back(node.wrap);
      node.wrap = Wrap::off;
    }
    Mapping plan = map_network(alone, base_, {});
    for (MappedLayer& p : plan.layers) p.layer.wrap = wraps[static_cast<std::size_t>(p.node)];
    return plan;
  }

  Cost layer_cost(const Network& net, const Mapping& plan, const MappedLayer& p, std::int64_t* fire = nullptr) const {
    const Hardware& hw = plan.cores[static_cast<std::size_t>(p.core)].hw;
    const RtlEstimate e = estimate_rtl(hw, p.layer, activity_for(activity_, hw).activity);
    if (fire) *fire = e.timing.fire_cycles;
    return {p.part == 0 ? crossbars_of(net, p.node, count_) : 0, e.timing.cycles, energy(e.events, energies_, hw).total};
  }

  CountOptions count_;
  CostTable fire_;  ///< cycles in which the array fires in the place of latency; no energy
  HardwareRequest base_;
  std::vector<ActivityRow> activity_;
  EnergyTable energies_;
};

}  // namespace

std::string objective_name(Objective objective) {
  return objective == Objective::latency ? "latency" : objective == Objective::energy ? "energy" : "edp";
}

WideInt value_of(const Cost& c, Objective objective) {
  switch (objective) {
    case Objective::latency: return c.latency;
    case Objective::energy: return c.energy;
    case Objective::edp: break;
  }
  return WideInt{c.latency} * c.energy;
}

bool CostTable::fits(const Sizing& sizing, std::size_t layer, std::size_t candidate) const {
  const auto& n = need[layer][candidate];
  return n[0] <= sizing.rank[0] && n[1] <= sizing.rank[1];
}

Cost CostTable::additive(const Selection& selection) const {
  std::array<int, 2> rank{0, 0};
  for (std::size_t l = 0; l < selection.size(); ++l)
    for (int b : {0, 1}) rank[b] = std::max(rank[b], need[l][static_cast<std::size_t>(selection[l])][b]);
  const auto at = std::find_if(sizings.begin(), sizings.end(), [&](const Sizing& s) { return s.rank == rank; });
  Cost c = at->fixed;
  for (std::size_t l = 0; l < selection.size(); ++l) c += at->cost[l][static_cast<std::size_t>(selection[l])];
  return c;
}

const std::string& CostModel::not_additive(Objective objective) const {
  return objective == Objective::energy || latency_note_.empty() ? energy_note_ : latency_note_;
}

std::unique_ptr<CostModel> mnsim_cost_model(const Network& network, std::vector<SearchLayer> layers, const CountOptions& count,
                                            const MnsimWorkload& workload, const MnsimData& data, const MnsimQuirks& quirks) {
  return std::make_unique<MnsimCost>(network, std::move(layers), count, workload, data, quirks);
}

std::unique_ptr<CostModel> rtl_cost_model(const Network& network, std::vector<SearchLayer> layers, const CountOptions& count,
                                          const HardwareRequest& base, const std::vector<ActivityRow>& activity,
                                          const EnergyTable& energies) {
  return std::make_unique<RtlCost>(network, std::move(layers), count, base, activity, energies);
}

}  // namespace epim

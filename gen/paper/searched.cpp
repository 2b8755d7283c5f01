// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/paper/searched.hpp"

namespace epim {

Found search_design(const PaperInputs& in, const Network& net, MnsimWorkload w, double budget, Objective objective, const std::vector<Wrap>& wraps,
                    bool rtl) {
  SpaceOptions space;
  space.wraps = wraps;
  std::vector<SearchLayer> layers = search_layers(net, space);
  CountOptions count;
  count.weight_bits = uniform_bits(net, w.weight_bits);
  w.node_weight_bits = count.weight_bits;
  const auto model = rtl ? rtl_cost_model(net, std::move(layers), count, in.base, in.data.activity, in.data.energy)
                         : mnsim_cost_model(net, std::move(layers), count, w, in.data.mnsim, MnsimQuirks::compat());
  const Solution s = solve(model->table(), objective, static_cast<std::int64_t>(budget));
  const Cost c = model->evaluate(s.selection);
  return {static_cast<double>(c.crossbars), model->latency(c), CostModel::energy_mj(c), select(net, model->layers(), s.selection)};
}

}  // namespace epim

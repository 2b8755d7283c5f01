// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/estimate/knapsack.hpp"

#include <algorithm>

namespace epim {
namespace {

/// A choice for the first groups.
struct Partial {
  std::int64_t weight = 0;
  double cost = 0.0;
  int option = -1;           ///< of the last of these groups
  std::int32_t before = -1;  ///< index into the front of the groups before it
};

}  // namespace

std::optional<KnapsackSolution> solve_knapsack(const std::vector<std::vector<KnapsackOption>>& groups,
                                               std::int64_t budget) {
  // What the groups still to come need at least.
  std::vector<std::int64_t> rest(groups.size() + 1, 0);
  for (std::size_t g = groups.size(); g-- > 0;)
    rest[g] = rest[g + 1] + std::min_element(groups[g].begin(), groups[g].end(), [](const auto& a, const auto& b) {
                              return a.weight < b.weight;
                            })->weight;
  std::vector<std::vector<Partial>> fronts = {{Partial{}}};
  if (rest[0] > budget) return std::nullopt;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::vector<Partial> all;
    for (std::size_t i = 0; i < fronts[g].size(); ++i)
      for (std::size_t k = 0; k < groups[g].size(); ++k) {
        const Partial& p = fronts[g][i];
        const std::int64_t weight = p.weight + groups[g][k].weight;
        if (weight + rest[g + 1] <= budget)
          all.push_back({weight, p.cost + groups[g][k].cost, static_cast<int>(k), static_cast<std::int32_t>(i)});
      }
    std::stable_sort(all.begin(), all.end(), [](const Partial& a, const Partial& b) {
      return a.weight != b.weight ? a.weight < b.weight : a.cost != b.cost ? a.cost < b.cost : a.option < b.option;
    });
    std::vector<Partial> front;
    for (const Partial& p : all)
      if (front.empty() || p.cost < front.back().cost) front.push_back(p);
    fronts.push_back(std::move(front));
  }
  // Costs fall along the front: its last entry is the cheapest.
  KnapsackSolution s;
  s.weight = fronts.back().back().weight;
  s.cost = fronts.back().back().cost;
  s.chosen.resize(groups.size());
  std::size_t at = fronts.back().size() - 1;
  for (std::size_t g = groups.size(); g-- > 0;) {
    const Partial& p = fronts[g + 1][at];
    s.chosen[g] = p.option;
    at = static_cast<std::size_t>(p.before);
  }
  return s;
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The best selection under a crossbar budget, proven: a multiple-choice knapsack over costs that add up.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "gen/search/cost.hpp"

namespace epim {

/// One candidate of one layer: what it weighs and what it costs.
struct KnapsackItem {
  std::int64_t crossbars = 0;
  WideInt cost = 0;
  int candidate = 0;
};

/// Exactly one item per layer; all sums within the budget that no other sum dominates (fewer crossbars and less cost).
///
/// Dynamic programming over layers: the sums of the first n layers, keeping per number of crossbars the cheapest, and of
/// these only those that are cheaper than all sums with fewer crossbars. A dropped sum can be replaced by the one that
/// dominates it in every completion, so the kept ones contain an optimum for every budget.
class Knapsack {
 public:
  struct Point {
    std::int64_t crossbars = 0;
    WideInt cost = 0;
  };
  /// Empty front where even the lightest items exceed the budget.
  Knapsack(const std::vector<std::vector<KnapsackItem>>& layers, std::int64_t budget);
  /// Ascending crossbars, strictly descending cost.
  const std::vector<Point>& front() const { return front_; }
  /// Chosen candidate per layer of point `i` of the front.
  Selection selection(std::size_t i) const;

 private:
  struct Label {
    std::int64_t crossbars = 0;
    WideInt cost = 0;
    std::int32_t from = 0, candidate = 0;
  };
  std::vector<std::vector<Label>> stages_;
  std::vector<Point> front_;
};

/// A selection with its cost by the table.
struct Solution {
  Selection selection;
  Cost cost;
};

/// Least crossbars of any selection.
std::int64_t least_crossbars(const CostTable& table);

/// The selection of least objective with at most `budget` crossbars. Among equals: least energy (latency, for objective
/// energy), then the same one every time.
///
/// latency, energy: one knapsack per sizing. Sizings are tried with the candidates that fit into them; costs never fall
/// when a buffer grows (checked), so a selection is never cheaper in a sizing larger than its own.
///
/// edp: latency * energy is quasi-concave for positive latency and energy, so over the convex hull of all feasible
/// (latency, energy) it is least in a vertex, and a vertex is a selection: the optimum of w1*latency + w2*energy for some
/// weights, which is a knapsack. The vertices are found from neighbour to neighbour (Aneja and Nair 1979); a stretch of the
/// hull is left out when the corner that its two supporting lines leave has no smaller product than the best found.
/// Throws InputError budget-too-small, naming the least crossbars, and internal errors as std::logic_error.
Solution solve(const CostTable& table, Objective objective, std::int64_t budget);

/// Crossbars against objective, every proven optimum up to `budget`: ascending crossbars, strictly descending objective.
/// For edp, where every budget is a search of its own, at `edp_points` budgets spread evenly; progress(share) may be empty.
std::vector<Solution> pareto_front(const CostTable& table, Objective objective, std::int64_t budget, int edp_points = 16,
                                   const std::function<void(double)>& progress = {});

struct BottleneckItem {
  std::int64_t crossbars = 0, value = 0;
};
/// min over selections within the budget of the largest selected value. Throws budget-too-small.
std::int64_t bottleneck(const std::vector<std::vector<BottleneckItem>>& layers, std::int64_t budget);

/// Throws InputError budget-too-small.
[[noreturn]] void refuse_budget(std::int64_t budget, std::int64_t least);

}  // namespace epim

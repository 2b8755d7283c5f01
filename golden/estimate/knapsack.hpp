// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Multiple-choice knapsack, solved exactly: one option from every group, least cost, total weight within a budget.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace epim {

struct KnapsackOption {
  std::int64_t weight = 0;  ///< >= 0, e.g. crossbars
  double cost = 0.0;        ///< finite
};

struct KnapsackSolution {
  std::vector<int> chosen;  ///< per group, index of its option
  std::int64_t weight = 0;
  double cost = 0.0;        ///< summed in the order of the groups
};

/// Minimises sum cost subject to sum weight <= budget over one option per group. Exact: the front of non-dominated
/// (weight, cost) pairs is kept group by group; floating-point addition is monotone, so that no dominated start can end
/// below a kept one and the result equals that of trying everything. Ties: the smaller weight, then the earlier option of the
/// last group in which two solutions differ. Nothing where even the lightest options exceed the budget. Every group
/// must have an option. Time and memory: groups x options x length of the front, which is at most budget + 1.
std::optional<KnapsackSolution> solve_knapsack(const std::vector<std::vector<KnapsackOption>>& groups,
                                               std::int64_t budget);

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/linear_assignment.hpp"

#include <cstddef>
#include <limits>

namespace epim {

std::vector<int> linear_assignment(const std::vector<double>& gain, int n) {
  const auto at = [](int i) { return static_cast<std::size_t>(i); };
  const auto cost = [&](int row, int column) { return -gain[at(row) * at(n) + at(column)]; };
  constexpr double infinite = std::numeric_limits<double>::infinity();
  // Column n is where a path begins; cost - row_potential - column_potential >= 0 everywhere, 0 where assigned.
  std::vector<double> row_potential(at(n)), column_potential(at(n) + 1);
  std::vector<int> row_of(at(n) + 1, -1);
  for (int row = 0; row < n; ++row) {
    std::vector<double> slack(at(n), infinite);
    std::vector<int> before(at(n), n);
    std::vector<bool> reached(at(n) + 1);
    int column = n;
    row_of[at(n)] = row;
    do {
      reached[at(column)] = true;
      const int from = row_of[at(column)];
      double least = infinite;
      int next = n;
      for (int c = 0; c < n; ++c) {
        if (reached[at(c)]) continue;
        const double reduced = cost(from, c) - row_potential[at(from)] - column_potential[at(c)];
        if (reduced < slack[at(c)]) {
          slack[at(c)] = reduced;
          before[at(c)] = column;
        }
        if (slack[at(c)] < least) {
          least = slack[at(c)];
          next = c;
        }
      }
      for (int c = 0; c <= n; ++c) {
        if (reached[at(c)]) {
          row_potential[at(row_of[at(c)])] += least;
          column_potential[at(c)] -= least;
        } else {
          slack[at(c)] -= least;
        }
      }
      column = next;
    } while (row_of[at(column)] >= 0);
    while (column != n) {
      row_of[at(column)] = row_of[at(before[at(column)])];
      column = before[at(column)];
    }
  }
  std::vector<int> column_of(at(n));
  for (int c = 0; c < n; ++c) column_of[at(row_of[at(c)])] = c;
  return column_of;
}

}  // namespace epim

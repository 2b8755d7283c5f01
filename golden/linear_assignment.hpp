// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The assignment problem.
#pragma once
#include <vector>

namespace epim {

/// column[row] of the assignment with the largest sum of gain[row*n + column], each column once. O(n^3) (Hungarian method: shortest
/// augmenting paths with potentials). Gains are finite.
std::vector<int> linear_assignment(const std::vector<double>& gain, int n);

}  // namespace epim

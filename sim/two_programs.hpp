// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A core with two program banks: the second layer's program comes while the first layer runs.
#pragma once
#include <array>
#include <cstdint>

#include "gen/core/synthetic.hpp"
#include "sim/driver.hpp"

namespace epim {

/// Cycles of both layers.
struct TwoPrograms {
  std::array<std::int64_t, 2> loads{};  ///< from a program's first word to where a start is accepted
  std::array<LayerRun, 2> runs;
  std::int64_t total = 0;               ///< from the first program's first word to the end of the second run
};

/// Loads `first`, runs it and loads `second` beside it, runs that as soon as the core accepts a start, and loads `first` again
/// beside it, whose program is left in the core. Every stage is compared; the total is
/// load + 2 + max(run, load of the second) + 2 + run of the second, or CheckFailed is thrown.
TwoPrograms run_two_programs(CoreDriver& driver, const Core& core, const SyntheticLayer& first, const SyntheticLayer& second,
                             const RunOptions& options);

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Noise registers that go on by many steps at once, a tile of columns at a time.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "golden/read_noise.hpp"

namespace epim::fast {

/// Images of the noise registers after numbers of steps, each computed once.
class JumpImages {
 public:
  const std::uint32_t* operator()(std::uint64_t steps) const {
    const std::lock_guard lock(mutex_);
    const auto [entry, is_new] = known_.try_emplace(steps);
    if (is_new) {
      const NoiseJump jump(steps);
      for (std::uint32_t i = 0; i < 128; ++i) entry->second[i] = jump(i % 16 << (i / 16 * 4));
    }
    return entry->second.data();
  }

 private:
  mutable std::mutex mutex_;
  mutable std::map<std::uint64_t, std::array<std::uint32_t, 128>> known_;
};

/// Columns of a tile by the steps that their registers go on: (steps, bits of the columns).
using ColumnSteps = std::vector<std::pair<std::uint64_t, std::uint32_t>>;

template <class StepsOf> ColumnSteps column_steps(int columns, const StepsOf& steps_of) {
  std::map<std::uint64_t, std::uint32_t> found;
  for (int c = 0; c < columns; ++c) found[static_cast<std::uint64_t>(steps_of(c))] |= 1u << c;
  return {found.begin(), found.end()};
}

}  // namespace epim::fast

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// When a chip's programs are loaded, and when it takes pixels after that (docs/load.md).
#pragma once
#include <cstdint>

namespace epim {

/// Cycles, that in which the first word is offered being 0; the host offers a word in every cycle.
struct ChipLoad {
  std::int64_t first = 0;  ///< the first word is taken
  std::int64_t last = 0;   ///< the last one is
  std::int64_t open = 0;   ///< cycle 0 of the run: the first pixel can be taken
  std::int64_t cycles() const { return last + 1; }
};

/// Cycle 0 of the run of a chip of `cores` cores whose last load word was taken in cycle `last`, every program being complete: the word goes
/// through the chain, the last core answers, the start is decided and reaches all cores at once.
std::int64_t open_after_load(std::int64_t last, int cores);

/// `words` words of frames for a chip of `cores` cores. `running`: it holds programs and runs, and no image is in it.
ChipLoad predict_chip_load(std::int64_t words, int cores, bool running = false);

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What a whole chip does while images stream through it, summed up in bins of cycles: for pictures.
#pragma once
#include <cstdint>
#include <vector>

#include "golden/timing/chip_timing.hpp"

namespace epim {

struct ChipTrace {
  std::int64_t cycles = 0;       ///< all that were stepped
  std::int64_t bin_cycles = 1;   ///< of a bin; the last one may have fewer
  std::vector<std::int64_t> image_end;        ///< cycle of the last output beat of every image
  std::vector<std::vector<std::int64_t>> fired;  ///< per block and bin: cycles in which its array fires; empty where it has none
  std::vector<std::vector<int>> level;           ///< per stream and bin: the most words its FIFO holds
};

/// Streams `images` images as predict_chip does. `bins` to 2*`bins` - 1 bins, fewer where there are fewer cycles. A chip that stops is
/// followed to `limit` cycles.
ChipTrace trace_chip(const ChipGraph& graph, int images, int bins, std::int64_t limit);

}  // namespace epim

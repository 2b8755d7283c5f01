// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Time of a whole chip, cycle by cycle, without data: when every word moves, and whether anything ever stops.
///
/// Every block is stepped once per cycle on the state that its registers would hold, so the result is exact under
/// back-pressure from any block to any other. docs/chip-timing.md has the rules of every block and the argument that
/// a repeated state proves the behaviour for any number of images.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "golden/chip.hpp"

namespace epim {

struct ChipRunOptions {
  bool keep_beats = false;      ///< keep the cycle of every output beat
  bool until_periodic = false;  ///< stop as soon as the state at an image border repeats
  std::int64_t limit = 0;       ///< give up after so many cycles; 0 = none
};

/// What one block did.
struct BlockActivity {
  std::int64_t fire_cycles = 0;      ///< cores: cycles in which the array fired
  std::int64_t words_in = 0, words_out = 0;
  std::int64_t alone = 0;            ///< cycles per image (rounded up) of this block with nothing to wait for outside
};

struct ChipTiming {
  std::int64_t cycles = 0;             ///< cycle of the last output beat + 1
  std::int64_t images = 0;             ///< images that came out
  std::vector<std::int64_t> image_end; ///< cycle of the last output beat of every image
  std::vector<std::int64_t> beats;     ///< cycle of every output beat, if asked for
  /// Cycles from the first input word to the last output beat of the first image, that beat's cycle included.
  std::int64_t first_latency = 0;
  /// In steady state `period_images` images take `period_cycles` cycles; 0 = no repeated state was seen.
  std::int64_t period_cycles = 0, period_images = 0;
  std::vector<BlockActivity> blocks;
  std::vector<int> high_water;         ///< most words that each stream's FIFO held
  int slowest = -1;                    ///< block with the largest `alone`
  bool deadlock = false;               ///< nothing can move any more although images are missing
  std::int64_t deadlock_cycle = 0;     ///< first cycle from which nothing moves
  std::vector<int> full, empty;        ///< streams that are full or empty then
  double cycles_per_image() const {
    return period_images == 0 ? 0.0 : static_cast<double>(period_cycles) / static_cast<double>(period_images);
  }
};

/// Streams `images` images through the chip, a word offered in every cycle from cycle 0, every beat taken at once.
ChipTiming predict_chip(const ChipGraph& graph, int images, const ChipRunOptions& options = {});

/// Cycles that block `index` takes for `period_images` images in steady state with nothing to wait for outside.
struct AloneRate {
  std::int64_t period_cycles = 0, period_images = 1;
};
AloneRate alone_rate(const ChipGraph& graph, int block);

}  // namespace epim

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
#include <variant>
#include <vector>

#include "golden/timing/chip.hpp"
#include "golden/timing/chip_blocks.hpp"

namespace epim {

/// `cycles` for `images` images in steady state.
struct ImageRate {
  std::int64_t cycles = 0, images = 1;
  double per_image() const { return static_cast<double>(cycles) / static_cast<double>(images); }
  /// Fewer cycles per image; exact.
  bool operator<(const ImageRate& o) const { return cycles * o.images < o.cycles * images; }
  bool operator==(const ImageRate& o) const { return cycles * o.images == o.cycles * images; }
};

/// What one block did.
struct BlockActivity {
  std::int64_t fire_cycles = 0;      ///< cores: cycles in which the array fired
  std::int64_t words_in = 0, words_out = 0;
};

/// Ports of a core or pool in one cycle: a word is offered to it, a word can leave; it takes one, it offers one.
struct BlockPorts {
  bool word = false, room = false, ready = false, valid = false;
};

/// The whole chip, stepped cycle by cycle under any stalls of its two ports.
class SteppedChip {
 public:
  using Machine = std::variant<std::monostate, SteppedCore, SteppedPool, SteppedStream>;  ///< monostate: input, output
  explicit SteppedChip(const ChipGraph& graph);

  bool in_ready() const { return room_behind(parts_.front()); }  ///< s_axis ready
  bool out_valid() const { return count_.back() > 0; }           ///< m_axis valid
  /// One clock edge: an input word was offered, an output word could be taken. Returns whether any word moved.
  bool step(bool offered, bool ready);
  /// Words in every FIFO, in stream order; the most there ever were.
  const std::vector<int>& counts() const { return count_; }
  const std::vector<int>& high_water() const { return high_; }
  bool full(std::size_t stream) const { return depth_[stream] > 0 && count_[stream] >= depth_[stream]; }
  const BlockActivity& activity(std::size_t block) const { return parts_[block].did; }
  /// Ports of a core or pool in the cycle that is stepped next.
  BlockPorts ports(std::size_t block) const;
  /// Everything that decides the future under given stalls.
  std::vector<std::int64_t> state() const;

 private:
  struct Part {
    BlockKind kind;
    Machine machine;
    std::vector<int> in, out;
    BlockActivity did;
  };
  bool room_behind(const Part& part) const;

  std::vector<Part> parts_;
  std::vector<int> depth_, count_, high_, change_;
  std::int64_t image_words_;
};

struct ChipRunOptions {
  bool keep_beats = false;      ///< keep the cycle of every output beat
  bool until_periodic = false;  ///< stop as soon as the state at an image's end repeats
  std::int64_t limit = 0;       ///< give up after so many cycles; 0 = none
};

struct ChipTiming {
  std::int64_t cycles = 0;             ///< cycle of the last output beat + 1
  std::int64_t images = 0;             ///< images that came out
  std::vector<std::int64_t> image_end; ///< cycle of the last output beat of every image
  std::vector<std::int64_t> beats;     ///< cycle of every output beat, if asked for
  std::int64_t first_latency = 0;      ///< first image: cycles from its first word offered to its last beat, both included
  std::optional<ImageRate> steady;     ///< set when the state at an image's end repeated while words were offered
  std::vector<BlockActivity> blocks;
  std::vector<int> high_water;         ///< most words that each stream's FIFO held
  bool deadlock = false;               ///< nothing can move any more although images are missing
  std::int64_t deadlock_cycle = 0;     ///< first cycle from which no word moves
  std::vector<int> full, empty;        ///< streams whose FIFO is full or empty then
};

/// Streams `images` images through the chip, a word offered in every cycle from cycle 0, every beat taken at once.
ChipTiming predict_chip(const ChipGraph& graph, int images, const ChipRunOptions& options = {});

/// Steady rate of one block with nothing to wait for outside.
ImageRate alone_rate(const ChipGraph& graph, int block);

/// The block that no depth of any FIFO can outrun.
struct Slowest {
  int block = -1;
  ImageRate rate;
  std::vector<ImageRate> alone;  ///< of every block
};
Slowest slowest_block(const ChipGraph& graph);

}  // namespace epim

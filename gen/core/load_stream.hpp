// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A program as frames of the load port (rtl/epim_load.sv, docs/load.md).
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gen/core/program.hpp"

namespace epim {

/// Kinds of frames that are no memory's.
inline constexpr int kLoadGeometry = 0xF0, kLoadBegin = 0xF1, kLoadEnd = 0xF2;
/// Most payload words of a frame: what a CRC of 32 bits protects, and what is sent again after an error.
inline constexpr std::size_t kLoadFrameWords = 4096;

/// One frame: its words but the CRC.
struct LoadFrame {
  int core = 0, kind = 0, pe = 0;
  std::uint32_t address = 0;  ///< of the first entry
  std::uint32_t step = 1;     ///< entries lie so far apart
  std::vector<std::uint64_t> payload;
  bool operator==(const LoadFrame&) const = default;
};

/// A word of the load port's AXI4-Stream.
struct LoadWord {
  std::uint64_t data = 0;
  bool last = false;
};

/// Frames of `program` for core `core` of a chain: begin, its memories, its geometry, end. Entries of one memory that lie at even
/// distances share frames. Blocks of which `skip` says true are left out (they reach the core another way).
std::vector<LoadFrame> load_frames(const LayerProgram& program, int core, const std::function<bool(const ProgramBlock&)>& skip = {});

/// The words of frames, each with its header and CRC.
std::vector<LoadWord> load_words(const std::vector<LoadFrame>& frames);

/// The words as a file: 8 bytes each, least significant first. A frame's end is told by its header.
std::string load_bytes(const std::vector<LoadWord>& words);

}  // namespace epim

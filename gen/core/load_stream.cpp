// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/core/load_stream.hpp"

#include <zlib.h>

#include <algorithm>

namespace epim {
namespace {

/// Words as the stream sends them, byte 0 first.
std::string bytes_of(std::uint64_t word) {
  std::string bytes;
  for (int byte = 0; byte < 8; ++byte) bytes += static_cast<char>(word >> (8 * byte) & 0xFF);
  return bytes;
}

/// Appends entries of one memory at `address`, `step` apart, to frames of this memory; a run of entries fills frames.
class Packer {
 public:
  Packer(std::vector<LoadFrame>& frames, int core) : frames_(frames), core_(core) {}
  void entry(int kind, int pe, std::uint32_t address, std::uint64_t data) {
    LoadFrame* last = open_ ? &frames_.back() : nullptr;
    if (last && last->kind == kind && last->pe == pe && last->payload.size() < kLoadFrameWords) {
      const std::uint32_t ahead = address - last->address;
      // The second entry gives the distance.
      if (last->payload.size() == 1 && address > last->address && ahead <= 0xFFFF) last->step = ahead;
      if (address > last->address && ahead == last->step * last->payload.size()) {
        last->payload.push_back(data);
        return;
      }
    }
    frames_.push_back({core_, kind, pe, address, 1, {data}});
    open_ = true;
  }

 private:
  std::vector<LoadFrame>& frames_;
  int core_;
  bool open_ = false;
};

}  // namespace

std::vector<LoadFrame> load_frames(const LayerProgram& program, int core, const std::function<bool(const ProgramBlock&)>& skip) {
  std::vector<LoadFrame> frames = {{core, kLoadBegin, 0, 0, 0, {}}};
  Packer packer(frames, core);
  std::uint32_t words = 0;
  for (const ProgramBlock& block : program.blocks) {
    if (skip && skip(block)) continue;
    for (std::size_t i = 0; i < block.entries.size(); ++i)
      packer.entry(static_cast<int>(block.kind), block.pe, block.address + static_cast<std::uint32_t>(i), block.entries[i]);
  }
  for (std::size_t i = 0; i < program.geometry.size(); ++i)
    packer.entry(kLoadGeometry, 0, static_cast<std::uint32_t>(i), program.geometry[i]);
  for (const LoadFrame& frame : frames) words += static_cast<std::uint32_t>(frame.payload.size());
  // The end frame's address and step fields hold what was sent: frames without begin and end, and payload words.
  frames.push_back({core, kLoadEnd, 0, static_cast<std::uint32_t>(frames.size() - 1), words, {}});
  return frames;
}

std::vector<LoadWord> load_words(const std::vector<LoadFrame>& frames) {
  std::vector<LoadWord> words;
  for (const LoadFrame& frame : frames) {
    uLong crc = crc32_z(0, nullptr, 0);
    const auto put = [&](std::uint64_t w) {
      const std::string bytes = bytes_of(w);
      crc = crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
      words.push_back({w, false});
    };
    put(static_cast<std::uint64_t>(frame.core) | static_cast<std::uint64_t>(frame.kind) << 16 |
        static_cast<std::uint64_t>(frame.pe) << 24 | static_cast<std::uint64_t>(frame.payload.size()) << 40);
    put(frame.address | static_cast<std::uint64_t>(frame.step) << 32);
    for (std::uint64_t w : frame.payload) put(w);
    words.push_back({static_cast<std::uint32_t>(crc), true});
  }
  return words;
}

std::string load_bytes(const std::vector<LoadWord>& words) {
  std::string bytes;
  bytes.reserve(words.size() * 8);
  for (const LoadWord& w : words) bytes += bytes_of(w.data);
  return bytes;
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/core/load_stream.hpp"

#include <algorithm>

namespace epim {
namespace {

/// CRC-32 of IEEE 802.3 (zlib's) over words, byte 0 first.
class Crc {
 public:
  void word(std::uint64_t w) {
    for (int byte = 0; byte < 8; ++byte) {
      crc_ ^= static_cast<std::uint32_t>(w >> (8 * byte) & 0xFF);
      for (int bit = 0; bit < 8; ++bit) crc_ = crc_ >> 1 ^ (crc_ & 1 ? 0xEDB88320U : 0U);
    }
  }
  std::uint32_t value() const { return ~crc_; }

 private:
  std::uint32_t crc_ = 0xFFFFFFFFU;
};

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
    Crc crc;
    const auto put = [&](std::uint64_t w) {
      crc.word(w);
      words.push_back({w, false});
    };
    put(static_cast<std::uint64_t>(frame.core) | static_cast<std::uint64_t>(frame.kind) << 16 |
        static_cast<std::uint64_t>(frame.pe) << 24 | static_cast<std::uint64_t>(frame.payload.size()) << 40);
    put(frame.address | static_cast<std::uint64_t>(frame.step) << 32);
    for (std::uint64_t w : frame.payload) put(w);
    words.push_back({crc.value(), true});
  }
  return words;
}

std::string load_bytes(const std::vector<LoadWord>& words) {
  std::string bytes;
  bytes.reserve(words.size() * 8);
  for (const LoadWord& w : words)
    for (int byte = 0; byte < 8; ++byte) bytes += static_cast<char>(w.data >> (8 * byte) & 0xFF);
  return bytes;
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// The load port's frames, read back as docs/load.md says.
#include <filesystem>
#include <map>
#include <tuple>

#include "catch.hpp"
#include "gen/core/load_stream.hpp"
#include "gen/core/synthetic.hpp"

using namespace epim;
namespace fs = std::filesystem;

namespace {

/// By a table of bytes, as zlib does it.
std::uint32_t crc32_of(const std::string& bytes) {
  std::uint32_t table[256];
  for (std::uint32_t n = 0; n < 256; ++n) {
    table[n] = n;
    for (int k = 0; k < 8; ++k) table[n] = (table[n] & 1 ? 0xEDB88320U : 0U) ^ (table[n] >> 1);
  }
  std::uint32_t crc = ~0U;
  for (const char c : bytes) crc = table[(crc ^ static_cast<unsigned char>(c)) & 255] ^ (crc >> 8);
  return ~crc;
}

using Places = std::map<std::tuple<int, int, std::uint32_t>, std::uint64_t>;  ///< kind, PE, address -> entry

struct Read {
  Places places;
  std::uint64_t frames = 0, words = 0;
};

/// Checks the file's form, CRC by CRC.
Read read_load_file(const std::string& bytes) {
  Read r;
  REQUIRE(bytes.size() % 8 == 0);
  const auto word = [&](std::size_t i) {
    std::uint64_t w = 0;
    for (std::size_t b = 0; b < 8; ++b) w |= std::uint64_t{static_cast<unsigned char>(bytes.at(8 * i + b))} << (8 * b);
    return w;
  };
  int frame = 0;
  bool ended = false;
  for (std::size_t at = 0; 8 * at < bytes.size(); ++frame) {
    const std::uint64_t head = word(at), place = word(at + 1);
    const auto count = static_cast<std::size_t>(head >> 40);
    const int kind = head >> 16 & 0xFF, pe = head >> 24 & 0xFFFF;
    CHECK((head & 0xFFFF) == 7);
    CHECK(count <= kLoadFrameWords);
    CHECK(word(at + 2 + count) == crc32_of(bytes.substr(8 * at, 8 * (2 + count))));
    CHECK((kind == kLoadBegin) == (frame == 0));
    CHECK(!ended);
    if (kind == kLoadBegin) {
      CHECK((count == 0 && place == 0));
    } else if (kind == kLoadEnd) {
      ended = true;
      CHECK(count == 0);
      CHECK((place & 0xFFFFFFFF) == r.frames);
      CHECK(place >> 32 == r.words);
    } else {
      ++r.frames;
      r.words += count;
      CHECK(place >> 48 == 0);
      for (std::size_t i = 0; i < count; ++i) {
        const bool first = r.places.emplace(std::tuple(kind, pe, static_cast<std::uint32_t>(place + i * (place >> 32))), word(at + 2 + i)).second;
        CHECK(first);
      }
    }
    at += 3 + count;
  }
  CHECK(ended);
  return r;
}

}  // namespace

TEST_CASE("load stream: every entry of a program in its place, once; CRCs and counts", "[load]") {
  CHECK(crc32_of("123456789") == 0xCBF43926);  // the check value of this CRC
  for (const auto& entry : fs::directory_iterator(fs::path(EPIM_SOURCE_DIR) / "configs/named")) {
    if (entry.path().extension() != ".toml") continue;
    INFO(entry.path());
    const SyntheticLayer s = prepare_layer(load_config(entry.path().string()));
    const LayerProgram program = build_program(core_parameters(s.core.hw, {s.layer}), s.layer, s.data, 1);
    const std::vector<LoadFrame> frames = load_frames(program, 7);
    const Read r = read_load_file(load_bytes(load_words(frames)));
    Places want;
    for (const ProgramBlock& b : program.blocks)
      for (std::size_t i = 0; i < b.entries.size(); ++i) want[{static_cast<int>(b.kind), b.pe, b.address + static_cast<std::uint32_t>(i)}] = b.entries[i];
    for (std::size_t i = 0; i < program.geometry.size(); ++i) want[{kLoadGeometry, 0, static_cast<std::uint32_t>(i)}] = program.geometry[i];
    CHECK(r.places == want);
  }
}

TEST_CASE("load stream: layer3.1.conv2 takes at most 1.1 words a cell word", "[load]") {
  const SyntheticLayer s = prepare_layer(load_config(std::string(EPIM_SOURCE_DIR) + "/configs/layer3.toml"));
  const LayerProgram program = build_program(core_parameters(s.core.hw, {s.layer}), s.layer, s.data, 1);
  std::size_t cells = 0;
  for (const ProgramBlock& b : program.blocks)
    if (b.kind == ProgramKind::cells) cells += b.entries.size();
  CHECK(cells == 65536);
  CHECK(load_words(load_frames(program, 0)).size() <= cells * 11 / 10);
}

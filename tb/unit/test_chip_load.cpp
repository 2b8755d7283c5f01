// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Programs of a chip with a load port, and when they are in.
#include <set>

#include "catch.hpp"
#include "gen/chip/chip.hpp"
#include "gen/network/compile.hpp"
#include "golden/diagnostic.hpp"
#include "golden/timing/chip_load.hpp"

using namespace epim;

namespace {

ChipDesign loaded(const std::vector<std::string>& set = {}) {
  const Config config = load_config(std::string(EPIM_SOURCE_DIR) + "/tb/chip/loaded.toml", set);
  return design_chip(config, compile_network(config, {}, CorePolicy::own));
}

}  // namespace

TEST_CASE("chip load: cycles by hand", "[chip-load]") {
  // 10 words, 2 cores: taken in 0..9; quiet from 10 on for 5 cycles, decided in 15 - the third cycle after that is cycle 0.
  const ChipLoad load = predict_chip_load(10, 2);
  CHECK((load.first == 0 && load.last == 9 && load.open == 18 && load.cycles() == 10));
  // A chip that runs sees the first word, and stops.
  const ChipLoad again = predict_chip_load(10, 2, true);
  CHECK((again.first == 2 && again.last == 11 && again.open == 20));
  CHECK(open_after_load(9, 2) == 18);
}

TEST_CASE("chip load: the words are those of every core in its turn", "[chip-load]") {
  const ChipDesign chip = loaded();
  REQUIRE(chip.cores.size() == 4);
  std::vector<LoadWord> all;
  for (int k = 0; k < 4; ++k) {
    const LayerProgram program = chip_program(chip, k);
    const std::vector<LoadFrame> frames = chip_load_frames(chip, k);
    CHECK(frames.front().kind == kLoadBegin);
    CHECK(frames.back().kind == kLoadEnd);
    std::size_t entries = program.geometry.size(), sent = 0;
    for (const ProgramBlock& block : program.blocks) entries += block.entries.size();
    for (const LoadFrame& frame : frames) {
      CHECK(frame.core == k);
      sent += frame.payload.size();
    }
    CHECK(sent == entries);
    const std::vector<LoadWord> words = load_words(frames);
    CHECK(words.size() == entries + 3 * frames.size());
    all.insert(all.end(), words.begin(), words.end());
  }
  const std::vector<LoadWord> words = chip_load_words(chip);
  REQUIRE(words.size() == all.size());
  for (std::size_t n = 0; n < all.size(); ++n) CHECK((words[n].data == all[n].data && words[n].last == all[n].last));
}

TEST_CASE("chip load: windows of the bus", "[chip-load]") {
  CHECK(chip_address_bits(loaded()) == 12 + 3);  // four cores and the chip
}

TEST_CASE("chip load: one program a core", "[chip-load]") {
  REQUIRE_RULE(loaded({"hardware.parity=false", "hardware.program_banks=2"}), "chip-program-banks");
}

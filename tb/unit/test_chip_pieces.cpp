// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// The pieces of a joined simulation: texts of frame and cores, words that streams carry, ports that are predicted.
#include "tb/unit/catch.hpp"

#include <set>
#include <sstream>

#include "gen/chip/chip.hpp"
#include "gen/network/walk.hpp"
#include "golden/timing/chip_timing.hpp"
#include "sim/chip_words.hpp"

using namespace epim;

namespace {

struct Chip {
  Config config = load_config(std::string(EPIM_SOURCE_DIR) + "/tb/chip/copies.toml");
  CompiledNetwork net = compile_network(config, {}, CorePolicy::own);
  ChipDesign chip = design_chip(config, net, FifoRule::counted);
  int block(const std::string& name) const {
    for (std::size_t b = 0; b < chip.graph.blocks.size(); ++b)
      if (chip.graph.blocks[b].name == name) return static_cast<int>(b);
    FAIL("no block " << name);
    return -1;
  }
};

std::set<std::string> lines_of(const std::string& text) {
  std::set<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.insert(line);
  return lines;
}

/// Lane `l` of a word.
std::int64_t lane(const WordTape& tape, std::int64_t word, int l, const StreamType& type) {
  std::uint64_t v = 0;
  for (int i = 0; i < type.bits; ++i) {
    const int at = l * type.bits + i;
    v |= (tape.at(word)[at / 64] >> (at % 64) & 1) << i;
  }
  return type.is_signed() && v >> (type.bits - 1) ? static_cast<std::int64_t>(v) - (std::int64_t{1} << type.bits) : static_cast<std::int64_t>(v);
}

}  // namespace

TEST_CASE("a chip's frame is its top without the cores; the cores of copies have one text", "[chip]") {
  const Chip c;
  const Elaboration flat = elaborate_chip(c.chip, {true, "m/", false}), frame = elaborate_chip(c.chip, {true, "m/", true});
  CHECK(frame.top == "copies_chip_frame");
  CHECK(frame.text.find("epim_core") == std::string::npos);
  for (const auto& [name, text] : frame.blocks) CHECK(name != "epim_core.sv");
  const std::set<std::string> of_flat = lines_of(flat.text);
  for (const std::string& line : lines_of(frame.text)) {
    INFO(line);
    const bool port = line.find("core") != std::string::npos || line.find("/// Core") != std::string::npos;
    // error_q has no cores to watch.
    CHECK((of_flat.count(line) || port || line.find("copies_chip_frame") != std::string::npos || line.rfind("    else if (", 0) == 0));
  }
  std::set<std::string> texts;
  std::size_t copies = 0;
  for (std::size_t n = 0; n < c.chip.cores.size(); ++n) {
    if (c.chip.cores[n].layer.name.rfind("c@", 0) != 0) continue;
    ++copies;
    const Elaboration core = elaborate_chip_core(c.chip, n, "m/");
    texts.insert(core.text);
    for (const char* apart : {"GeometryInit", "ScaleInit", "ZeroInit", "CellFile"}) CHECK(core.text.find(apart) == std::string::npos);
    CHECK(core.images.count("core/ifat.hex") == 1);
  }
  CHECK(copies == 5);
  CHECK(texts.size() == 1);
}

TEST_CASE("the words of a chip's streams are those of its maps, rows of copies apart and merged", "[chip]") {
  const Chip c;
  const std::vector<IntTensor> images = load_images(c.config, c.net.network, 2).images;
  const ChipWords words = golden_words(c.chip, c.net, images, 1);
  CHECK(words.outputs == run_network_golden(c.net, images, 1));
  const auto compare = [&](int block, std::int64_t word, const std::vector<std::int64_t>& want, int channels) {
    const auto b = static_cast<std::size_t>(block);
    for (int l = 0; l < channels; ++l) CHECK(lane(words.sent[b], word, l, c.chip.types[b]) == want[static_cast<std::size_t>(l)]);
  };
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto in = stream_words(images[i], c.chip.graph.lanes);
    const std::int64_t first = static_cast<std::int64_t>(i * in.size());
    REQUIRE(words.sent[0].per_image == static_cast<std::int64_t>(in.size()));
    for (std::size_t w = 0; w < in.size(); ++w) compare(0, first + static_cast<std::int64_t>(w), in[w], std::min(images[i].shape[0], c.chip.graph.lanes));
  }
  // Row y of the merger's map is row y / 5 of copy y % 5.
  const auto merge = static_cast<std::size_t>(c.block("c"));
  const WordMap& map = c.chip.graph.blocks[merge].out;
  for (int y = 0; y < map.height; ++y) {
    const WordTape& copy = words.sent[static_cast<std::size_t>(c.block("c@" + std::to_string(y % 5)))];
    for (std::int64_t i = 0; i < 2; ++i)
      for (std::int64_t w = 0; w < map.row_words(); ++w)
        CHECK(words.sent[merge].equals(i * map.words() + y * map.row_words() + w, copy.at(i * copy.per_image + y / 5 * map.row_words() + w)));
  }
  // A lane that the map has is compared, tlast comes once per image.
  std::vector<std::uint64_t> other(words.sent[merge].at(0), words.sent[merge].at(0) + words.sent[merge].size);
  other[0] ^= 1;
  CHECK_FALSE(words.sent[merge].equals(0, other.data()));
  CHECK(words.sent[merge].last(map.words() - 1));
  CHECK_FALSE(words.sent[merge].last(map.words()));
}

TEST_CASE("the predicted ports of a core say which of its words move", "[chip]") {
  const Chip c;
  SteppedChip chip(c.chip.graph);
  std::vector<BlockActivity> moved(c.chip.graph.blocks.size());
  for (int t = 0; t < 4000; ++t) {
    for (const ChipCore& core : c.chip.cores) {
      const auto b = static_cast<std::size_t>(core.block);
      const BlockPorts p = chip.ports(b);
      moved[b].words_in += p.word && p.ready;
      moved[b].words_out += p.room && p.valid;
    }
    chip.step(t % 7 != 3, t % 5 != 2);
    for (const ChipCore& core : c.chip.cores) {
      const auto b = static_cast<std::size_t>(core.block);
      REQUIRE(chip.activity(b).words_in == moved[b].words_in);
      REQUIRE(chip.activity(b).words_out == moved[b].words_out);
    }
  }
  CHECK(moved[static_cast<std::size_t>(c.chip.cores.back().block)].words_out > 0);
}

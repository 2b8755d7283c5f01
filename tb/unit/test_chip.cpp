// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// The chip of a network: blocks and tables, FIFO depths from the command line, order of the words of a map.
#include "tb/unit/catch.hpp"

#include <algorithm>
#include <cmath>

#include "gen/chip/chip.hpp"

using namespace epim;

TEST_CASE("FIFO depths are read as NAME=DEPTH", "[chip]") {
  CHECK(parse_fifo_depth("a.b=12") == std::pair<std::string, int>{"a.b", 12});
  CHECK(parse_fifo_depth("a=b.c=1") == std::pair<std::string, int>{"a=b.c", 1});
  for (const char* bad : {"", "a", "a=", "=3", "a=0", "a=-1", "a=3x", "a=65536", "a= 3"})
    CHECK_THROWS_AS(parse_fifo_depth(bad), InputError);
}

TEST_CASE("the words of a map are its channel blocks, position by position", "[chip]") {
  IntTensor map({3, 1, 2});
  for (int c = 0; c < 3; ++c)
    for (int x = 0; x < 2; ++x) map(c, 0, x) = 10 * c + x;
  const std::vector<std::vector<std::int64_t>> expected = {{0, 10}, {20, 0}, {1, 11}, {21, 0}};
  CHECK(stream_words(map, 2) == expected);
}

TEST_CASE("the blocks of a chip and the entries of its tables are those of its nodes", "[chip]") {
  const Config config = load_config(std::string(EPIM_SOURCE_DIR) + "/tb/chip/features.toml");
  const CompiledNetwork net = compile_network(config, {}, CorePolicy::own);
  const ChipDesign chip = design_chip(config, net);
  const auto block = [&](const std::string& name) {
    for (std::size_t b = 0; b < chip.graph.blocks.size(); ++b)
      if (chip.graph.blocks[b].name == name) return static_cast<int>(b);
    FAIL("no block " << name);
    return -1;
  };
  const auto stages = [&](const std::string& name) { return chip.graph.blocks[static_cast<std::size_t>(block(name))].stages; };
  for (const StreamType& t : chip.types) CHECK(t.bits == (&t >= &chip.types.back() - 1 ? 12 : 8));  // lanes: the 8 bits of image and mix
  CHECK(chip_module(chip, block("sum")) == "epim_stream_add");
  CHECK(stages("sum") == 2);
  CHECK(chip_module(chip, block("cut")) == "epim_stream_add");
  CHECK(stages("cut") == 0);  // clips, and keeps the scale
  CHECK(stages("moved") == 2);
  CHECK(chip_module(chip, block("both")) == "epim_stream_concat");
  CHECK(chip.graph.blocks[static_cast<std::size_t>(block("ends"))].turns == std::vector<int>{4, 4, 2});
  CHECK(chip_module(chip, block("bent")) == "epim_stream_table");
  CHECK(stages("bent") == 1);
  // leaky_relu of 6 signed bits, slope 1/8: code 0 first, then 1 .. 31, then -32 .. -1.
  const MapFormat& in = format_of(net.arithmetic.formats, net.network.find("plain"));
  const std::vector<std::int64_t> table = chip_table(chip, block("bent"));
  REQUIRE(table.size() == std::size_t{1} << in.bits);
  for (std::int64_t at = 0; at < static_cast<std::int64_t>(table.size()); ++at) {
    const std::int64_t code = at <= in.greatest() ? at : at - static_cast<std::int64_t>(table.size());
    const double x = static_cast<double>(std::clamp(code, in.lo, in.hi) - in.zero);
    const double y = x < 0 ? x / 8 : x;
    CHECK(std::abs(static_cast<double>(table[static_cast<std::size_t>(at)] - in.zero) - y) <= 1.0);
  }
}

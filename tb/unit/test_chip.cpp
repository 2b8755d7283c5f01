// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// The chip of a network: FIFO depths from the command line, order of the words of a map.
#include "tb/unit/catch.hpp"

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

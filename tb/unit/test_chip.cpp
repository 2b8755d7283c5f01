// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// The chip of a network: exact divisions, FIFO depths from the command line, order of the words of a map.
#include "tb/unit/catch.hpp"

#include "gen/chip/chip.hpp"

using namespace epim;

TEST_CASE("every division that a pool can need is exact", "[chip]") {
  for (std::uint64_t n = 1; n <= 130; ++n)
    for (int bits : {1, 5, 8, 9}) {
      const std::uint64_t top = n * ((std::uint64_t{1} << bits) - 1) + n / 2;
      const Division d = exact_division(n, top);
      CAPTURE(n, bits, d.mul, d.shift);
      bool exact = (d.mul >> d.mul_bits) == 0;
      for (std::uint64_t x = 0; x <= top; ++x) exact = exact && (x * d.mul) >> d.shift == x / n;
      CHECK(exact);
    }
  CHECK(exact_division(4, 1022).mul == 1);  // a power of two is a shift
  CHECK(exact_division(4, 1022).shift == 2);
}

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

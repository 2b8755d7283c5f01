// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The test of an index table: entries of several fields, least significant first, read one cycle after `re_i`.
#ifndef EPIM_TB_MODULES_TABLE_HPP
#define EPIM_TB_MODULES_TABLE_HPP

#include "harness.hpp"

namespace bench {

/// `widths`: bits of the fields. `address(i)` sets the read address; `field(f)` reads field f.
template <class Dut, class Address, class Field>
void test_table(Dut& d, int depth, const std::vector<int>& widths, Address address, Field field) {
  std::vector<std::vector<std::uint64_t>> table(static_cast<std::size_t>(depth));
  const auto write = [&](int entry) {
    d.we_i = 1;
    d.waddr_i = static_cast<std::uint32_t>(entry);
    auto& values = table[static_cast<std::size_t>(entry)];
    values.clear();
    int lsb = 0;
    for (const int width : widths) {
      values.push_back(chance(20) ? mask(width) : random_bits(width));
      put(d.wdata_i, lsb, width, values.back());
      lsb += width;
    }
  };
  d.clk_i = 0;
  d.re_i = 0;
  for (int i = 0; i < depth; ++i) {
    write(i);
    tick(d);
  }
  std::vector<std::uint64_t> expected;
  for (int i = 0; i < 2000; ++i) {
    d.we_i = 0;
    const int entry = static_cast<int>(pick(0, depth - 1));
    address(entry);
    d.re_i = chance(60);
    if (d.re_i) expected = table[static_cast<std::size_t>(entry)];  // the old entry, if it is written now
    if (chance(20)) write(static_cast<int>(pick(0, depth - 1)));
    tick(d);
    for (std::size_t f = 0; f < expected.size(); ++f) CHECK_EQ(field(static_cast<int>(f)), expected[f]);
  }
}

}  // namespace bench

#endif

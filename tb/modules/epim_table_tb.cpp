// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Entries with and without a wrong bit: what is read, and when the error shows.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kDepth = P_Depth, kWidth = P_Width;

struct Entry {
  std::uint64_t data = 0;
  bool wrong = false;
};

void test(Vdut& d) {
  std::map<int, Entry> memory;
  d.clk_i = 0;
  d.re_i = 0;
  d.we_i = 0;
  d.flip_i = 0;
  settle(d);
  tick(d);
  std::uint64_t held = 0;
  bool known = false;
  int errors = 0;
  for (int i = 0; i < 4000; ++i) {
    const bool fill = i < kDepth;
    d.we_i = fill || chance(40);
    d.waddr_i = static_cast<std::uint32_t>(fill ? i : pick(0, kDepth - 1));
    d.flip_i = chance(30);  // also where nothing is written
    d.re_i = !fill && chance(50);
    d.raddr_i = static_cast<std::uint32_t>(chance(30) ? static_cast<int>(d.waddr_i) : static_cast<int>(pick(0, kDepth - 1)));
    const std::uint64_t word = random_bits(kWidth);
    put(d.wdata_i, 0, kWidth, word);
    bool wrong = false;
    if (d.re_i) {
      const Entry& e = memory.at(static_cast<int>(d.raddr_i));
      held = e.data;
      wrong = e.wrong;
      known = true;
    }
    if (d.we_i) memory[static_cast<int>(d.waddr_i)] = {word ^ (P_Parity && d.flip_i ? 1u : 0u), P_Parity && d.flip_i};
    tick(d);
    if (known) CHECK_EQ(get(d.rdata_o, 0, kWidth), held);
    CHECK_EQ(d.err_o, wrong);  // once, in the cycle after the read
    errors += wrong;
  }
  CHECK_EQ(errors > 100, P_Parity == 1);
}

}  // namespace

int main() { return RUN(test); }

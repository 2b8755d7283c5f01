// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Sums of random increments, up to their top bit where the increments are wide; a long run for the cycle numbers; cycle
/// numbers of the first and last firing; clear; nothing counts without run. All modulo 2^CountW.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kEvents = P_Events, kInc = P_IncW, kCount = P_CountW;

void test(Vdut& d) {
  d.clear_i = 0;
  d.run_i = 0;
  d.fire_i = 0;
  d.index_i = 0;
  reset(d);
  std::vector<std::uint64_t> counts(kEvents, 0);
  std::vector<std::uint64_t> firings;
  std::uint64_t cycles = 0;
  const int fire_percent = static_cast<int>(pick(1, 60));
  for (int i = 0; i < 5000; ++i) {
    d.clear_i = i % 1500 == 1000 || chance(1) ? chance(20) : 0;
    d.run_i = chance(80);
    d.fire_i = chance(fire_percent);
    for (int e = 0; e < kEvents; ++e) {
      const std::uint64_t inc = chance(30) ? 0 : chance(30) ? mask(kInc) : random_bits(kInc);
      put(d.inc_i, e * kInc, kInc, inc);
      if (d.run_i && !d.clear_i) counts[static_cast<std::size_t>(e)] += inc;
    }
    if (d.clear_i) {
      std::fill(counts.begin(), counts.end(), 0);
      firings.clear();
      cycles = 0;
    } else if (d.run_i) {
      if (d.fire_i) firings.push_back(cycles);
      ++cycles;
    }
    tick(d);
    CHECK_EQ(d.cycles_o, cycles & mask(kCount));
    if (!firings.empty()) {
      CHECK_EQ(d.first_fire_o, firings.front() & mask(kCount));
      CHECK_EQ(d.last_fire_o, firings.back() & mask(kCount));
    } else {
      CHECK_EQ(d.first_fire_o, 0);
      CHECK_EQ(d.last_fire_o, 0);
    }
    for (int n = 0; n < 3; ++n) {  // the read is combinational: several within a cycle
      d.index_i = static_cast<std::uint32_t>(pick(0, kEvents - 1));
      settle(d);
      CHECK_EQ(d.count_o, counts[d.index_i] & mask(kCount));
    }
  }
  // A long run: carries of the cycle numbers up to bit 17. The bits above are proven (tb/formal/counters.sv).
  d.clear_i = 1;
  tick(d);
  d.clear_i = 0;
  d.run_i = 1;
  for (std::uint64_t cycle = 0; cycle < 140000; ++cycle) {
    d.fire_i = cycle % 70000 == 69999;
    tick(d);
  }
  CHECK_EQ(d.cycles_o, 140000u & mask(kCount));
  CHECK_EQ(d.first_fire_o, 69999u & mask(kCount));
  CHECK_EQ(d.last_fire_o, 139999u & mask(kCount));
}

}  // namespace

int main() { return RUN(test); }

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// result = a * b + c in 128-bit arithmetic, BWidth+1 enabled cycles after the load; last_o in the cycle before.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kA = P_AWidth, kB = P_BWidth, kC = P_CWidth;
constexpr bool kSigned = P_BSigned != 0;
constexpr int kResult = std::max(kA, kC) + 1 + kB;

/// Extreme or any value of `width` bits.
std::uint64_t operand(int width) {
  switch (pick(0, 4)) {
    case 0: return mask(width);
    case 1: return std::uint64_t{1} << (width - 1);
    case 2: return mask(width) >> 1;
    default: return random_bits(width);
  }
}

void test(Vdut& d) {
  d.clear_i = 0;
  d.en_i = 0;
  d.load_i = 0;
  reset(d);
  for (int i = 0; i < 3000; ++i) {
    const std::uint64_t a = operand(kA), b = operand(kB), c = operand(kC);
    const Wide expected = Wide{sign_extend(a, kA)} * (kSigned ? Wide{sign_extend(b, kB)} : Wide{b}) + sign_extend(c, kC);
    put(d.a_i, 0, kA, a);
    put(d.b_i, 0, kB, b);
    put(d.c_i, 0, kC, c);
    d.load_i = 1;
    // The load waits for the enable, then the steps do; operands may change meanwhile.
    for (int step = 0; step <= kB;) {
      d.en_i = chance(70);
      settle(d);
      CHECK_EQ(d.last_o, step == kB);
      tick(d);
      if (!d.en_i) continue;
      d.load_i = 0;
      put(d.a_i, 0, kA, random_bits(kA));
      put(d.b_i, 0, kB, random_bits(kB));
      put(d.c_i, 0, kC, random_bits(kC));
      ++step;
    }
    for (int idle = static_cast<int>(pick(0, 2)); idle >= 0; --idle) {
      settle(d);
      CHECK_EQ(d.last_o, 0);
      for (int at = 0; at < kResult; at += 32) {
        const int n = std::min(32, kResult - at);
        CHECK_EQ(get(d.result_o, at, n), static_cast<std::uint64_t>(expected >> at) & mask(n));
      }
      if (idle > 0) {
        d.en_i = 1;
        tick(d);
      }
    }
  }
}

}  // namespace

int main() { return RUN(test); }

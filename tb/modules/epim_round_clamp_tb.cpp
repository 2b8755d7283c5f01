// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Codes of random, small and extreme sums; values worked by hand.
#include "Vdut.h"
#include "requantise.hpp"

using namespace bench;

namespace {

void test(Vdut& d) {
  // By hand: halves go up, also below zero; 5/4 -> 1, 6/4 -> 2, -6/4 -> -1, -7/4 -> -2.
  CHECK_EQ(requantised(5, 2, 0, -9, 9), 1);
  CHECK_EQ(requantised(6, 2, 0, -9, 9), 2);
  CHECK_EQ(requantised(-6, 2, 0, -9, 9), -1);
  CHECK_EQ(requantised(-7, 2, 3, -9, 9), 1);
  CHECK_EQ(requantised(-7, 0, 3, -3, 9), -3);
  for (int i = 0; i < 20000; ++i) {
    std::int64_t sum = sign_extend(channel(P_SumW), P_SumW);
    // Around the borders of the codes, where the sum can come there.
    if (i % 2 == 0) {
      const std::int64_t near = pick(P_Lo - P_Zero - 2, P_Hi - P_Zero + 2);
      const Wide at = (Wide{near} << P_Shift) + pick(-2, 2) - (P_Shift > 0 ? Wide{1} << (P_Shift - 1) : 0);
      if (at >= -(Wide{1} << (P_SumW - 1)) && at < Wide{1} << (P_SumW - 1)) sum = static_cast<std::int64_t>(at);
    }
    put(d.sum_i, 0, P_SumW, static_cast<std::uint64_t>(sum));
    d.eval();
    CHECK_EQ(code(d.out_o, 0, P_OutBits, P_Lo), requantised(sum, P_Shift, P_Zero, P_Lo, P_Hi));
  }
}

}  // namespace

int main() { return RUN(test); }

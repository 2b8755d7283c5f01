// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Clamped sums of random and extreme operands; handshake: all sides or none; tlast.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

std::uint64_t operand() {
  switch (pick(0, 4)) {
    case 0: return 0;
    case 1: return mask(P_Bits);
    case 2: return std::uint64_t{1} << (P_Bits - 1);
    case 3: return (std::uint64_t{1} << (P_Bits - 1)) - 1;
    default: return random_bits(P_Bits);
  }
}

void test(Vdut& d) {
  const std::int64_t lo = P_Relu ? 0 : -(std::int64_t{1} << (P_Bits - 1));
  const std::int64_t hi = (std::int64_t{1} << (P_Relu && !P_Half ? P_Bits : P_Bits - 1)) - 1;
  for (int i = 0; i < 20000; ++i) {
    std::vector<std::uint64_t> a, b;
    for (int l = 0; l < P_Lanes; ++l) {
      a.push_back(operand());
      b.push_back(operand());
      put(d.a_data_i, l * P_Bits, P_Bits, a.back());
      put(d.b_data_i, l * P_Bits, P_Bits, b.back());
    }
    d.a_valid_i = chance(60);
    d.b_valid_i = chance(60);
    d.m_ready_i = chance(60);
    d.a_last_i = chance(50);
    d.b_last_i = chance(50);
    settle(d);
    const bool fires = d.a_valid_i && d.b_valid_i && d.m_ready_i;
    CHECK_EQ(d.m_valid_o, d.a_valid_i && d.b_valid_i);
    CHECK_EQ(d.a_ready_o && d.a_valid_i, fires);
    CHECK_EQ(d.b_ready_o && d.b_valid_i, fires);
    CHECK_EQ(d.err_length_o, fires && d.a_last_i != d.b_last_i);
    if (!d.m_valid_o) continue;
    CHECK_EQ(d.m_last_o, d.a_last_i);
    for (int l = 0; l < P_Lanes; ++l) {
      const auto at = static_cast<std::size_t>(l);
      const std::int64_t x = P_ASigned ? sign_extend(a[at], P_Bits) : static_cast<std::int64_t>(a[at]);
      const std::int64_t y = P_BSigned ? sign_extend(b[at], P_Bits) : static_cast<std::int64_t>(b[at]);
      const std::int64_t got = P_Relu ? static_cast<std::int64_t>(get(d.m_data_o, l * P_Bits, P_Bits)) : get_signed(d.m_data_o, l * P_Bits, P_Bits);
      CHECK_EQ(got, std::clamp(x + y, lo, hi));
    }
  }
}

}  // namespace

int main() { return RUN(test); }

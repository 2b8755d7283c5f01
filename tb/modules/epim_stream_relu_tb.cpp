// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// max(0, x) per lane; handshake and tlast pass through.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

void test(Vdut& d) {
  for (int i = 0; i < 5000; ++i) {
    std::vector<std::uint64_t> x;
    for (int l = 0; l < P_Lanes; ++l) {
      x.push_back(random_bits(P_Bits));
      put(d.s_data_i, l * P_Bits, P_Bits, x.back());
    }
    d.s_valid_i = chance(50);
    d.m_ready_i = chance(50);
    d.s_last_i = chance(50);
    settle(d);
    CHECK_EQ(d.m_valid_o, d.s_valid_i);
    CHECK_EQ(d.s_ready_o, d.m_ready_i);
    CHECK_EQ(d.m_last_o, d.s_last_i);
    for (int l = 0; l < P_Lanes; ++l)
      CHECK_EQ(get(d.m_data_o, l * P_Bits, P_Bits), std::max<std::int64_t>(0, sign_extend(x[static_cast<std::size_t>(l)], P_Bits)));
  }
}

}  // namespace

int main() { return RUN(test); }

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Width functions and population count of epim_pkg, through the probe module.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

void test(Vdut& d) {
  d.b_i = 1;
  d.c_i = 1;
  for (int n = 1; n <= 5000; ++n) {
    d.a_i = static_cast<std::uint32_t>(n);
    settle(d);
    CHECK_EQ(d.idx_width_o, index_bits(n));
    CHECK_EQ(d.num_width_o, number_bits(n));
  }
  for (int i = 0; i < 2000; ++i) {
    const std::int64_t a = chance(50) ? pick(1, 20) : pick(1, 100000), b = chance(50) ? pick(1, 20) : pick(1, 5000);
    d.a_i = static_cast<std::uint32_t>(a);
    d.b_i = static_cast<std::uint32_t>(b);
    settle(d);
    CHECK_EQ(d.max2_o, std::max(a, b));
    // ceil(a / b): the smallest q with q * b >= a.
    const std::int64_t q = d.ceil_div_o;
    CHECK(q * b >= a && (q - 1) * b < a);
  }
  // A signed number of psum_width bits holds +-rows * (2^magnitude - 1) * (2^act - 1), and wastes at most two bits.
  for (int i = 0; i < 2000; ++i) {
    const std::int64_t rows = pick(1, 1024), magnitude = pick(1, 8), act = pick(1, 9);
    d.a_i = static_cast<std::uint32_t>(rows);
    d.b_i = static_cast<std::uint32_t>(magnitude);
    d.c_i = static_cast<std::uint32_t>(act);
    settle(d);
    const std::int64_t most = rows * ((1 << magnitude) - 1) * ((1 << act) - 1);
    int needed = 1;
    while (((std::int64_t{1} << (needed - 1)) - 1) < most) ++needed;
    CHECK(static_cast<int>(d.psum_width_o) >= needed);
    CHECK(static_cast<int>(d.psum_width_o) <= needed + 2);
  }
  const auto ones = [](std::uint64_t v) {
    int n = 0;
    for (int i = 0; i < 64; ++i) n += static_cast<int>((v >> i) & 1);
    return n;
  };
  const auto popcount = [&](std::uint64_t v) {
    d.v_i = v;
    settle(d);
    CHECK_EQ(d.popcount_o, ones(v));
  };
  popcount(0);
  popcount(~std::uint64_t{0});
  for (int i = 0; i < 64; ++i) {
    popcount(std::uint64_t{1} << i);
    popcount(~(std::uint64_t{1} << i));
    popcount(mask(i));
  }
  for (int i = 0; i < 5000; ++i) popcount(random_bits(64) & (chance(50) ? ~std::uint64_t{0} : random_bits(64)));
}

}  // namespace

int main() { return RUN(test); }

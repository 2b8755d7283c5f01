// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The equation of epim_requant in 128-bit arithmetic, ScaleBits+4 enabled cycles after the load, with slopes SlopeBits+1
/// more; loads as close as legal.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kAcc = P_AccBits, kScale = P_ScaleBits, kBias = P_BiasBits, kOut = P_OutBits, kSlope = P_SlopeBits;
constexpr int kFraction = kSlope > 0 ? kSlope - 4 : 0, kMore = kSlope > 0 ? kSlope + 1 : 0;

/// Small, extreme or any value of `width` bits.
std::int64_t signed_value(int width) {
  const std::int64_t most = static_cast<std::int64_t>(mask(width - 1));
  switch (pick(0, 3)) {
    case 0:
      return std::clamp<std::int64_t>(pick(-5, 5), -most - 1, most);
    case 1:
      return chance(50) ? most : -most - 1;
    default:
      return sign_extend(random_bits(width), width) >> pick(0, width - 1);
  }
}

/// Floor of n / 2^shift, by division.
Wide floor_shift(Wide n, int shift) {
  const Wide q = Wide{1} << shift;
  return n >= 0 ? n / q : -((-n + q - 1) / q);
}

/// A: slope 1, the borders, or any.
std::int64_t slope_value() { return chance(20) ? std::int64_t{1} << kFraction : signed_value(kSlope); }

void test(Vdut& d) {
  d.en_i = 0;
  d.load_i = 0;
  d.clear_i = 0;
  reset(d);
  for (int setting = 0; setting < 128; ++setting) {
    // The configuration stays while data flows.
    // Every SH that the register holds, also beyond the width of the sum: then +-2^(SH-1) rounds to 0.
    const int shift = setting < 64 ? setting : static_cast<int>(pick(0, 63));
    std::int64_t lo = signed_value(kOut + 1), hi = signed_value(kOut + 1);
    if (lo > hi) std::swap(lo, hi);
    if (chance(30)) lo = 0, hi = static_cast<std::int64_t>(mask(kOut));
    if (chance(30)) lo = -static_cast<std::int64_t>(mask(kOut - 1)) - 1, hi = static_cast<std::int64_t>(mask(kOut - 1));
    d.cfg_shift_i = static_cast<std::uint32_t>(shift);
    put(d.cfg_lo_i, 0, kOut + 1, static_cast<std::uint64_t>(lo));
    put(d.cfg_hi_i, 0, kOut + 1, static_cast<std::uint64_t>(hi));
    // Expected outputs and the enabled cycle in which each must be there; the first legal cycle of the next load.
    std::deque<std::pair<int, std::int64_t>> pipeline;
    std::deque<int> scaled, last;  // cycles of scaled_o, last_o to come
    int now = 0, next = 0;
    for (int i = 0; i < 50;) {
      std::int64_t acc = signed_value(kAcc), scale = signed_value(kScale), bias = signed_value(kBias), slope = kSlope > 0 ? slope_value() : 1;
      const Wide half = shift == 0 ? 0 : Wide{1} << (shift - 1);
      if (chance(40) && shift < kBias - 2) {
        // Near a rounding border or a clamp limit: choose B so that the sum lands there.
        const Wide target = (Wide{pick(lo - 2, hi + 2)} << shift) - half + pick(-1, 1);
        const Wide wanted = target - Wide{acc} * scale;
        if (wanted >= -(Wide{1} << (kBias - 1)) && wanted < (Wide{1} << (kBias - 1)))
          bias = static_cast<std::int64_t>(wanted);
      }
      Wide v = Wide{acc} * scale + bias;
      if (kSlope > 0 && v < 0) v = floor_shift(v * slope, kFraction);
      const Wide shifted = floor_shift(v + half, shift);
      const std::int64_t out = shifted < lo ? lo : shifted > hi ? hi : static_cast<std::int64_t>(shifted);
      put(d.acc_i, 0, kAcc, static_cast<std::uint64_t>(acc));
      put(d.scale_i, 0, kScale, static_cast<std::uint64_t>(scale));
      put(d.bias_i, 0, kBias, static_cast<std::uint64_t>(bias));
      if (kSlope > 0) put(d.slope_i, 0, kSlope, static_cast<std::uint64_t>(slope));
      d.en_i = chance(75);
      d.load_i = now >= next && chance(60);
      settle(d);
      if (!pipeline.empty() && pipeline.front().first == now)
        CHECK_EQ(d.out_o, static_cast<std::uint64_t>(pipeline.front().second) & mask(kOut));
      CHECK_EQ(d.scaled_o, !scaled.empty() && scaled.front() == now);
      CHECK_EQ(d.last_o, !last.empty() && last.front() == now);
      tick(d);
      if (!d.en_i) continue;
      for (std::deque<int>* ends : {&scaled, &last})
        if (!ends->empty() && ends->front() == now) ends->pop_front();
      if (!pipeline.empty() && pipeline.front().first == now) pipeline.pop_front();
      if (d.load_i) {
        scaled.push_back(now + kScale);
        last.push_back(now + kScale + kMore);
        pipeline.emplace_back(now + kScale + kMore + 4, out);
        next = now + std::max(kScale, kSlope) + 1;
        ++i;
      }
      ++now;
    }
    // The settings change in an idle pipeline.
    d.load_i = 0;
    d.en_i = 1;
    for (int i = 0; i < kScale + kMore + 6; ++i) tick(d);
  }
}

}  // namespace

int main() { return RUN(test); }

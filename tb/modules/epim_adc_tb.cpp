// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Codes of random sums, trims and noise against integers: rounding, both ends of the range, registers of the noise over reads,
/// frames and lanes that do not convert, trims that are written between reads.
#include "Vdut.h"
#include "harness.hpp"

using namespace bench;

namespace {

constexpr int kCount = P_Adcs * P_PerLane, kShift = P_FractionBits + (P_Trims ? 12 : 0) + P_AdcStep;
constexpr std::int64_t kTop = (std::int64_t{1} << P_AdcBits) - 1;

struct Adc {
  std::int64_t offset = 0, gain = 0, noise = 0;
  std::uint32_t seed = 0, state = 0;
  bool known = false;  ///< the register has begun a frame
};

std::uint32_t step(std::uint32_t x) {
  x ^= x << 13;
  x ^= x >> 17;
  return x ^ x << 5;
}
std::int64_t floor_shift(std::int64_t v, int bits) { return v >= 0 ? v >> bits : -((-v + (std::int64_t{1} << bits) - 1) >> bits); }
std::int64_t byte_of(std::uint32_t x, int i) { return static_cast<std::int8_t>(x >> (8 * i) & 0xFF); }

/// The conversion of `sum`, not yet clipped.
std::int64_t value_of(const Adc& a, std::int64_t sum) {
  std::int64_t v = sum;
  if (P_Trims) v = sum * a.gain + a.offset;
  if (P_ReadNoise) {
    std::int64_t fields = 0;
    for (int i = 0; i < 4; ++i) fields += byte_of(a.state, i);
    v += floor_shift(fields * a.noise, 6);
  }
  const std::int64_t half = kShift > 0 ? std::int64_t{1} << (std::max(kShift, 1) - 1) : 0;
  return floor_shift(v + half, kShift);
}

Adc random_trim() {
  Adc a;
  a.gain = chance(60) ? pick(3000, 5200) : static_cast<std::int64_t>(random_bits(14));
  const int bits = static_cast<int>(pick(1, 28));
  a.offset = static_cast<std::int64_t>(random_bits(bits)) - (std::int64_t{1} << (bits - 1));
  a.noise = chance(20) ? 0 : static_cast<std::int64_t>(random_bits(static_cast<int>(pick(1, 22))));
  a.seed = static_cast<std::uint32_t>(random_bits(32));
  return a;
}

void test(Vdut& d) {
  std::vector<Adc> adcs(kCount);
  d.clk_i = 0;
  d.read_i = 0;
  d.trim_we_i = 0;
  d.frame_i = 0;
  d.converts_i = 0;
  settle(d);
  const auto write = [&](int at, std::uint64_t data) {
    d.trim_we_i = 1;
    d.trim_addr_i = static_cast<std::uint32_t>(at);
    d.trim_data_i = data;
  };
  const auto trim_word = [](const Adc& a) {
    return (static_cast<std::uint64_t>(a.offset) & 0xFFFFFFF) << 36 | static_cast<std::uint64_t>(a.noise) << 14 | static_cast<std::uint64_t>(a.gain);
  };
  const auto program = [&](int i) {
    const Adc a = random_trim();
    adcs[static_cast<std::size_t>(i)].offset = a.offset;
    adcs[static_cast<std::size_t>(i)].gain = a.gain;
    adcs[static_cast<std::size_t>(i)].noise = a.noise;
    adcs[static_cast<std::size_t>(i)].seed = a.seed;
    write(2 * i, trim_word(a));
    tick(d);
    write(2 * i + 1, random_bits(32) << 32 | a.seed);
    tick(d);
    d.trim_we_i = 0;
  };
  if (P_Trims)
    for (int i = 0; i < kCount; ++i) program(i);

  std::int64_t low = 0, inside = 0, high = 0;
  bool first = true;
  for (int cycle = 0; cycle < 6000; ++cycle) {
    // A read; frames begin at random, the very first one with the first read.
    const bool read = chance(70);
    const bool frame = first || chance(4);
    const std::uint64_t sel = random_bits(P_Adcs);
    std::uint32_t offset = static_cast<std::uint32_t>(random_bits(32));
    if (chance(20)) offset = 0u - adcs[static_cast<std::size_t>(pick(0, kCount - 1))].seed;  // a register that would begin with 0
    d.read_i = read;
    d.frame_i = frame;
    d.frame_offset_i = offset;
    put(d.sel_i, 0, P_Adcs, sel);
    tick(d);
    d.read_i = 0;
    if (read) {
      first = false;
      for (int i = 0; i < kCount; ++i) {
        Adc& a = adcs[static_cast<std::size_t>(i)];
        const bool selected = sel >> (i / P_PerLane) & 1;
        std::uint32_t base = a.state;
        if (frame) {
          base = a.seed + offset;
          if (base == 0) base = 1;
        }
        a.state = selected ? step(base) : base;
      }
    }
    // Conversions of any lanes and sums.
    const std::uint64_t converts = chance(10) ? 0 : random_bits(P_Adcs);
    std::vector<std::int64_t> sums;
    put(d.converts_i, 0, P_Adcs, converts);
    for (int i = 0; i < kCount; ++i) {
      sums.push_back(static_cast<std::int64_t>(chance(15) ? 0 : chance(15) ? (std::uint64_t{1} << P_SumW) - 1 : random_bits(static_cast<int>(pick(1, P_SumW)))));
      put(d.sum_i, i * P_SumW, P_SumW, static_cast<std::uint64_t>(sums.back()));
    }
    settle(d);
    for (int i = 0; i < kCount; ++i) {
      const bool on = converts >> (i / P_PerLane) & 1;
      const std::int64_t v = value_of(adcs[static_cast<std::size_t>(i)], sums[static_cast<std::size_t>(i)]);
      const std::int64_t code = !on || v < 0 ? 0 : v > kTop ? kTop : v;
      if (first && P_ReadNoise) continue;
      CHECK_EQ(get(d.code_o, i * P_AdcBits, P_AdcBits), static_cast<std::uint64_t>(code));
      CHECK_EQ(get(d.over_o, i, 1), static_cast<std::uint64_t>(on && v > kTop));
      if (on) ++(v < 0 ? low : v > kTop ? high : inside);
    }
    if (P_Trims && chance(5)) program(static_cast<int>(pick(0, kCount - 1)));
  }
  CHECK_EQ(inside > 1000 && high > 100 && (low > 100 || !P_Trims), true);
}

}  // namespace

int main() { return RUN(test); }

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The read noise of an ADC: a linear feedback shift register that every conversion of this ADC steps before.
///
/// Marsaglia's xorshift, 32 bits, period 2^32 - 1: G. Marsaglia, "Xorshift RNGs", J. Stat. Software 8(14), 2003. The register is
/// linear over GF(2), so that any number of steps is one matrix.
#pragma once
#include <array>
#include <bit>
#include <cstdint>

namespace epim {

/// What the number of a frame adds to every seed, per frame.
inline constexpr std::uint32_t noise_per_frame = 0x9E3779B9u;
/// Standard deviation of noise_fields: four fields, each uniform in -128..127.
inline constexpr double noise_fields_sigma = 147.80054127099805;
/// Bits of a noise amplitude below one.
inline constexpr int noise_fraction = 6;

constexpr std::uint32_t noise_step(std::uint32_t x) {
  x ^= x << 13;
  x ^= x >> 17;
  return x ^ (x << 5);
}

/// The register before the first conversion of a frame.
constexpr std::uint32_t noise_start(std::uint32_t seed, std::uint32_t frame) {
  const std::uint32_t x = seed + frame * noise_per_frame;
  return x == 0 ? 1 : x;
}

/// Sum of the register's four signed bytes.
constexpr std::int32_t noise_fields(std::uint32_t x) {
  std::int32_t sum = 0;
  for (int i = 0; i < 32; i += 8) sum += static_cast<std::int8_t>(x >> i);
  return sum;
}

/// n of a conversion, N the ADC's amplitude.
constexpr std::int32_t noise_value(std::uint32_t x, std::uint32_t amplitude) {
  return static_cast<std::int32_t>((std::int64_t{noise_fields(x)} * amplitude) >> noise_fraction);
}

/// Some number of steps at once.
class NoiseJump {
 public:
  explicit NoiseJump(std::uint64_t steps) {
    Columns power;
    for (int i = 0; i < 32; ++i) {
      power[static_cast<std::size_t>(i)] = noise_step(std::uint32_t{1} << i);
      columns_[static_cast<std::size_t>(i)] = std::uint32_t{1} << i;
    }
    for (; steps != 0; steps >>= 1) {
      if (steps & 1) columns_ = product(power, columns_);
      if (steps > 1) power = product(power, power);
    }
  }
  std::uint32_t operator()(std::uint32_t x) const { return apply(columns_, x); }
  /// Image of one bit.
  std::uint32_t column(int bit) const { return columns_[static_cast<std::size_t>(bit)]; }

 private:
  using Columns = std::array<std::uint32_t, 32>;  ///< image of every bit
  static std::uint32_t apply(const Columns& m, std::uint32_t x) {
    std::uint32_t y = 0;
    for (; x != 0; x &= x - 1) y ^= m[static_cast<std::size_t>(std::countr_zero(x))];
    return y;
  }
  static Columns product(const Columns& a, const Columns& b) {
    Columns c;
    for (std::size_t i = 0; i < 32; ++i) c[i] = apply(a, b[i]);
    return c;
  }
  Columns columns_;
};

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Random numbers that are functions of what they are for: no state, hence no order.
#pragma once
#include <cmath>
#include <cstdint>

namespace epim {

/// The output function of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a bijection of 64 bits.
constexpr std::uint64_t mix64(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

/// A key that grows by fields. Equal fields give equal keys.
class DrawKey {
 public:
  explicit constexpr DrawKey(std::uint64_t seed) : state_(mix64(seed + 0x9e3779b97f4a7c15ull)) {}
  constexpr DrawKey with(std::uint64_t field) const {
    DrawKey key = *this;
    key.state_ = mix64((key.state_ ^ field) * 0x9e3779b97f4a7c15ull + 0xd1b54a32d192ed03ull);
    return key;
  }
  constexpr std::uint64_t bits() const { return state_; }
  /// In (0, 1), a multiple of 2^-53 plus 2^-54.
  constexpr double uniform() const { return (static_cast<double>(state_ >> 11) + 0.5) * 0x1p-53; }
  /// Standard normal.
  double normal() const { return inverse_normal(uniform()); }

  /// M. J. Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics 37(3), 1988 (PPND7: seven
  /// digits).
  static double inverse_normal(double p) {
    const double q = p - 0.5;
    if (std::abs(q) <= 0.425) {
      const double r = 0.180625 - q * q;
      return q * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179) /
             (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0);
    }
    double r = std::sqrt(-std::log(q < 0 ? p : 1 - p));
    double x;
    if (r <= 5) {
      r -= 1.6;
      x = (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777) / ((0.12021132975 * r + 0.73700164250) * r + 1.0);
    } else {
      r -= 5;
      x = (((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150) / ((0.012258202635 * r + 0.24197894225) * r + 1.0);
    }
    return q < 0 ? -x : x;
  }

 private:
  std::uint64_t state_;
};

}  // namespace epim

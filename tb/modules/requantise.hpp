// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The equation of every requantiser, in numbers wide enough for all; fields of a packed parameter.
#ifndef EPIM_TB_MODULES_REQUANTISE_HPP
#define EPIM_TB_MODULES_REQUANTISE_HPP

#include "harness.hpp"

namespace bench {

/// clamp(floor((sum + half) / 2^shift) + zero, lo, hi), half = 2^(shift-1), 0 when shift = 0.
inline std::int64_t requantised(Wide sum, int shift, std::int64_t zero, std::int64_t lo, std::int64_t hi) {
  const Wide unit = Wide{1} << shift, up = sum + (shift > 0 ? unit / 2 : 0);
  Wide q = up / unit;
  if (q * unit > up) --q;  // towards minus infinity
  q += zero;
  return static_cast<std::int64_t>(q < lo ? Wide{lo} : q > hi ? Wide{hi} : q);
}

/// Field `n` of `bits` bits of a parameter of up to 64.
inline std::uint64_t field(std::uint64_t packed, int n, int bits) { return packed >> (n * bits) & mask(bits); }
inline std::int64_t signed_field(std::uint64_t packed, int n, int bits) { return sign_extend(field(packed, n, bits), bits); }

/// A code as a lane of `bits` bits gives it: two's complement where the least code is negative.
template <class Port>
std::int64_t code(const Port& port, int lsb, int bits, std::int64_t lo) {
  return lo < 0 ? get_signed(port, lsb, bits) : static_cast<std::int64_t>(get(port, lsb, bits));
}

/// Extremes and anything between.
inline std::uint64_t channel(int bits) {
  switch (pick(0, 4)) {
    case 0: return 0;
    case 1: return mask(bits);
    case 2: return std::uint64_t{1} << (bits - 1);
    case 3: return (std::uint64_t{1} << (bits - 1)) - 1;
    default: return random_bits(bits);
  }
}

/// Two registers that stand while an offered word waits, or none: what docs/chip.md says of blocks with a multiplier.
struct Stages {
  bool registers = false, first = false, offered = false;
  bool go(bool ready) const { return registers ? !offered || ready : ready; }
  bool valid(bool all_there) const { return registers ? offered : all_there; }
  void cycle(bool taken, bool ready) {
    if (!registers || !go(ready)) return;
    offered = first;
    first = taken;
  }
};

}  // namespace bench

#endif

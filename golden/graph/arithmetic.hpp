// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The integer meaning of the nodes without weights, as numbers that hardware can hold.
#pragma once
#include <cstdint>
#include <vector>

#include "golden/graph/formats.hpp"
#include "golden/tensor.hpp"

namespace epim {

/// y = clamp(((sum_i (x_i - zero_in[i])*multiplier[i] + half) >> shift) + zero_out, lo, hi), half = 2^(shift-1), 0 where shift is 0.
struct Requantiser {
  std::vector<std::int64_t> multiplier;  ///< per operand, unsigned, at most multiplier_bits
  std::vector<std::int64_t> zero_in;     ///< per operand
  int shift = 0;
  std::int64_t zero_out = 0, lo = 0, hi = 0;
  double error = 0;                      ///< largest relative error of a multiplier
  static constexpr int multiplier_bits = 24;
  static constexpr int shift_most = 47;

  /// `sum` = sum_i (x_i - zero_in[i])*multiplier[i].
  std::int64_t finish(std::int64_t sum) const;
  std::int64_t operator()(std::int64_t x) const { return finish((x - zero_in[0]) * multiplier[0]); }
  /// y = x for every code of lo .. hi.
  bool is_identity() const { return multiplier.size() == 1 && multiplier[0] == 1 && shift == 0 && zero_in[0] == zero_out; }
  bool operator==(const Requantiser&) const = default;
};

/// multiplier[i] = round(ratio[i]*2^shift) for the largest shift at which all fit, then halved together while all are
/// even: a dyadic ratio is exact, and 1 is 1 with shift 0. ratio > 0.
struct Multipliers {
  std::vector<std::int64_t> value;
  int shift = 0;
  double error = 0;
};
Multipliers multipliers_for(const std::vector<double>& ratio);

/// What a node without weights computes on integers.
struct NodeArithmetic {
  /// add: one for all operands. concat: one per operand. mul: one of the product (a - z_a)*(b - z_b). Others: one.
  std::vector<Requantiser> requantise;
  std::vector<std::int64_t> zeros;    ///< mul: of its operands
  std::vector<std::int64_t> divisor;  ///< avg_pool, global_avg_pool: multiplier for a window of index + 1 places
  /// function: output code of input code lo_in + index. softmax: E[d] = round(2^24*exp(-d*step)) for d = 0 .. hi_in - lo_in.
  std::vector<std::int64_t> table;
  std::int64_t table_lo = 0;
  std::vector<std::int64_t> slope;    ///< leaky_relu: one; prelu: one per channel; A of docs/arithmetic.md
  static constexpr int softmax_shift_most = 16;  ///< of SH there: with a sum of 44 bits D stays below 2^60
  static constexpr int slope_bits = 16, slope_fraction = slope_bits - slope_integer_bits;  ///< of A; F
  /// leaky_relu, prelu: y of code x with slope A.
  std::int64_t sloped(std::int64_t x, std::int64_t a) const;
  /// softmax: y = clamp(floor((2*e*G + D) / (2*D)) + z_y), D = S << SH, of e = E[largest code of the place - code] and the sum S of
  /// the E of all channels: the share e/S in steps of the output, a half rounded up.
  std::int64_t share(std::int64_t e, std::int64_t sum) const;
  /// function, leaky_relu: y of code x.
  std::int64_t of_code(std::int64_t x) const;
};

/// Of node `n`. `slopes`: of a prelu, per channel.
NodeArithmetic arithmetic_of(const Network& network, int n, const std::vector<MapFormat>& formats,
                             const std::vector<float>& slopes = {});

}  // namespace epim

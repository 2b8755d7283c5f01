// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// How large an accumulator can get for the weights that are loaded.
#pragma once
#include <cstdint>

#include "golden/layer.hpp"

namespace epim {

/// Range of every accumulator of a layer at any moment, over all legal inputs.
struct AccumulatorBound {
  std::int64_t lowest = 0, highest = 0;
  int column = 0;     ///< epitome column of the larger magnitude
  int range = 0;      ///< its output range (index into FiringPlan::ranges)
  int bits = 1;       ///< smallest signed width that holds [lowest, highest]
};

/// Worst case of acc[c] = sum over firings of sum_t M[t,u]*(psum[t][c] + Z[t,u]*sum_x[t]).
/// Exact where the ADC is lossless and every virtual input channel is stored (in_period = 0): each input then
/// takes the extreme that suits the sign of M*(w+Z). Zero is a legal input, so that each partial sum of firings and
/// PE rows, in any order, lies inside the range as well. With a saturating ADC or a wrapped input it is an upper
/// bound; bounds.cpp gives the argument. With cells or ADCs that are not ideal it is that of any codes. The layer must be valid.
/// Throws InputError `accumulator-overflow` where 63 bits do not hold it.
AccumulatorBound accumulator_bound(const Hardware& hardware, const Layer& layer, const LayerData& data);

/// Throws InputError `accumulator-overflow` where hardware.acc_bits is smaller than the bound asks.
void check_accumulator(const Hardware& hardware, const Layer& layer, const LayerData& data);
/// The same with the bound at hand.
void check_accumulator(const Hardware& hardware, const Layer& layer, const AccumulatorBound& bound);

}  // namespace epim

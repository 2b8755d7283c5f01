// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/bounds.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "golden/diagnostic.hpp"
#include "golden/evaluate.hpp"

// Why the lossless bound covers a clipping ADC where Z = 0. Write a row's activation as m - s, m >= 0 the magnitude
// steps together, s >= 0 the sign step (0 for unsigned). Per row and weight w, the positive crossbar sees +m*w (w > 0)
// in magnitude steps and -s*w in the sign step, the negative crossbar the mirror image. Every ADC term enters psum with
// a fixed sign and clipping only moves it towards zero, so that
//   psum <= sum of the terms that enter with + <= sum_{w>0} m*w + sum_{w<0} s*|w|
//        <= sum_{w>0} max(x)*w + sum_{w<0} |min(x)*w|,
// which is the lossless maximum: m <= max(x), s <= -min(x). The minimum is the mirror image.
// With Z != 0 the lossless bound takes M*(w+Z) per row, where w and Z may cancel. Z*sum_x is never clipped, psum may
// be, so the cancellation cannot be counted on: psum and Z*sum_x are then bounded apart and added.

namespace epim {
namespace {

struct Interval {
  __int128 lo = 0, hi = 0;
};

/// Coefficients of activations: the positive ones together, the negative ones together. Each is below 2^27.
struct Coefficients {
  std::int64_t rising = 0, falling = 0;
  void add(std::int64_t c) { (c > 0 ? rising : falling) += c; }
};

/// A row that an activation of a firing drives.
struct DrivenRow {
  CellRow cells;
  int pe_row = 0;
  bool is_last = false;  ///< of those that this activation drives
};
/// All of one firing, activation after activation.
std::vector<DrivenRow> driven_rows(const Hardware& hw, const Layer& layer, const LayerData& data, int patch) {
  std::vector<DrivenRow> rows;
  for (const PatchWord& word : patch_words(layer, layer.patches[static_cast<std::size_t>(patch)], hw.lanes))
    for (int lane = 0; lane < word.channels; ++lane) {
      for (const int first : word.rows)
        if (first >= 0) rows.push_back({CellRow(layer, data, hw.lanes, patch, first + lane), first / hw.xb_rows, false});
      rows.back().is_last = true;
    }
  return rows;
}

/// Adds what the rows of one firing can put into the accumulator of its filter `filter`, in column `u` of PEs. Activations x hold 0.
/// `apart`: terms of one activation are bounded each by itself; `any_cells`: a cell may hold anything, in both polarities.
void add_firing(const Hardware& hw, const LayerData& data, const std::vector<DrivenRow>& rows, int u, int filter, bool apart, bool any_cells,
                Interval& sum) {
  Coefficients c;
  std::int64_t together = 0;
  for (const DrivenRow& row : rows) {
    const std::int64_t m = data.crossbar_scale(row.pe_row, u), z = data.zero_point(row.pe_row, u), w = row.cells(filter);
    if (any_cells) {
      const std::int64_t full = (std::int64_t{1} << (hw.slices() * hw.cell_bits)) - 1;
      c.add(m * full);
      c.add(-m * full);
      c.add(m * z);
    } else if (apart) {
      c.add(m * w);
      c.add(m * z);
    } else {
      together += m * (w + z);
      if (!row.is_last) continue;
      c.add(together);
      together = 0;
    }
  }
  sum.hi += static_cast<__int128>(c.rising) * hw.act_max() + static_cast<__int128>(c.falling) * hw.act_min();
  sum.lo += static_cast<__int128>(c.rising) * hw.act_min() + static_cast<__int128>(c.falling) * hw.act_max();
}

/// Any sums, gains, offsets and noise: a code is at most the largest one, in every PE row, whether the patch uses it or not.
void add_analog_firing(const Hardware& hw, const Layer& layer, const LayerData& data, const Patch& patch, int column, Interval& sum) {
  const int u = column / hw.xb_cols;
  __int128 per_read = 0, places = 0;
  for (int s = 0; s < hw.slices(); ++s) per_read += std::int64_t{1} << (s * hw.cell_bits);
  for (int b = 0; b < hw.steps(); ++b) places += std::int64_t{1} << hw.step_first_bit(b);
  const __int128 psum = per_read * places * (((std::int64_t{1} << hw.adc_bits) - 1) << hw.adc_step) *
                        static_cast<int>(row_groups_of(hw, layer, patch).size());
  const std::int64_t act = std::max(hw.act_max(), -hw.act_min());
  for (int t = 0; t < hw.pe_rows; ++t) {
    const __int128 most = data.crossbar_scale(t, u) * (psum + static_cast<__int128>(std::abs(data.zero_point(t, u))) * act * hw.xb_rows);
    sum.hi += most;
    sum.lo -= most;
  }
}

}  // namespace

AccumulatorBound accumulator_bound(const Hardware& core, const Layer& layer, const LayerData& data) {
  const Hardware hw = hardware_for(core, layer);
  const FiringPlan plan = plan_firings(layer);
  const bool clips = hw.adc_bits < hw.lossless_adc_bits();
  const bool shifted = std::any_of(data.zero_point.data.begin(), data.zero_point.data.end(),
                                   [](std::int64_t z) { return z != 0; });
  AccumulatorBound bound;
  __int128 largest = -1;
  for (std::size_t r = 0; r < plan.ranges.size(); ++r) {
    const OutputRange& range = plan.ranges[r];
    std::vector<std::vector<DrivenRow>> rows;  // of each firing
    for (int f = range.first_firing; !hw.analog() && f < range.first_firing + range.firings; ++f)
      rows.push_back(driven_rows(hw, layer, data, plan.firings[static_cast<std::size_t>(f)].patch));
    for (int k = 0; k < range.columns; ++k) {
      Interval sum;
      for (int f = 0; f < range.firings; ++f) {
        const int patch = plan.firings[static_cast<std::size_t>(range.first_firing + f)].patch;
        if (hw.analog()) add_analog_firing(hw, layer, data, layer.patches[static_cast<std::size_t>(patch)], range.c_out + k, sum);
        else add_firing(hw, data, rows[static_cast<std::size_t>(f)], (range.c_out + k) / hw.xb_cols, k, clips && (shifted || layer.pool), data.analog != nullptr, sum);
      }
      const __int128 limit = (static_cast<__int128>(1) << 62) - 1;
      if (sum.hi > limit || sum.lo < -limit)
        throw InputError({}, "accumulator-overflow",
                         fmt::format("the accumulator of epitome column {} needs more than 63 bits; lower "
                                     "scale_bits, weight_bits or act_bits, or use a smaller epitome", range.c_out + k));
      const __int128 magnitude = std::max(sum.hi, -sum.lo);
      if (magnitude > largest) {
        largest = magnitude;
        bound.column = range.c_out + k;
        bound.range = static_cast<int>(r);
      }
      bound.lowest = std::min(bound.lowest, static_cast<std::int64_t>(sum.lo));
      bound.highest = std::max(bound.highest, static_cast<std::int64_t>(sum.hi));
    }
  }
  const auto holds = [&](int bits) {
    const std::int64_t top = std::int64_t{1} << (bits - 1);
    return bound.highest < top && bound.lowest >= -top;
  };
  while (!holds(bound.bits)) ++bound.bits;
  return bound;
}

void check_accumulator(const Hardware& hw, const Layer& layer, const LayerData& data) {
  check_accumulator(hw, layer, accumulator_bound(hw, layer, data));
}

void check_accumulator(const Hardware& hw, const Layer& layer, const AccumulatorBound& bound) {
  if (bound.bits > hw.acc_bits)
    throw InputError({}, "accumulator-overflow",
                     fmt::format("layer {}: accumulators reach {}..{} (most in epitome column {}), which needs "
                                 "acc_bits = {}; acc_bits is {}", layer.name, bound.lowest, bound.highest,
                                 bound.column, bound.bits, hw.acc_bits));
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/quantise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "golden/diagnostic.hpp"
#include "golden/evaluate.hpp"
#include "golden/pool.hpp"
#include "golden/sampler.hpp"

namespace epim {
namespace {

/// Smallest and largest of what was added.
struct Range {
  double lo = std::numeric_limits<double>::infinity(), hi = -std::numeric_limits<double>::infinity();
  void add(double value) {
    lo = std::min(lo, value);
    hi = std::max(hi, value);
  }
  bool empty() const { return lo > hi; }
};

/// Calls f(block, e) for every element e (index into the flat tensor).
template <class F> void each_element(const Hardware& hw, const EpitomeShape& e, int pe_cols, F&& f) {
  std::vector<std::size_t> first_of_row;  // block of column 0, by (c, p, q)
  for (int c = 0; c < e.e_in; ++c)
    for (int p = 0; p < e.p; ++p)
      for (int q = 0; q < e.q; ++q) first_of_row.push_back(static_cast<std::size_t>(physical_row(e, hw.lanes, c, p, q) / hw.xb_rows * pe_cols));
  std::size_t i = 0;
  for (int o = 0; o < e.e_out; ++o)
    for (const std::size_t first : first_of_row) f(first + static_cast<std::size_t>(o / hw.xb_cols), i++);
}

/// Paper Eq. 4, 5 for every block.
void overlap_ranges(const Hardware& hw, const Layer& layer, const FloatTensor& epitome, const IntTensor& repetition,
                    const QuantiseOptions& options, QuantisedEpitome& result) {
  const std::size_t n = result.blocks.size();
  std::vector<std::int64_t> most(n, 0), sum_all(n, 0), sum_overlap(n, 0);
  std::vector<Range> overlap(n), others(n);
  each_element(hw, layer.epitome, result.pe_cols, [&](std::size_t b, std::size_t i) {
    most[b] = std::max(most[b], repetition.data[i]);
    sum_all[b] += repetition.data[i];
  });
  each_element(hw, layer.epitome, result.pe_cols, [&](std::size_t b, std::size_t i) {
    const std::int64_t r = repetition.data[i];
    if (r == 0) return;
    if (r == most[b]) sum_overlap[b] += r;
    (r == most[b] ? overlap[b] : others[b]).add(static_cast<double>(epitome.data[i]));
  });
  for (std::size_t b = 0; b < n; ++b) {
    BlockQuantisation& block = result.blocks[b];
    if (overlap[b].empty()) continue;
    block.alpha = overlap[b].lo;
    block.beta = overlap[b].hi;
    if (others[b].empty()) continue;
    block.w1 = options.w1 >= 0 ? options.w1 : static_cast<double>(sum_overlap[b]) / static_cast<double>(sum_all[b]);
    block.w2 = options.w2 >= 0 ? options.w2 : 1 - block.w1;
    block.alpha = block.w1 * overlap[b].lo + block.w2 * others[b].lo;
    block.beta = block.w1 * overlap[b].hi + block.w2 * others[b].hi;
  }
}

void require_finite(double value, const char* what) {
  if (!std::isfinite(value)) fail("not-finite", fmt::format("{} holds a value that is no finite number", what));
}


/// G and B at one M unit, with the shift that fits both.
struct Channels {
  int shift = -1;
  double error = 0;
  std::vector<std::int64_t> g, b;
};

/// `taps`: what an input of 1 everywhere gives in each accumulator; B takes zero_in times as much away.
Channels fit_channels(const Hardware& hw, const std::vector<double>& gain, const std::vector<double>& offset,
                      const std::vector<std::int64_t>& taps, std::int64_t zero_in, std::int64_t zero_out) {
  const double g_max = static_cast<double>(signed_max(hw.channel_scale_bits));
  const double b_max = static_cast<double>(signed_max(hw.channel_bias_bits));
  Channels result;
  const auto g_of = [&](std::size_t ch, int shift) { return std::nearbyint(std::ldexp(gain[ch], shift)); };
  const auto b_of = [&](std::size_t ch, int shift) {
    return std::nearbyint(std::ldexp(offset[ch], shift)) - g_of(ch, shift) * static_cast<double>(taps[ch] * zero_in) +
           std::ldexp(static_cast<double>(zero_out), shift);
  };
  const auto fits = [&](int shift) {
    for (std::size_t ch = 0; ch < gain.size(); ++ch)
      if (std::fabs(g_of(ch, shift)) > g_max || std::fabs(b_of(ch, shift)) > b_max) return false;
    return true;
  };
  for (int shift = 47; shift >= 0 && result.shift < 0; --shift)
    if (fits(shift)) result.shift = shift;
  if (result.shift < 0) return result;
  double largest = 0;
  for (double g : gain) largest = std::max(largest, std::fabs(g));
  for (std::size_t ch = 0; ch < gain.size(); ++ch) {
    const double exact = std::ldexp(gain[ch], result.shift);
    result.g.push_back(static_cast<std::int64_t>(std::nearbyint(exact)));
    result.b.push_back(static_cast<std::int64_t>(std::nearbyint(std::ldexp(offset[ch], result.shift))) -
                       result.g.back() * taps[ch] * zero_in + (zero_out << result.shift));
    if (gain[ch] != 0 && std::fabs(gain[ch]) >= largest / 16)
      result.error = std::max(result.error, std::fabs(static_cast<double>(result.g.back()) / exact - 1));
  }
  return result;
}

}  // namespace

RangeMode range_mode_from(const std::string& name) {
  for (RangeMode mode : {RangeMode::naive, RangeMode::per_crossbar, RangeMode::overlap})
    if (name == name_of(mode)) return mode;
  fail("quantisation-mode", fmt::format("'{}' is no quantisation mode; legal: naive, per_crossbar, overlap", name));
}

const char* name_of(RangeMode mode) {
  return mode == RangeMode::naive ? "naive" : mode == RangeMode::per_crossbar ? "per_crossbar" : "overlap";
}

namespace {

/// Blocks without ranges and scales, for weights of the right shape.
QuantisedEpitome blocks_of(const Hardware& hw, const Layer& layer, const FloatTensor& epitome) {
  const EpitomeShape& e = layer.epitome;
  if (epitome.shape != std::vector<int>{e.e_out, e.e_in, e.p, e.q})
    fail("tensor-shape", fmt::format("the epitome of layer {} must be [{}][{}][{}][{}]", layer.name, e.e_out, e.e_in,
                                     e.p, e.q));
  for (float value : epitome.data) require_finite(static_cast<double>(value), "the epitome");

  QuantisedEpitome result;
  const PeArray array = pe_array_for(hw, e);
  result.pe_rows = array.rows;
  result.pe_cols = array.cols;
  result.codes = IntTensor(epitome.shape);
  result.values = FloatTensor(epitome.shape);
  result.blocks.resize(static_cast<std::size_t>(array.rows) * static_cast<std::size_t>(array.cols));
  for (std::size_t b = 0; b < result.blocks.size(); ++b) {
    result.blocks[b].pe_row = static_cast<int>(b) / array.cols;
    result.blocks[b].pe_col = static_cast<int>(b) % array.cols;
  }
  return result;
}

/// Notes code and real value of element i, and their error.
void set_code(QuantisedEpitome& result, std::size_t b, std::size_t i, double real, std::int64_t q, std::int64_t repeated) {
  BlockQuantisation& block = result.blocks[b];
  const double value = block.scale * static_cast<double>(q + block.zero), times = static_cast<double>(repeated);
  result.codes.data[i] = q;
  result.values.data[i] = static_cast<float>(value);
  block.error += times * (value - real) * (value - real);
  block.size += times * real * real;
}

void add_up(QuantisedEpitome& result) {
  for (const BlockQuantisation& block : result.blocks) {
    result.error += block.error;
    result.size += block.size;
  }
}

}  // namespace

QuantisedEpitome quantise_bipolar(const Hardware& hw, const Layer& layer, const FloatTensor& epitome) {
  QuantisedEpitome result = blocks_of(hw, layer, epitome);
  const IntTensor repetition = repetition_map(layer);
  std::vector<double> sum(result.blocks.size()), count(result.blocks.size());
  each_element(hw, layer.epitome, result.pe_cols, [&](std::size_t b, std::size_t i) {
    if (repetition.data[i] == 0) return;
    sum[b] += std::fabs(static_cast<double>(epitome.data[i]));
    ++count[b];
  });
  for (std::size_t b = 0; b < result.blocks.size(); ++b) {
    if (count[b] == 0) continue;
    const double mean = sum[b] / count[b];
    result.blocks[b].scale = mean > 0 ? mean : 1.0;
    result.blocks[b].alpha = -result.blocks[b].scale;
    result.blocks[b].beta = result.blocks[b].scale;
  }
  each_element(hw, layer.epitome, result.pe_cols, [&](std::size_t b, std::size_t i) {
    const double real = static_cast<double>(epitome.data[i]);
    set_code(result, b, i, real, repetition.data[i] == 0 ? 0 : real < 0 ? -1 : 1, repetition.data[i]);
  });
  add_up(result);
  return result;
}

QuantisedEpitome given_codes(const Hardware& hw, const Layer& layer, const FloatTensor& codes) {
  QuantisedEpitome result = blocks_of(hw, layer, codes);
  const std::int64_t most = hw.weight_max();
  const IntTensor repetition = repetition_map(layer);
  for (BlockQuantisation& block : result.blocks) block.scale = 1;
  each_element(hw, layer.epitome, result.pe_cols, [&](std::size_t b, std::size_t i) {
    const double real = static_cast<double>(codes.data[i]);
    const auto q = static_cast<std::int64_t>(real);
    if (static_cast<double>(q) != real || q < -most || q > most)
      fail("weight-range", fmt::format("layer {}: weight code {} with weight_bits = {}, legal: whole numbers {} .. {}", layer.name, real,
                                       hw.weight_bits, -most, most));
    set_code(result, b, i, real, q, repetition.data[i]);
  });
  add_up(result);
  return result;
}

QuantisedEpitome quantise(const Hardware& hw, const Layer& layer, const FloatTensor& epitome,
                          const QuantiseOptions& options) {
  if (hw.weight_bits < 2 || hw.weight_bits > 16)
    fail("bit-width", fmt::format("weight_bits = {}; legal: 2..16", hw.weight_bits));
  for (double w : {options.w1, options.w2})
    if (!std::isfinite(w)) fail("quantisation-weights", "w1 and w2 must be finite");
  if (options.w1 > 1 && options.w2 < 0)
    fail("quantisation-weights", fmt::format("w1 = {} leaves w2 = 1 - w1 negative; legal: w1 in 0..1, or a w2 >= 0 beside it",
                                             options.w1));
  const EpitomeShape& e = layer.epitome;
  QuantisedEpitome result = blocks_of(hw, layer, epitome);
  const PeArray array = {result.pe_rows, result.pe_cols};
  const IntTensor repetition = repetition_map(layer);

  if (options.mode == RangeMode::overlap) {
    overlap_ranges(hw, layer, epitome, repetition, options, result);
  } else {
    std::vector<Range> ranges(result.blocks.size());
    Range whole;
    each_element(hw, e, array.cols, [&](std::size_t b, std::size_t i) {
      ranges[b].add(static_cast<double>(epitome.data[i]));
      whole.add(static_cast<double>(epitome.data[i]));
    });
    for (std::size_t b = 0; b < ranges.size(); ++b) {
      if (ranges[b].empty()) continue;
      const Range& range = options.mode == RangeMode::naive ? whole : ranges[b];
      result.blocks[b].alpha = range.lo;
      result.blocks[b].beta = range.hi;
    }
  }

  const std::int64_t code_max = signed_max(hw.weight_bits);
  const std::int64_t code_min = options.sign_magnitude ? -code_max : -code_max - 1;
  std::vector<bool> used(result.blocks.size(), false);
  each_element(hw, e, array.cols, [&](std::size_t b, std::size_t) { used[b] = true; });
  for (std::size_t b = 0; b < result.blocks.size(); ++b) {
    if (!used[b]) continue;
    BlockQuantisation& block = result.blocks[b];
    block.alpha = std::min(block.alpha, 0.0);
    block.beta = std::max(block.beta, 0.0);
    const double span = options.affine ? (block.beta - block.alpha) / static_cast<double>(code_max - code_min)
                                       : std::max(-block.alpha, block.beta) / static_cast<double>(code_max);
    block.scale = span > 0 ? span : 1.0;  // nothing but zeros: any scale will do
    if (options.affine) block.zero = static_cast<std::int64_t>(std::nearbyint(block.alpha / block.scale)) - code_min;
  }

  each_element(hw, e, array.cols, [&](std::size_t b, std::size_t i) {
    BlockQuantisation& block = result.blocks[b];
    const double real = static_cast<double>(epitome.data[i]);
    const double code = std::nearbyint(real / block.scale) - static_cast<double>(block.zero);
    const std::int64_t q = static_cast<std::int64_t>(
        std::clamp(code, static_cast<double>(code_min), static_cast<double>(code_max)));
    set_code(result, b, i, real, q, repetition.data[i]);
    if (repetition.data[i] > 0 && (code < static_cast<double>(code_min) || code > static_cast<double>(code_max)))
      ++block.clamped;
  });
  add_up(result);
  return result;
}

namespace {

/// Sum over the virtual weights of every channel of M*(code + Z): its accumulator for an input of 1 everywhere.
std::vector<std::int64_t> taps_of(const Hardware& hw, const Layer& layer, const QuantisedEpitome& quantised, const LayerData& data) {
  const IntTensor& scale = data.crossbar_scale;
  const auto sums = [&](const IntTensor& w) {
    std::vector<std::int64_t> taps(static_cast<std::size_t>(layer.cout));
    const std::size_t per_channel = w.size() / taps.size();
    for (std::size_t i = 0; i < w.size(); ++i) taps[i / per_channel] += w.data[i];
    return taps;
  };
  if (layer.pool) return sums(pool_weights(layer, data, hw.lanes));
  IntTensor weighted(quantised.codes.shape);
  each_element(hw, layer.epitome, quantised.pe_cols, [&](std::size_t b, std::size_t i) {
    const BlockQuantisation& block = quantised.blocks[b];
    weighted.data[i] = scale(block.pe_row, block.pe_col) * (quantised.codes.data[i] + block.zero);
  });
  return sums(reconstruct(layer, weighted));
}

}  // namespace

namespace {

/// The largest power of two of which all scales are whole multiples below 2^bits; 0: there is none.
double common_step(const std::vector<BlockQuantisation>& blocks, double largest, int bits) {
  for (int b = 1; b <= bits; ++b) {
    const double step = std::ldexp(1.0, std::ilogb(largest) + 1 - b);
    if (std::all_of(blocks.begin(), blocks.end(), [&](const BlockQuantisation& block) { return block.scale <= 0 || std::fmod(block.scale, step) == 0; }))
      return step;
  }
  return 0;
}

}  // namespace

IntegerLayer to_integer(const Hardware& hw, const Layer& layer, const QuantisedEpitome& quantised,
                        const LayerScales& scales) {
  const std::size_t cout = static_cast<std::size_t>(layer.cout);
  if (scales.bn_scale.size() != cout || scales.bn_bias.size() != cout)
    fail("tensor-shape", fmt::format("layer {}: bn_scale and bn_bias must have cout = {} elements", layer.name, cout));
  for (std::size_t ch = 0; ch < cout; ++ch) {
    require_finite(static_cast<double>(scales.bn_scale[ch]), "bn_scale");
    require_finite(static_cast<double>(scales.bn_bias[ch]), "bn_bias");
  }
  if (!scales.slope.empty() && scales.slope.size() != cout)
    fail("tensor-shape", fmt::format("layer {}: slopes must have cout = {} elements", layer.name, cout));
  if (layer.slopes && scales.zero_out != 0)
    fail("slope-zero-point", fmt::format("layer {}: slopes and an output with zero point {}, legal: zero point 0, or the slope as a node of its own",
                                         layer.name, scales.zero_out));
  if (!(scales.act_in > 0) || !(scales.act_out > 0) || !std::isfinite(scales.act_in) || !std::isfinite(scales.act_out))
    fail("scale-not-representable", fmt::format("layer {}: act_scale of input and output must be positive",
                                                layer.name));
  if (quantised.pe_rows > hw.pe_rows || quantised.pe_cols > hw.pe_cols)
    fail("pe-array-too-small", fmt::format("layer {}: the epitome takes {}x{} PEs, the array has {}x{}", layer.name,
                                           quantised.pe_rows, quantised.pe_cols, hw.pe_rows, hw.pe_cols));
  double largest = 0, smallest = std::numeric_limits<double>::infinity();
  for (const BlockQuantisation& block : quantised.blocks) {
    if (block.scale <= 0) continue;
    largest = std::max(largest, block.scale);
    smallest = std::min(smallest, block.scale);
  }
  const bool uniform = smallest >= largest;
  const std::int64_t zero_in = layer.pad_value();
  std::vector<double> units;  // of M
  for (int m = uniform ? 1 : hw.scale_bits; m >= 1; --m) units.push_back(largest / static_cast<double>((std::int64_t{1} << m) - 1));
  if (const double step = layer.pool ? common_step(quantised.blocks, largest, hw.scale_bits) : 0; step > 0) units = {step};
  IntegerLayer best;
  bool found = false;
  for (const double unit : units) {
    IntegerLayer now;
    now.data.epitome = quantised.codes;
    now.data.permutation = quantised.permutation;
    now.data.crossbar_scale = IntTensor({hw.pe_rows, hw.pe_cols});
    now.data.zero_point = IntTensor({hw.pe_rows, hw.pe_cols});
    for (const BlockQuantisation& block : quantised.blocks) {
      if (block.scale <= 0) continue;
      const double exact = block.scale / unit;
      const std::int64_t value = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::nearbyint(exact)));
      now.data.crossbar_scale(block.pe_row, block.pe_col) = value;
      now.data.zero_point(block.pe_row, block.pe_col) = block.zero;
      now.scale_error = std::max(now.scale_error, std::fabs(static_cast<double>(value) / exact - 1));
    }
    std::vector<double> gain(cout), offset(cout);
    for (std::size_t ch = 0; ch < cout; ++ch) {
      gain[ch] = static_cast<double>(scales.bn_scale[ch]) * unit * scales.act_in / scales.act_out;
      offset[ch] = static_cast<double>(scales.bn_bias[ch]) / scales.act_out;
    }
    std::vector<std::int64_t> taps(cout);
    if (zero_in != 0) taps = taps_of(hw, layer, quantised, now.data);
    const Channels channels = fit_channels(hw, gain, offset, taps, zero_in, scales.zero_out);
    if (channels.shift < 0) continue;
    now.shift = channels.shift;
    now.channel_error = channels.error;
    if (found && now.scale_error + now.channel_error >= best.scale_error + best.channel_error) continue;
    now.data.channel_scale = IntTensor({layer.cout});
    now.data.channel_bias = IntTensor({layer.cout});
    now.data.channel_scale.data = channels.g;
    now.data.channel_bias.data = channels.b;
    if (layer.slopes) now.data.channel_slope = IntTensor({layer.cout}, hw.slope_one());
    for (std::size_t ch = 0; ch < scales.slope.size() && layer.slopes; ++ch)
      now.data.channel_slope.data[ch] = slope_code(hw, static_cast<double>(scales.slope[ch]));
    best = std::move(now);
    found = true;
  }
  if (!found)
    fail("scale-not-representable",
         fmt::format("layer {}: no shift makes G fit {} bits and B fit {} bits; change act_scale or the widths",
                     layer.name, hw.channel_scale_bits, hw.channel_bias_bits));
  return best;
}

std::int64_t slope_code(int bits, double slope) {
  const double one = std::ldexp(1.0, bits - slope_integer_bits), code = std::nearbyint(slope * one);
  const auto most = static_cast<double>(signed_max(bits));
  if (!(code >= -most - 1 && code <= most))
    fail("slope-range", fmt::format("slope {}, legal with slope_bits = {}: {}..{}", slope, bits, (-most - 1) / one, most / one));
  return static_cast<std::int64_t>(code);
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// One layer as the operator defines it: geometry, epitome, sampler output, integer parameters.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "golden/hardware.hpp"
#include "golden/tensor.hpp"

namespace epim {

/// Negative above and below: rows of the map that no window reads (golden/timing/row_copies.hpp).
struct Padding {
  int top = 0, left = 0, bottom = 0, right = 0;
  bool operator==(const Padding&) const = default;
};

/// A number per axis of a map; from one number: both.
struct Axes {
  int y = 1, x = 1;
  Axes() = default;
  Axes(int both) : y(both), x(both) {}
  Axes(int rows, int columns) : y(rows), x(columns) {}
  bool operator==(const Axes&) const = default;
};

/// How the integers of an input map are coded, and what a padded place holds.
struct ActFormat {
  int bits = 9;            ///< 1..9, signed 2..9
  bool is_signed = false;  ///< two's complement
  int pad = 0;             ///< the map's zero point
  bool operator==(const ActFormat&) const = default;
  std::int64_t least() const { return is_signed ? -(std::int64_t{1} << (bits - 1)) : 0; }
  std::int64_t greatest() const { return (std::int64_t{1} << (is_signed ? bits - 1 : bits)) - 1; }
};

/// E[e_out][e_in][P][Q]
struct EpitomeShape {
  int e_out = 1, e_in = 1, p = 1, q = 1;
  bool operator==(const EpitomeShape&) const = default;
};

/// A layer whose weights are read from the network's pool (docs/pool.md). Stored as an epitome of `vector` columns and one
/// tap: its first `vector` channels are the pool, one row after the other, then come the kept rows of the error.
struct WeightPool {
  int vector = 128;    ///< V: input channels of a block, filters of an output tile, vectors of the pool
  int group = 32;      ///< filters that share their columns: those of a tile that are alike modulo V / group
  int kept_one_in = 1; ///< of the words of a block, one in so many has an error: 1, 2, 4, 8
  int kept_first = 0;  ///< the first one
  bool operator==(const WeightPool&) const = default;
  /// Word `word` of a block keeps its rows of the error.
  bool keeps(int word) const { return word % kept_one_in == kept_first; }
  /// Filters f and f + stride are neighbours in a group.
  int group_stride() const { return vector / group; }
};

/// A pool as a design asks for it: vectors of as many elements as a crossbar has rows.
struct PoolChoice {
  int kept_one_in = 1, kept_first = 0;
  std::optional<int> group;  ///< absent: the least of 32 and cols_per_adc
  bool operator==(const PoolChoice&) const = default;
};

/// Paper Eq. 1: E[p:p+kh, q:q+kw, c_in:c_in+beta1, c_out:c_out+beta2] at (dst_in, dst_out) of the convolution.
struct Patch {
  int p = 0, q = 0, c_in = 0, c_out = 0;
  int beta1 = 1, beta2 = 1;
  int dst_in = 0, dst_out = 0;
  /// Of a weight pool: the tap, and c_in is the first stored row of its error.
  int ky = 0, kx = 0;
  bool operator==(const Patch&) const = default;
};

/// Output channel wrapping.
enum class Wrap {
  off,          ///< every output range fires its own patches
  stored_once,  ///< requantisation parameters have period c: the result is stored once, consumers read modulo c
  copies,       ///< accumulators are reused, each copy is requantised with its own parameters
};

struct Layer {
  std::string name = "layer";
  int cin = 1, cout = 1;        ///< channels of the virtual convolution
  int in_period = 0;            ///< stored input channels c when the producer wrapped (virtual v reads v mod c); 0 = cin
  int kh = 1, kw = 1;
  Axes stride, dilation;        ///< dilation: distance of neighbouring window taps
  Padding pad;
  int h = 1, w = 1;             ///< input map
  EpitomeShape epitome;
  int spare_columns = 0;  ///< of epitome.e_out: read by no patch, in place of faulty bit lines (golden/device/spare_columns.hpp)
  /// The convolution is block-diagonal: output block b = o / (cout/groups) reads input block b alone. Patches tile the
  /// blocks; the virtual weights outside are zero. 1: an ordinary convolution.
  int groups = 1;
  std::optional<WeightPool> pool;  ///< absent: plain or an epitome
  std::optional<ActFormat> act; ///< of the input map; absent: the core's own format, padded with 0
  std::vector<Patch> patches;   ///< ordered by output range, then by input range
  Wrap wrap = Wrap::off;
  int shift = 0;                ///< SH
  std::int64_t clamp_lo = 0, clamp_hi = 0;
  bool slopes = false;          ///< negative values have slopes of their own: LayerData::channel_slope

  int stored_cin() const { return in_period > 0 ? in_period : cin; }
  /// Rows and columns of the map that a window spans.
  int window_h() const { return (kh - 1) * dilation.y + 1; }
  int window_w() const { return (kw - 1) * dilation.x + 1; }
  /// Rows that must be complete before the first window can be read.
  int rows_needed() const { return window_h() < h ? window_h() : h; }
  /// Row and column of the map that tap (ky, kx) of the window at (oy, ox) reads; outside the map: padding.
  int row(int oy, int ky) const { return oy * stride.y + ky * dilation.y - pad.top; }
  int column(int ox, int kx) const { return ox * stride.x + kx * dilation.x - pad.left; }
  /// Words of one row of the map.
  std::int64_t row_words(int lanes) const { return std::int64_t{w} * ((stored_cin() + lanes - 1) / lanes); }
  int out_h() const { return (h + pad.top + pad.bottom - window_h()) / stride.y + 1; }
  int out_w() const { return (w + pad.left + pad.right - window_w()) / stride.x + 1; }
  /// Taps of the window that a patch reads: all, or the one of a pool's patch.
  int patch_taps() const { return pool ? 1 : kh * kw; }
  /// What a padded place holds.
  int pad_value() const { return act ? act->pad : 0; }
  /// Multiply-accumulates of the virtual convolution on one map, padding included.
  std::int64_t macs() const { return std::int64_t{out_h()} * out_w() * (cin / groups) * cout * kh * kw; }
};

/// Where the weights of a layer come from.
enum class WeightOperator {
  plain,    ///< every weight has cells of its own
  epitome,  ///< several patches of one smaller tensor
  pool,     ///< the network's pool in an order of its own, and an error
};
inline WeightOperator operator_of(const Layer& layer) {
  return layer.pool ? WeightOperator::pool : layer.patches.size() > 1 ? WeightOperator::epitome : WeightOperator::plain;
}
const char* name_of(WeightOperator weights);

/// The core as a layer runs on it: activations in the layer's format.
inline Hardware hardware_for(Hardware hw, const Layer& layer) {
  if (layer.act) {
    hw.act_bits = layer.act->bits;
    hw.act_signed = layer.act->is_signed;
  }
  return hw;
}

/// One ADC: K with adc_gain_fraction bits below 1, O and n in 2^-(F + adc_gain_fraction) levels; docs/device.md.
struct AdcTrim {
  static constexpr int gain_bits = 14, noise_bits = 22, offset_bits = 28;
  std::uint32_t gain = 1u << adc_gain_fraction;  ///< K, unsigned
  std::uint32_t noise = 0;                       ///< N: n = (fields*N) >> noise_fraction
  std::int32_t offset = 0;                       ///< O, signed
  std::uint32_t seed = 1;                        ///< of its read noise
  bool operator==(const AdcTrim&) const = default;
};

/// What a core's cells and ADCs are once they are programmed: golden/device computes it.
struct AnalogData {
  std::vector<std::uint16_t> cells;  ///< [pe row][slice][polarity][row][column of the array] in 2^-F levels, below 2^word_bits
  std::vector<AdcTrim> trims;        ///< [pe row][pe column][ADC lane][slice][polarity]; empty: of an ideal ADC
  /// Place in `cells`.
  static std::size_t place(const Hardware& hw, int t, int s, int negative, int row, int column) {
    const auto at = [](int i) { return static_cast<std::size_t>(i); };
    return (at((t * hw.slices() + s) * 2 + negative) * at(hw.xb_rows) + at(row)) * at(hw.pe_cols * hw.xb_cols) + at(column);
  }
  bool operator==(const AnalogData&) const = default;
};

/// Integer parameters of a layer; see the arithmetic in docs/arithmetic.md.
struct LayerData {
  IntTensor epitome;        ///< [e_out][e_in][P][Q], |code| <= weight_max
  IntTensor crossbar_scale; ///< M [pe_rows][pe_cols], unsigned scale_bits
  IntTensor zero_point;     ///< Z [pe_rows][pe_cols], |Z| < 2^weight_bits
  IntTensor channel_scale;  ///< G [cout], signed channel_scale_bits
  IntTensor channel_bias;   ///< B [cout], signed channel_bias_bits
  IntTensor permutation;    ///< pi [patches][V] of a weight pool: the pool's column of filter f of the tile; else empty
  IntTensor channel_slope;  ///< A [cout], signed slope_bits, where Layer::slopes; else empty: slope 1 everywhere
  std::shared_ptr<const AnalogData> analog;  ///< null: cells hold the codes, ADCs are ideal
};

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// requantise() of a layer's channels, in 64 bits for the accumulators that allow it.
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "golden/evaluate.hpp"
#include "golden/fast/packed_layer.hpp"

namespace epim::fast {

class Requantiser {
 public:
  Requantiser() = default;
  Requantiser(const Hardware& hw, const Layer& layer, const LayerData& data, int channel)
      : g_(data.channel_scale(channel)), b_(data.channel_bias(channel)), lo_(layer.clamp_lo), hi_(layer.clamp_hi), shift_(layer.shift),
        half_(layer.shift > 0 ? std::int64_t{1} << (layer.shift - 1) : 0) {
    if (layer.slopes) slope_ = {data.channel_slope(channel), hw.slope_fraction_bits()};
    // |acc*G + B|, and that times A, stay below 2^61
    const std::int64_t slope = layer.slopes ? std::max<std::int64_t>(1, std::abs(std::int64_t{slope_.a})) : 1;
    const std::int64_t value = (std::int64_t{1} << 61) / slope - std::abs(b_) - 1;
    narrow_ = layer.shift < 61 && value > 0 ? value / std::max<std::int64_t>(1, std::abs(g_)) : -1;
  }
  /// to[i] = the requantised acc[i*stride], i < count.
  void run(const std::int64_t* acc, int stride, int count, std::int64_t* to) const {
    const Requantiser r = *this;  // in registers, whatever `to` may be
    for (int i = 0; i < count; ++i, acc += stride) {
      if (*acc > r.narrow_ || *acc < -r.narrow_) {
        to[i] = requantise(*acc, r.g_, r.b_, r.shift_, r.lo_, r.hi_, r.slope_);
        continue;
      }
      std::int64_t v = *acc * r.g_ + r.b_;
      if (v < 0) v = (v * r.slope_.a) >> r.slope_.f;
      to[i] = std::clamp((v + r.half_) >> r.shift_, r.lo_, r.hi_);
    }
  }

 private:
  friend class ColumnRequantiser;
  std::int64_t g_ = 0, b_ = 0, lo_ = 0, hi_ = 0;
  int shift_ = 0;
  std::int64_t half_ = 0;
  NegativeSlope slope_;
  std::int64_t narrow_ = -1;  ///< largest |acc| in 64 bits
};

/// The same of neighbouring channels at a time, as Kernels::requantise takes them.
class ColumnRequantiser {
 public:
  /// Channels `first`, `first` + 1, .. `last` - 1, all of one layer, in columns 0, 1, ..
  ColumnRequantiser(const std::vector<Requantiser>& channels, int first, int last, bool slopes) {
    const std::size_t padded = at(rounded_up(last - first, tile_columns));
    g_.resize(padded), b_.resize(padded), a_.resize(padded);
    most_.resize(padded, std::numeric_limits<std::int64_t>::max());
    for (int ch = first; ch < last; ++ch) {
      const Requantiser& r = channels[at(ch)];
      const std::size_t j = at(ch - first);
      g_[j] = r.g_, b_[j] = r.b_, a_[j] = r.slope_.a, most_[j] = r.narrow_;
      layer_ = {nullptr, nullptr, nullptr, nullptr, slopes, r.slope_.f, r.shift_, r.half_, r.lo_, r.hi_};
    }
  }
  /// Of the columns of a tile that begins at `column`.
  Requantisation tile(int column) const {
    Requantisation t = layer_;
    t.g = g_.data() + column, t.b = b_.data() + column, t.a = a_.data() + column, t.most = most_.data() + column;
    return t;
  }

 private:
  std::vector<std::int64_t> g_, b_, a_, most_;
  Requantisation layer_{};
};

}  // namespace epim::fast

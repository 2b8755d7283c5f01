// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/fast/fast_layer.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "golden/fast/counted_events.hpp"
#include "golden/fast/packed_layer.hpp"
#include "golden/fast/requantiser.hpp"
#include "golden/parallel.hpp"

namespace epim {

using fast::at;
using fast::group_columns;
using fast::rounded_up;
using fast::Step;
using fast::tile_columns;

namespace {

/// Output positions that go through the inner loops together.
constexpr int block_positions = 24;

/// Memory that one thread reuses.
struct BlockScratch {
  std::vector<std::int16_t> inputs;   ///< [position][lines]
  std::vector<std::int32_t> products; ///< [position][tile_columns]
  std::vector<std::int64_t> acc;      ///< [position][columns]
  std::vector<std::int64_t> excess;   ///< [position][columns]
  std::vector<std::int64_t> codes;    ///< [position][tile_columns]
  std::vector<std::uint64_t> planes;  ///< [position][bit][word]
  std::vector<std::uint64_t> driven;  ///< [position][step][word]
  std::vector<Step> clipping, counting;
};
thread_local BlockScratch block_scratch;

template <class T> T* grown(std::vector<T>& v, std::size_t n) {
  if (v.size() < n) v.resize(n);
  return v.data();
}

/// Most segments have a word or two of 8 channels: copied without a call.
inline void copy_words(const std::int16_t* from, int count, std::int16_t* to) {
  for (; count >= 8; count -= 8, from += 8, to += 8) std::memcpy(to, from, 8 * sizeof *to);
  for (; count > 0; --count) *to++ = *from++;
}

/// Conversions of one block of positions.
struct Conversions {
  std::int64_t clipped = 0, zero = 0;
};

}  // namespace

bool has_fast_arithmetic(const Hardware& hw) { return !hw.sequenced_reads() && !hw.analog(); }

struct FastLayer::State {
  Hardware hw;  ///< with the layer's activations
  Layer layer;
  LayerData data;
  FiringPlan plan;
  fast::PackedLayer packed;
  const fast::Kernels* kernels;
  bool counts = false, has_zero_points = false;
  std::vector<std::vector<std::int64_t>> scale, offset;  ///< per range [PE row][column] M, M*Z
  std::vector<fast::Requantiser> requantisers;  ///< per channel
  std::vector<std::vector<fast::ColumnRequantiser>> columns;  ///< per range and copy of it
  int positions = 0;

  State(const Hardware& core, const Layer& l, const LayerData& d, bool count_events, const fast::Kernels& k)
      : hw(hardware_for(core, l)), layer(l), data(d), plan(check_layer(core, l, d)), packed(fast::pack(hw, layer, data, plan, count_events)), kernels(&k),
        counts(count_events) {
    data.epitome = {};  // packed
    for (fast::PackedFiring& f : packed.firings)
      for (std::vector<fast::Segment>& row : f.segments)
        for (fast::Segment& s : row)
          s.offset = (std::ptrdiff_t{layer.row(0, s.ky) - layer.row(0, 0)} * layer.w + layer.column(0, s.kx) - layer.column(0, 0)) * layer.stored_cin() + s.channel;
    positions = layer.out_h() * layer.out_w();
    for (int ch = 0; ch < layer.cout; ++ch) requantisers.emplace_back(hw, layer, data, ch);
    for (std::int64_t z : data.zero_point.data) has_zero_points = has_zero_points || z != 0;
    for (const OutputRange& range : plan.ranges) {
      columns.emplace_back();
      for (int ch = range.start; ch < range.stop; ch += range.columns)
        columns.back().emplace_back(requantisers, ch, std::min(ch + range.columns, range.stop), layer.slopes);
      const int padded = rounded_up(range.columns, tile_columns);
      std::vector<std::int64_t> m(at(hw.pe_rows) * at(padded)), mz(m.size());
      for (int t = 0; t < hw.pe_rows; ++t)
        for (int c = 0; c < range.columns; ++c) {
          const int u = (range.c_out + c) / hw.xb_cols;
          m[at(t) * at(padded) + at(c)] = data.crossbar_scale(t, u);
          mz[at(t) * at(padded) + at(c)] = data.crossbar_scale(t, u) * data.zero_point(t, u);
        }
      scale.push_back(std::move(m));
      offset.push_back(std::move(mz));
    }
  }

  /// inputs[i][line] of output position places[i]; lines from `lines` to `stride` are zero.
  void gather(const std::vector<std::int16_t>& x, const int* places, int count, const std::vector<fast::Segment>& segments, int stride, std::int16_t* inputs) const {
    const auto padded = static_cast<std::int16_t>(layer.pad_value());
    const std::size_t channels = at(layer.stored_cin());
    const int wo = layer.out_w();
    for (int i = 0; i < count; ++i) {
      const int oy = places[i] / wo, ox = places[i] % wo, top = layer.row(oy, 0), left = layer.column(ox, 0);
      std::int16_t* to = inputs + at(i) * at(stride);
      std::int16_t* const end = to + stride;
      if (top >= 0 && left >= 0 && layer.row(oy, layer.kh - 1) < layer.h && layer.column(ox, layer.kw - 1) < layer.w) {
        const std::int16_t* const window = x.data() + (at(top) * at(layer.w) + at(left)) * channels;
        for (const fast::Segment& s : segments) {
          copy_words(window + s.offset, s.count, to);
          to += s.count;
        }
        std::fill(to, end, std::int16_t{0});
        continue;
      }
      for (const fast::Segment& s : segments) {
        const int iy = layer.row(oy, s.ky), ix = layer.column(ox, s.kx);
        if (iy >= 0 && iy < layer.h && ix >= 0 && ix < layer.w)
          copy_words(x.data() + (at(iy) * at(layer.w) + at(ix)) * channels + at(s.channel), s.count, to);
        else
          std::fill_n(to, s.count, padded);
        to += s.count;
      }
      std::fill(to, end, std::int16_t{0});
    }
  }

  /// acc += M * (what the ADCs took from the products), and the counts of the conversions, for one PE row.
  void convert(const fast::PackedRows& rows, const std::int16_t* inputs, int stride, int count, int columns, int padded, const std::int64_t* m,
               std::int64_t* acc, bool events, Conversions& sums) const {
    BlockScratch& s = block_scratch;
    const int words = rows.words(), steps = hw.steps();
    const std::int64_t top = (std::int64_t{1} << hw.adc_bits) - 1, cell_most = (1 << hw.cell_bits) - 1;
    std::uint64_t* const planes = grown(s.planes, at(count) * at(hw.act_bits) * at(words));
    std::uint64_t* const driven = grown(s.driven, at(count) * at(steps) * at(words));
    std::int64_t* const excess = grown(s.excess, at(block_positions) * at(padded));
    s.clipping.clear();
    s.counting.clear();
    for (int i = 0; i < count; ++i) {
      std::uint64_t* const mine = planes + at(i) * at(hw.act_bits) * at(words);
      kernels->bit_planes(inputs + at(i) * at(stride), words, hw.act_bits, mine);
      for (int b = 0; b < steps; ++b) {
        const std::uint64_t* const lines = mine + at(hw.step_first_bit(b)) * at(words);
        std::uint64_t* const any = driven + (at(i) * at(steps) + at(b)) * at(words);
        std::int64_t levels = 0;
        for (int w = 0; w < words; ++w) {
          any[w] = lines[w];
          levels += __builtin_popcountll(lines[w]);
          if (hw.step_width(b) == 2) {
            any[w] |= lines[words + w];
            levels += 2 * __builtin_popcountll(lines[words + w]);
          }
        }
        Step step{lines, excess + at(i) * at(padded), hw.step_width(b), hw.step_first_bit(b), hw.step_is_sign(b)};
        if (levels * cell_most > top && !rows.clipping.empty()) s.clipping.push_back(step);
        if (!events) continue;
        step.lines = any;
        step.width = 1;
        if (levels == 0) sums.zero += std::int64_t{2} * hw.slices() * columns;
        else s.counting.push_back(step);
      }
    }
    if (events && !s.counting.empty()) {
      const std::uint64_t* cells = rows.cells.data();
      for (int sp = 0; sp < 2 * hw.slices(); ++sp)
        for (int first = 0; first < columns; first += group_columns, cells += words * group_columns)
          sums.zero += kernels->silent(s.counting.data(), static_cast<int>(s.counting.size()), cells, words, std::min(group_columns, columns - first));
    }
    if (s.clipping.empty()) return;
    std::fill_n(excess, at(count) * at(padded), 0);
    std::int64_t clipped = 0;
    for (const fast::PackedRows::Clipping& g : rows.clipping)
      clipped += kernels->clip(s.clipping.data(), static_cast<int>(s.clipping.size()),
                               {rows.planes.data() + g.planes, words, hw.cell_bits, g.column, g.shift, g.negative}, top);
    sums.clipped += clipped;
    if (clipped == 0) return;
    for (int i = 0; i < count; ++i)
      for (int c = 0; c < columns; ++c) acc[at(i) * at(padded) + at(c)] -= m[c] * excess[at(i) * at(padded) + at(c)];
  }

  /// The finished accumulators of one output range at `count` output positions, [position][columns] in this thread's scratch memory.
  const std::int64_t* accumulate(const std::vector<std::int16_t>& x, const int* places, int count, std::size_t r, bool events, Conversions& sums) const {
    BlockScratch& s = block_scratch;
    const OutputRange& range = plan.ranges[r];
    const int columns = range.columns, padded = rounded_up(columns, tile_columns);
    std::int16_t* const inputs = grown(s.inputs, at(block_positions) * at(rounded_up(packed.most_lines, 64)));
    std::int32_t* const products = grown(s.products, at(block_positions) * at(tile_columns));
    std::int64_t* const acc = grown(s.acc, at(block_positions) * at(padded));
    std::fill_n(acc, at(count) * at(padded), 0);
    for (int f = range.first_firing; f < range.first_firing + range.firings; ++f) {
      const fast::PackedFiring& firing = packed.firings[at(f)];
      const fast::PackedWindow& window = packed.windows[firing.window];
      if (events && !layer.pool)  // PE rows without a word of the patch; those of a pool rest
        sums.zero += std::int64_t{2} * hw.slices() * columns * hw.steps() * count * (hw.pe_rows - static_cast<int>(window.rows.size()));
      for (std::size_t k = 0; k < window.rows.size(); ++k) {
        const fast::PackedRows& rows = window.rows[k];
        const int stride = rounded_up(rows.lines, 64), pairs = rows.pairs();
        const std::int64_t* const m = scale[r].data() + at(rows.pe_row) * at(padded);
        gather(x, places, count, firing.segments[k], stride, inputs);
        for (int tile = 0; tile < padded; tile += tile_columns) {
          kernels->multiply(inputs, stride, count, rows.weights.data() + at(tile) * at(pairs) * 2, pairs, products);
          kernels->add_scaled(products, count, m + tile, acc + tile, padded);
        }
        if (has_zero_points) {
          const std::int64_t* const mz = offset[r].data() + at(rows.pe_row) * at(padded);
          for (int i = 0; i < count; ++i) {
            std::int64_t sum = 0;
            for (int l = 0; l < rows.lines; ++l) sum += inputs[at(i) * at(stride) + at(l)];
            for (int c = 0; c < columns; ++c) acc[at(i) * at(padded) + at(c)] += mz[c] * sum;
          }
        }
        if (events || !rows.clipping.empty()) convert(rows, inputs, stride, count, columns, padded, m, acc, events, sums);
      }
    }
    return acc;
  }

  /// to[stored channel][position] of range r: what becomes of its accumulators; `to` has `positions` for every channel.
  void requantise(std::size_t r, const std::int64_t* acc, int count, std::int64_t* to) const {
    const OutputRange& range = plan.ranges[r];
    const int padded = rounded_up(range.columns, tile_columns);
    std::int64_t* const codes = grown(block_scratch.codes, at(block_positions) * at(tile_columns));
    for (int first = range.start, copy = 0; first < range.stop; first += range.columns, ++copy)
      for (int tile = 0, all = std::min(range.columns, range.stop - first); tile < all; tile += tile_columns) {
        const int some = std::min(tile_columns, all - tile);
        std::int64_t* const rows = to + at(first - range.start + tile) * at(positions);
        if (kernels->requantise && kernels->requantise(acc + tile, padded, count, columns[r][at(copy)].tile(tile), codes)) {
          for (int c = 0; c < some; ++c)
            for (int i = 0; i < count; ++i) rows[at(c) * at(positions) + at(i)] = codes[i * tile_columns + c];
        } else {
          for (int c = 0; c < some; ++c) requantisers[at(first + tile + c)].run(acc + tile + c, padded, count, rows + at(c) * at(positions));
        }
      }
  }

  /// Of every range, the first stored channel.
  std::vector<std::size_t> first_channels() const {
    std::vector<std::size_t> first(plan.ranges.size());
    for (std::size_t r = 1; r < first.size(); ++r) first[r] = first[r - 1] + at(plan.ranges[r - 1].stop - plan.ranges[r - 1].start);
    return first;
  }
};

FastLayer::FastLayer(const Hardware& hardware, const Layer& layer, const LayerData& data, bool count_events, const fast::Kernels& kernels)
    : state_(std::make_unique<State>(hardware, layer, data, count_events, kernels)) {}
FastLayer::~FastLayer() = default;
FastLayer::FastLayer(FastLayer&&) noexcept = default;

int FastLayer::stored_cout() const { return state_->plan.stored_cout; }
void FastLayer::check_input(const IntTensor& x) const { check_layer_input(state_->hw, state_->layer, x); }

IntTensor FastLayer::run(const IntTensor& x, EventCounts* events, int threads, std::int64_t* clipped) const {
  const State& s = *state_;
  check_input(x);
  IntTensor y({s.plan.stored_cout, s.layer.out_h(), s.layer.out_w()});
  const std::vector<std::int16_t> map = fast::channels_last(s.layer, x);
  std::vector<int> places(at(s.positions));
  std::iota(places.begin(), places.end(), 0);
  const std::size_t ranges = s.plan.ranges.size(), blocks = (at(s.positions) + block_positions - 1) / block_positions;
  const std::vector<std::size_t> first_channel = s.first_channels();
  std::vector<Conversions> conversions(blocks * ranges);
  parallel(conversions.size(), threads, [&](std::size_t job) {
    const int first = static_cast<int>(job / ranges) * block_positions, count = std::min(block_positions, s.positions - first);
    const std::size_t r = job % ranges;
    const std::int64_t* const acc = s.accumulate(map, places.data() + first, count, r, events != nullptr, conversions[job]);
    s.requantise(r, acc, count, y.data.data() + first_channel[r] * at(s.positions) + at(first));
  });
  Conversions sums;
  for (const Conversions& c : conversions) {
    sums.clipped += c.clipped;
    sums.zero += c.zero;
  }
  if (clipped) *clipped += sums.clipped;
  if (events) {
    fast::count_events(s.hw, s.layer, s.plan, s.packed, x, *events);
    events->adc_saturated += sums.clipped;
    events->adc_zero += sums.zero;
  }
  return y;
}

IntTensor FastLayer::accumulators(const IntTensor& x, const std::vector<int>& places) const {
  const State& s = *state_;
  check_input(x);
  const std::vector<std::int16_t> map = fast::channels_last(s.layer, x);
  const std::vector<std::size_t> first_channel = s.first_channels();
  const int all = static_cast<int>(places.size());
  IntTensor sums({s.plan.stored_cout, all});
  Conversions ignored;
  for (std::size_t r = 0; r < s.plan.ranges.size(); ++r)
    for (int first = 0; first < all; first += block_positions) {
      const int count = std::min(block_positions, all - first);
      const std::int64_t* const acc = s.accumulate(map, places.data() + first, count, r, false, ignored);
      const OutputRange& range = s.plan.ranges[r];
      const std::size_t padded = at(rounded_up(range.columns, tile_columns));
      for (int ch = range.start; ch < range.stop; ++ch)
        for (int i = 0; i < count; ++i)
          sums.data[(first_channel[r] + at(ch - range.start)) * places.size() + at(first + i)] = acc[at(i) * padded + at((ch - range.start) % range.columns)];
    }
  return sums;
}

LayerEvaluator::LayerEvaluator(const Hardware& hardware, const Layer& layer, const LayerData& data, bool count_events) {
  if (has_fast_arithmetic(hardware)) fast_ = std::make_unique<FastLayer>(hardware, layer, data, count_events);
  else if (!count_events && has_converted_arithmetic(hardware)) converted_ = std::make_unique<ConvertedLayer>(hardware, layer, data);
  else golden_ = std::make_unique<GoldenLayer>(hardware, layer, data);
}

IntTensor LayerEvaluator::run(const IntTensor& x, EventCounts* events, int threads, std::int64_t* clipped, std::int64_t frame) const {
  if (fast_) return fast_->run(x, events, threads, clipped);
  if (converted_) return converted_->run(x, threads, clipped, frame);
  EventCounts counted;
  IntTensor y = golden_->run(x, counted, threads, frame);
  if (events) *events += counted;
  if (clipped) *clipped += counted.adc_saturated;
  return y;
}

IntTensor LayerEvaluator::accumulators(const IntTensor& x, const std::vector<int>& places) const {
  if (fast_) return fast_->accumulators(x, places);
  if (converted_) return converted_->accumulators(x, places);
  const int wo = golden_->layer().out_w();
  IntTensor sums({golden_->stored_cout(), static_cast<int>(places.size())});
  RoundTrace trace;
  EventCounts ignored;
  for (std::size_t i = 0; i < places.size(); ++i) {
    golden_->run_round(x, places[i] / wo, places[i] % wo, trace, ignored);
    std::size_t stored = 0;
    for (std::size_t r = 0; r < golden_->ranges().size(); ++r) {
      const OutputRange& range = golden_->ranges()[r];
      for (int ch = range.start; ch < range.stop; ++ch) sums.data[stored++ * places.size() + i] = trace.acc[r][at((ch - range.start) % range.columns)];
    }
  }
  return sums;
}

int LayerEvaluator::stored_cout() const { return fast_ ? fast_->stored_cout() : converted_ ? converted_->stored_cout() : golden_->stored_cout(); }

void LayerEvaluator::check_input(const IntTensor& x) const {
  if (fast_) fast_->check_input(x);
  else if (converted_) converted_->check_input(x);
  else golden_->check_input(x);
}

}  // namespace epim

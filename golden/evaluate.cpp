// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/evaluate.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>

#include "golden/parallel.hpp"
#include "golden/pool.hpp"
#include "golden/read_noise.hpp"

namespace epim {
namespace {

constexpr int max_steps = 9, max_dac_bits = 2;

std::size_t at(int i) { return static_cast<std::size_t>(i); }

/// cnt[c] += 2^shift * sum over the N words of sum_k 2^k * popcount(x[i] & g[i][k][c]); plane k+1 is `stride` further.
template <int CellBits, int N>
void count(std::uint64_t* __restrict cnt, int n, const std::uint64_t* x, const std::uint64_t* const* g,
           std::size_t stride, int shift) {
  std::uint64_t xs[N];
  const std::uint64_t* gs[N];
  for (int i = 0; i < N; ++i) {
    xs[i] = x[i];
    gs[i] = g[i];
  }
  for (int c = 0; c < n; ++c) {
    std::uint64_t sum = 0;
    for (int k = CellBits - 1; k >= 0; --k) {
      std::uint64_t ones = 0;
      for (int i = 0; i < N; ++i)
        ones += static_cast<std::uint64_t>(
            __builtin_popcountll(xs[i] & gs[i][stride * static_cast<std::size_t>(k) + static_cast<std::size_t>(c)]));
      sum = 2 * sum + ones;
    }
    cnt[c] += sum << shift;
  }
}

/// count() over the driven words of one step, four at a time.
template <int CellBits>
void count_all(std::uint64_t* cnt, int n, const std::uint64_t* bits, const int* word, int words,
               const std::uint64_t* plane, std::size_t columns, std::size_t stride, int shift) {
  const std::uint64_t* g[4];
  int i = 0;
  const auto point = [&](int k) {
    for (int j = 0; j < k; ++j) g[j] = plane + static_cast<std::size_t>(word[i + j]) * columns;
  };
  for (; i + 4 <= words; i += 4) {
    point(4);
    count<CellBits, 4>(cnt, n, bits + i, g, stride, shift);
  }
  if (i + 2 <= words) {
    point(2);
    count<CellBits, 2>(cnt, n, bits + i, g, stride, shift);
    i += 2;
  }
  if (i < words) {
    point(1);
    count<CellBits, 1>(cnt, n, bits + i, g, stride, shift);
  }
}

}  // namespace

struct ConversionSums {
  std::uint64_t cell_reads = 0, zero = 0, saturated = 0;
};

namespace {

/// psum[c] +-= 2^shift * ADC(cnt[c]), and the statistics of these conversions.
void convert(const std::uint64_t* __restrict cnt, int n, std::uint64_t top, int shift, bool negative,
             std::int64_t* __restrict psum, ConversionSums& sums) {
  std::uint64_t cells = 0, zero = 0, saturated = 0;
  const std::uint64_t flip = negative ? ~std::uint64_t{0} : 0;
  for (int c = 0; c < n; ++c) {
    const std::uint64_t ideal = cnt[c];
    cells += ideal;
    zero += ideal == 0 ? 1 : 0;
    saturated += ideal > top ? 1 : 0;
    const std::uint64_t code = (ideal > top ? top : ideal) << shift;
    psum[c] += static_cast<std::int64_t>((code ^ flip) - flip);
  }
  sums.cell_reads += cells;
  sums.zero += zero;
  sums.saturated += saturated;
}

using Counter = void (*)(std::uint64_t*, int, const std::uint64_t*, const int*, int, const std::uint64_t*, std::size_t, std::size_t, int);

/// count_all() of cells of so many bits.
Counter counter(int bits) {
  static constexpr Counter all[] = {count_all<1>, count_all<2>, count_all<3>, count_all<4>, count_all<5>,
                                    count_all<6>, count_all<7>, count_all<8>, count_all<9>, count_all<10>};
  return all[bits - 1];
}

/// Bit `bit` of 64 word-line values as one word.
std::uint64_t bit_plane(const std::uint32_t* values, int bit) {
  std::uint64_t word = 0;
  for (int r = 0; r < 64; ++r) word |= static_cast<std::uint64_t>((values[r] >> bit) & 1u) << r;
  return word;
}

/// Memory that psums() reuses from call to call.
struct Scratch {
  std::vector<std::uint64_t> bits;   ///< [bit][word]
  std::vector<std::uint64_t> cnt;
  std::vector<std::uint64_t> permuted;       ///< cnt in the order of a pool's patch
  std::vector<std::uint64_t> driven_bits;
  std::vector<int> driven_word;
};
thread_local Scratch scratch;

}  // namespace

std::int64_t requantise(std::int64_t acc, std::int64_t g, std::int64_t b, int shift, std::int64_t lo,
                        std::int64_t hi, NegativeSlope slope) {
  const __int128 half = shift > 0 ? static_cast<__int128>(1) << (shift - 1) : 0;
  __int128 v = static_cast<__int128>(acc) * g + b;
  if (v < 0) v = (v * slope.a) >> slope.f;
  const __int128 value = (v + half) >> shift;
  if (value < lo) return lo;
  if (value > hi) return hi;
  return static_cast<std::int64_t>(value);
}

GoldenLayer::GoldenLayer(const Hardware& hardware, const Layer& layer, const LayerData& data)
    : core_(hardware), hw_(hardware_for(hardware, layer)), layer_(layer), data_(data), plan_(check_layer(hardware, layer, data)) {
  for (const Firing& f : plan_.firings) {
    csteps_.push_back(column_steps_of(hw_, layer_.patches[at(f.patch)]));
    row_groups_.push_back(row_groups_of(hw_, layer_, layer_.patches[at(f.patch)]));
    converting_.push_back(converting_rows_of(hw_, layer_, layer_.patches[at(f.patch)]));
    patch_words_.push_back(patch_words(layer_, layer_.patches[at(f.patch)], hw_.lanes));
  }
  load();
  if (hw_.analog() || data_.analog) load_analog();
}

RoundConversions round_conversions(const Hardware& hw, const Layer& layer, const FiringPlan& plan) {
  RoundConversions of;
  of.total.assign(at(hw.pe_cols * hw.adcs()), 0);
  for (const Firing& firing : plan.firings) {
    const Patch& patch = layer.patches[at(firing.patch)];
    const std::int64_t each = std::int64_t{hw.steps()} * static_cast<std::int64_t>(row_groups_of(hw, layer, patch).size());
    of.before.emplace_back();
    for (int c = patch.c_out; c < patch.c_out + patch.beta2; ++c) {
      std::int64_t& so_far = of.total[at(hw.adc_of(c))];
      of.before.back().push_back(so_far);
      so_far += each;
    }
  }
  return of;
}

AdcTrim ideal_trim(const Hardware& hw) {
  AdcTrim ideal;
  if (!hw.adc_trims) ideal.gain = 1;
  return ideal;
}

/// The cells and ADCs as they are.
void GoldenLayer::load_analog() {
  const int slices = hw_.slices(), bits = hw_.word_bits();
  if (data_.analog) {
    std::fill(planes_.begin(), planes_.end(), 0);
    for (int sp = 0; sp < hw_.pe_rows * slices * 2; ++sp)
      for (int r = 0; r < hw_.xb_rows; ++r) {
        const std::uint16_t* const cells = data_.analog->cells.data() + AnalogData::place(hw_, sp / (2 * slices), sp / 2 % slices, sp % 2, r, 0);
        for (int c = 0; c < columns_; ++c)
          for (int k = 0; k < bits; ++k)
            if ((cells[c] >> k) & 1) planes_[((at(sp) * at(bits) + at(k)) * at(words64_) + at(r / 64)) * at(columns_) + at(c)] |= std::uint64_t{1} << (r % 64);
      }
    trims_ = data_.analog->trims;
  }
  if (trims_.empty()) trims_.assign(at(hw_.pe_rows * hw_.pe_cols * hw_.adcs()) * at(slices) * 2, ideal_trim(hw_));
  if (hw_.read_noise) conversions_ = round_conversions(hw_, layer_, plan_);
}

/// noise[sp][step*groups + group][column] of one PE row, in an ADC's unit.
std::vector<std::int32_t> GoldenLayer::noise_of(int t, int firing, Moment moment) const {
  const Patch& patch = layer_.patches[at(firings()[at(firing)].patch)];
  const int n = patch.beta2, each = hw_.steps() * static_cast<int>(row_groups(firing).size());
  std::vector<std::int32_t> noise(at(2 * hw_.slices()) * at(each) * at(n));
  std::map<std::int64_t, NoiseJump> jumps;
  for (int c = 0; c < n; ++c) {
    const int column = patch.c_out + c;
    const std::int64_t before = moment.position * conversions_.total[at(hw_.adc_of(column))] + conversions_.before[at(firing)][at(c)];
    const NoiseJump& jump = jumps.try_emplace(before, static_cast<std::uint64_t>(before)).first->second;
    for (int sp = 0; sp < 2 * hw_.slices(); ++sp) {
      const AdcTrim& a = trim(t, column, sp);
      std::uint32_t x = jump(noise_start(a.seed, static_cast<std::uint32_t>(moment.frame)));
      for (int k = 0; k < each; ++k) {
        x = noise_step(x);
        noise[(at(sp) * at(each) + at(k)) * at(n) + at(c)] = noise_value(x, a.noise);
      }
    }
  }
  return noise;
}

/// psum[c] +-= 2^shift * ADC(sums[c]), ADC() as it is in silicon.
void GoldenLayer::convert_analog(int t, int sp, int firing, int shift, bool negative, const std::uint64_t* sums, const std::int32_t* noise,
                                 std::int64_t* psum, ConversionSums& counted) const {
  const Patch& patch = layer_.patches[at(firings()[at(firing)].patch)];
  const int below = hw_.sum_fraction_bits() + hw_.adc_step;
  const std::int64_t half = below > 0 ? std::int64_t{1} << (below - 1) : 0, top = (std::int64_t{1} << hw_.adc_bits) - 1;
  for (int c = 0; c < patch.beta2; ++c) {
    const AdcTrim& a = trim(t, patch.c_out + c, sp);
    const std::int64_t value = (static_cast<std::int64_t>(sums[c]) * a.gain + a.offset + (noise ? noise[c] : 0) + half) >> below;
    counted.cell_reads += sums[c] >> hw_.fraction_bits;
    counted.zero += sums[c] == 0;
    counted.saturated += value > top;
    const std::int64_t code = std::clamp<std::int64_t>(value, 0, top) << (shift + hw_.adc_step);
    psum[c] += negative ? -code : code;
  }
}

void GoldenLayer::load() {
  const EpitomeShape& e = layer_.epitome;
  const int slices = hw_.slices(), cell_bits = hw_.cell_bits;
  words64_ = (hw_.xb_rows + 63) / 64;
  columns_ = hw_.pe_cols * hw_.xb_cols;
  planes_.assign(at(hw_.pe_rows) * at(slices) * 2 * at(hw_.word_bits()) * at(words64_) * at(columns_), 0);
  std::vector<int> rows;  // of the places of one column, in the order of the epitome
  for (int c = 0; c < e.e_in; ++c)
    for (int p = 0; p < e.p; ++p)
      for (int q = 0; q < e.q; ++q) rows.push_back(physical_row(e, hw_.lanes, c, p, q));
  const std::int64_t* code = data_.epitome.data.data();
  const std::uint64_t stored = (std::uint64_t{1} << (hw_.weight_bits - 1)) - 1;
  for (int o = 0; o < e.e_out; ++o)
    for (const int row : rows) {
      const bool negative = *code < 0;
      auto magnitude = static_cast<std::uint64_t>(negative ? -*code : *code) & stored;
      ++code;
      const int t = row / hw_.xb_rows, r = row % hw_.xb_rows;
      const std::uint64_t cell = std::uint64_t{1} << (r % 64);
      for (; magnitude != 0; magnitude &= magnitude - 1) {
        const int bit = std::countr_zero(magnitude), s = bit / cell_bits, k = bit % cell_bits;
        const std::size_t plane = at(((t * slices + s) * 2 + (negative ? 1 : 0)) * hw_.word_bits() + hw_.fraction_bits + k);
        planes_[(plane * at(words64_) + at(r / 64)) * at(columns_) + at(o)] |= cell;
      }
    }
}

int GoldenLayer::words(int firing) const { return static_cast<int>(patch_words_[at(firing)].size()); }

int GoldenLayer::words_read(int firing, int oy, int ox) const {
  int inside = 0;
  for (const PatchWord& word : patch_words_[at(firing)]) {
    const int iy = layer_.row(oy, word.ky), ix = layer_.column(ox, word.kx);
    inside += iy >= 0 && iy < layer_.h && ix >= 0 && ix < layer_.w ? 1 : 0;
  }
  return inside;
}

void GoldenLayer::check_input(const IntTensor& x) const { check_layer_input(hw_, layer_, x); }

void GoldenLayer::gather(const IntTensor& x, int oy, int ox, int firing, std::vector<std::int32_t>& rows) const {
  rows.assign(at(total_rows()), 0);
  const Patch& patch = layer_.patches[at(firings()[at(firing)].patch)];
  const std::size_t plane = at(layer_.h) * at(layer_.w);
  const std::int32_t padded = layer_.pad_value();
  for (const PatchWord& word : patch_words_[at(firing)]) {
    const int iy = layer_.row(oy, word.ky), ix = layer_.column(ox, word.kx);
    const bool inside = iy >= 0 && iy < layer_.h && ix >= 0 && ix < layer_.w;
    if (!inside && padded == 0) continue;
    const std::int64_t* pixel = inside ? x.data.data() + at(iy) * at(layer_.w) + at(ix) : nullptr;
    int stored = (patch.dst_in + word.channel) % layer_.stored_cin();
    for (int lane = 0; lane < word.channels; ++lane) {
      const std::int32_t value = inside ? static_cast<std::int32_t>(pixel[at(stored) * plane]) : padded;
      for (const int first : word.rows)
        if (first >= 0) rows[at(first + lane)] = value;
      if (++stored == layer_.stored_cin()) stored = 0;
    }
  }
}

void GoldenLayer::row_sums(const std::vector<std::int32_t>& rows, std::int64_t* sum_x) const {
  for (int t = 0; t < hw_.pe_rows; ++t) {
    std::int64_t sum = 0;
    for (int r = 0; r < hw_.xb_rows; ++r) sum += rows[at(t * hw_.xb_rows + r)];
    sum_x[t] = sum;
  }
}

void GoldenLayer::psums(const std::vector<std::int32_t>& rows, int firing, std::int64_t* psum,
                        EventCounts& events, Moment moment) const {
  const Patch& patch = layer_.patches[at(firings()[at(firing)].patch)];
  const int n = patch.beta2, steps = hw_.steps(), slices = hw_.slices();
  const std::uint64_t top = (std::uint64_t{1} << hw_.adc_bits) - 1;
  const std::size_t stride = at(words64_) * at(columns_);
  scratch.bits.resize(at(hw_.act_bits) * at(words64_));
  scratch.cnt.resize(at(std::max(n, layer_.pool ? layer_.pool->vector : 0)));
  scratch.permuted.resize(at(n));
  scratch.driven_bits.resize(at(steps * hw_.dac_bits * words64_));
  scratch.driven_word.resize(scratch.driven_bits.size());
  ConversionSums sums;
  std::int64_t driven_lines = 0;
  /// Rows of the group among rows 64w .. 64w+63.
  const auto rows_in_word = [this](int group, int w) {
    const auto below = [](int row) { return row <= 0 ? 0 : row >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << row) - 1; };
    const int first = group * hw_.read_rows() - w * 64;
    return below(first + hw_.read_rows()) & ~below(first);
  };
  std::memset(psum, 0, sizeof(std::int64_t) * at(hw_.pe_rows) * at(n));
  for (const int t : converting_[at(firing)]) {
    const bool permuted = layer_.pool && t == 0;
    const int counted = permuted ? layer_.pool->vector : n;
    // The activation bits of this PE row as bit planes.
    for (int w = 0; w < words64_; ++w) {
      std::uint32_t values[64] = {};
      const int count = std::min(64, hw_.xb_rows - w * 64);
      std::memcpy(values, rows.data() + t * hw_.xb_rows + w * 64, sizeof(std::uint32_t) * at(count));
      std::uint32_t any = 0;
      for (std::uint32_t v : values) any |= v;
      for (int bit = 0; bit < hw_.act_bits; ++bit)
        scratch.bits[at(bit * words64_ + w)] = ((any >> bit) & 1u) != 0 ? bit_plane(values, bit) : 0;
    }
    const std::vector<std::int32_t> noise = hw_.read_noise ? noise_of(t, firing, moment) : std::vector<std::int32_t>();
    for (std::size_t g = 0; g < row_groups(firing).size(); ++g) {
      const int group = row_groups(firing)[g];
      // Per step and DAC bit: the words that hold a driven line of the group.
      int driven[max_steps][max_dac_bits] = {};
      for (int b = 0; b < steps; ++b) {
        const int width = hw_.step_width(b), first = hw_.step_first_bit(b);
        for (int w = 0; w < words64_; ++w) {
          std::uint64_t lines = 0;
          for (int d = 0; d < width; ++d) {
            const std::uint64_t bits = scratch.bits[at((first + d) * words64_ + w)] & rows_in_word(group, w);
            lines |= bits;
            if (bits == 0) continue;
            const int k = (b * hw_.dac_bits + d) * words64_ + driven[b][d]++;
            scratch.driven_bits[at(k)] = bits;
            scratch.driven_word[at(k)] = w;
          }
          driven_lines += __builtin_popcountll(lines);
        }
      }
      for (int sp = 0; sp < slices * 2; ++sp) {
        const int s = sp / 2;
        const bool negative = sp % 2 == 1;
        const std::uint64_t* plane =
            planes_.data() + at(t * slices * 2 + sp) * at(hw_.word_bits()) * stride + at(patch.c_out);
        for (int b = 0; b < steps; ++b) {
          const int width = hw_.step_width(b);
          if (!hw_.analog() && driven[b][0] == 0 && driven[b][1] == 0) {
            sums.zero += static_cast<std::uint64_t>(n);
            continue;
          }
          std::fill_n(scratch.cnt.begin(), counted, 0);
          for (int d = 0; d < width; ++d) {
            const int k = (b * hw_.dac_bits + d) * words64_;
            counter(hw_.word_bits())(scratch.cnt.data(), counted, scratch.driven_bits.data() + k, scratch.driven_word.data() + k, driven[b][d],
                plane, at(columns_), stride, d);
          }
          if (hw_.analog()) {
            const std::size_t k = at(b) * row_groups(firing).size() + g, each = at(steps) * row_groups(firing).size();
            convert_analog(t, sp, firing, hw_.step_first_bit(b) + s * hw_.cell_bits, negative != hw_.step_is_sign(b), scratch.cnt.data(),
                           noise.empty() ? nullptr : noise.data() + (at(sp) * each + k) * at(n), psum + t * n, sums);
            continue;
          }
          if (permuted)
            for (int c = 0; c < n; ++c) scratch.permuted[at(c)] = scratch.cnt[at(data_.permutation(firings()[at(firing)].patch, c))];
          convert(permuted ? scratch.permuted.data() : scratch.cnt.data(), n, top, hw_.step_first_bit(b) + s * hw_.cell_bits,
                  negative != hw_.step_is_sign(b), psum + t * n, sums);
        }
      }
    }
  }
  const auto groups = static_cast<std::int64_t>(row_groups(firing).size());
  const std::int64_t per_slice = std::int64_t{slices} * n * steps * static_cast<std::int64_t>(converting_[at(firing)].size()) * groups;
  events.cell_reads += static_cast<std::int64_t>(sums.cell_reads);
  events.adc_conversions += 2 * per_slice;
  events.adc_zero += static_cast<std::int64_t>(sums.zero);
  events.adc_saturated += static_cast<std::int64_t>(sums.saturated);
  events.shift_adds += per_slice;
  events.word_line_drives += driven_lines * column_steps(firing) * hw_.pe_cols;
  events.fire_cycles += std::int64_t{hw_.column_firing(static_cast<int>(groups))} * column_steps(firing);
}

std::int64_t GoldenLayer::requantise_channel(std::int64_t acc, int channel) const {
  return requantise(acc, data_.channel_scale(channel), data_.channel_bias(channel), layer_.shift, layer_.clamp_lo,
                    layer_.clamp_hi,
                    layer_.slopes ? NegativeSlope{data_.channel_slope(channel), hw_.slope_fraction_bits()} : NegativeSlope{});
}

void GoldenLayer::run_round(const IntTensor& x, int oy, int ox, RoundTrace& trace, EventCounts& events, std::int64_t frame) const {
  trace.firings.resize(firings().size());
  trace.acc.resize(ranges().size());
  trace.out.resize(at(stored_cout()));
  std::size_t next = 0;
  for (std::size_t r = 0; r < ranges().size(); ++r) {
    const OutputRange& range = ranges()[r];
    std::vector<std::int64_t>& acc = trace.acc[r];
    acc.assign(at(range.columns), 0);
    for (int f = range.first_firing; f < range.first_firing + range.firings; ++f) {
      FiringTrace& firing = trace.firings[at(f)];
      gather(x, oy, ox, f, firing.rows);
      firing.psum.resize(at(hw_.pe_rows) * at(range.columns));
      firing.sum_x.resize(at(hw_.pe_rows));
      psums(firing.rows, f, firing.psum.data(), events, {std::int64_t{oy} * layer_.out_w() + ox, frame});
      row_sums(firing.rows, firing.sum_x.data());
      for (int t = 0; t < hw_.pe_rows; ++t)
        for (int k = 0; k < range.columns; ++k) {
          const int u = (range.c_out + k) / hw_.xb_cols;
          acc[at(k)] += data_.crossbar_scale(t, u) *
                        (firing.psum[at(t * range.columns + k)] + data_.zero_point(t, u) * firing.sum_x[at(t)]);
        }
      events.activations += 1;
      events.ifat_reads += 1;
      events.ofat_reads += 1;
      events.ifrt_reads += words(f);
      events.input_register_writes += words(f);
      events.input_buffer_reads += words_read(f, oy, ox);
      events.scale_multiplies += static_cast<std::int64_t>(converting_[at(f)].size()) * range.columns;
      if (!firings()[at(f)].opens) events.joint_adds += range.columns;
    }
    for (int ch = range.start; ch < range.stop; ++ch)
      trace.out[next++] = requantise_channel(acc[at((ch - range.start) % range.columns)], ch);
  }
  events.requantisations += stored_cout();
  events.output_buffer_writes += (stored_cout() + hw_.lanes - 1) / hw_.lanes;
}

IntTensor GoldenLayer::run(const IntTensor& x, EventCounts& events, int threads, std::int64_t frame) const {
  check_input(x);
  const int ho = layer_.out_h(), wo = layer_.out_w();
  IntTensor y({stored_cout(), ho, wo});
  const int workers = std::clamp(threads, 1, ho);
  std::vector<EventCounts> counts(at(workers));
  parallel(at(workers), workers, [&](std::size_t id) {
    RoundTrace trace;
    for (int oy = static_cast<int>(id); oy < ho; oy += workers)
      for (int ox = 0; ox < wo; ++ox) {
        run_round(x, oy, ox, trace, counts[id], frame);
        for (int ch = 0; ch < stored_cout(); ++ch) y(ch, oy, ox) = trace.out[at(ch)];
      }
  });
  for (const EventCounts& c : counts) events += c;
  events.input_buffer_writes +=
      layer_.row_words(hw_.lanes) * layer_.h;
  return y;
}

}  // namespace epim

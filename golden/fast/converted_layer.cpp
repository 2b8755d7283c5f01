// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/fast/converted_layer.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "golden/parallel.hpp"
#include "golden/read_noise.hpp"

namespace epim {

using fast::tile_columns;

namespace {

/// Output positions that go through the inner loops together.
constexpr int block_positions = 12;

std::size_t at(int i) { return static_cast<std::size_t>(i); }
int rounded_up(int n, int unit) { return (n + unit - 1) / unit * unit; }

/// A word line: where in the window its input comes from, and its row.
struct Line {
  int ky = 0, kx = 0, channel = 0, row = 0;  ///< channel of the patch
};

/// Word lines of one PE row and row group that a window uses, and their cells.
struct GroupLines {
  std::vector<Line> lines;
  std::vector<std::uint8_t> cells;  ///< [slice*2 + polarity][tile][quad of lines][tile_columns][4]
  int quads() const { return rounded_up(static_cast<int>(lines.size()), 4) / 4; }
};

/// One window of the epitome: the rows and columns that patches of one (p, q, c_in, c_out, beta1, beta2) select; in a pool, one patch.
struct Window {
  std::vector<std::vector<GroupLines>> groups;  ///< [PE row][row group that it reads]
  std::vector<std::int32_t> gain, offset;       ///< [PE row][slice*2 + polarity][padded column]
  std::vector<std::uint32_t> amplitude;         ///< the same of the noise
};

/// Memory that one thread reuses.
struct Scratch {
  std::vector<std::int16_t> inputs;
  std::vector<std::int8_t> levels;
  std::vector<std::int32_t> sums, noise;
  std::vector<std::int64_t> acc, psum;
  std::vector<fast::ConvertedRow> rows;
  std::vector<int> driven;
};
thread_local Scratch scratch;

template <class T> T* grown(std::vector<T>& v, std::size_t n) {
  if (v.size() < n) v.resize(n);
  return v.data();
}

}  // namespace

bool has_converted_arithmetic(const Hardware& hw) { return hw.word_bits() <= 8; }

struct ConvertedLayer::State {
  Hardware hw;  ///< with the layer's activations
  Layer layer;
  LayerData data;
  FiringPlan plan;
  const fast::Kernels* kernels;
  std::vector<Window> windows;
  std::vector<std::size_t> window_of;                  ///< per firing
  RoundConversions conversions;                        ///< with read noise
  std::map<std::int64_t, std::vector<NoiseJump>> jumps;  ///< per number of conversions within a round: of every output position
  bool narrow = true;
  int below = 0, positions = 0;

  State(const Hardware& core, const Layer& l, const LayerData& d, const fast::Kernels& k)
      : hw(hardware_for(core, l)), layer(l), data(d), plan(check_layer(core, l, d)), kernels(&k), below(hw.sum_fraction_bits() + hw.adc_step),
        positions(l.out_h() * l.out_w()) {
    std::map<std::tuple<int, int, int, int, int, int, int>, std::size_t> known;
    for (const Firing& firing : plan.firings) {
      const Patch& p = layer.patches[at(firing.patch)];
      const auto [entry, is_new] = known.try_emplace({layer.pool ? firing.patch : 0, p.p, p.q, p.c_in, p.c_out, p.beta1, p.beta2}, windows.size());
      if (is_new) windows.push_back(window(firing.patch));
      window_of.push_back(entry->second);
    }
    if (hw.read_noise) conversions = round_conversions(hw, layer, plan);
    for (const std::int64_t n : conversions.total)
      if (jumps.count(n) == 0) {
        std::vector<NoiseJump>& list = jumps[n];
        for (int p = 0; p < positions; ++p) list.emplace_back(static_cast<std::uint64_t>(n) * static_cast<std::uint64_t>(p));
      }
  }

  AdcTrim trim(int t, int column, int sp) const {
    if (data.analog && !data.analog->trims.empty())
      return data.analog->trims[at(t * hw.pe_cols * hw.adcs() + hw.adc_of(column)) * at(2 * hw.slices()) + at(sp)];
    return ideal_trim(hw);
  }

  unsigned cell(int t, int row, int column, int sp, std::int64_t code) const {
    if (data.analog) return data.analog->cells[AnalogData::place(hw, t, sp / 2, sp % 2, row, column)];
    if ((code < 0) != (sp % 2 == 1)) return 0;
    return ((static_cast<unsigned>(code < 0 ? -code : code) >> (sp / 2 * hw.cell_bits)) & ((1u << hw.cell_bits) - 1)) << hw.fraction_bits;
  }

  Window window(int patch) {
    const Patch& p = layer.patches[at(patch)];
    Window w;
    const std::vector<int> groups = row_groups_of(hw, layer, p);
    const int tiles = rounded_up(p.beta2, tile_columns) / tile_columns, kinds = 2 * hw.slices();
    w.groups.assign(at(hw.pe_rows), std::vector<GroupLines>(groups.size()));
    for (const PatchWord& word : patch_words(layer, p, hw.lanes))
      for (const int first : word.rows)
        for (int lane = 0; first >= 0 && lane < word.channels; ++lane) {
          const int in_pe = (first + lane) % hw.xb_rows;
          const auto g = std::find(groups.begin(), groups.end(), in_pe / hw.read_rows()) - groups.begin();
          w.groups[at(first / hw.xb_rows)][static_cast<std::size_t>(g)].lines.push_back({word.ky, word.kx, word.channel + lane, in_pe});
        }
    std::int64_t most_gain = 1, most_offset = 0, most_noise = 0;
    const std::int64_t half = below > 0 ? std::int64_t{1} << (below - 1) : 0;
    for (int t = 0; t < hw.pe_rows; ++t) {
      for (GroupLines& g : w.groups[at(t)]) {
        g.cells.assign(at(kinds * tiles * g.quads()) * tile_columns * 4, 0);
        for (std::size_t i = 0; i < g.lines.size(); ++i) {
          const CellRow weights(layer, data, hw.lanes, patch, t * hw.xb_rows + g.lines[i].row);
          for (int c = 0; c < p.beta2; ++c) {
            const std::int64_t code = weights(c);
            for (int sp = 0; sp < kinds; ++sp)
              g.cells[((at(sp * tiles + c / tile_columns) * at(g.quads()) + i / 4) * tile_columns + at(c % tile_columns)) * 4 + i % 4] =
                  static_cast<std::uint8_t>(cell(t, g.lines[i].row, weights.column(c), sp, code));
          }
        }
      }
      for (int sp = 0; sp < kinds; ++sp)
        for (int c = 0; c < tiles * tile_columns; ++c) {
          const AdcTrim a = trim(t, p.c_out + std::min(c, p.beta2 - 1), sp);
          const bool there = c < p.beta2;
          w.gain.push_back(there ? static_cast<std::int32_t>(a.gain) : 0);
          w.offset.push_back(there ? a.offset + static_cast<std::int32_t>(half) : 0);
          w.amplitude.push_back(there ? a.noise : 0);
          most_gain = std::max<std::int64_t>(most_gain, a.gain);
          most_offset = std::max<std::int64_t>(most_offset, std::abs(std::int64_t{a.offset}));
          most_noise = std::max<std::int64_t>(most_noise, a.noise);
        }
    }
    const std::int64_t sum = std::int64_t{hw.read_rows()} * ((1 << hw.word_bits()) - 1) * ((1 << hw.dac_bits) - 1);
    narrow = narrow && hw.adc_bits + hw.adc_step + hw.act_bits + hw.slices() * hw.cell_bits < 31 && sum * most_gain + most_offset + half + (most_noise * 512 >> noise_fraction) + 1 < (std::int64_t{1} << 31);
    return w;
  }

  /// The registers of all ADCs at position 0, per firing: [PE row][slice*2 + polarity][padded column].
  std::vector<std::vector<std::uint32_t>> registers(std::int64_t frame) const {
    std::vector<std::vector<std::uint32_t>> all;
    if (!hw.read_noise) return all;
    std::map<std::int64_t, NoiseJump> known;
    for (std::size_t f = 0; f < plan.firings.size(); ++f) {
      const Patch& p = layer.patches[at(plan.firings[f].patch)];
      const int padded = rounded_up(p.beta2, tile_columns);
      std::vector<std::uint32_t> states(at(hw.pe_rows * 2 * hw.slices()) * at(padded));
      for (int t = 0; t < hw.pe_rows; ++t)
        for (int sp = 0; sp < 2 * hw.slices(); ++sp)
          for (int c = 0; c < p.beta2; ++c) {
            const std::int64_t n = conversions.before[f][at(c)];
            const NoiseJump& jump = known.try_emplace(n, static_cast<std::uint64_t>(n)).first->second;
            states[at(t * 2 * hw.slices() + sp) * at(padded) + at(c)] = jump(noise_start(trim(t, p.c_out + c, sp).seed, static_cast<std::uint32_t>(frame)));
          }
      all.push_back(std::move(states));
    }
    return all;
  }

  /// inputs[i][line] of positions first .. first + count - 1; lines up to `stride` are zero.
  void gather(const IntTensor& x, const Patch& p, int first, int count, const GroupLines& g, int stride, std::int16_t* inputs) const {
    const auto padded = static_cast<std::int16_t>(layer.pad_value());
    const int wo = layer.out_w(), stored = layer.stored_cin();
    const std::size_t plane = at(layer.h) * at(layer.w);
    for (int i = 0; i < count; ++i) {
      const int oy = (first + i) / wo, ox = (first + i) % wo;
      std::int16_t* const to = inputs + at(i) * at(stride);
      for (std::size_t l = 0; l < g.lines.size(); ++l) {
        const Line& line = g.lines[l];
        const int iy = layer.row(oy, line.ky), ix = layer.column(ox, line.kx);
        to[l] = iy >= 0 && iy < layer.h && ix >= 0 && ix < layer.w
                    ? static_cast<std::int16_t>(x.data[at((p.dst_in + line.channel) % stored) * plane + at(iy) * at(layer.w) + at(ix)])
                    : padded;
      }
      std::fill(to + g.lines.size(), to + stride, std::int16_t{0});
    }
  }

  /// psum[i][column] of one PE row.
  void psums(const IntTensor& x, std::size_t f, int t, int first, int count, const std::uint32_t* registers, std::int64_t* psum, std::int64_t* sum_x,
             std::int64_t& clipped) const {
    Scratch& s = scratch;
    const Patch& p = layer.patches[at(plan.firings[f].patch)];
    const Window& w = windows[window_of[f]];
    const std::vector<GroupLines>& groups = w.groups[at(t)];
    const int padded = rounded_up(p.beta2, tile_columns), tiles = padded / tile_columns, kinds = 2 * hw.slices(), steps = hw.steps();
    const int each = steps * static_cast<int>(groups.size());
    std::fill_n(psum, at(count) * at(padded), 0);
    std::fill_n(sum_x, count, 0);
    // Levels of every step, position and group; those that drive nothing are left out.
    std::vector<std::int8_t*> levels(groups.size());
    std::vector<int> used(groups.size());
    std::size_t place = 0;
    for (const GroupLines& g : groups) place += at(count * steps) * at(g.quads() * 4);
    std::int8_t* next = grown(s.levels, place + 64);
    int* const row_of = grown(s.driven, groups.size() * at(count * steps));
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const int stride = groups[g].quads() * 4, lines = static_cast<int>(groups[g].lines.size());
      std::int16_t* const inputs = grown(s.inputs, at(count) * at(stride) + 1);
      gather(x, p, first, count, groups[g], stride, inputs);
      levels[g] = next;
      for (int i = 0; i < count; ++i) {
        const std::int16_t* const in = inputs + at(i) * at(stride);
        unsigned any = 0;
        for (int l = 0; l < lines; ++l) {
          sum_x[i] += in[l];
          any |= static_cast<unsigned>(static_cast<std::uint16_t>(in[l]));
        }
        for (int b = 0; b < steps; ++b) {
          const int from = hw.step_first_bit(b), mask = (1 << hw.step_width(b)) - 1;
          int& row = row_of[(g * at(count) + at(i)) * at(steps) + at(b)];
          row = -1;
          if (((any >> from) & static_cast<unsigned>(mask)) == 0) continue;
          for (int l = 0; l < stride; ++l) next[l] = static_cast<std::int8_t>((in[l] >> from) & mask);
          next += stride;
          row = used[g]++;
        }
      }
    }
    int most_used = 1;
    for (const int n : used) most_used = std::max(most_used, n);
    std::int32_t* const sums = grown(s.sums, at(most_used) * at(tile_columns));
    std::int32_t* const noise = hw.read_noise ? grown(s.noise, at(count * each) * at(tile_columns)) : nullptr;
    std::vector<std::uint32_t> jump_columns(hw.read_noise ? 32 * at(tile_columns) : 0);
    for (int sp = 0; sp < kinds; ++sp)
      for (int tile = 0; tile < tiles; ++tile) {
        const std::size_t of_tile = at(t * kinds + sp) * at(padded) + at(tile * tile_columns);
        const fast::AdcTile adc{w.gain.data() + of_tile, w.offset.data() + of_tile, static_cast<std::int32_t>((1 << hw.adc_bits) - 1), below,
                                std::min(tile_columns, p.beta2 - tile * tile_columns), narrow, !hw.adc_trims};
        if (noise) make_noise(p, tile, first, count, each, registers + of_tile, w.amplitude.data() + of_tile, jump_columns.data(), noise);
        for (std::size_t g = 0; g < groups.size(); ++g) {
          if (used[g] > 0)
            kernels->multiply_bytes(levels[g], groups[g].quads() * 4, used[g],
                                    groups[g].cells.data() + at((sp * tiles + tile) * groups[g].quads()) * tile_columns * 4, groups[g].quads(), sums);
          s.rows.clear();
          for (int i = 0; i < count; ++i)
            for (int b = 0; b < steps; ++b) {
              const int row = row_of[(g * at(count) + at(i)) * at(steps) + at(b)];
              if (row < 0 && !hw.adc_trims) continue;  // a sum of nothing is nothing
              s.rows.push_back({std::max(row, 0), (i * each) + b * static_cast<int>(groups.size()) + static_cast<int>(g), row >= 0,
                                hw.step_first_bit(b) + sp / 2 * hw.cell_bits + hw.adc_step, (sp % 2 == 1) != hw.step_is_sign(b),
                                psum + at(i) * at(padded) + at(tile * tile_columns)});
            }
          clipped += kernels->convert(sums, static_cast<int>(s.rows.size()), noise, adc, s.rows.data());
        }
      }
  }

  /// noise[i][step*groups + group][column] of a tile.
  void make_noise(const Patch& p, int tile, int first, int count, int each, const std::uint32_t* registers, const std::uint32_t* amplitude,
                  std::uint32_t* columns, std::int32_t* noise) const {
    std::uint32_t states[tile_columns];
    std::copy_n(registers, tile_columns, states);
    for (int i = 0; i < count; ++i) {
      for (int c = 0; c < tile_columns; ++c) {
        const int column = p.c_out + std::min(tile * tile_columns + c, p.beta2 - 1);
        const NoiseJump& jump = jumps.at(conversions.total[at(hw.adc_of(column))])[at(first + i)];
        for (int bit = 0; bit < 32; ++bit) columns[bit * tile_columns + c] = jump.column(bit);
      }
      kernels->make_noise(states, columns, amplitude, each, noise + at(i * each) * at(tile_columns));
    }
  }

  /// The finished accumulators of output range r, [position][padded column] in this thread's memory.
  const std::int64_t* accumulate(const IntTensor& x, std::size_t r, int first, int count, const std::vector<std::vector<std::uint32_t>>& registers,
                                 std::int64_t& clipped) const {
    const OutputRange& range = plan.ranges[r];
    const int padded = rounded_up(range.columns, tile_columns);
    std::int64_t* const acc = grown(scratch.acc, at(block_positions) * at(padded));
    std::fill_n(acc, at(count) * at(padded), 0);
    std::vector<std::int64_t> sum_x(at(count));
    for (int f = range.first_firing; f < range.first_firing + range.firings; ++f)
      for (int t = 0; t < hw.pe_rows; ++t) {
        const std::vector<GroupLines>& groups = windows[window_of[at(f)]].groups[at(t)];
        if (!hw.adc_trims && std::all_of(groups.begin(), groups.end(), [](const GroupLines& g) { return g.lines.empty(); })) continue;
        std::int64_t* const psum = grown(scratch.psum, at(block_positions) * at(padded));
        psums(x, at(f), t, first, count, registers.empty() ? nullptr : registers[at(f)].data(), psum, sum_x.data(), clipped);
        for (int i = 0; i < count; ++i)
          for (int c = 0; c < range.columns; ++c) {
            const int u = (range.c_out + c) / hw.xb_cols;
            acc[at(i) * at(padded) + at(c)] += data.crossbar_scale(t, u) * (psum[at(i) * at(padded) + at(c)] + data.zero_point(t, u) * sum_x[at(i)]);
          }
      }
    return acc;
  }

  std::int64_t finished(std::int64_t acc, int ch) const {
    return requantise(acc, data.channel_scale(ch), data.channel_bias(ch), layer.shift, layer.clamp_lo, layer.clamp_hi,
                      layer.slopes ? NegativeSlope{data.channel_slope(ch), hw.slope_fraction_bits()} : NegativeSlope{});
  }
};

ConvertedLayer::ConvertedLayer(const Hardware& hardware, const Layer& layer, const LayerData& data, const fast::Kernels& kernels)
    : state_(std::make_unique<State>(hardware, layer, data, kernels)) {}
ConvertedLayer::~ConvertedLayer() = default;
ConvertedLayer::ConvertedLayer(ConvertedLayer&&) noexcept = default;

int ConvertedLayer::stored_cout() const { return state_->plan.stored_cout; }
void ConvertedLayer::check_input(const IntTensor& x) const { check_layer_input(state_->hw, state_->layer, x); }

IntTensor ConvertedLayer::run(const IntTensor& x, int threads, std::int64_t* clipped, std::int64_t frame) const {
  const State& s = *state_;
  check_input(x);
  IntTensor y({s.plan.stored_cout, s.layer.out_h(), s.layer.out_w()});
  const std::vector<std::vector<std::uint32_t>> registers = s.registers(frame);
  const std::size_t ranges = s.plan.ranges.size();
  std::vector<std::size_t> first_channel(ranges);
  for (std::size_t r = 1; r < ranges; ++r) first_channel[r] = first_channel[r - 1] + at(s.plan.ranges[r - 1].stop - s.plan.ranges[r - 1].start);
  std::vector<std::int64_t> over((at(s.positions) + block_positions - 1) / block_positions * ranges);
  parallel(over.size(), threads, [&](std::size_t job) {
    const std::size_t r = job % ranges;
    const int first = static_cast<int>(job / ranges) * block_positions, count = std::min(block_positions, s.positions - first);
    const OutputRange& range = s.plan.ranges[r];
    const std::size_t padded = at(rounded_up(range.columns, tile_columns));
    const std::int64_t* const acc = s.accumulate(x, r, first, count, registers, over[job]);
    for (int ch = range.start; ch < range.stop; ++ch)
      for (int i = 0; i < count; ++i)
        y.data[(first_channel[r] + at(ch - range.start)) * at(s.positions) + at(first + i)] =
            s.finished(acc[at(i) * padded + at((ch - range.start) % range.columns)], ch);
  });
  if (clipped)
    for (const std::int64_t n : over) *clipped += n;
  return y;
}

IntTensor ConvertedLayer::accumulators(const IntTensor& x, const std::vector<int>& places) const {
  const State& s = *state_;
  check_input(x);
  const std::vector<std::vector<std::uint32_t>> registers = s.registers(0);
  IntTensor sums({s.plan.stored_cout, static_cast<int>(places.size())});
  std::int64_t ignored = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    std::size_t stored = 0;
    for (std::size_t r = 0; r < s.plan.ranges.size(); ++r) {
      const OutputRange& range = s.plan.ranges[r];
      const std::int64_t* const acc = s.accumulate(x, r, places[i], 1, registers, ignored);
      for (int ch = range.start; ch < range.stop; ++ch) sums.data[stored++ * places.size() + i] = acc[at((ch - range.start) % range.columns)];
    }
  }
  return sums;
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/fast/converted_layer.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "golden/fast/noise_jumps.hpp"
#include "golden/fast/packed_layer.hpp"
#include "golden/fast/requantiser.hpp"
#include "golden/parallel.hpp"
#include "golden/read_noise.hpp"

namespace epim {

using fast::at;
using fast::chunk_indices;
using fast::ColumnSteps;
using fast::entry_sums;
using fast::rounded_up;
using fast::tile_columns;

namespace {

/// Output positions that go through the inner loops together, and conversions of an ADC at most where these have noise.
constexpr int block_positions = 64, block_conversions = 576;
/// Positions whose noise is made just before it is read.
constexpr int noise_positions = 4;
/// What a sum of 16 bits lacks where its ADC has a gain.
constexpr int sum_bias = 1 << 15;

/// Word lines of one PE row and row group that a window uses, and their cells.
struct GroupLines {
  int lines = 0;
  std::vector<fast::Segment> segments;  ///< channels of the patch
  std::vector<std::uint8_t> cells;      ///< [slice][tile][line, up to whole indices][entry_sums]
};

/// One window of the epitome: the rows and columns that patches of one (p, q, c_in, c_out, beta1, beta2) select; in a pool, one patch.
struct Window {
  int tiles = 0;
  std::vector<std::vector<GroupLines>> groups;  ///< [PE row][row group that it reads]
  std::vector<std::int32_t> gain, offset;       ///< [PE row][slice][tile][polarity][tile_columns]
  std::vector<std::uint32_t> amplitude, seed;   ///< the same, of the noise
};

/// A vector's elements from a multiple of 64 bytes on.
template <class T> T* grown(std::vector<T>& v, std::size_t n) {
  constexpr std::size_t line = 64 / sizeof(T);
  if (v.size() < n + line) v.resize(n + line);
  return v.data() + (64 - reinterpret_cast<std::uintptr_t>(v.data()) % 64) % 64 / sizeof(T);
}

/// Memory that one thread reuses.
struct Scratch {
  std::vector<std::int16_t> inputs, codes;
  std::vector<std::uint64_t> planes, words;
  std::vector<std::uint16_t> lists, order, ends, table, sums;
  std::vector<std::uint8_t> lengths, line;
  std::vector<std::int32_t> wide, noise;
  std::vector<std::int64_t> acc, psum, sum_x;
  std::vector<fast::ColumnJump> jumps;
};
thread_local Scratch scratch;

/// Bits 2i, 2i + 1 to 4i, 4i + 1.
std::uint64_t spread_pairs(std::uint64_t x) {
  x = (x | x << 16) & 0x0000FFFF0000FFFFu;
  x = (x | x << 8) & 0x00FF00FF00FF00FFu;
  x = (x | x << 4) & 0x0F0F0F0F0F0F0F0Fu;
  return (x | x << 2) & 0x3333333333333333u;
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
  std::vector<std::size_t> window_of;  ///< per firing
  std::vector<fast::ConvertedStep> steps;
  std::vector<fast::Requantiser> requantisers;  ///< per channel
  int below = 0, positions = 0, block = block_positions;
  std::int32_t top = 0;
  bool narrow = true, clips = true, noisy = false;
  RoundConversions conversions;                                  ///< with noise
  std::vector<std::vector<ColumnSteps>> before;                  ///< with noise [firing][tile] from the begin of an output position
  std::vector<std::vector<ColumnSteps>> between;                 ///< with noise [firing][tile] from one output position to the next
  fast::JumpImages images;

  State(const Hardware& core, const Layer& l, const LayerData& d, const fast::Kernels& k)
      : hw(hardware_for(core, l)), layer(l), data(d), plan(check_layer(core, l, d)), kernels(&k), below(hw.sum_fraction_bits() + hw.adc_step),
        positions(l.out_h() * l.out_w()), top(static_cast<std::int32_t>((1 << hw.adc_bits) - 1)) {
    for (int b = 0; b < hw.steps(); ++b) steps.push_back({hw.step_first_bit(b), hw.step_is_sign(b)});
    for (int ch = 0; ch < layer.cout; ++ch) requantisers.emplace_back(hw, layer, data, ch);
    bound_conversions();
    std::map<std::tuple<int, int, int, int, int, int, int>, std::size_t> known;
    std::size_t most_groups = 1;
    for (const Firing& firing : plan.firings) {
      const Patch& p = layer.patches[at(firing.patch)];
      const auto [entry, is_new] = known.try_emplace({layer.pool ? firing.patch : 0, p.p, p.q, p.c_in, p.c_out, p.beta1, p.beta2}, windows.size());
      if (is_new) windows.push_back(window(firing.patch));
      window_of.push_back(entry->second);
      most_groups = std::max(most_groups, windows[entry->second].groups[0].size());
    }
    if (!noisy) return;
    block = std::clamp(block_conversions / (hw.steps() * static_cast<int>(most_groups)), 1, block_positions);
    conversions = round_conversions(hw, layer, plan);
    for (std::size_t f = 0; f < plan.firings.size(); ++f) {
      const Patch& p = layer.patches[at(plan.firings[f].patch)];
      before.emplace_back();
      between.emplace_back();
      for (int first = 0; first < p.beta2; first += tile_columns) {
        const int columns = std::min(tile_columns, p.beta2 - first);
        before.back().push_back(fast::column_steps(columns, [&](int c) { return conversions.before[f][at(first + c)]; }));
        between.back().push_back(fast::column_steps(columns, [&](int c) { return conversions.total[at(hw.adc_of(p.c_out + first + c))]; }));
      }
    }
  }

  std::int64_t half() const { return below > 0 ? std::int64_t{1} << (below - 1) : 0; }

  /// What bounds on sums and trims let the inner loops leave out.
  void bound_conversions() {
    std::int64_t gain = 1, offset = 0, noise = 0;
    if (hw.adc_trims) gain = ideal_trim(hw).gain;
    if (data.analog)
      for (const AdcTrim& a : data.analog->trims) {
        gain = std::max<std::int64_t>(gain, a.gain);
        offset = std::max(offset, std::abs(std::int64_t{a.offset}));
        noise = std::max<std::int64_t>(noise, a.noise);
      }
    noisy = hw.read_noise && noise > 0;
    const std::int64_t sum = std::int64_t{hw.read_rows()} * ((1 << hw.word_bits()) - 1) * ((1 << hw.dac_bits) - 1);
    const std::int64_t value = sum * gain + offset + half() + (noise * 512 >> noise_fraction) + 1;
    clips = value >> below > top;
    const std::int64_t code = std::min<std::int64_t>(top, value >> below);
    const std::int64_t limit = std::int64_t{1} << 31;
    narrow = code << hw.act_bits < limit && (hw.adc_trims ? sum < 2 * sum_bias && value + gain * sum_bias < limit : sum + half() < 2 * sum_bias && code < sum_bias);
  }

  AdcTrim trim(int t, int column, int sp) const {
    if (data.analog && !data.analog->trims.empty())
      return data.analog->trims[at(t * hw.pe_cols * hw.adcs() + hw.adc_of(column)) * at(2 * hw.slices()) + at(sp)];
    return ideal_trim(hw);
  }

  /// [PE row][slice][tile] of a window's ADCs.
  std::size_t adcs_of(const Window& w, int t, int s, int tile) const { return at((t * hw.slices() + s) * w.tiles + tile) * at(2 * tile_columns); }
  int lines_of_index() const { return 4 / hw.dac_bits; }

  Window window(int patch) const {
    const Patch& p = layer.patches[at(patch)];
    Window w;
    const std::vector<int> groups = row_groups_of(hw, layer, p);
    w.tiles = rounded_up(p.beta2, tile_columns) / tile_columns;
    w.groups.assign(at(hw.pe_rows), std::vector<GroupLines>(groups.size()));
    using Line = std::tuple<int, int, int, int>;  // tap, channel of the patch, row
    std::vector<std::vector<std::vector<Line>>> lines(at(hw.pe_rows), std::vector<std::vector<Line>>(groups.size()));
    for (const PatchWord& word : patch_words(layer, p, hw.lanes))
      for (const int first : word.rows)
        for (int lane = 0; first >= 0 && lane < word.channels; ++lane) {
          const int in_pe = (first + lane) % hw.xb_rows;
          const auto g = std::find(groups.begin(), groups.end(), in_pe / hw.read_rows()) - groups.begin();
          lines[at(first / hw.xb_rows)][static_cast<std::size_t>(g)].emplace_back(word.ky, word.kx, word.channel + lane, in_pe);
        }
    const std::size_t adcs = at(hw.pe_rows * hw.slices() * w.tiles * 2) * at(tile_columns);
    w.gain.resize(adcs);
    w.offset.resize(adcs);
    w.amplitude.resize(adcs);
    w.seed.resize(adcs);
    for (int t = 0; t < hw.pe_rows; ++t) {
      for (std::size_t k = 0; k < groups.size(); ++k) {
        GroupLines& g = w.groups[at(t)][k];
        std::vector<Line>& of_group = lines[at(t)][k];
        std::sort(of_group.begin(), of_group.end());
        g.lines = static_cast<int>(of_group.size());
        const std::size_t padded = at(rounded_up(g.lines, lines_of_index()));
        g.cells.assign(at(hw.slices() * w.tiles) * padded * entry_sums, 0);
        for (std::size_t i = 0; i < of_group.size(); ++i) {
          const auto& [ky, kx, channel, row] = of_group[i];
          if (g.segments.empty() || g.segments.back().ky != ky || g.segments.back().kx != kx || g.segments.back().channel + g.segments.back().count != channel)
            g.segments.push_back({ky, kx, channel, 0});
          ++g.segments.back().count;
          fill_line(patch, t, row, w.tiles, padded, g.cells.data() + i * entry_sums);
        }
      }
      for (int c = 0; c < p.beta2; ++c)
        for (int sp = 0; sp < 2 * hw.slices(); ++sp) {
          const AdcTrim a = trim(t, p.c_out + c, sp);
          const int j = c % tile_columns;
          const std::size_t to = adcs_of(w, t, sp / 2, c / tile_columns) + at(sp % 2 * tile_columns + j);
          const auto gain = static_cast<std::int32_t>(a.gain);
          w.gain[to] = narrow && j >= tile_columns / 2 ? gain << 16 : gain;
          w.offset[to] = a.offset + static_cast<std::int32_t>(half()) + (narrow ? sum_bias * gain : 0);
          w.amplitude[to] = a.noise;
          w.seed[to] = a.seed;
        }
    }
    return w;
  }

  /// The cells of one word line, cells[slice][tile][padded lines][entry_sums] from this line on.
  void fill_line(int patch, int t, int row, int tiles, std::size_t padded, std::uint8_t* cells) const {
    const int columns = layer.patches[at(patch)].beta2;
    const CellRow weights(layer, data, hw.lanes, patch, t * hw.xb_rows + row);
    std::vector<std::uint8_t>& line = scratch.line;
    line.assign(at(tiles * tile_columns), 0);
    std::vector<std::int16_t>& codes = scratch.codes;
    codes.resize(at(columns));
    for (int c = 0; !data.analog && c < columns; ++c) codes[at(c)] = static_cast<std::int16_t>(weights(c));
    for (int sp = 0; sp < 2 * hw.slices(); ++sp) {
      if (data.analog) {
        const std::uint16_t* const programmed = data.analog->cells.data() + AnalogData::place(hw, t, sp / 2, sp % 2, row, 0);
        for (int c = 0; c < columns; ++c) line[at(c)] = static_cast<std::uint8_t>(programmed[weights.column(c)]);
      } else {
        for (int c = 0; c < columns; ++c) {
          const int code = codes[at(c)], level = (std::abs(code) >> (sp / 2 * hw.cell_bits)) & ((1 << hw.cell_bits) - 1);
          line[at(c)] = static_cast<std::uint8_t>((code < 0) == (sp % 2 == 1) ? level << hw.fraction_bits : 0);
        }
      }
      for (int tile = 0; tile < tiles; ++tile) {
        std::uint8_t* const to = cells + at(sp / 2 * tiles + tile) * padded * entry_sums + at(sp % 2 * tile_columns);
        const std::uint8_t* const from = line.data() + tile * tile_columns;
        for (int j = 0; j < tile_columns; ++j) to[fast::entry_place(j)] = from[j];
      }
    }
  }

  /// state[tile_columns] goes on by these steps, `times` times.
  void jump(const ColumnSteps& columns, std::uint64_t times, std::uint32_t* state) const {
    std::vector<fast::ColumnJump>& jumps = scratch.jumps;
    jumps.clear();
    for (const auto& [steps_on, bits] : columns) jumps.push_back({images(steps_on * times), bits});
    kernels->jump_registers(state, jumps.data(), static_cast<int>(jumps.size()));
  }

  /// The registers of all ADCs at position 0, per firing, in the order of Window::seed.
  std::vector<std::vector<std::uint32_t>> registers(std::int64_t frame) const {
    std::vector<std::vector<std::uint32_t>> all;
    for (std::size_t f = 0; noisy && f < plan.firings.size(); ++f) {
      const Window& w = windows[window_of[f]];
      std::vector<std::uint32_t> states;
      states.reserve(w.seed.size());
      for (const std::uint32_t seed : w.seed) states.push_back(noise_start(seed, static_cast<std::uint32_t>(frame)));
      for (std::size_t i = 0; i < states.size(); i += tile_columns) jump(before[f][i / (2 * tile_columns) % at(w.tiles)], 1, states.data() + i);
      all.push_back(std::move(states));
    }
    return all;
  }

  /// inputs[i][line] of positions first .. first + count - 1; lines up to `stride` are zero. Adds to sum_x[i].
  void gather(const std::vector<std::int16_t>& x, const Patch& p, int first, int count, const GroupLines& g, int stride, std::int16_t* inputs,
              std::int64_t* sum_x) const {
    const auto padded = static_cast<std::int16_t>(layer.pad_value());
    const int wo = layer.out_w(), stored = layer.stored_cin();
    for (int i = 0; i < count; ++i) {
      const int oy = (first + i) / wo, ox = (first + i) % wo;
      std::int16_t* to = inputs + at(i) * at(stride);
      std::fill(to + g.lines, to + stride, std::int16_t{0});
      for (const fast::Segment& s : g.segments) {
        const int iy = layer.row(oy, s.ky), ix = layer.column(ox, s.kx);
        if (iy < 0 || iy >= layer.h || ix < 0 || ix >= layer.w) {
          std::fill_n(to, s.count, padded);
          to += s.count;
          continue;
        }
        const std::int16_t* const pixel = x.data() + (at(iy) * at(layer.w) + at(ix)) * at(stored);
        for (int channel = (p.dst_in + s.channel) % stored, left = s.count; left > 0; channel = 0) {
          const int n = std::min(left, stored - channel);
          to = std::copy_n(pixel + channel, n, to);
          left -= n;
        }
      }
      std::int32_t sum = 0;
      for (int l = 0; l < g.lines; ++l) sum += inputs[at(i) * at(stride) + at(l)];
      sum_x[i] += sum;
    }
  }

  /// A row group's lookups at all positions and steps: chunks without their cells, in this thread's memory behind `used` others.
  int list_lookups(const std::vector<std::int16_t>& x, const Patch& p, int first, int count, const GroupLines& g, int used, std::int64_t* sum_x) const {
    Scratch& s = scratch;
    const int words = rounded_up(g.lines, 64) / 64, rows = count * hw.steps(), indices = rounded_up(g.lines, lines_of_index()) / lines_of_index();
    const int chunks = rounded_up(indices, chunk_indices) / chunk_indices;
    std::int16_t* const inputs = grown(s.inputs, at(count) * at(words) * 64);
    std::uint64_t* const planes = grown(s.planes, at(count) * at(hw.act_bits) * at(words));
    std::uint64_t* const driven = grown(s.words, at(rows));
    std::uint8_t* const lengths = grown(s.lengths, at(rows));
    gather(x, p, first, count, g, words * 64, inputs, sum_x);
    for (int i = 0; i < count; ++i) kernels->bit_planes(inputs + at(i) * at(words) * 64, words, hw.act_bits, planes + at(i) * at(hw.act_bits) * at(words));
    for (int k = 0; k < chunks; ++k) {
      for (int i = 0, r = 0; i < count; ++i)
        for (int b = 0; b < hw.steps(); ++b, ++r) {
          const std::uint64_t* const plane = planes + (at(i) * at(hw.act_bits) + at(steps[at(b)].first_bit)) * at(words);
          if (hw.dac_bits == 1) {
            driven[r] = plane[k];
            continue;
          }
          const auto half_word = [&](const std::uint64_t* of) { return spread_pairs(of[k / 2] >> (k % 2 * 32) & 0xFFFFFFFFu); };
          driven[r] = half_word(plane) | (hw.step_width(b) == 2 ? half_word(plane + words) << 2 : 0);
        }
      const std::size_t c = at(used + k);
      std::uint16_t* const ends = s.ends.data() + c * (chunk_indices + 1);
      kernels->list_entries(driven, rows, s.lists.data() + c * at(rows) * chunk_indices, lengths);
      std::fill_n(ends, chunk_indices + 1, std::uint16_t{0});
      for (int r = 0; r < rows; ++r) ++ends[lengths[r]];
      std::uint16_t next[chunk_indices + 1];
      for (int n = 0, sum = 0; n <= chunk_indices; ++n) {
        next[n] = static_cast<std::uint16_t>(sum);
        ends[n] = static_cast<std::uint16_t>(sum += ends[n]);
      }
      for (int r = 0; r < rows; ++r) s.order[c * at(rows) + at(next[lengths[r]]++)] = static_cast<std::uint16_t>(r);
    }
    return chunks;
  }

  /// Adds the accumulators' part of one firing and PE row: acc[i][padded column].
  void add_firing(const std::vector<std::int16_t>& x, std::size_t f, int t, int first, int count, const std::uint32_t* registers, int padded,
                  std::int64_t* acc, std::int64_t& clipped) const {
    Scratch& s = scratch;
    const Patch& p = layer.patches[at(plan.firings[f].patch)];
    const Window& w = windows[window_of[f]];
    const std::vector<GroupLines>& groups = w.groups[at(t)];
    const int rows = count * hw.steps(), each = hw.steps() * static_cast<int>(groups.size());
    std::size_t chunks = 0;
    for (const GroupLines& g : groups) chunks += at(g.lines / (chunk_indices * lines_of_index()) + 1);
    s.lists.resize(std::max(s.lists.size(), chunks * at(rows) * chunk_indices));
    s.order.resize(std::max(s.order.size(), chunks * at(rows)));
    s.ends.resize(std::max(s.ends.size(), chunks * (chunk_indices + 1)));
    std::int64_t* const sum_x = grown(s.sum_x, at(count));
    std::fill_n(sum_x, count, 0);
    std::vector<int> chunks_of;
    int used = 0;
    for (const GroupLines& g : groups) used += chunks_of.emplace_back(list_lookups(x, p, first, count, g, used, sum_x));
    std::uint16_t* const sums = grown(s.sums, at(rows) * entry_sums);
    std::int32_t* const wide = narrow ? nullptr : grown(s.wide, at(rows) * entry_sums);
    std::int64_t* const psum = grown(s.psum, at(count * tile_columns));
    // Noise of as many positions as a sum needs it for: with several row groups of all, since each group is summed for all positions.
    const int noisy_positions = noisy && groups.size() == 1 ? std::min(count, noise_positions) : count;
    const int noise_polarity = noisy_positions * each * tile_columns;
    std::int32_t* const noise = noisy ? grown(s.noise, at(2 * noise_polarity)) : nullptr;
    for (int tile = 0; tile < w.tiles; ++tile) {
      std::fill_n(psum, count * tile_columns, 0);
      for (int slice = 0; slice < hw.slices(); ++slice) {
        const std::size_t adcs = adcs_of(w, t, slice, tile);
        std::uint32_t state[2 * tile_columns];
        if (noise) start_noise(f, tile, first, registers + adcs, state);
        const bool gain = hw.adc_trims || !narrow;
        fast::Conversion how{steps.data(), hw.steps(), below, slice * hw.cell_bits + hw.adc_step, top, clips, gain ? w.gain.data() + adcs : nullptr,
                             gain ? w.offset.data() + adcs : nullptr, noise, each * tile_columns, static_cast<int>(groups.size()) * tile_columns, noise_polarity};
        int chunk = 0;
        for (std::size_t g = 0; g < groups.size(); chunk += chunks_of[g++]) {
          if (groups[g].lines == 0 && !hw.adc_trims) continue;  // a sum of nothing is nothing
          how.noise = noise ? noise + g * tile_columns : nullptr;
          add_up(groups[g], at(slice * w.tiles + tile), chunk, chunks_of[g], rows, sums, wide);
          for (int i = 0; i < count; i += noisy_positions) {
            const int n = std::min(noisy_positions, count - i);
            if (noise && g == 0)
              for (int k = 0; k < 2; ++k)
                kernels->make_noise(state + k * tile_columns, scratch.jumps.data(), static_cast<int>(scratch.jumps.size()),
                                    w.amplitude.data() + adcs + k * tile_columns, n, each, noise + k * noise_polarity);
            const std::size_t from = at(i * hw.steps()) * entry_sums;
            clipped += narrow ? kernels->convert(sums + from, n, how, psum + i * tile_columns) : kernels->convert_wide(wide + from, n, how, psum + i * tile_columns);
          }
        }
      }
      const int columns = std::min(tile_columns, p.beta2 - tile * tile_columns);
      std::int64_t m[tile_columns] = {}, mz[tile_columns] = {};
      for (int c = 0; c < columns; ++c) {
        const int u = (p.c_out + tile * tile_columns + c) / hw.xb_cols;
        m[c] = data.crossbar_scale(t, u);
        mz[c] = m[c] * data.zero_point(t, u);
      }
      for (int i = 0; i < count; ++i) {
        std::int64_t* const to = acc + at(i) * at(padded) + at(tile * tile_columns);
        const std::int64_t* const from = psum + i * tile_columns;
        const std::int64_t sum = sum_x[i];
        for (int c = 0; c < tile_columns; ++c) to[c] += m[c] * from[c] + mz[c] * sum;
      }
    }
  }

  /// The sums of a row group, of one slice and tile (`place`).
  void add_up(const GroupLines& g, std::size_t place, int first_chunk, int chunks, int rows, std::uint16_t* sums, std::int32_t* wide) const {
    Scratch& s = scratch;
    std::uint16_t* const table = grown(s.table, 16 * chunk_indices * entry_sums);
    const std::uint16_t start = static_cast<std::uint16_t>(!narrow ? 0 : hw.adc_trims ? sum_bias : half());
    const int indices = rounded_up(g.lines, lines_of_index()) / lines_of_index();
    const std::uint8_t* const cells = g.cells.data() + place * at(indices * lines_of_index()) * entry_sums;
    if (chunks == 0) {
      if (narrow) std::fill_n(sums, at(rows) * entry_sums, start);
      else std::fill_n(wide, at(rows) * entry_sums, 0);
    }
    for (int k = 0; k < chunks; ++k) {
      const std::size_t c = at(first_chunk + k);
      const fast::LookupChunk chunk{cells + at(k * chunk_indices * lines_of_index()) * entry_sums, std::min(chunk_indices, indices - k * chunk_indices),
                                    s.lists.data() + c * at(rows) * chunk_indices, s.order.data() + c * at(rows), s.ends.data() + c * (chunk_indices + 1)};
      kernels->look_up(chunk, hw.dac_bits, narrow && k > 0, start, table, sums);
      if (narrow) continue;
      for (std::size_t i = 0; i < at(rows) * entry_sums; ++i) wide[i] = (k > 0 ? wide[i] : 0) + sums[i];
    }
  }

  /// The registers of a slice and tile at the first position, and in this thread's memory their jumps from one to the next.
  void start_noise(std::size_t f, int tile, int first, const std::uint32_t* registers, std::uint32_t* state) const {
    std::copy_n(registers, 2 * tile_columns, state);
    for (int n = 0; n < 2; ++n) jump(between[f][at(tile)], static_cast<std::uint64_t>(first), state + n * tile_columns);
    scratch.jumps.clear();
    for (const auto& [steps_on, bits] : between[f][at(tile)]) scratch.jumps.push_back({images(steps_on), bits});
  }

  /// The finished accumulators of output range r, [position][padded column] in this thread's memory.
  const std::int64_t* accumulate(const std::vector<std::int16_t>& x, std::size_t r, int first, int count,
                                 const std::vector<std::vector<std::uint32_t>>& registers, std::int64_t& clipped) const {
    const OutputRange& range = plan.ranges[r];
    const int padded = rounded_up(range.columns, tile_columns);
    std::int64_t* const acc = grown(scratch.acc, at(block) * at(padded));
    std::fill_n(acc, at(count) * at(padded), 0);
    for (int f = range.first_firing; f < range.first_firing + range.firings; ++f)
      for (int t = 0; t < hw.pe_rows; ++t) {
        const std::vector<GroupLines>& groups = windows[window_of[at(f)]].groups[at(t)];
        if (!hw.adc_trims && std::all_of(groups.begin(), groups.end(), [](const GroupLines& g) { return g.lines == 0; })) continue;
        add_firing(x, at(f), t, first, count, registers.empty() ? nullptr : registers[at(f)].data(), padded, acc, clipped);
      }
    return acc;
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
  const std::vector<std::int16_t> map = fast::channels_last(s.layer, x);
  const std::size_t ranges = s.plan.ranges.size();
  std::vector<std::size_t> first_channel(ranges);
  for (std::size_t r = 1; r < ranges; ++r) first_channel[r] = first_channel[r - 1] + at(s.plan.ranges[r - 1].stop - s.plan.ranges[r - 1].start);
  std::vector<std::int64_t> over(at((s.positions + s.block - 1) / s.block) * ranges);
  parallel(over.size(), threads, [&](std::size_t job) {
    const std::size_t r = job % ranges;
    const int first = static_cast<int>(job / ranges) * s.block, count = std::min(s.block, s.positions - first);
    const OutputRange& range = s.plan.ranges[r];
    const int padded = rounded_up(range.columns, tile_columns);
    const std::int64_t* const acc = s.accumulate(map, r, first, count, registers, over[job]);
    for (int ch = range.start; ch < range.stop; ++ch)
      s.requantisers[at(ch)].run(acc + (ch - range.start) % range.columns, padded, count,
                                 y.data.data() + (first_channel[r] + at(ch - range.start)) * at(s.positions) + at(first));
  });
  if (clipped)
    for (const std::int64_t n : over) *clipped += n;
  return y;
}

IntTensor ConvertedLayer::accumulators(const IntTensor& x, const std::vector<int>& places) const {
  const State& s = *state_;
  check_input(x);
  const std::vector<std::vector<std::uint32_t>> registers = s.registers(0);
  const std::vector<std::int16_t> map = fast::channels_last(s.layer, x);
  IntTensor sums({s.plan.stored_cout, static_cast<int>(places.size())});
  std::int64_t ignored = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    std::size_t stored = 0;
    for (std::size_t r = 0; r < s.plan.ranges.size(); ++r) {
      const OutputRange& range = s.plan.ranges[r];
      const std::int64_t* const acc = s.accumulate(map, r, places[i], 1, registers, ignored);
      for (int ch = range.start; ch < range.stop; ++ch) sums.data[stored++ * places.size() + i] = acc[at((ch - range.start) % range.columns)];
    }
  }
  return sums;
}

}  // namespace epim

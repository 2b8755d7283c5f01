// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/fast/packed_layer.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <tuple>
#include <utility>

namespace epim::fast {
namespace {

struct Line {
  int ky = 0, kx = 0, channel = 0;  ///< channel of the patch
  int row = 0;                      ///< physical
};

/// Lines of every PE row, by tap, then by channel.
std::vector<std::vector<Line>> lines_of(const Hardware& hw, const Layer& layer, const Patch& p) {
  std::vector<std::vector<Line>> lines(at(hw.pe_rows));
  for (const PatchWord& word : patch_words(layer, p, hw.lanes))
    for (const int first : word.rows)
      for (int lane = 0; first >= 0 && lane < word.channels; ++lane)
        lines[at(first / hw.xb_rows)].push_back({word.ky, word.kx, word.channel + lane, first + lane});
  for (std::vector<Line>& list : lines)
    std::stable_sort(list.begin(), list.end(), [](const Line& a, const Line& b) { return std::pair(a.ky, a.kx) < std::pair(b.ky, b.kx); });
  return lines;
}

/// Adds the bits of one slice and polarity to planes [cell bit][word][group_columns] of a group.
class Planes {
 public:
  /// `levels`: of cells that do not hold their codes, [slice][polarity][line][column]; else empty.
  Planes(const Hardware& hw, const PackedRows& rows, const std::vector<std::int16_t>& codes, const std::vector<std::uint16_t>& levels, int columns)
      : hw_(hw), rows_(rows), codes_(codes), levels_(levels), columns_(columns) {}

  /// Cell of slice s that holds this code in the crossbar of this polarity.
  int cell(int line, int column, int s, bool negative) const {
    if (!levels_.empty()) return levels_[(at(2 * s + (negative ? 1 : 0)) * at(rows_.lines) + at(line)) * at(columns_) + at(column)];
    const int code = codes_[at(line) * at(columns_) + at(column)];
    if ((code < 0) != negative) return 0;
    return ((code < 0 ? -code : code) >> (s * hw_.cell_bits)) & ((1 << hw_.cell_bits) - 1);
  }
  std::int64_t total(int column, int s, bool negative) const {
    std::int64_t sum = 0;
    for (int r = 0; r < rows_.lines; ++r) sum += cell(r, column, s, negative);
    return sum;
  }
  void append(int first, int s, bool negative, std::vector<std::uint64_t>& to) const {
    const std::size_t begin = to.size(), words = at(rows_.words());
    to.resize(begin + at(hw_.cell_bits) * words * at(group_columns));
    each(first, s, negative, [&](int line, int j, int level) {
      for (int k = 0; k < hw_.cell_bits; ++k)
        if ((level >> k) & 1) to[begin + (at(k) * words + at(line / 64)) * at(group_columns) + at(j)] |= std::uint64_t{1} << (line % 64);
    });
  }
  void append_any(int first, int s, bool negative, std::vector<std::uint64_t>& to) const {
    const std::size_t begin = to.size();
    to.resize(begin + at(rows_.words()) * at(group_columns));
    each(first, s, negative, [&](int line, int j, int) { to[begin + at(line / 64) * at(group_columns) + at(j)] |= std::uint64_t{1} << (line % 64); });
  }

 private:
  /// visit(line, column of the group, level) of every cell that is not zero.
  template <class Visit> void each(int first, int s, bool negative, const Visit& visit) const {
    const int last = std::min(columns_, first + group_columns);
    for (int r = 0; r < rows_.lines; ++r)
      for (int c = first; c < last; ++c)
        if (const int level = cell(r, c, s, negative)) visit(r, c - first, level);
  }
  const Hardware& hw_;
  const PackedRows& rows_;
  const std::vector<std::int16_t>& codes_;
  const std::vector<std::uint16_t>& levels_;
  int columns_;
};

/// Cells of the lines of one PE row in the columns of a patch, and the weights that they add up to.
std::vector<std::uint16_t> programmed_levels(const Hardware& hw, const AnalogData& analog, const Patch& p, int pe_row,
                                             const std::vector<Line>& lines, std::vector<std::int16_t>& codes) {
  std::vector<std::uint16_t> levels(at(2 * hw.slices()) * lines.size() * at(p.beta2));
  std::fill(codes.begin(), codes.end(), std::int16_t{0});
  for (int sn = 0; sn < 2 * hw.slices(); ++sn)
    for (std::size_t r = 0; r < lines.size(); ++r) {
      const int row = lines[r].row % hw.xb_rows;
      const std::uint16_t* from = analog.cells.data() + AnalogData::place(hw, pe_row, sn / 2, sn % 2, row, p.c_out);
      for (int c = 0; c < p.beta2; ++c) {
        levels[(at(sn) * lines.size() + r) * at(p.beta2) + at(c)] = from[c];
        const int part = from[c] << (sn / 2 * hw.cell_bits);
        codes[r * at(p.beta2) + at(c)] = static_cast<std::int16_t>(codes[r * at(p.beta2) + at(c)] + (sn % 2 == 1 ? -part : part));
      }
    }
  return levels;
}

PackedRows pack_rows(const Hardware& hw, const Layer& layer, const LayerData& data, int patch, int pe_row, const std::vector<Line>& lines,
                     bool may_clip, bool cells) {
  const Patch& p = layer.patches[at(patch)];
  PackedRows rows;
  rows.pe_row = pe_row;
  rows.lines = static_cast<int>(lines.size());
  std::vector<std::int16_t> codes(lines.size() * at(p.beta2));  // [line][column]
  for (std::size_t r = 0; r < lines.size(); ++r) {
    const CellRow cell(layer, data, hw.lanes, patch, lines[r].row);
    for (int c = 0; c < p.beta2; ++c) codes[r * at(p.beta2) + at(c)] = static_cast<std::int16_t>(cell(c));
  }
  std::vector<std::uint16_t> levels;
  if (data.analog) levels = programmed_levels(hw, *data.analog, p, pe_row, lines, codes);
  const int tiles = rounded_up(p.beta2, tile_columns) / tile_columns, pairs = rows.pairs();
  rows.weights.assign(at(tiles) * at(pairs) * tile_columns * 2, 0);
  for (int r = 0; r < rows.lines; ++r)
    for (int c = 0; c < p.beta2; ++c)
      rows.weights[((at(c / tile_columns) * at(pairs) + at(r / 2)) * tile_columns + at(c % tile_columns)) * 2 + at(r % 2)] = codes[at(r) * at(p.beta2) + at(c)];
  if (!may_clip && !cells) return rows;

  const Planes planes(hw, rows, codes, levels, p.beta2);
  const std::int64_t top = (std::int64_t{1} << hw.adc_bits) - 1;
  const int level = hw.act_bits == 1 ? 1 : (1 << hw.dac_bits) - 1;
  for (int s = 0; s < hw.slices(); ++s)
    for (const bool negative : {false, true})
      for (int first = 0; first < p.beta2; first += group_columns) {
        if (cells) planes.append_any(first, s, negative, rows.cells);
        bool clips = false;
        for (int c = first; may_clip && !clips && c < std::min(p.beta2, first + group_columns); ++c) clips = planes.total(c, s, negative) * level > top;
        if (!clips) continue;
        rows.clipping.push_back({rows.planes.size(), first, s * hw.cell_bits, negative});
        planes.append(first, s, negative, rows.planes);
      }
  return rows;
}

/// cell_levels of a window.
std::vector<std::int64_t> levels_of(const Hardware& hw, const Layer& layer, const LayerData& data, int patch) {
  const Patch& p = layer.patches[at(patch)];
  std::vector<std::int64_t> sums;
  const int mask = (1 << hw.cell_bits) - 1;
  for (const PatchWord& word : patch_words(layer, p, hw.lanes))
    for (int lane = 0; lane < word.channels; ++lane) {
      std::int64_t sum = 0;
      for (const int first : word.rows) {
        if (first < 0) continue;
        const int row = first + lane;
        for (int sn = 0; data.analog && sn < 2 * hw.slices(); ++sn) {
          const std::uint16_t* from = data.analog->cells.data() + AnalogData::place(hw, row / hw.xb_rows, sn / 2, sn % 2, row % hw.xb_rows, p.c_out);
          for (int c = 0; c < p.beta2; ++c) sum += from[c];
        }
        if (data.analog) continue;
        const CellRow cell(layer, data, hw.lanes, patch, row);
        for (int c = 0; c < p.beta2; ++c)
          for (std::int64_t rest = std::abs(cell(c)); rest > 0; rest >>= hw.cell_bits) sum += rest & mask;
      }
      sums.push_back(sum);
    }
  return sums;
}

std::vector<Segment> segments_of(const Layer& layer, const Patch& p, const std::vector<Line>& lines) {
  std::vector<Segment> list;
  for (const Line& l : lines) {
    const int channel = (p.dst_in + l.channel) % layer.stored_cin();
    if (!list.empty() && list.back().ky == l.ky && list.back().kx == l.kx && list.back().channel + list.back().count == channel)
      ++list.back().count;
    else
      list.push_back({l.ky, l.kx, channel, 1});
  }
  return list;
}

}  // namespace

PackedLayer pack(const Hardware& hw, const Layer& layer, const LayerData& data, const FiringPlan& plan, bool cells) {
  PackedLayer packed;
  const bool may_clip = hw.adc_bits < hw.lossless_adc_bits();
  std::map<std::tuple<int, int, int, int, int, int, int>, std::size_t> known;
  for (const Firing& firing : plan.firings) {
    const Patch& p = layer.patches[at(firing.patch)];
    const std::vector<std::vector<Line>> lines = lines_of(hw, layer, p);
    const auto [entry, is_new] = known.try_emplace({layer.pool ? firing.patch : 0, p.p, p.q, p.c_in, p.c_out, p.beta1, p.beta2}, packed.windows.size());
    if (is_new) {
      PackedWindow window;
      window.patch = p;
      for (int t = 0; t < hw.pe_rows; ++t)
        if (!lines[at(t)].empty()) window.rows.push_back(pack_rows(hw, layer, data, firing.patch, t, lines[at(t)], may_clip, cells));
      if (cells) window.cell_levels = levels_of(hw, layer, data, firing.patch);
      packed.windows.push_back(std::move(window));
    }
    PackedFiring f;
    f.window = entry->second;
    for (const PackedRows& rows : packed.windows[f.window].rows) {
      f.segments.push_back(segments_of(layer, p, lines[at(rows.pe_row)]));
      packed.most_lines = std::max(packed.most_lines, rows.lines);
      packed.may_clip = packed.may_clip || !rows.clipping.empty();
    }
    packed.most_columns = std::max(packed.most_columns, p.beta2);
    packed.firings.push_back(std::move(f));
  }
  return packed;
}

std::vector<std::int16_t> channels_last(const Layer& layer, const IntTensor& x) {
  const std::size_t channels = at(layer.stored_cin()), places = at(layer.h) * at(layer.w);
  std::vector<std::int16_t> y(channels * places);
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t i = 0; i < places; ++i) y[i * channels + c] = static_cast<std::int16_t>(x.data[c * places + i]);
  return y;
}

}  // namespace epim::fast

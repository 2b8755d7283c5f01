// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/core/tables.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "golden/diagnostic.hpp"
#include "golden/patch_words.hpp"

namespace epim {
namespace {

/// A run of patches with one output range.
struct Range {
  int begin = 0, end = 0;  // patches
  int start = 0, stop = 0; // channels
};

std::vector<Range> ranges_of(const Layer& layer) {
  std::vector<Range> ranges;
  for (int j = 0; j < static_cast<int>(layer.patches.size()); ++j) {
    const Patch& p = layer.patches[static_cast<std::size_t>(j)];
    if (ranges.empty() || ranges.back().start != p.dst_out) ranges.push_back({j, j, p.dst_out, p.dst_out + p.beta2});
    ranges.back().end = j + 1;
  }
  return ranges;
}

/// Same inputs and same epitome columns, patch by patch: firing one gives the other's accumulators.
bool same_firings(const Layer& layer, const Range& a, const Range& b) {
  if (a.end - a.begin != b.end - b.begin) return false;
  for (int i = 0; i < a.end - a.begin; ++i) {
    Patch x = layer.patches[static_cast<std::size_t>(a.begin + i)];
    const Patch& y = layer.patches[static_cast<std::size_t>(b.begin + i)];
    x.dst_out = y.dst_out;
    if (!(x == y)) return false;
  }
  return true;
}

/// Which word-line group each word of a patch drives.
std::vector<IfrtEntry> sequence_of(const Hardware& hw, const Layer& layer, const Patch& patch) {
  const int per_row = hw.xb_rows / hw.lanes;
  std::vector<IfrtEntry> sequence(static_cast<std::size_t>(ifrt_sequence_entries(hw)));
  std::size_t n = 0;
  if (layer.pool) {
    int line = patch.c_in / hw.lanes;
    for (int word = 0; word < patch_words_count(layer, patch, hw.lanes); ++word) {
      IfrtEntry& entry = sequence[n++];
      if (!layer.pool->keeps(word)) continue;
      entry = {true, line / per_row, line % per_row};
      ++line;
    }
    return sequence;
  }
  const int first_block = patch.c_in / hw.lanes;
  const int blocks = (patch.beta1 + hw.lanes - 1) / hw.lanes;
  for (int block = first_block; block < first_block + blocks; ++block)
    for (int ky = 0; ky < layer.kh; ++ky)
      for (int kx = 0; kx < layer.kw; ++kx) {
        const int line = (block * layer.epitome.p + patch.p + ky) * layer.epitome.q + patch.q + kx;
        sequence[n++] = {true, line / per_row, line % per_row};
      }
  return sequence;
}

/// Drain order: column by column, cut where a group of joint_lanes, a column step or a PE column ends.
void add_reads(const Hardware& hw, int first, int columns, int channel, std::vector<std::vector<int>>& drain) {
  for (int i = 0; i < columns; ++i) {
    const int in_pe = (first + i) % hw.xb_cols;
    const int slot = in_pe % hw.adcs() % hw.joint_lanes;
    if (i == 0 || slot == 0 || in_pe == 0 || in_pe % hw.adcs() == 0)
      drain.emplace_back(static_cast<std::size_t>(hw.joint_lanes), -1);
    drain.back()[static_cast<std::size_t>(slot)] = channel + i;
  }
}

/// Columns of the pool that the ADCs convert in column step k of patch j.
OptEntry opt_entry(const Hardware& hw, const LayerData* data, int j, int k) {
  OptEntry entry;
  for (int lane = 0; lane < hw.adcs(); ++lane) {
    const int filter = k * hw.adcs() + lane;
    entry.push_back(data ? static_cast<int>(data->permutation(j, filter)) / hw.adcs() : k);
  }
  return entry;
}

}  // namespace

int ifrt_sequence_entries(const Hardware& hw) { return (hw.pool ? 1 : hw.pe_rows) * hw.xb_rows / hw.lanes; }

LayerTables build_tables(const Hardware& hw, const Layer& layer, const LayerData* data) {
  LayerTables t;
  const std::vector<Range> ranges = ranges_of(layer);
  std::map<std::tuple<int, int, int, int>, int> sequences;  // a pool's patches differ in c_in, unless no word of theirs has an error
  const auto sequence_index = [&](const Patch& p) {
    const int blocks = (p.beta1 + hw.lanes - 1) / hw.lanes;
    const auto [it, fresh] = sequences.try_emplace({p.p, p.q, p.c_in, blocks}, static_cast<int>(t.ifrt.size()));
    if (fresh) t.ifrt.push_back(sequence_of(hw, layer, p));
    return it->second;
  };
  for (const Patch& p : layer.patches) t.ifrt_of_patch.push_back(sequence_index(p));

  const int window = layer.kh * layer.kw;
  const int stored_blocks = (layer.stored_cin() + hw.lanes - 1) / hw.lanes;
  int copies_most = 1;
  for (std::size_t r = 0; r < ranges.size();) {
    std::size_t next = r + 1;
    if (layer.wrap != Wrap::off)
      while (next < ranges.size() && same_firings(layer, ranges[r], ranges[next])) ++next;
    const int copies = static_cast<int>(next - r);
    copies_most = std::max(copies_most, copies);
    const bool once = layer.wrap == Wrap::stored_once;
    const int start = ranges[r].start, stop = once ? ranges[r].stop : ranges[next - 1].stop;
    const Patch& head = layer.patches[static_cast<std::size_t>(ranges[r].begin)];
    for (int j = ranges[r].begin; j < ranges[r].end; ++j) {
      const Patch& p = layer.patches[static_cast<std::size_t>(j)];
      // The order of the window: words within a block of a patch, which is the tap's with a pool, innermost.
      const int words = patch_words_count(layer, p, hw.lanes);
      const int first_word = p.dst_in / hw.lanes * window + (p.ky * layer.kw + p.kx) * words;
      t.ifat.push_back({first_word, first_word + words, p.dst_in / hw.lanes % stored_blocks,
                        t.ifrt_of_patch[static_cast<std::size_t>(j)]});
      t.ofat.push_back({start, stop, p.c_out, p.c_out + p.beta2 - 1});
      if (layer.pool)
        for (int k = 0; k < hw.column_steps(); ++k) t.opt.push_back(opt_entry(hw, data, j, k));
    }
    for (int channel = start; channel < stop; channel += head.beta2)
      add_reads(hw, head.c_out, head.beta2, channel, t.drain);
    t.stored_cout = stop;
    if (once && next != ranges.size())
      throw InputError({}, "wrap-not-possible",
                       fmt::format("layer {}: output channels {}..{} are no copy of 0..{}; wrapping that stores once "
                                   "needs all output ranges alike (legal: wrap = \"copies\" or \"off\")",
                                   layer.name, ranges[next].start, ranges[next].stop - 1, ranges[0].stop - 1));
    r = next;
  }
  t.patches = static_cast<int>(layer.patches.size());
  t.fired_patches = static_cast<int>(t.ifat.size());
  switch (layer.wrap) {
    case Wrap::off: t.wrapping = "off"; break;
    case Wrap::copies:
      t.wrapping = copies_most > 1
                       ? fmt::format("accumulators reused by up to {} output ranges, each requantised with its own "
                                     "parameters: activations fall, output writes do not", copies_most)
                       : "asked for, but no two neighbouring output ranges have the same inputs and columns";
      break;
    case Wrap::stored_once:
      t.wrapping = fmt::format("{} of {} channels stored, the consumer reads modulo {}: activations and output writes "
                               "fall by {}", t.stored_cout, layer.cout, t.stored_cout, copies_most);
      break;
  }
  return t;
}

namespace {
/// Fields from the least significant bit up.
class Fields {
 public:
  Fields& add(std::uint64_t value, int width) {
    word_ |= (value & ((width >= 64 ? 0 : std::uint64_t{1} << width) - 1)) << at_;
    at_ += width;
    return *this;
  }
  std::uint64_t word() const { return word_; }

 private:
  std::uint64_t word_ = 0;
  int at_ = 0;
};

void add_column(Fields& f, const CoreParameters& p, int column) {
  const int in_pe = column % p.hw.xb_cols, lane = in_pe % p.hw.adcs();
  f.add(static_cast<std::uint64_t>(lane % p.hw.joint_lanes), p.lane_width())
      .add(static_cast<std::uint64_t>(lane / p.hw.joint_lanes), p.group_width())
      .add(static_cast<std::uint64_t>(in_pe / p.hw.adcs()), p.cstep_width())
      .add(static_cast<std::uint64_t>(column / p.hw.xb_cols), p.pe_col_width());
}
}  // namespace

std::uint64_t pack(const CoreParameters& p, const IfatEntry& e) {
  const int sequence_words = ifrt_sequence_entries(p.hw);
  return Fields()
      .add(static_cast<std::uint64_t>(e.start), p.window_width())
      .add(static_cast<std::uint64_t>(e.stop), p.window_width())
      .add(static_cast<std::uint64_t>(e.block), p.block_width())
      .add(static_cast<std::uint64_t>(e.sequence * sequence_words), p.ifrt_addr_width())
      .word();
}
std::uint64_t pack(const CoreParameters& p, const IfrtEntry& e) {
  return Fields()
      .add(static_cast<std::uint64_t>(e.group), p.line_width())
      .add(static_cast<std::uint64_t>(e.pe_row), p.pe_row_width())
      .add(e.used, 1)
      .word();
}
std::uint64_t pack(const CoreParameters& p, const OfatEntry& e) {
  Fields f;
  f.add(static_cast<std::uint64_t>(e.start), p.channel_width()).add(static_cast<std::uint64_t>(e.stop), p.channel_width());
  add_column(f, p, e.first);
  add_column(f, p, e.last);
  return f.word();
}
std::uint64_t pack(const CoreParameters& p, const OptEntry& e) {
  Fields f;
  for (const int step : e) f.add(static_cast<std::uint64_t>(step), p.cstep_width());
  return f.word();
}

}  // namespace epim

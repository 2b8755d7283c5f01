// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Blocks of small chips for tests.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "golden/sampler.hpp"
#include "golden/timing/chip.hpp"
#include "golden/timing/row_copies.hpp"

namespace epim::testing {

inline ChipBlock io(BlockKind kind, const WordMap& map) {
  ChipBlock b;
  b.name = kind == BlockKind::input ? "image" : "out";
  b.kind = kind;
  b.in = b.out = map;
  return b;
}

inline ChipBlock pool(const std::string& name, const WordMap& in, int k, int stride, int pad) {
  ChipBlock b;
  b.name = name;
  b.kind = BlockKind::max_pool;
  b.kh = b.kw = k;
  b.stride = stride;
  b.pad = {pad, pad, pad, pad};
  b.in = in;
  b.out = {(in.height + 2 * pad - k) / stride + 1, (in.width + 2 * pad - k) / stride + 1, in.blocks};
  return b;
}

/// A convolution that keeps the shape of the map: one crossbar, `bits` cycles per column step.
inline ChipBlock core(const std::string& name, const WordMap& map, int lanes, int k, int bits, int spare_rows) {
  ChipBlock b;
  b.name = name;
  b.kind = BlockKind::core;
  b.hw.lanes = lanes;
  b.hw.xb_rows = lanes * map.blocks * k * k;
  b.hw.xb_cols = 2 * lanes * map.blocks;
  b.hw.cols_per_adc = 2;
  b.hw.act_bits = bits;
  b.hw.joint_lanes = 1;
  b.layer.name = name;
  b.layer.cin = b.layer.cout = lanes * map.blocks;
  b.layer.kh = b.layer.kw = k;
  b.layer.pad = {k / 2, k / 2, k / 2, k / 2};
  b.layer.h = map.height;
  b.layer.w = map.width;
  b.layer.epitome = {b.layer.cout, b.layer.cin, k, k};
  b.layer.patches = default_sampler(b.layer.cin, b.layer.cout, k, k, b.layer.epitome, lanes, false);
  b.hw.buffer_words = static_cast<int>((std::min(k, map.height) + spare_rows) * map.row_words());
  b.in = b.out = map;
  return b;
}

/// Concatenation of these streams by words of a place; with a multiplier two stages.
inline ChipBlock concat(const std::string& name, const WordMap& place, const std::vector<int>& turns, int stages) {
  ChipBlock b = io(BlockKind::output, place);
  b.kind = BlockKind::concat;
  b.name = name;
  b.turns = turns;
  b.stages = stages;
  b.in.blocks = turns[0];
  b.out.blocks = 0;
  for (int t : turns) b.out.blocks += t;
  return b;
}

/// Appends blocks and the streams into them.
struct Builder {
  ChipGraph graph;
  int add(ChipBlock block, std::vector<int> from) {
    const int at = static_cast<int>(graph.blocks.size());
    for (std::size_t i = 0; i < from.size(); ++i) graph.streams.push_back({from[i], at, static_cast<int>(i), 2});
    graph.blocks.push_back(std::move(block));
    return at;
  }
  /// Copies of a core or pool that read `from`, with `spare_rows` rows more than their strides ask for, and the merge.
  int add_copies(const ChipBlock& whole, int copies, int spare_rows, int from) {
    std::vector<int> parts;
    for (int k = 0; k < copies; ++k) {
      ChipBlock one = whole;
      one.name = copy_name(whole.name, k);
      one.copies = copies;
      one.copy = k;
      if (one.is_pool()) {
        one.pad = padding_of_copy(whole.pad, whole.in.height, whole.kh, whole.stride.y, whole.out.height, copies, k);
        one.stride.y *= copies;
      } else {
        one.layer = copy_of(whole.layer, copies, k);
        one.hw.buffer_words = static_cast<int>((one.layer.window_h() + one.layer.stride.y + spare_rows) * whole.in.row_words());
      }
      one.out.height = rows_of_copy(whole.out.height, copies, k);
      parts.push_back(add(one, {from}));
    }
    ChipBlock merge = io(BlockKind::output, whole.out);
    merge.kind = BlockKind::merge;
    merge.name = whole.name;
    merge.copies = copies;
    merge.in = merge.input(0);
    return add(merge, parts);
  }
};

}  // namespace epim::testing

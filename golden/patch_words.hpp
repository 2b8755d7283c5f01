// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What a patch reads and which cells it reaches, the same question for plain layers, epitomes and pools.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/hardware.hpp"
#include "golden/layer.hpp"

namespace epim {

/// A word that a patch fetches: neighbouring channels of one tap.
struct PatchWord {
  int channel = 0, channels = 0;  ///< first channel of the patch, how many there are (fewer than `lanes` in a last block)
  int ky = 0, kx = 0;
  int rows[2] = {-1, -1};         ///< first physical row of the word lines it drives; pool and kept error; -1: none
};
/// Window words of a patch: channel blocks times taps.
int patch_words_count(const Layer& layer, const Patch& patch, int lanes);
/// All of them, in the order of the window: channel blocks outer, then taps.
std::vector<PatchWord> patch_words(const Layer& layer, const Patch& patch, int lanes);

/// The stored weights of one physical row of a patch over its filters: what multiplies the activation of that row, M left out.
class CellRow {
 public:
  CellRow(const Layer& layer, const LayerData& data, int lanes, int patch, int row);
  /// Column of the PE array whose cells filter `filter` reads in this row.
  int column(int filter) const { return order_ ? static_cast<int>(order_[filter]) : first_ + filter; }
  std::int64_t operator()(int filter) const { return weights_[column(filter) * stride_]; }

 private:
  const std::int64_t* weights_;  ///< of epitome column 0
  std::ptrdiff_t stride_;        ///< from one epitome column to the next
  const std::int64_t* order_;    ///< columns of the filters in the rows of a weight pool; else null
  int first_;
};

}  // namespace epim

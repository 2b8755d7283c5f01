// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What a patch reads and which cells it reaches, the same question for plain layers, epitomes and pools.
#pragma once
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

/// The stored weight of physical row `row` and filter `filter` of a patch: what multiplies the activation of that row, M left out.
class PatchCells {
 public:
  PatchCells(const Layer& layer, const LayerData& data, int lanes, int patch);
  std::int64_t operator()(int row, int filter) const;
  /// Column of the PE array whose cells the filter reads in PE row `pe_row`.
  int column(int pe_row, int filter) const;

 private:
  const Layer& layer_;
  const LayerData& data_;
  int lanes_, patch_;
};

}  // namespace epim

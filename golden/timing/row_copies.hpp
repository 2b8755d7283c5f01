// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Copies of a block that share its output rows: copy k of r gives rows k, k+r, k+2r, ... A copy is the same block with r times
/// the vertical stride, whose first window begins k strides further down.
#pragma once
#include "golden/layer.hpp"

namespace epim {

/// Output rows of copy k, at least 1 where k < rows.
inline int rows_of_copy(int rows, int copies, int k) { return (rows - k + copies - 1) / copies; }

/// Padding of copy k of a window of `window_rows` rows that moves by `stride` over `map_rows` rows and gives `out_rows`. Above:
/// negative where the copy's first window begins inside the map. Below: what its last window needs, negative where that ends
/// inside the map.
inline Padding padding_of_copy(Padding pad, int map_rows, int window_rows, int stride, int out_rows, int copies, int k) {
  pad.top -= k * stride;
  pad.bottom = (rows_of_copy(out_rows, copies, k) - 1) * copies * stride + window_rows - map_rows - pad.top;
  return pad;
}

/// Copy k of a layer: all but stride, padding and name is the layer's.
Layer copy_of(Layer layer, int copies, int k);

/// Name of copy k of a node.
std::string copy_name(const std::string& node, int k);

}  // namespace epim

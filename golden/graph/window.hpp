// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Windows and places of maps [C][H][W], whatever the numbers are.
#pragma once
#include <algorithm>
#include <vector>

#include "golden/graph/network.hpp"
#include "golden/tensor.hpp"

namespace epim {

/// Places that the mean of the window at output (oy, ox) counts: inside the map, with count_padding also in the padding that
/// the node names (what ceil_mode adds beyond is never counted).
inline int counted_places(const Node& node, int oy, int ox) {
  const auto count = [&](int o, int stride, int kernel, int size, int before, int after) {
    const int first = o * stride - before;
    const int least = node.count_padding ? -before : 0, end = size + (node.count_padding ? after : 0);
    return std::min(first + kernel, end) - std::max(first, least);
  };
  return count(oy, node.stride.y, node.kh, node.in.height, node.pad.top, node.pad.bottom) *
         count(ox, node.stride.x, node.kw, node.in.width, node.pad.left, node.pad.right);
}

/// y[c][oy][ox] = fold(values of the window inside the map, counted_places).
template <class T, class Fold> Tensor<T> over_windows(const Tensor<T>& x, const Node& node, const Fold& fold) {
  Tensor<T> y({x.shape[0], node.out.height, node.out.width});
  std::vector<T> window;
  for (int oy = 0; oy < node.out.height; ++oy)
    for (int ox = 0; ox < node.out.width; ++ox) {
      const int divisor = counted_places(node, oy, ox);
      const int top = oy * node.stride.y - node.pad.top, left = ox * node.stride.x - node.pad.left;
      for (int c = 0; c < x.shape[0]; ++c) {
        window.clear();
        for (int iy = std::max(top, 0); iy < std::min(top + node.kh, x.shape[1]); ++iy)
          for (int ix = std::max(left, 0); ix < std::min(left + node.kw, x.shape[2]); ++ix) window.push_back(x(c, iy, ix));
        y(c, oy, ox) = fold(window, divisor);
      }
    }
  return y;
}

/// x[c mod C][i][j]; a map of one place has it everywhere.
template <class T> T at_place(const Tensor<T>& x, int c, int i, int j) {
  const bool one = x.shape[1] == 1 && x.shape[2] == 1;
  return x(c % x.shape[0], one ? 0 : i, one ? 0 : j);
}

/// y[c][i][j] = x[c][i / factor.y][j / factor.x]
template <class T> Tensor<T> resized(const Tensor<T>& x, const Axes& factor) {
  Tensor<T> y({x.shape[0], x.shape[1] * factor.y, x.shape[2] * factor.x});
  for (int c = 0; c < y.shape[0]; ++c)
    for (int i = 0; i < y.shape[1]; ++i)
      for (int j = 0; j < y.shape[2]; ++j) y(c, i, j) = x(c, i / factor.y, j / factor.x);
  return y;
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Exact rewritings of a convolution into one that a core can hold, or that suits it better.
#pragma once
#include "golden/layer.hpp"
#include "golden/tensor.hpp"

namespace epim {

/// Space-to-depth: the convolution that reads the rewritten map: stride 1, kernel and padding in units of s, channels c*s*s.
/// y(o,i,j) of `layer` on x equals y(o,i,j) of the result on space_to_depth(x, layer.stride, result). Plain
/// convolutions of one stride only.
Layer space_to_depth_layer(const Layer& layer);
/// x'[(dy*s + dx)*C + c][i][j] = x[c][i*s + dy][j*s + dx], zero outside (behind taps of weight zero); as many rows and columns as `rewritten` reads.
IntTensor space_to_depth(const IntTensor& x, int s, const Layer& rewritten);
/// Weights of the rewritten convolution from [cout][cin][kh][kw].
template <class T> Tensor<T> space_to_depth_weights(const Tensor<T>& w, const Layer& layer);
extern template Tensor<float> space_to_depth_weights(const Tensor<float>&, const Layer&);
extern template Tensor<std::int64_t> space_to_depth_weights(const Tensor<std::int64_t>&, const Layer&);

/// How many groups share a block of the diagonal: the least number that divides `groups` and fills whole words of `lanes`
/// channels; all of them where none does.
int merged_groups(int groups, int cin, int lanes);
/// The layer with groups/merged blocks. Weights [cout][cin/groups][kh][kw] -> [cout][merged*cin/groups][kh][kw], zero outside
/// a channel's own group. Plain convolutions only.
Layer merge_groups(const Layer& layer, int merged);
FloatTensor merge_group_weights(const FloatTensor& w, const Layer& layer, int merged);

/// Taps of weight zero around a kernel, so that padding is smaller than its window, which is what the address controller
/// walks: a 1x1 kernel with padding 1 becomes 3x3 with padding 2.
struct Widening {
  int before_y = 0, after_y = 0, before_x = 0, after_x = 0;
  bool operator==(const Widening&) const = default;
};
Widening widening_of(const Layer& layer);
Layer widen(const Layer& layer, const Widening& widening);
FloatTensor widen_weights(const FloatTensor& w, const Widening& widening);

/// Rows [first, first + count) of the first dimension.
FloatTensor rows_of(const FloatTensor& t, int first, int count);

}  // namespace epim

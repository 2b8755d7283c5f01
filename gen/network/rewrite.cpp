// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/rewrite.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "golden/diagnostic.hpp"

namespace epim {
namespace {

int floor_div(int a, int b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

/// Kernel positions in units of s: tap k reads offset k - pad = s*t + d.
struct Axis {
  int first, taps;  // first t, number of them
};
Axis axis_of(int kernel, int pad, int s) {
  const int first = floor_div(-pad, s), last = floor_div(kernel - 1 - pad, s);
  return {first, last - first + 1};
}

}  // namespace

Layer space_to_depth_layer(const Layer& layer) {
  const int s = layer.stride.y;
  const Axis y = axis_of(layer.kh, layer.pad.top, s), x = axis_of(layer.kw, layer.pad.left, s);
  Layer r = layer;
  r.cin = layer.cin * s * s;
  r.in_period = 0;
  r.kh = y.taps;
  r.kw = x.taps;
  r.stride = 1;
  r.h = (layer.h + s - 1) / s;
  r.w = (layer.w + s - 1) / s;
  r.pad.top = -y.first;
  r.pad.left = -x.first;
  // As many output rows and columns as before.
  r.pad.bottom = layer.out_h() - 1 + r.kh - r.h - r.pad.top;
  r.pad.right = layer.out_w() - 1 + r.kw - r.w - r.pad.left;
  if (r.pad.bottom < 0) {
    r.h += r.pad.bottom;
    r.pad.bottom = 0;
  }
  if (r.pad.right < 0) {
    r.w += r.pad.right;
    r.pad.right = 0;
  }
  r.epitome = {r.cout, r.cin, r.kh, r.kw};
  r.patches.clear();
  return r;
}

IntTensor space_to_depth(const IntTensor& x, int s, const Layer& rewritten) {
  const int c = x.shape[0], h = rewritten.h, w = rewritten.w;
  IntTensor y({c * s * s, h, w});
  for (int d = 0; d < s * s; ++d)
    for (int ch = 0; ch < c; ++ch)
      for (int i = 0; i < h; ++i)
        for (int j = 0; j < w; ++j) {
          const int yy = i * s + d / s, xx = j * s + d % s;
          if (yy < x.shape[1] && xx < x.shape[2]) y(d * c + ch, i, j) = x(ch, yy, xx);
        }
  return y;
}

template <class T> Tensor<T> space_to_depth_weights(const Tensor<T>& w, const Layer& layer) {
  const int s = layer.stride.y;
  const Axis y = axis_of(layer.kh, layer.pad.top, s), x = axis_of(layer.kw, layer.pad.left, s);
  Tensor<T> r({layer.cout, layer.cin * s * s, y.taps, x.taps});
  for (int o = 0; o < layer.cout; ++o)
    for (int c = 0; c < layer.cin; ++c)
      for (int ky = 0; ky < layer.kh; ++ky)
        for (int kx = 0; kx < layer.kw; ++kx) {
          const int oy = ky - layer.pad.top, ox = kx - layer.pad.left;
          const int ty = floor_div(oy, s), tx = floor_div(ox, s), dy = oy - ty * s, dx = ox - tx * s;
          r(o, (dy * s + dx) * layer.cin + c, ty - y.first, tx - x.first) = w(o, c, ky, kx);
        }
  return r;
}
template Tensor<float> space_to_depth_weights(const Tensor<float>&, const Layer&);
template Tensor<std::int64_t> space_to_depth_weights(const Tensor<std::int64_t>&, const Layer&);

int merged_groups(int groups, int cin, int lanes) {
  const int per_group = cin / groups;
  for (int m = 1; m < groups; ++m)
    if (groups % m == 0 && m * per_group % lanes == 0) return m;
  return per_group % lanes == 0 ? 1 : groups;
}

Layer merge_groups(const Layer& layer, int merged) {
  Layer r = layer;
  r.groups = layer.groups / merged;
  r.epitome.e_in = layer.epitome.e_in * merged;
  return r;
}

FloatTensor merge_group_weights(const FloatTensor& w, const Layer& layer, int merged) {
  const int cin = w.shape[1], per_group = layer.cout / layer.groups;
  FloatTensor r({w.shape[0], cin * merged, w.shape[2], w.shape[3]});
  for (int o = 0; o < w.shape[0]; ++o)
    for (int c = 0; c < cin; ++c)
      for (int y = 0; y < w.shape[2]; ++y)
        for (int x = 0; x < w.shape[3]; ++x) r(o, o / per_group % merged * cin + c, y, x) = w(o, c, y, x);
  return r;
}

Widening widening_of(const Layer& layer) {
  const auto taps = [](int pad, int window, int dilation) { return pad < window ? 0 : (pad - window) / dilation + 1; };
  Widening w;
  w.after_y = taps(layer.pad.top, layer.window_h(), layer.dilation.y);
  w.before_y = taps(layer.pad.bottom, layer.window_h(), layer.dilation.y);
  w.after_x = taps(layer.pad.left, layer.window_w(), layer.dilation.x);
  w.before_x = taps(layer.pad.right, layer.window_w(), layer.dilation.x);
  return w;
}

Layer widen(const Layer& layer, const Widening& w) {
  Layer r = layer;
  r.kh += w.before_y + w.after_y;
  r.kw += w.before_x + w.after_x;
  r.pad.top += w.before_y * layer.dilation.y;
  r.pad.bottom += w.after_y * layer.dilation.y;
  r.pad.left += w.before_x * layer.dilation.x;
  r.pad.right += w.after_x * layer.dilation.x;
  r.epitome.p += w.before_y + w.after_y;
  r.epitome.q += w.before_x + w.after_x;
  return r;
}

FloatTensor widen_weights(const FloatTensor& weights, const Widening& w) {
  FloatTensor r({weights.shape[0], weights.shape[1], weights.shape[2] + w.before_y + w.after_y, weights.shape[3] + w.before_x + w.after_x});
  for (int o = 0; o < weights.shape[0]; ++o)
    for (int c = 0; c < weights.shape[1]; ++c)
      for (int y = 0; y < weights.shape[2]; ++y)
        for (int x = 0; x < weights.shape[3]; ++x) r(o, c, y + w.before_y, x + w.before_x) = weights(o, c, y, x);
  return r;
}

FloatTensor rows_of(const FloatTensor& t, int first, int count) {
  std::vector<int> shape = t.shape;
  const std::size_t row = t.size() / static_cast<std::size_t>(shape.at(0));
  shape[0] = count;
  FloatTensor r(shape);
  std::copy_n(t.data.begin() + static_cast<std::ptrdiff_t>(row * static_cast<std::size_t>(first)), r.size(), r.data.begin());
  return r;
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Conv, and the canonical Gemm: a convolution whose kernel is the whole map.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "gen/import/operators.hpp"
#include "golden/parallel.hpp"

namespace epim::importer {
namespace {

struct Geometry {
  std::int64_t images, channels, outputs, group;
  Window window;
};

Geometry geometry_of(const Call& call) {
  call.need_float(0);
  call.need_float(1);
  call.need_rank(0, 3, 4);
  if (call.rank(1) != call.rank(0))
    call.fail(
        fmt::format("weights {} for a map {}, legal: equal numbers of dimensions", text_of(call.dims(1)), text_of(call.dims(0))));
  Geometry g;
  g.images = call.dims(0)[0];
  g.channels = call.dims(0)[1];
  g.outputs = call.dims(1)[0];
  g.group = call.node.integer("group", 1);
  if (g.group < 1) call.fail("bad-attribute", fmt::format("group {}, legal: at least 1", g.group));
  if (g.channels % g.group != 0)
    call.fail("bad-group", fmt::format("group {} does not divide {} input channels, legal: a divisor", g.group, g.channels));
  if (g.outputs % g.group != 0 || g.outputs < 1)
    call.fail("bad-group", fmt::format("group {} does not divide {} output channels, legal: a divisor", g.group, g.outputs));
  if (call.dims(1)[1] != g.channels / g.group)
    call.fail(fmt::format("weights {} read {} channels, the map has {} in {} groups, legal: {}", text_of(call.dims(1)),
                          call.dims(1)[1], g.channels, g.group, g.channels / g.group));
  g.window = window_of(call, Dims(call.dims(1).begin() + 2, call.dims(1).end()), false);
  if (call.has(2)) {
    call.need_float(2);
    if (call.rank(2) != 1 || call.dims(2)[0] != g.outputs)
      call.fail(fmt::format("the bias has {} elements, the convolution {} output channels, legal: equal",
                            call.rank(2) == 1 ? std::to_string(call.dims(2)[0]) : text_of(call.dims(2)), g.outputs));
  }
  return g;
}

void infer_conv(const Call& call, std::vector<Info>& out) {
  const Geometry g = geometry_of(call);
  out[0] = {Type::f32, {g.images, g.outputs}};
  out[0].dims.insert(out[0].dims.end(), g.window.out.begin(), g.window.out.end());
}

constexpr int wide = 8;  ///< output places that are computed together
constexpr int high = 6;  ///< output channels that are: with AVX2 all sums stay in registers

/// sums[m][p] = sum of w[k][m] * x[k][p] for k rising: one order of summation whatever the machine. A product of floats is exact
/// in double, so that a fused addition gives the same.
#if defined(__x86_64__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
void multiply_block(const double* w, const double* x, std::int64_t depth, double* sums) {
  typedef double Places __attribute__((vector_size(wide * sizeof(double))));
  Places acc[high] = {};
  for (std::int64_t k = 0; k < depth; ++k) {
    Places at;
    std::memcpy(&at, x + k * wide, sizeof at);
#pragma GCC unroll 8
    for (int m = 0; m < high; ++m) acc[m] += w[k * high + m] * at;
  }
  std::memcpy(sums, acc, sizeof acc);
}
void multiply_block(const float* w, const float* x, std::int64_t depth, float* sums) {
  float acc[high][wide] = {};
  for (std::int64_t k = 0; k < depth; ++k)
    for (int m = 0; m < high; ++m)
      for (int p = 0; p < wide; ++p) acc[m][p] = std::fma(w[k * high + m], x[k * wide + p], acc[m][p]);
  std::memcpy(sums, acc, sizeof acc);
}

/// One product of a sum: channel of the group, row and column of the kernel.
struct Tap {
  std::int64_t c, i, j;
};
std::vector<Tap> taps_of(std::int64_t channels, std::int64_t rows, std::int64_t columns, Sums sums) {
  const std::int64_t block = sums == Sums::exact ? 1 : 16;
  std::vector<Tap> taps;
  for (std::int64_t first = 0; first < channels; first += block)
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < columns; ++j)
        for (std::int64_t c = first; c < std::min(channels, first + block); ++c) taps.push_back({c, i, j});
  return taps;
}

/// Maps with one axis are taken as one row.
template <class T>
void convolve(const Call& call, const Geometry& g, std::vector<Value>& out) {
  const Window& win = g.window;
  const bool flat = win.size.size() == 1;
  const auto axis = [&](const std::vector<std::int64_t>& v, int k, std::int64_t otherwise) {
    return flat ? (k == 0 ? otherwise : v[0]) : v[static_cast<std::size_t>(k)];
  };
  std::int64_t height = axis(win.size, 0, 1), width = axis(win.size, 1, 1);
  const std::int64_t kh = axis(win.kernel, 0, 1), kw = axis(win.kernel, 1, 1);
  const std::int64_t sh = axis(win.stride, 0, 1), sw = axis(win.stride, 1, 1), dh = axis(win.dilation, 0, 1),
                     dw = axis(win.dilation, 1, 1);
  const std::int64_t top = axis(win.begin, 0, 0), left = axis(win.begin, 1, 0), oh = axis(win.out, 0, 1);
  std::int64_t ow = axis(win.out, 1, 1);
  if (kh == 1 && kw == 1 && oh == height && ow == width && top == 0 && left == 0 && sh == 1 && sw == 1) {  // the rows are one
    ow = width = height * width;
    height = 1;
  }
  const std::int64_t cin = g.channels / g.group, cout = g.outputs / g.group, depth = cin * kh * kw, places = oh * axis(win.out, 1, 1);
  const std::int64_t tiles = (cout + high - 1) / high;
  const auto x = call.value[0]->as<float>();
  const auto w = call.value[1]->as<float>();
  const auto y = out[0].as<float>();
  if (y.empty()) return;
  const std::vector<Tap> taps = taps_of(cin, kh, kw, call.sums);
  const auto packed = std::make_unique_for_overwrite<T[]>(static_cast<std::size_t>(g.group * tiles * depth * high));
  parallel(static_cast<std::size_t>(g.group * tiles), call.jobs, [&](std::size_t t) {
    const std::int64_t group = static_cast<std::int64_t>(t) / tiles, tile = static_cast<std::int64_t>(t) % tiles;
    T* const block = packed.get() + static_cast<std::int64_t>(t) * depth * high;
    for (std::int64_t m = 0; m < high; ++m) {
      const bool used = tile * high + m < cout;
      const float* from = w.data() + (group * cout + tile * high + m) * depth;
      T* to = block + m;
      for (const Tap& tap : taps) {
        *to = used ? static_cast<T>(from[(tap.c * kh + tap.i) * kw + tap.j]) : T{0};
        to += high;
      }
    }
  });
  const std::int64_t blocks = (places + wide - 1) / wide,
                     share = std::max<std::int64_t>(1, std::min<std::int64_t>(32, blocks / 4));
  const std::int64_t chunks = (blocks + share - 1) / share;
  parallel(static_cast<std::size_t>(g.images * g.group * chunks), call.jobs, [&](std::size_t task) {
    const auto t = static_cast<std::int64_t>(task);
    const std::int64_t chunk = t % chunks, group = t / chunks % g.group, image = t / chunks / g.group;
    const float* from = x.data() + (image * g.channels + group * cin) * height * width;
    std::vector<T> panel(static_cast<std::size_t>(depth * wide));
    T sums[high * wide];
    for (std::int64_t block = chunk * share; block < std::min(blocks, (chunk + 1) * share); ++block) {
      const std::int64_t first = block * wide, count = std::min<std::int64_t>(wide, places - first);
      const bool one_row = sw == 1 && count == wide && first / ow == (first + wide - 1) / ow;
      for (std::int64_t k = 0; one_row && k < depth; ++k) {
        const Tap& tap = taps[static_cast<std::size_t>(k)];
        const std::int64_t r = first / ow * sh - top + tap.i * dh, q = first % ow - left + tap.j * dw;
        const float* at = from + (tap.c * height + r) * width;
        T* to = panel.data() + k * wide;
        if (r >= 0 && r < height && q >= 0 && q + wide <= width)
          for (int p = 0; p < wide; ++p) to[p] = static_cast<T>(at[q + p]);
        else
          for (int p = 0; p < wide; ++p) to[p] = r >= 0 && r < height && q + p >= 0 && q + p < width ? static_cast<T>(at[q + p]) : T{0};
      }
      for (std::int64_t p = 0; !one_row && p < wide; ++p) {
        const std::int64_t place = first + std::min(p, count - 1), row = place / ow * sh - top, column = place % ow * sw - left;
        T* to = panel.data() + p;
        for (const Tap& tap : taps) {
          const std::int64_t r = row + tap.i * dh, q = column + tap.j * dw;
          *to = r >= 0 && r < height && q >= 0 && q < width ? static_cast<T>(from[(tap.c * height + r) * width + q]) : T{0};
          to += wide;
        }
      }
      for (std::int64_t tile = 0; tile < tiles; ++tile) {
        multiply_block(packed.get() + (group * tiles + tile) * depth * high, panel.data(), depth, sums);
        for (std::int64_t m = 0; m < std::min<std::int64_t>(high, cout - tile * high); ++m) {
          const std::int64_t o = group * cout + tile * high + m;
          const T bias = call.has(2) ? static_cast<T>(call.value[2]->number(o)) : T{0};
          float* to = y.data() + (image * g.outputs + o) * places + first;
          for (std::int64_t p = 0; p < count; ++p) to[p] = static_cast<float>(sums[m * wide + p] + bias);
        }
      }
    }
  });
}

void evaluate_conv(const Call& call, std::vector<Value>& out) {
  const Geometry g = geometry_of(call);
  if (call.sums == Sums::exact) convolve<double>(call, g, out);
  else convolve<float>(call, g, out);
}

std::optional<Complaint> complain_conv(const Node& node) {
  const std::size_t axes = node.integers("kernel_shape").size();
  if (axes > 2)
    return Complaint{node.name, node.op, fmt::format("kernel_shape has {} axes", axes), "1 or 2",
                     "a sum of 2-D convolutions, one per depth"};
  return std::nullopt;
}

/// x [N][C][H][W], w [M][C][H][W], b [M]: y [N][M][1][1].
void infer_whole(const Call& call, std::vector<Info>& out) {
  for (std::size_t i = 0; i < 2; ++i) {
    call.need_float(i);
    call.need_rank(i, 4, 4);
  }
  if (Dims(call.dims(0).begin() + 1, call.dims(0).end()) != Dims(call.dims(1).begin() + 1, call.dims(1).end()))
    call.fail(fmt::format("weights {} for a map {}, legal: the whole map", text_of(call.dims(1)), text_of(call.dims(0))));
  if (call.has(2) && call.dims(2) != Dims{call.dims(1)[0]})
    call.fail(fmt::format("the bias is {}, legal: [{}]", text_of(call.dims(2)), call.dims(1)[0]));
  out[0] = {Type::f32, {call.dims(0)[0], call.dims(1)[0], 1, 1}};
}

}  // namespace

const std::vector<Operator>& convolution_operators() {
  static const std::vector<Operator> table = {
      {Domain::onnx, "Conv", 2, 3, 1, Scope::map, "auto_pad dilations group kernel_shape pads strides", infer_conv, evaluate_conv,
       complain_conv},
      {Domain::epim, "Gemm", 2, 3, 1, Scope::map, "", infer_whole, evaluate_conv},
  };
  return table;
}

}  // namespace epim::importer

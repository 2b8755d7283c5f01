// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/plan.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gen/config/config.hpp"
#include "golden/diagnostic.hpp"
#include "golden/evaluate.hpp"
#include "golden/sampler.hpp"
#include "golden/timing/rtl_model.hpp"

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
  const int s = layer.stride;
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

IntTensor streamed_map(const IntTensor& map, const PlannedLayer& planned) {
  if (planned.space_to_depth > 1) return space_to_depth(map, planned.space_to_depth, planned.layer);
  const int s = planned.subsample;
  if (s == 1) return map;
  IntTensor y({map.shape[0], planned.layer.h, planned.layer.w});
  for (int c = 0; c < y.shape[0]; ++c)
    for (int i = 0; i < y.shape[1]; ++i)
      for (int j = 0; j < y.shape[2]; ++j) y(c, i, j) = map(c, i * s, j * s);
  return y;
}

template <class T> Tensor<T> space_to_depth_weights(const Tensor<T>& w, const Layer& layer) {
  const int s = layer.stride;
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

namespace {

/// The core of a layer alone.
Hardware core_for(const Hardware& base, const Layer& layer) {
  const PeArray array = pe_array_for(base, layer.epitome);
  Hardware hw = base;
  hw.pe_rows = array.rows;
  hw.pe_cols = array.cols;
  // Several PE columns finish a range together: the drain then takes a whole output word per cycle.
  if (array.cols > 1) hw.joint_lanes = std::min(hw.lanes, hw.adcs());
  hw.buffer_words = static_cast<int>(std::min<std::int64_t>((layer.kh + layer.stride) * row_words(layer, base.lanes), 1 << 30));
  return hw;
}

/// The output stream is too slow for a plain layer whose core has so many PE columns.
bool drain_bound(const Hardware& base, Layer layer, int columns) {
  layer.cout = layer.epitome.e_out = std::min(layer.cout, columns * base.xb_cols);
  layer.patches = default_sampler(layer.cin, layer.cout, layer.kh, layer.kw, layer.epitome, base.lanes);
  const Hardware hw = core_for(base, layer);
  return bound_of(hw, layer, 1, fast_timing(hw, layer)) == Bound::drain;
}

/// Adds a layer to the core of its PE array, which is made where there is none.
void place(NetworkPlan& plan, PlannedLayer planned, const Hardware& base) {
  const Layer& layer = planned.layer;
  const Hardware hw = core_for(base, layer);
  std::size_t core = 0;
  while (core < plan.cores.size() && (plan.cores[core].hw.pe_rows != hw.pe_rows || plan.cores[core].hw.pe_cols != hw.pe_cols ||
                                      plan.cores[core].hw.weight_bits != hw.weight_bits))
    ++core;
  if (core == plan.cores.size()) plan.cores.push_back({hw, {}});
  PlannedCore& c = plan.cores[core];
  c.hw.buffer_words = std::max(c.hw.buffer_words, hw.buffer_words);
  c.layers.push_back(static_cast<int>(plan.layers.size()));
  planned.core = static_cast<int>(core);
  plan.layers.push_back(std::move(planned));
}

}  // namespace

int planned_space_to_depth(const Node& node, int lanes) {
  const int s = node.stride;
  return s > 1 && !node.epitome && node.kh > 1 && node.in.channels * s * s <= lanes && node.in.stored == node.in.channels ? s : 1;
}

NetworkPlan plan_network(const Network& source, const Hardware& base, const DesignChoice& design) {
  NetworkPlan plan;
  plan.network = source;
  if (design.file) apply_design(plan.network, *design.file);
  else if (design.uniform) apply_uniform(plan.network, design.rows, design.cols);
  for (Node& node : plan.network.nodes)
    if (!design.file && design.wrap != Wrap::off && node.has_weights() && node.epitome && node.epitome->e_out < node.cout)
      node.wrap = design.wrap;
  infer_shapes(plan.network);
  for (std::size_t n = 0; n < plan.network.nodes.size(); ++n) {
    const Node& node = plan.network.nodes[n];
    if (!node.has_weights()) continue;
    Layer whole = layer_of(node);
    whole.wrap = node.wrap;
    Hardware wide = base;
    if (node.weight_bits > 9)
      throw InputError(node.where, "value-out-of-range",
                       fmt::format("node {}: weight_bits is {}, a core holds 2..9", node.name, node.weight_bits));
    if (node.weight_bits > 0) wide.weight_bits = node.weight_bits;
    const int s = node.stride;
    const bool rewritten = planned_space_to_depth(node, base.lanes) > 1;
    if (rewritten) whole = space_to_depth_layer(whole);
    const bool sparse = s > 1 && node.kh == 1 && node.kw == 1 && node.pad == Padding{};
    if (sparse) {
      const int h = whole.out_h(), w = whole.out_w();
      whole.stride = 1;
      whole.h = h;
      whole.w = w;
    }
    const PeArray array = pe_array_for(wide, whole.epitome);
    int parts = 1, columns = array.cols;  // PE columns of a part
    const auto split = [&](int at_most) {
      parts = (array.cols + at_most - 1) / at_most;
      columns = (array.cols + parts - 1) / parts;  // as even as whole columns allow
    };
    if (!node.epitome && array.rows * array.cols > design.max_pes) split(std::max(1, design.max_pes / array.rows));
    while (!node.epitome && columns > 1 && drain_bound(wide, whole, columns)) split(columns / 2);
    for (int part = 0; part < parts; ++part) {
      PlannedLayer planned;
      planned.node = static_cast<int>(n);
      planned.layer = whole;
      planned.space_to_depth = rewritten ? s : 1;
      planned.subsample = sparse ? s : 1;
      planned.part = part;
      planned.parts = parts;
      planned.first_channel = part * columns * base.xb_cols;
      Layer& layer = planned.layer;
      if (parts > 1) {
        layer.name = fmt::format("{}.part{}", whole.name, part);
        layer.cout = std::min(columns * base.xb_cols, whole.cout - planned.first_channel);
        layer.epitome.e_out = layer.cout;
      }
      try {
        layer.patches = default_sampler(layer.cin, layer.cout, layer.kh, layer.kw, layer.epitome, base.lanes,
                                        node.sampler == SpatialCycle::distinct);
        validate_patches(layer, base.lanes);
      } catch (const InputError& e) {
        throw InputError(node.where, e.rule(), fmt::format("node {}: {}", node.name, e.text()));
      }
      place(plan, std::move(planned), wide);
    }
  }
  return plan;
}

}  // namespace epim

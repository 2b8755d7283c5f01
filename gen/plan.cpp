// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/plan.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gen/config.hpp"
#include "golden/diagnostic.hpp"
#include "golden/evaluate.hpp"
#include "golden/sampler.hpp"

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

IntTensor space_to_depth(const IntTensor& x, int s) {
  const int c = x.shape[0], h = (x.shape[1] + s - 1) / s, w = (x.shape[2] + s - 1) / s;
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
    PlannedLayer planned;
    planned.node = static_cast<int>(n);
    planned.layer = layer_of(node);
    planned.layer.wrap = node.wrap;
    planned.space_to_depth = planned_space_to_depth(node, base.lanes);
    if (planned.space_to_depth > 1) planned.layer = space_to_depth_layer(planned.layer);
    Layer& layer = planned.layer;
    Hardware hw = base;
    if (node.weight_bits > 9)
      throw InputError(node.where, "value-out-of-range",
                       fmt::format("node {}: weight_bits is {}, a core holds 2..9", node.name, node.weight_bits));
    if (node.weight_bits > 0) hw.weight_bits = node.weight_bits;
    try {
      layer.patches = default_sampler(layer.cin, layer.cout, layer.kh, layer.kw, layer.epitome, hw.lanes,
                                      node.sampler == SpatialCycle::distinct);
      validate_patches(layer, hw.lanes);
    } catch (const InputError& e) {
      throw InputError(node.where, e.rule(), fmt::format("node {}: {}", node.name, e.text()));
    }
    const PeArray array = pe_array_for(hw, layer.epitome);
    hw.pe_rows = array.rows;
    hw.pe_cols = array.cols;
    // Several PE columns finish a range together: the drain then takes a whole output word per cycle.
    if (array.cols > 1) hw.joint_lanes = std::min(hw.lanes, hw.adcs());
    std::size_t core = 0;
    while (core < plan.cores.size() &&
           (plan.cores[core].hw.pe_rows != array.rows || plan.cores[core].hw.pe_cols != array.cols ||
            plan.cores[core].hw.weight_bits != hw.weight_bits))
      ++core;
    if (core == plan.cores.size()) plan.cores.push_back({hw, {}});
    planned.core = static_cast<int>(core);
    plan.cores[core].layers.push_back(static_cast<int>(plan.layers.size()));
    const auto need = static_cast<std::int64_t>(layer.kh + layer.stride) * row_words(layer, hw.lanes);
    plan.cores[core].hw.buffer_words = std::max(plan.cores[core].hw.buffer_words, static_cast<int>(need));
    plan.layers.push_back(std::move(planned));
  }
  return plan;
}

}  // namespace epim

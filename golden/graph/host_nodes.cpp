// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/graph/host_nodes.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "golden/sampler.hpp"

namespace epim {
namespace {

template <class T, class Fold>
Tensor<T> pool(const Tensor<T>& x, int kh, int kw, int stride, const Padding& pad, const Fold& fold) {
  const int h = (x.shape[1] + pad.top + pad.bottom - kh) / stride + 1;
  const int w = (x.shape[2] + pad.left + pad.right - kw) / stride + 1;
  Tensor<T> y({x.shape[0], h, w});
  std::vector<T> window;
  for (int c = 0; c < x.shape[0]; ++c)
    for (int oy = 0; oy < h; ++oy)
      for (int ox = 0; ox < w; ++ox) {
        window.clear();
        for (int ky = 0; ky < kh; ++ky)
          for (int kx = 0; kx < kw; ++kx) {
            const int iy = oy * stride - pad.top + ky, ix = ox * stride - pad.left + kx;
            if (iy >= 0 && iy < x.shape[1] && ix >= 0 && ix < x.shape[2]) window.push_back(x(c, iy, ix));
          }
        y(c, oy, ox) = fold(window);
      }
  return y;
}

std::int64_t rounded_mean(const std::vector<std::int64_t>& v) {
  const auto n = static_cast<std::int64_t>(v.size());
  std::int64_t sum = n / 2;
  for (std::int64_t e : v) sum += e;
  return sum >= 0 ? sum / n : -((-sum + n - 1) / n);
}
template <class T> T largest(const std::vector<T>& v) { return v.empty() ? T{} : *std::max_element(v.begin(), v.end()); }
float float_mean(const std::vector<float>& v) {
  double s = 0;
  for (float e : v) s += e;
  return static_cast<float>(s / static_cast<double>(v.size()));
}

FloatTensor float_layer(const Node& node, const NpzFile& weights, const FloatTensor& x) {
  Layer layer = layer_of(node);
  layer.patches = default_sampler(layer.cin, layer.cout, layer.kh, layer.kw, layer.epitome, 1,
                                  node.sampler == SpatialCycle::distinct);
  const FloatTensor w = reconstruct(layer, weights.at(node.name + "/epitome").floats());
  const FloatTensor scale = weights.at(node.name + "/bn_scale").floats(), bias = weights.at(node.name + "/bn_bias").floats();
  FloatTensor y({layer.cout, layer.out_h(), layer.out_w()});
  for (int o = 0; o < layer.cout; ++o)
    for (int oy = 0; oy < layer.out_h(); ++oy)
      for (int ox = 0; ox < layer.out_w(); ++ox) {
        double sum = 0;
        for (int c = 0; c < layer.cin; ++c)
          for (int ky = 0; ky < layer.kh; ++ky)
            for (int kx = 0; kx < layer.kw; ++kx) {
              const int iy = layer.row(oy, ky), ix = layer.column(ox, kx);
              if (iy >= 0 && iy < layer.h && ix >= 0 && ix < layer.w)
                sum += static_cast<double>(w(o, c, ky, kx)) * x(c % x.shape[0], iy, ix);
            }
        const auto at = static_cast<std::size_t>(o);
        y(o, oy, ox) = static_cast<float>(scale.data[at] * sum + bias.data[at]);
      }
  return y;
}

}  // namespace

IntTensor max_pool(const IntTensor& x, const Node& node) {
  return pool<std::int64_t>(x, node.kh, node.kw, node.stride, node.pad, largest<std::int64_t>);
}
IntTensor avg_pool(const IntTensor& x, const Node& node) {
  return pool<std::int64_t>(x, node.kh, node.kw, node.stride, {}, rounded_mean);
}
IntTensor global_avg_pool(const IntTensor& x) {
  return pool<std::int64_t>(x, x.shape[1], x.shape[2], 1, {}, rounded_mean);
}
IntTensor relu(const IntTensor& x) {
  IntTensor y = x;
  for (auto& v : y.data) v = std::max<std::int64_t>(v, 0);
  return y;
}
IntTensor add_maps(const IntTensor& a, const IntTensor& b, std::int64_t lo, std::int64_t hi) {
  const int channels = std::max(a.shape[0], b.shape[0]);
  IntTensor y({channels, a.shape[1], a.shape[2]});
  for (int c = 0; c < channels; ++c)
    for (int i = 0; i < a.shape[1]; ++i)
      for (int j = 0; j < a.shape[2]; ++j)
        y(c, i, j) = std::clamp(a(c % a.shape[0], i, j) + b(c % b.shape[0], i, j), lo, hi);
  return y;
}

namespace {

/// x'[v] = x[v mod C]: every channel of a map that was stored with a period.
IntTensor all_channels(const IntTensor& x, int channels) {
  IntTensor y({channels, x.shape[1], x.shape[2]});
  const std::size_t stored = x.size();
  for (std::size_t i = 0; i < y.size(); ++i) y.data[i] = x.data[i % stored];
  return y;
}

}  // namespace

ValueRange sum_range(const Node& node, const FixedHardware& hw, bool is_output) {
  if (!node.relu) return {-signed_max(hw.act_bits) - 1, signed_max(hw.act_bits)};
  return {0, hw.act_signed && !is_output ? signed_max(hw.act_bits) : signed_max(hw.act_bits + 1)};
}

IntTensor evaluate_host_node(const Network& network, int n, const std::vector<const IntTensor*>& in, const FixedHardware& hw) {
  const Node& node = network.nodes[static_cast<std::size_t>(n)];
  return evaluate_host_node(node, in, sum_range(node, hw, n == network.output));
}

IntTensor evaluate_host_node(const Node& node, const std::vector<const IntTensor*>& in, const ValueRange& sum) {
  switch (node.op) {
    case Op::max_pool: return max_pool(*in.at(0), node);
    case Op::avg_pool: return avg_pool(*in.at(0), node);
    case Op::global_avg_pool: return global_avg_pool(*in.at(0));
    case Op::relu: return relu(*in.at(0));
    case Op::add:
      if (in.at(0)->shape[0] != in.at(1)->shape[0]) {  // two periods: the sum has neither
        const IntTensor a = all_channels(*in.at(0), node.out.channels), b = all_channels(*in.at(1), node.out.channels);
        return add_maps(a, b, sum.lo, sum.hi);
      }
      return add_maps(*in.at(0), *in.at(1), sum.lo, sum.hi);
    default: break;
  }
  throw InputError(node.where, "unknown-op", fmt::format("node {} runs on a core, not on the host", node.name));
}

FloatTensor run_float(const Network& network, const NpzFile& weights, const IntTensor& image,
                      const std::function<void(int, const FloatTensor&)>& observe) {
  FloatTensor input(image.shape);
  for (std::size_t i = 0; i < image.size(); ++i)
    input.data[i] = static_cast<float>(static_cast<double>(image.data[i]) * network.input_scale);
  std::vector<FloatTensor> maps(network.nodes.size());
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    const auto in = [&](std::size_t i) -> const FloatTensor& {
      const int id = node.input_ids[i];
      return id < 0 ? input : maps[static_cast<std::size_t>(id)];
    };
    FloatTensor y;
    switch (node.op) {
      case Op::conv:
      case Op::fc: y = float_layer(node, weights, in(0)); break;
      case Op::max_pool: y = pool<float>(in(0), node.kh, node.kw, node.stride, node.pad, largest<float>); break;
      case Op::avg_pool: y = pool<float>(in(0), node.kh, node.kw, node.stride, {}, float_mean); break;
      case Op::global_avg_pool: y = pool<float>(in(0), in(0).shape[1], in(0).shape[2], 1, {}, float_mean); break;
      case Op::relu: y = in(0); break;
      case Op::add:
        y = in(0);
        for (std::size_t i = 0; i < y.size(); ++i) y.data[i] += in(1).data[i];
        break;
    }
    if (node.relu || node.op == Op::relu)
      for (auto& v : y.data) v = std::max(v, 0.0f);
    if (observe) observe(static_cast<int>(n), y);
    maps[n] = std::move(y);
  }
  return maps[static_cast<std::size_t>(network.output)];
}

}  // namespace epim

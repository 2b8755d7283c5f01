// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/graph/float_network.hpp"

#include <algorithm>

#include "golden/graph/node_weights.hpp"
#include "golden/graph/operators.hpp"
#include "golden/graph/window.hpp"
#include "golden/sampler.hpp"

namespace epim {
namespace {

float bounded(const Node& node, double x, double slope) {
  const double v = x < 0 ? slope * x : x;
  return static_cast<float>(std::min(std::max(v, node.lo), node.hi));
}

FloatTensor float_layer(const Node& node, const NpzFile& file, const FloatTensor& x) {
  Layer layer = layer_of(node);
  layer.patches = default_sampler(layer.cin, layer.cout, layer.kh, layer.kw, layer.epitome, 1,
                                  node.sampler == SpatialCycle::distinct, layer.groups);
  const NodeWeights weights = weights_of(node, file);
  const FloatTensor w = reconstruct(layer, weights.epitome);
  const int cin = layer.cin / layer.groups, per_group = layer.cout / layer.groups;
  FloatTensor y({layer.cout, layer.out_h(), layer.out_w()});
  for (int o = 0; o < layer.cout; ++o) {
    const auto at = static_cast<std::size_t>(o);
    const double slope = weights.slope.empty() ? 1.0 : static_cast<double>(weights.slope[at]);
    const int first = o / per_group * cin;
    for (int oy = 0; oy < layer.out_h(); ++oy)
      for (int ox = 0; ox < layer.out_w(); ++ox) {
        double sum = 0;
        for (int c = first; c < first + cin; ++c)
          for (int ky = 0; ky < layer.kh; ++ky)
            for (int kx = 0; kx < layer.kw; ++kx) {
              const int iy = layer.row(oy, ky), ix = layer.column(ox, kx);
              if (iy >= 0 && iy < layer.h && ix >= 0 && ix < layer.w)
                sum += static_cast<double>(w(o, c, ky, kx)) * x(c % x.shape[0], iy, ix);
            }
        y(o, oy, ox) = bounded(node, static_cast<float>(weights.scale[at] * sum + weights.bias[at]), slope);
      }
  }
  return y;
}

FloatTensor pooled(const Node& node, const FloatTensor& x) {
  const bool largest = node.op == Op::max_pool || node.op == Op::global_max_pool;
  return over_windows(x, node, [&](const std::vector<float>& window, int divisor) {
    if (largest) return *std::max_element(window.begin(), window.end());
    double sum = 0;
    for (float v : window) sum += static_cast<double>(v);
    return static_cast<float>(sum / divisor);
  });
}

/// f(x) of every element of every channel c: f(c, x).
template <class F> FloatTensor each(const FloatTensor& x, const F& f) {
  FloatTensor y = x;
  const std::size_t plane = x.size() / static_cast<std::size_t>(x.shape[0]);
  for (std::size_t i = 0; i < y.size(); ++i) y.data[i] = f(i / plane, x.data[i]);
  return y;
}

FloatTensor evaluate(const Node& node, const NpzFile& weights, const std::vector<const FloatTensor*>& in) {
  const FloatTensor& x = *in[0];
  switch (node.op) {
    case Op::conv:
    case Op::fc:
    case Op::batch_norm: return float_layer(node, weights, x);
    case Op::max_pool:
    case Op::avg_pool:
    case Op::global_avg_pool:
    case Op::global_max_pool: return pooled(node, x);
    case Op::add: {
      FloatTensor y = x;
      for (std::size_t k = 1; k < in.size(); ++k)
        for (std::size_t i = 0; i < y.size(); ++i) y.data[i] += in[k]->data[i];
      return each(y, [&](std::size_t, float v) { return bounded(node, static_cast<double>(v), 1); });
    }
    case Op::mul: {
      FloatTensor y({node.out.channels, node.out.height, node.out.width});
      for (int c = 0; c < y.shape[0]; ++c)
        for (int i = 0; i < y.shape[1]; ++i)
          for (int j = 0; j < y.shape[2]; ++j) y(c, i, j) = at_place(*in[0], c, i, j) * at_place(*in[1], c, i, j);
      return y;
    }
    case Op::concat: {
      FloatTensor y({node.out.channels, node.out.height, node.out.width});
      auto to = y.data.begin();
      for (const FloatTensor* t : in) to = std::copy(t->data.begin(), t->data.end(), to);
      return y;
    }
    case Op::relu:
    case Op::clip: return each(x, [&](std::size_t, float v) { return bounded(node, static_cast<double>(v), 1); });
    case Op::leaky_relu:
    case Op::prelu: {
      const std::vector<float> slopes = slopes_of(node, weights);
      return each(x, [&](std::size_t c, float v) { return bounded(node, static_cast<double>(v), static_cast<double>(slopes[c])); });
    }
    case Op::function: return each(x, [&](std::size_t, float v) { return static_cast<float>(apply(node, static_cast<double>(v))); });
    case Op::resize: return resized(x, node.factor);
    case Op::flatten:
    case Op::same: break;
  }
  FloatTensor y = x;
  y.shape = {node.out.channels, node.out.height, node.out.width};
  return y;
}

}  // namespace

FloatTensor run_float(const Network& network, const NpzFile& weights, const IntTensor& image,
                      const std::function<void(int, const FloatTensor&)>& observe) {
  FloatTensor input(image.shape);
  for (std::size_t i = 0; i < image.size(); ++i)
    input.data[i] = static_cast<float>(static_cast<double>(image.data[i] - network.input_zero) * network.input_scale);
  std::vector<FloatTensor> maps(network.nodes.size());
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    std::vector<const FloatTensor*> in;
    for (int id : node.input_ids) in.push_back(id < 0 ? &input : &maps[static_cast<std::size_t>(id)]);
    maps[n] = evaluate(node, weights, in);
    if (observe) observe(static_cast<int>(n), maps[n]);
  }
  return maps[static_cast<std::size_t>(network.output())];
}

}  // namespace epim

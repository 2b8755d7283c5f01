// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/graph/float_network.hpp"

#include <algorithm>
#include <cmath>

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

/// Channels that are summed side by side, and output places that go through the inner loop together.
constexpr int side_by_side = 16, places_at_once = 4;

/// sums[place][channel] = sum over k, one after the other, of weights[k][channel] * inputs[place][k]: every sum has the order of the
/// plain loop over k, so that neither the vectors of a processor nor their width change a bit.
#if defined(__x86_64__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
void add_products(const double* weights, const double* inputs, int count, double* sums) {
  double s[places_at_once][side_by_side] = {};
  for (int k = 0; k < count; ++k)
    for (int p = 0; p < places_at_once; ++p)
      for (int c = 0; c < side_by_side; ++c) s[p][c] += weights[k * side_by_side + c] * inputs[p * count + k];
  for (int p = 0; p < places_at_once; ++p)
    for (int c = 0; c < side_by_side; ++c) sums[p * side_by_side + c] = s[p][c];
}

/// A node with weights: y = scale*(W*x) + bias, then its pointwise function.
class FloatLayer {
 public:
  FloatLayer(const Node& node, const NpzFile& file) : node_(node), layer_(layer_of(node)), weights_(weights_of(node, file)) {
    layer_.patches = default_sampler(layer_.cin, layer_.cout, layer_.kh, layer_.kw, layer_.epitome, 1, node.sampler == SpatialCycle::distinct, layer_.groups);
    const FloatTensor w = reconstruct(layer_, weights_.epitome);
    cin_ = layer_.cin / layer_.groups;
    per_group_ = layer_.cout / layer_.groups;
    count_ = cin_ * layer_.kh * layer_.kw;
    tiles_ = (per_group_ + side_by_side - 1) / side_by_side;
    packed_.resize(static_cast<std::size_t>(layer_.groups * tiles_) * static_cast<std::size_t>(count_) * side_by_side);
    for (int o = 0; o < layer_.cout; ++o) {
      const int group = o / per_group_, tile = o % per_group_ / side_by_side;
      double* to = packed_.data() + static_cast<std::size_t>(group * tiles_ + tile) * static_cast<std::size_t>(count_) * side_by_side + o % per_group_ % side_by_side;
      for (int c = group * cin_; c < (group + 1) * cin_; ++c)
        for (int ky = 0; ky < layer_.kh; ++ky)
          for (int kx = 0; kx < layer_.kw; ++kx, to += side_by_side) *to = static_cast<double>(w(o, c, ky, kx));
    }
    weights_.epitome = {};
  }

  FloatTensor run(const FloatTensor& x) const {
    const int ho = layer_.out_h(), wo = layer_.out_w(), places = ho * wo;
    FloatTensor y({layer_.cout, ho, wo});
    std::vector<double> inputs(static_cast<std::size_t>(places_at_once * count_));
    double sums[places_at_once * side_by_side];
    for (int group = 0; group < layer_.groups; ++group)
      for (int first = 0; first < places; first += places_at_once) {
        const int here = std::min(places_at_once, places - first);
        for (int p = 0; p < here; ++p) gather(x, group, (first + p) / wo, (first + p) % wo, inputs.data() + p * count_);
        for (int tile = 0; tile < tiles_; ++tile) {
          add_products(packed_.data() + static_cast<std::size_t>(group * tiles_ + tile) * static_cast<std::size_t>(count_) * side_by_side, inputs.data(), count_, sums);
          const int channels = std::min(side_by_side, per_group_ - tile * side_by_side);
          for (int c = 0; c < channels; ++c) {
            const auto o = static_cast<std::size_t>(group * per_group_ + tile * side_by_side + c);
            const double slope = weights_.slope.empty() ? 1.0 : static_cast<double>(weights_.slope[o]);
            for (int p = 0; p < here; ++p)
              y.data[o * static_cast<std::size_t>(places) + static_cast<std::size_t>(first + p)] =
                  bounded(node_, static_cast<float>(weights_.scale[o] * sums[p * side_by_side + c] + weights_.bias[o]), slope);
          }
        }
      }
    return y;
  }

 private:
  /// What the window of a group reads at one place, zero outside the map.
  void gather(const FloatTensor& x, int group, int oy, int ox, double* to) const {
    for (int c = group * cin_; c < (group + 1) * cin_; ++c)
      for (int ky = 0; ky < layer_.kh; ++ky) {
        const int iy = layer_.row(oy, ky);
        for (int kx = 0; kx < layer_.kw; ++kx) {
          const int ix = layer_.column(ox, kx);
          const bool inside = iy >= 0 && iy < layer_.h && ix >= 0 && ix < layer_.w;
          *to++ = inside ? static_cast<double>(x(c % x.shape[0], iy, ix)) : 0.0;
        }
      }
  }

  const Node& node_;
  Layer layer_;
  NodeWeights weights_;
  int cin_ = 0, per_group_ = 0, count_ = 0, tiles_ = 0;
  std::vector<double> packed_;  ///< [group][tile][channel, ky, kx][side_by_side]
};

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

/// softmax over the channels of every place.
FloatTensor shares(const FloatTensor& x, int channels) {
  FloatTensor y({channels, x.shape[1], x.shape[2]});
  const auto plane = static_cast<std::size_t>(x.shape[1] * x.shape[2]), all = static_cast<std::size_t>(channels);
  for (std::size_t at = 0; at < plane; ++at) {
    const auto of = [&](std::size_t c) { return static_cast<double>(x.data[(c * plane + at) % x.size()]); };
    double most = of(0), sum = 0;
    for (std::size_t c = 0; c < all; ++c) most = std::max(most, of(c));
    for (std::size_t c = 0; c < all; ++c) sum += std::exp(of(c) - most);
    for (std::size_t c = 0; c < all; ++c) y.data[c * plane + at] = static_cast<float>(std::exp(of(c) - most) / sum);
  }
  return y;
}

FloatTensor evaluate(const Node& node, const NpzFile& weights, const std::vector<const FloatTensor*>& in) {
  const FloatTensor& x = *in[0];
  switch (node.op) {
    case Op::conv:
    case Op::fc:
    case Op::batch_norm: break;  // FloatLayer
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
    case Op::softmax: return shares(x, node.in.channels);
    case Op::resize: return resized(x, node.factor);
    case Op::flatten:
    case Op::same: break;
  }
  FloatTensor y = x;
  y.shape = {node.out.channels, node.out.height, node.out.width};
  return y;
}

}  // namespace

struct FloatNetwork::State {
  const Network& network;
  const NpzFile& weights;
  std::vector<std::unique_ptr<FloatLayer>> layers;  ///< of nodes with weights
};

FloatNetwork::FloatNetwork(const Network& network, const NpzFile& weights) : state_(std::make_unique<State>(State{network, weights, {}})) {
  for (const Node& node : network.nodes) state_->layers.push_back(node.has_weights() ? std::make_unique<FloatLayer>(node, weights) : nullptr);
}
FloatNetwork::~FloatNetwork() = default;

FloatTensor FloatNetwork::run(const IntTensor& image, const std::function<void(int, const FloatTensor&)>& observe) const {
  const Network& network = state_->network;
  FloatTensor input(image.shape);
  for (std::size_t i = 0; i < image.size(); ++i)
    input.data[i] = static_cast<float>(static_cast<double>(image.data[i] - network.input_zero) * network.input_scale);
  std::vector<FloatTensor> maps(network.nodes.size());
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    std::vector<const FloatTensor*> in;
    for (int id : node.input_ids) in.push_back(id < 0 ? &input : &maps[static_cast<std::size_t>(id)]);
    maps[n] = state_->layers[n] ? state_->layers[n]->run(*in[0]) : evaluate(node, state_->weights, in);
    if (observe) observe(static_cast<int>(n), maps[n]);
  }
  return maps[static_cast<std::size_t>(network.output())];
}

FloatTensor run_float(const Network& network, const NpzFile& weights, const IntTensor& image,
                      const std::function<void(int, const FloatTensor&)>& observe) {
  return FloatNetwork(network, weights).run(image, observe);
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/graph/host_nodes.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "golden/graph/node_weights.hpp"
#include "golden/graph/window.hpp"

namespace epim {
namespace {

template <class F> IntTensor each(const IntTensor& x, const F& f) {
  IntTensor y = x;
  for (auto& v : y.data) v = f(v);
  return y;
}

/// x'[v] = x[v mod C]: every channel of a map that may be stored with a period.
IntTensor all_channels(const IntTensor& x, int channels) {
  if (x.shape[0] == channels) return x;
  IntTensor y({channels, x.shape[1], x.shape[2]});
  const std::size_t stored = x.size();
  for (std::size_t i = 0; i < y.size(); ++i) y.data[i] = x.data[i % stored];
  return y;
}

IntTensor sum(const Node& node, const std::vector<const IntTensor*>& in, const Requantiser& r) {
  IntTensor y({node.out.stored, node.out.height, node.out.width});
  std::vector<IntTensor> whole;
  for (const IntTensor* t : in) whole.push_back(all_channels(*t, node.out.stored));
  for (std::size_t i = 0; i < y.size(); ++i) {
    std::int64_t s = 0;
    for (std::size_t k = 0; k < whole.size(); ++k) s += (whole[k].data[i] - r.zero_in[k]) * r.multiplier[k];
    y.data[i] = r.finish(s);
  }
  return y;
}

IntTensor product(const Node& node, const IntTensor& a, const IntTensor& b, const NodeArithmetic& arithmetic) {
  const Requantiser& r = arithmetic.requantise[0];
  IntTensor y({node.out.stored, node.out.height, node.out.width});
  for (int c = 0; c < y.shape[0]; ++c)
    for (int i = 0; i < y.shape[1]; ++i)
      for (int j = 0; j < y.shape[2]; ++j)
        y(c, i, j) = r((at_place(a, c, i, j) - arithmetic.zeros[0]) * (at_place(b, c, i, j) - arithmetic.zeros[1]));
  return y;
}

IntTensor joined(const Network& net, const Node& node, const std::vector<const IntTensor*>& in, const NodeArithmetic& arithmetic) {
  IntTensor y({node.out.channels, node.out.height, node.out.width});
  auto to = y.data.begin();
  for (std::size_t k = 0; k < in.size(); ++k) {
    const IntTensor x = all_channels(*in[k], net.shape_of(node.input_ids[k]).channels);
    to = std::transform(x.data.begin(), x.data.end(), to, arithmetic.requantise[k]);
  }
  return y;
}

IntTensor mean(const Node& node, const IntTensor& x, const NodeArithmetic& arithmetic) {
  const Requantiser& r = arithmetic.requantise[0];
  return over_windows(x, node, [&](const std::vector<std::int64_t>& window, int divisor) {
    std::int64_t s = 0;
    for (std::int64_t v : window) s += v - r.zero_in[0];
    return r.finish(s * arithmetic.divisor[static_cast<std::size_t>(divisor - 1)]);
  });
}

IntTensor sloped(const IntTensor& x, const NodeArithmetic& arithmetic) {
  IntTensor y = x;
  const std::size_t plane = x.size() / static_cast<std::size_t>(x.shape[0]);
  for (std::size_t i = 0; i < y.size(); ++i)
    y.data[i] = arithmetic.sloped(x.data[i], arithmetic.slope[arithmetic.slope.size() > 1 ? i / plane : 0]);
  return y;
}

IntTensor softmax(const IntTensor& x, const NodeArithmetic& arithmetic) {
  IntTensor y = x;
  const auto channels = static_cast<std::size_t>(x.shape[0]), plane = x.size() / channels;
  for (std::size_t at = 0; at < plane; ++at) {
    std::int64_t most = x.data[at], sum = 0;
    for (std::size_t c = 0; c < channels; ++c) most = std::max(most, x.data[c * plane + at]);
    const auto e = [&](std::size_t c) { return arithmetic.table[static_cast<std::size_t>(most - x.data[c * plane + at])]; };
    for (std::size_t c = 0; c < channels; ++c) sum += e(c);
    for (std::size_t c = 0; c < channels; ++c) y.data[c * plane + at] = arithmetic.share(e(c), sum);
  }
  return y;
}

}  // namespace

NetworkArithmetic network_arithmetic(const Network& net, const FixedHardware& hw, SignedMaps signed_maps, const NpzFile* weights) {
  NetworkArithmetic all;
  all.formats = map_formats(net, hw, signed_maps);
  for (std::size_t n = 0; n < net.nodes.size(); ++n) {
    const Node& node = net.nodes[n];
    std::vector<float> slopes;
    if (node.op == Op::prelu) slopes = slopes_of(node, weights ? *weights : NpzFile{});
    all.nodes.push_back(node.has_weights() ? NodeArithmetic{} : arithmetic_of(net, static_cast<int>(n), all.formats, slopes));
  }
  return all;
}

IntTensor evaluate_host_node(const Network& net, int n, const std::vector<const IntTensor*>& in, const NetworkArithmetic& all) {
  const Node& node = net.nodes[static_cast<std::size_t>(n)];
  const NodeArithmetic& arithmetic = all.nodes[static_cast<std::size_t>(n)];
  const IntTensor& x = *in.at(0);
  switch (node.op) {
    case Op::add: return sum(node, in, arithmetic.requantise[0]);
    case Op::mul: return product(node, x, *in.at(1), arithmetic);
    case Op::concat: return joined(net, node, in, arithmetic);
    case Op::avg_pool:
    case Op::global_avg_pool: return mean(node, x, arithmetic);
    case Op::max_pool:
    case Op::global_max_pool:
      return each(over_windows(x, node, [](const std::vector<std::int64_t>& w, int) { return *std::max_element(w.begin(), w.end()); }),
                  arithmetic.requantise[0]);
    case Op::relu:
    case Op::clip: return each(x, arithmetic.requantise[0]);
    case Op::leaky_relu: return sloped(x, arithmetic);
    case Op::prelu: return sloped(all_channels(x, node.in.channels), arithmetic);
    case Op::function:
      return each(x, [&](std::int64_t v) { return arithmetic.of_code(v); });
    case Op::softmax: return softmax(all_channels(x, node.in.channels), arithmetic);
    case Op::resize: return each(resized(x, node.factor), arithmetic.requantise[0]);
    case Op::flatten: {
      IntTensor y = each(all_channels(x, node.in.channels), arithmetic.requantise[0]);
      y.shape = {node.out.channels, 1, 1};
      return y;
    }
    default: break;
  }
  throw InputError(node.where, "unknown-op", fmt::format("node {} runs on a core, not on the host", node.name));
}

}  // namespace epim

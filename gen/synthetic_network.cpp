// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/synthetic_network.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "gen/synthetic.hpp"
#include "golden/bounds.hpp"
#include "golden/evaluate.hpp"
#include "golden/host_nodes.hpp"
#include "golden/quantise.hpp"

namespace epim {
namespace {

/// Standard normal from two uniform numbers (Box-Muller), portable to the last bit that rounding to codes keeps.
class Normal {
 public:
  explicit Normal(Random& random) : random_(random) {}
  double next() {
    const double u = (static_cast<double>(random_.next() >> 11) + 0.5) * 0x1p-53;
    const double v = static_cast<double>(random_.next() >> 11) * 0x1p-53;
    return std::sqrt(-2.0 * std::log(u)) * std::cos(6.283185307179586 * v);
  }

 private:
  Random& random_;
};

FloatTensor he_normal(const Layer& layer, Random& random) {
  const EpitomeShape& e = layer.epitome;
  FloatTensor w({e.e_out, e.e_in, e.p, e.q});
  Normal normal(random);
  const double deviation = std::sqrt(2.0 / (static_cast<double>(layer.cin) * layer.kh * layer.kw));
  for (float& v : w.data) v = static_cast<float>(deviation * normal.next());
  return w;
}

/// Mean and standard deviation of every emitted channel's accumulator over some output positions.
struct ChannelStatistics {
  std::vector<double> mean, deviation;
};
ChannelStatistics measure(const GoldenLayer& golden, const IntTensor& x, Random& random) {
  const Layer& layer = golden.layer();
  const int channels = golden.stored_cout();
  ChannelStatistics s{std::vector<double>(static_cast<std::size_t>(channels)), std::vector<double>(static_cast<std::size_t>(channels))};
  std::vector<double> squares(s.mean.size());
  const int positions = std::min(64, layer.out_h() * layer.out_w());
  RoundTrace trace;
  EventCounts ignored;
  for (int i = 0; i < positions; ++i) {
    const int at = positions < 64 ? i : static_cast<int>(random.uniform(0, layer.out_h() * layer.out_w() - 1));
    golden.run_round(x, at / layer.out_w(), at % layer.out_w(), trace, ignored);
    for (std::size_t r = 0; r < golden.ranges().size(); ++r) {
      const OutputRange& range = golden.ranges()[r];
      for (int ch = range.start; ch < range.stop; ++ch) {
        const auto a = static_cast<double>(trace.acc[r][static_cast<std::size_t>((ch - range.start) % range.columns)]);
        s.mean[static_cast<std::size_t>(ch)] += a / positions;
        squares[static_cast<std::size_t>(ch)] += a * a / positions;
      }
    }
  }
  // A single position has no spread: all channels together stand in for it.
  double all_mean = 0, all_squares = 0;
  for (std::size_t c = 0; c < s.mean.size(); ++c) {
    all_mean += s.mean[c] / static_cast<double>(channels);
    all_squares += squares[c] / static_cast<double>(channels);
  }
  const double all = std::sqrt(std::max(all_squares - all_mean * all_mean, 1.0));
  for (std::size_t c = 0; c < s.mean.size(); ++c) {
    const double spread = std::sqrt(std::max(squares[c] - s.mean[c] * s.mean[c], 0.0));
    if (positions < 8) s.mean[c] = all_mean;
    s.deviation[c] = positions < 8 ? all : std::max(spread, 0.05 * all);
  }
  return s;
}

}  // namespace

IntTensor synthetic_image(const Network& network, std::uint64_t seed) {
  Random random(seed);
  IntTensor x({network.input.channels, network.input.height, network.input.width});
  const std::int64_t top = (std::int64_t{1} << (network.input_signed ? network.input_bits - 1 : network.input_bits)) - 1;
  for (auto& v : x.data) v = random.uniform(network.input_signed ? -top - 1 : 0, top);
  return x;
}

SynthesisedNetwork synthesise_network(NetworkPlan& plan, const IntTensor& image, std::uint64_t seed, int threads,
                                      const std::function<void(std::size_t)>& progress) {
  const Network& network = plan.network;
  SynthesisedNetwork out;
  std::vector<IntTensor> maps(network.nodes.size());
  const auto map_of = [&](int id) -> const IntTensor& { return id < 0 ? image : maps[static_cast<std::size_t>(id)]; };
  std::vector<bool> feeds_add(network.nodes.size());
  for (const Node& node : network.nodes)
    if (node.op == Op::add)
      for (int id : node.input_ids)
        if (id >= 0) feeds_add[static_cast<std::size_t>(id)] = true;

  std::size_t l = 0;
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    if (!node.has_weights()) {
      std::vector<const IntTensor*> in;
      for (int id : node.input_ids) in.push_back(&map_of(id));
      maps[n] = evaluate_host_node(node, in, plan.cores.at(0).hw.act_bits);
      continue;
    }
    if (progress) progress(l);
    PlannedLayer& planned = plan.layers[l];
    Hardware hw = plan.cores[static_cast<std::size_t>(planned.core)].hw;
    Layer& layer = planned.layer;
    Random random(seed * 1000003 + l);
    IntTensor x = map_of(node.input_ids[0]);
    FloatTensor weights;
    if (planned.space_to_depth > 1) {
      const Layer original = layer_of(node);
      weights = space_to_depth_weights(he_normal(original, random), original);
      x = space_to_depth(x, planned.space_to_depth);
      if (x.shape[1] != layer.h || x.shape[2] != layer.w) {
        IntTensor cut({x.shape[0], layer.h, layer.w});
        for (int c = 0; c < x.shape[0]; ++c)
          for (int i = 0; i < layer.h; ++i)
            for (int j = 0; j < layer.w; ++j) cut(c, i, j) = x(c, i, j);
        x = std::move(cut);
      }
    } else {
      weights = he_normal(layer, random);
    }
    const bool is_output = static_cast<int>(n) == network.output;
    const bool is_signed = !node.relu;
    const int bits = is_output ? hw.out_bits : std::min(hw.out_bits, hw.act_bits + (is_signed ? 1 : 0));
    layer.clamp_lo = is_signed ? -(std::int64_t{1} << (bits - 1)) : 0;
    layer.clamp_hi = (std::int64_t{1} << (is_signed ? bits - 1 : bits)) - 1;

    const QuantisedEpitome quantised = quantise(hw, layer, weights, {});
    LayerScales scales;
    scales.bn_scale.assign(static_cast<std::size_t>(layer.cout), 1.0f);
    scales.bn_bias.assign(static_cast<std::size_t>(layer.cout), 0.0f);
    IntegerLayer integers = to_integer(hw, layer, quantised, scales);  // for M alone: G and B follow from measured statistics
    layer.shift = 0;
    integers.data.channel_scale.data.assign(static_cast<std::size_t>(layer.cout), 1);
    integers.data.channel_bias.data.assign(static_cast<std::size_t>(layer.cout), 0);
    Hardware wide = hw;
    wide.channel_bias_bits = 48;
    const ChannelStatistics statistics = measure(GoldenLayer(wide, layer, integers.data), x, random);
    const double step = std::ldexp(1.0, hw.act_bits) / 6.0 * (node.op == Op::conv && is_signed && feeds_add[n] && node.role != Role::downsample ? 0.25 : 1.0);
    const int period = layer.wrap == Wrap::stored_once ? static_cast<int>(statistics.mean.size()) : layer.cout;
    std::vector<double> g(static_cast<std::size_t>(layer.cout)), b(g.size());
    for (std::size_t c = 0; c < g.size(); ++c) {
      const auto from = c % static_cast<std::size_t>(period);
      if (c != from) {
        g[c] = g[from];
        b[c] = b[from];
        continue;
      }
      const double gamma = 0.75 + 0.5 * static_cast<double>(random.uniform(0, 1 << 20)) * 0x1p-20;
      const double beta = -0.25 + 0.5 * static_cast<double>(random.uniform(0, 1 << 20)) * 0x1p-20;
      g[c] = gamma * step / statistics.deviation[from];
      b[c] = beta * step - g[c] * statistics.mean[from];
    }
    const double g_most = *std::max_element(g.begin(), g.end());
    double b_most = 1;
    for (double v : b) b_most = std::max(b_most, std::abs(v));
    int shift = 0;
    while (shift < 47 && std::ldexp(g_most, shift + 1) < std::ldexp(1.0, hw.channel_scale_bits - 1) - 1 &&
           std::ldexp(b_most, shift + 1) < std::ldexp(1.0, hw.channel_bias_bits - 1) - 1)
      ++shift;
    layer.shift = shift;
    for (std::size_t c = 0; c < g.size(); ++c) {
      integers.data.channel_scale.data[c] = static_cast<std::int64_t>(std::nearbyint(std::ldexp(g[c], shift)));
      integers.data.channel_bias.data[c] = static_cast<std::int64_t>(std::nearbyint(std::ldexp(b[c], shift)));
    }
    auto& acc_bits = plan.cores[static_cast<std::size_t>(planned.core)].hw.acc_bits;
    acc_bits = std::max(acc_bits, accumulator_bound(hw, layer, integers.data).bits);

    EventCounts events;
    const GoldenLayer golden(hw, layer, integers.data);
    golden.check_input(x);
    IntTensor y = golden.run(x, events, threads);
    out.events.push_back(events);
    out.data.push_back(std::move(integers.data));
    out.inputs.push_back(std::move(x));
    maps[n] = y;
    out.outputs.push_back(std::move(y));
    ++l;
    for (std::size_t m = 0; m < n; ++m) {
      bool needed = static_cast<int>(m) == network.output;
      for (std::size_t later = n + 1; later < network.nodes.size() && !needed; ++later)
        for (int id : network.nodes[later].input_ids) needed |= id == static_cast<int>(m);
      if (!needed) maps[m] = {};
    }
  }
  out.result = maps[static_cast<std::size_t>(network.output)];
  return out;
}

}  // namespace epim

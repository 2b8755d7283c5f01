// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/synthetic_network.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gen/network/layer_integers.hpp"
#include "gen/core/synthetic.hpp"
#include "golden/bounds.hpp"
#include "golden/device/spare_columns.hpp"
#include "golden/fast/fast_layer.hpp"
#include "golden/graph/float_network.hpp"
#include "golden/graph/host_nodes.hpp"
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
  const double deviation = std::sqrt(2.0 / (static_cast<double>(layer.cin / layer.groups) * layer.kh * layer.kw));
  for (float& v : w.data) v = static_cast<float>(deviation * normal.next());
  return w;
}

/// Mean and standard deviation of every emitted channel's accumulator over some output positions.
struct ChannelStatistics {
  std::vector<double> mean, deviation;
};
ChannelStatistics measure(const Hardware& hw, const Layer& layer, const LayerData& data, const IntTensor& x, Random& random) {
  const LayerEvaluator golden(hw, layer, data, false);
  const int channels = golden.stored_cout();
  ChannelStatistics s{std::vector<double>(static_cast<std::size_t>(channels)), std::vector<double>(static_cast<std::size_t>(channels))};
  std::vector<double> squares(s.mean.size());
  const int positions = std::min(64, layer.out_h() * layer.out_w());
  std::vector<int> places;
  for (int i = 0; i < positions; ++i) places.push_back(positions < 64 ? i : static_cast<int>(random.uniform(0, layer.out_h() * layer.out_w() - 1)));
  const IntTensor sums = golden.accumulators(x, places);
  for (int ch = 0; ch < channels; ++ch)
    for (int i = 0; i < positions; ++i) {
      const auto a = static_cast<double>(sums(ch, i));
      s.mean[static_cast<std::size_t>(ch)] += a / positions;
      squares[static_cast<std::size_t>(ch)] += a * a / positions;
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

void check_bundle(const Network& network, const NpzFile& bundle) {
  for (const Node& node : network.nodes)
    if (node.has_weights()) weights_of(node, bundle);
}

void calibrate_scales(Network& network, const NpzFile& bundle, const IntTensor& image, const FixedHardware& hw,
                      SignedMaps signed_maps) {
  const auto lacks = [](const Node& node) { return (node.has_weights() || node.op == Op::mul) && node.act_scale <= 0; };
  if (std::none_of(network.nodes.begin(), network.nodes.end(), lacks)) return;
  // Groups of nodes with one scale; -1, the input, is kept apart: its scale is given.
  std::vector<int> group(network.nodes.size());
  for (std::size_t n = 0; n < group.size(); ++n) group[n] = static_cast<int>(n);
  const auto join = [&](int a, int b) {
    const int from = group[static_cast<std::size_t>(a)], to = group[static_cast<std::size_t>(b)];
    for (int& g : group)
      if (g == from) g = to;
  };
  for (std::size_t n = 0; n < group.size(); ++n)
    if (!network.nodes[n].has_weights() && network.nodes[n].op != Op::mul && !network.nodes[n].has_table())
      for (int id : network.nodes[n].input_ids)
        if (id >= 0) join(static_cast<int>(n), id);
  std::vector<double> most(group.size()), given(group.size());
  run_float(network, bundle, image, [&](int n, const FloatTensor& y) {
    double& m = most[static_cast<std::size_t>(group[static_cast<std::size_t>(n)])];
    for (float v : y.data) m = std::max(m, std::abs(static_cast<double>(v)));
  });
  for (std::size_t n = 0; n < group.size(); ++n)
    if (network.nodes[n].act_scale > 0) given[static_cast<std::size_t>(group[n])] = network.nodes[n].act_scale;
  // The largest code of a group is that of its narrowest map from a core; outputs are taken as signed.
  const std::vector<MapFormat> formats = map_formats(network, hw, signed_maps);
  std::vector<double> top(group.size(), std::ldexp(1.0, 40));
  for (std::size_t n = 0; n < group.size(); ++n) {
    const MapFormat& f = format_of(formats, static_cast<int>(n));
    double& t = top[static_cast<std::size_t>(group[n])];
    if (network.nodes[n].has_weights() || network.nodes[n].op == Op::mul) t = std::min(t, static_cast<double>(f.greatest() - f.zero));
  }
  const int out_group = group[static_cast<std::size_t>(network.output())];
  top[static_cast<std::size_t>(out_group)] = std::min(top[static_cast<std::size_t>(out_group)], std::ldexp(1.0, hw.out_bits - 1) - 1);
  for (std::size_t n = 0; n < group.size(); ++n) {
    Node& node = network.nodes[n];
    if (!lacks(node)) continue;
    const auto g = static_cast<std::size_t>(group[n]);
    node.act_scale = given[g] > 0 ? given[g] : std::max(most[g], 1e-6) / top[g];
  }
}

namespace {

/// Seeded weights of a node as its layer holds them. What is rewritten is drawn before, a part is drawn by itself.
FloatTensor seeded_weights(const Node& node, const MappedLayer& planned, Random& random) {
  if (planned.parts > 1) return he_normal(planned.layer, random);
  return mapped_weights(node, planned, he_normal(layer_of(node), random));
}

/// Seeded codes and M of a layer.
LayerData seeded_codes(const Hardware& hw, const Node& node, const MappedLayer& planned, Random& random) {
  const Layer& layer = planned.layer;
  if (layer.pool) return seeded_pool(layer, hw, random.next());
  const QuantisedEpitome quantised = quantise(hw, layer, seeded_weights(node, planned, random), {});
  LayerScales scales;
  scales.bn_scale.assign(static_cast<std::size_t>(layer.cout), 1.0f);
  scales.bn_bias.assign(static_cast<std::size_t>(layer.cout), 0.0f);
  return to_integer(hw, layer, quantised, scales).data;
}

/// Seeded integers of a layer: codes and M, then batch norm from the golden accumulators of its input.
LayerData seeded_data(const Hardware& hw, const Node& node, MappedLayer& planned, const IntTensor& x, double damping, Random& random) {
  Layer& layer = planned.layer;
  const MapFormat& out = planned.out.format;
  const double slope = node.slope.value_or(0.25);
  LayerData data = seeded_codes(hw, node, planned, random);  // G and B follow from measured statistics
  layer.shift = 0;
  data.channel_scale = IntTensor({layer.cout}, 1);
  data.channel_bias = IntTensor({layer.cout}, 0);
  Hardware wide = hw;
  wide.channel_bias_bits = 48;
  Layer sums = layer;
  sums.slopes = false;  // accumulators do not depend on them
  data.channel_slope = {};
  const ChannelStatistics statistics = measure(wide, sums, data, x, random);
  const double span = layer.act ? static_cast<double>(out.greatest() - out.zero + 1) : std::ldexp(1.0, hw.act_bits - (hw.act_signed ? 1 : 0));
  const double step = span / 6.0 * damping;
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
    b[c] = beta * step - g[c] * statistics.mean[from] + out.zero;
  }
  const double g_most = *std::max_element(g.begin(), g.end());
  double b_most = 1;
  for (double v : b) b_most = std::max(b_most, std::abs(v));
  int shift = 0;
  while (shift < 47 && std::ldexp(g_most, shift + 1) < std::ldexp(1.0, hw.channel_scale_bits - 1) - 1 &&
         std::ldexp(b_most, shift + 1) < std::ldexp(1.0, hw.channel_bias_bits - 1) - 1)
    ++shift;
  layer.shift = shift;
  if (layer.slopes) data.channel_slope = IntTensor({layer.cout}, slope_code(hw, slope));
  for (std::size_t c = 0; c < g.size(); ++c) {
    data.channel_scale.data[c] = static_cast<std::int64_t>(std::nearbyint(std::ldexp(g[c], shift)));
    data.channel_bias.data[c] = static_cast<std::int64_t>(std::nearbyint(std::ldexp(b[c], shift)));
  }
  return data;
}

/// `known`: integers of every layer, its shift set in `plan`; null: they are made here.
SynthesisedNetwork walk_layers(Mapping& plan, const IntTensor& image, const WeightSource& source, int threads,
                               const std::function<void(std::size_t)>& progress, const std::vector<LayerData>* known) {
  if (source.bundle) {
    check_bundle(plan.network, *source.bundle);
    calibrate_scales(plan.network, *source.bundle, image, plan.asked, signed_maps_of(plan.policy));
    set_scales(plan);
  }
  const Network& network = plan.network;
  const NetworkArithmetic arithmetic = network_arithmetic(network, plan.asked, signed_maps_of(plan.policy), source.bundle);
  SynthesisedNetwork out;
  std::vector<IntTensor> maps(network.nodes.size());
  const auto map_of = [&](int id) -> const IntTensor& { return id < 0 ? image : maps[static_cast<std::size_t>(id)]; };
  std::vector<bool> feeds_add(network.nodes.size());
  for (const Node& node : network.nodes)
    if (node.op == Op::add)
      for (int id : node.input_ids)
        if (id >= 0) feeds_add[static_cast<std::size_t>(id)] = true;

  std::vector<int> acc_bits(plan.cores.size(), 1);  // what the weights of each core ask for
  std::size_t l = 0;
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    if (!node.has_weights()) {
      std::vector<const IntTensor*> in;
      for (int id : node.input_ids) in.push_back(&map_of(id));
      maps[n] = evaluate_host_node(network, static_cast<int>(n), in, arithmetic);
    }
    NodeWeights weights;  // of all parts
    for (; l < plan.layers.size() && plan.layers[l].node == static_cast<int>(n); ++l) {
      if (progress) progress(l);
      MappedLayer& planned = plan.layers[l];
      const Hardware hw = plan.cores[static_cast<std::size_t>(planned.core)].hw;
      Layer& layer = planned.layer;
      IntTensor x = streamed_map(map_of(node.input_ids[0]), planned);
      LayerData data;
      std::optional<LayerEvaluator> golden;
      int bits = 0;
      try {
        if (known) {
          data = (*known)[l];
        } else if (source.bundle) {
          if (planned.part == 0) weights = weights_of(node, *source.bundle);
          IntegerLayer integers = layer_integers(hw, node, planned, weights, code_bits_of(node, plan.base, hw), {}).integers;
          layer.shift = integers.shift;
          data = std::move(integers.data);
        } else {
          Random random(source.seed * 1000003 + l);
          const bool damped = node.op == Op::conv && !node.relu() && feeds_add[n] && node.role != Role::downsample;
          data = seeded_data(hw, node, planned, x, damped ? 0.25 : 1.0, random);
        }
        if (source.device) program_layer(*source.device, hw, layer, data, static_cast<int>(l));
        const AccumulatorBound bound = accumulator_bound(hw, layer, data);
        check_accumulator(hw, layer, bound);
        bits = bound.bits;
        golden.emplace(hw, layer, data, source.count_events);
        golden->check_input(x);
      } catch (const InputError& e) {
        throw InputError(node.where, e.rule(), fmt::format("node {}: {}", node.name, e.text()));
      }
      int& widest = acc_bits[static_cast<std::size_t>(planned.core)];
      widest = std::max(widest, bits);
      EventCounts events;
      IntTensor y = golden->run(x, source.count_events ? &events : nullptr, threads);
      if (source.count_events) out.events.push_back(events);
      out.data.push_back(std::move(data));
      out.inputs.push_back(std::move(x));
      if (planned.parts == 1) {
        maps[n] = y;
      } else {
        if (planned.part == 0) maps[n] = IntTensor({node.cout, y.shape[1], y.shape[2]});
        const std::size_t at = static_cast<std::size_t>(planned.first_channel) * y.size() / static_cast<std::size_t>(y.shape[0]);
        std::copy(y.data.begin(), y.data.end(), maps[n].data.begin() + static_cast<std::ptrdiff_t>(at));
      }
      out.outputs.push_back(std::move(y));
    }
    for (std::size_t m = 0; m < n; ++m) {
      bool needed = network.is_output(static_cast<int>(m));
      for (std::size_t later = n + 1; later < network.nodes.size() && !needed; ++later)
        for (int id : network.nodes[later].input_ids) needed |= id == static_cast<int>(m);
      if (!needed) maps[m] = {};
    }
  }
  if (!plan.base.acc_bits)
    for (std::size_t c = 0; c < plan.cores.size(); ++c) plan.cores[c].hw.acc_bits = acc_bits[c];
  for (int n : network.outputs) out.results.push_back(maps[static_cast<std::size_t>(n)]);
  return out;
}

}  // namespace

SynthesisedNetwork synthesise_network(Mapping& plan, const IntTensor& image, const WeightSource& source, int threads,
                                      const std::function<void(std::size_t)>& progress) {
  if (source.bundle || !source.device || !source.device->any()) return walk_layers(plan, image, source, threads, progress, nullptr);
  // Seeded integers depend on the maps: on those of ideal cells.
  WeightSource ideal = source;
  ideal.device = nullptr;
  const std::vector<MappedCore> cores = plan.cores;
  const SynthesisedNetwork first = walk_layers(plan, image, ideal, threads, {}, nullptr);
  plan.cores = cores;
  return walk_layers(plan, image, source, threads, progress, &first.data);
}

}  // namespace epim

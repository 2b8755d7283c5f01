// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Weight pools in networks: assignment, projection, mapping, counts, events.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include <fmt/format.h>
#include <rapidcheck.h>

#include "gen/core/synthetic.hpp"
#include "gen/cost/network_estimate.hpp"
#include "gen/network/layer_integers.hpp"
#include "gen/network/mapping.hpp"
#include "gen/network/synthetic_network.hpp"
#include "golden/evaluate.hpp"
#include "golden/linear_assignment.hpp"
#include "golden/pool.hpp"
#include "golden/pool_projection.hpp"
#include "golden/sampler.hpp"
#include "tb/unit/catch.hpp"

namespace epim::pool_network {
namespace {

const std::string kRoot = EPIM_SOURCE_DIR;

Network model(const std::string& name) { return load_network(kRoot + "/models/" + name + "/network.json"); }

HardwareRequest base(int side, int cols_per_adc) {
  HardwareRequest hw;
  hw.xb_rows = hw.xb_cols = side;
  hw.cols_per_adc = cols_per_adc;
  hw.cell_bits = 2;
  hw.lanes = 8;
  hw.weight_bits = 5;
  hw.act_bits = 8;
  hw.out_bits = 11;
  hw.channel_bias_bits = 40;
  return hw;
}

DesignChoice pools(int one_in) {
  DesignChoice d;
  d.pool = PoolChoice{one_in, 0, std::nullopt};
  return d;
}

TEST_CASE("linear assignment finds what trying every permutation finds", "[pool]") {
  REQUIRE(rc::check("assignment", [] {
    const int n = *rc::gen::inRange(1, 7);
    const bool ties = *rc::gen::arbitrary<bool>();
    std::vector<double> gain;
    for (int i = 0; i < n * n; ++i) gain.push_back(*rc::gen::inRange(ties ? -2 : -1000, ties ? 3 : 1001) * (ties ? 1.0 : 0.37));
    const auto sum = [&](const std::vector<int>& columns) {
      double s = 0;
      for (int r = 0; r < n; ++r) s += gain[static_cast<std::size_t>(r * n + columns[static_cast<std::size_t>(r)])];
      return s;
    };
    std::vector<int> columns(static_cast<std::size_t>(n));
    std::iota(columns.begin(), columns.end(), 0);
    double best = sum(columns);
    while (std::next_permutation(columns.begin(), columns.end())) best = std::max(best, sum(columns));
    const std::vector<int> found = linear_assignment(gain, n);
    std::vector<int> sorted = found;
    std::sort(sorted.begin(), sorted.end());
    std::iota(columns.begin(), columns.end(), 0);
    RC_ASSERT(sorted == columns);
    RC_ASSERT(std::fabs(sum(found) - best) < 1e-9);
  }));
}

/// A layer with a pool on a core of its own.
struct Case {
  Hardware hw;
  Layer layer;
};
Case pool_case(int cin, int cout, int k, int side, int group, int one_in, int first) {
  Case c;
  c.layer.cin = cin;
  c.layer.cout = cout;
  c.layer.kh = c.layer.kw = k;
  c.layer.h = c.layer.w = k + 1;
  c.layer.pool = WeightPool{side, group, one_in, first};
  c.layer.clamp_hi = 255;
  HardwareRequest hw = base(side, group);
  hw.lanes = 4;
  hw.ask_weight_bits(1);
  hw.cell_bits = 1;
  lay_out(c.layer, hw.lanes);
  c.hw = resolve({hw}, {c.layer}).hw;
  return c;
}

TEST_CASE("weights that a pool can hold are found again", "[pool]") {
  for (const int one_in : {1, 2, 4}) {
    const Case c = pool_case(21, 19, 3, 16, 8, one_in, one_in - 1);
    LayerData data = seeded_pool(c.layer, c.hw, 7);
    for (int t = 0; t < c.hw.pe_rows; ++t) data.crossbar_scale(t, 0) = t == 0 ? 200 : 60;
    const IntTensor w = pool_weights(c.layer, data, c.hw.lanes);
    FloatTensor real(w.shape);
    for (std::size_t i = 0; i < w.size(); ++i) real.data[i] = static_cast<float>(w.data[i]) * 0.125f;
    const QuantisedEpitome q = project_on_pool(c.hw, c.layer, pool_signs(16), real);
    CAPTURE(one_in);
    CHECK(q.error < 1e-6 * q.size);
    CHECK(q.block(0, 0).scale == Approx(25));
    CHECK(q.block(1, 0).scale == Approx(7.5));
    for (std::size_t i = 0; i < w.size(); ++i) {
      // Filters beyond the tile may take any column: only the weights themselves are compared.
      LayerData found = data;
      found.epitome = q.codes;
      found.permutation = q.permutation;
      static IntTensor rebuilt;
      if (i == 0) {
        check_pool_data(c.layer, found, c.hw.lanes);
        rebuilt = pool_weights(c.layer, found, c.hw.lanes);
      }
      REQUIRE(rebuilt.data[i] == w.data[i]);
    }
  }
}

TEST_CASE("a projection is least squares in each of its parts", "[pool]") {
  std::mt19937 rng(11);
  std::normal_distribution<float> normal(0.0f, 0.3f);
  for (int trial = 0; trial < 6; ++trial) {
    const Case c = pool_case(20, 24, trial % 2 == 0 ? 1 : 3, 16, 8, 1 << trial % 3, 0);
    FloatTensor w({c.layer.cout, c.layer.cin, c.layer.kh, c.layer.kw});
    for (float& v : w.data) v = normal(rng);
    const QuantisedEpitome q = project_on_pool(c.hw, c.layer, pool_signs(16), w);
    LayerData data;
    data.epitome = q.codes;
    data.permutation = q.permutation;
    data.crossbar_scale = IntTensor({c.hw.pe_rows, 1}, 0);
    // Error of the layer with these codes, permutation and scales, from the equation: a and e apart, each with M = 1.
    const auto error = [&](const LayerData& d, double a, double e) {
      LayerData pool = d, residual = d;
      for (int t = 0; t < c.hw.pe_rows; ++t) {
        pool.crossbar_scale(t, 0) = t == 0;
        residual.crossbar_scale(t, 0) = t > 0;
      }
      const IntTensor p = pool_weights(c.layer, pool, c.hw.lanes), r = pool_weights(c.layer, residual, c.hw.lanes);
      double sum = 0;
      for (std::size_t i = 0; i < w.size(); ++i) {
        const double left = static_cast<double>(w.data[i]) - a * static_cast<double>(p.data[i]) - e * static_cast<double>(r.data[i]);
        sum += left * left;
      }
      return sum;
    };
    const double a = q.block(0, 0).scale, e = q.block(1, 0).scale, least = error(data, a, e);
    CHECK(least == Approx(q.error));
    CHECK(q.error < q.size);
    for (const double other : {0.97, 1.03}) {
      CHECK(error(data, a * other, e) >= least);
      CHECK(error(data, a, e * other) >= least);
    }
    for (int i = 0; i < 20; ++i) {  // another assignment correlates less; without the error it fits worse
      LayerData swapped = data;
      const int j = static_cast<int>(rng() % c.layer.patches.size()), f = static_cast<int>(rng() % 16), g = (f + 2 * (1 + static_cast<int>(rng() % 7))) % 16;
      std::swap(swapped.permutation(j, f), swapped.permutation(j, g));
      CHECK(error(swapped, a, 0) >= error(data, a, 0) - 1e-9);
      const int row = 16 + static_cast<int>(rng() % static_cast<unsigned>(c.layer.epitome.e_in - 16));
      LayerData flipped = data;
      flipped.epitome(f, row, 0, 0) = -flipped.epitome(f, row, 0, 0);
      CHECK(error(flipped, a, e) >= least - 1e-9);
    }
  }
}

TEST_CASE("a design of pools leaves the first layer and the classifier plain", "[pool]") {
  const Mapping plan = map_network(model("resnet18"), base(128, 32), pools(2));
  int with_pool = 0;
  for (const MappedLayer& l : plan.layers) {
    const Node& node = plan.network.nodes[static_cast<std::size_t>(l.node)];
    const Hardware& hw = plan.cores[static_cast<std::size_t>(l.core)].hw;
    CAPTURE(l.layer.name);
    const bool pool = node.role != Role::stem && node.role != Role::classifier;
    CHECK((operator_of(l.layer) == WeightOperator::pool) == pool);
    CHECK(hw.pool == (pool ? 1 : 0));
    CHECK(hw.weight_bits == (pool ? 2 : 5));
    CHECK(hw.cell_bits == (pool ? 1 : 2));
    CHECK((hw.xb_rows == 128 && hw.xb_cols == 128));
    with_pool += pool;
    if (!pool) continue;
    CHECK(l.layer.pool->group == 32);
    const LayerCount count = count_layer(plan.network, l.node, 5, CountRule::physical, {128, 128, 2, 8});
    CHECK(count.crossbars == hw.crossbars(hw.pe_rows, hw.pe_cols));
    const std::int64_t signs = std::int64_t{node.in.channels} * node.cout * node.kh * node.kw / 2;  // half of the error
    CHECK(count.weights == 128 * 128 + signs);
    CHECK(count.utilisation == Approx(2.0 * static_cast<double>(count.weights) / (static_cast<double>(count.crossbars) * 128 * 128)));
  }
  const CrossbarTotals t = crossbar_totals(plan);
  CHECK(t.pools == with_pool);
  CHECK(t.one_pool == t.per_core - 2 * (with_pool - 1));
  const CrossbarTotals plain = crossbar_totals(map_network(model("resnet18"), base(128, 32), {}));
  CHECK(plain.pools == 0);
  CHECK(plain.one_pool == plain.per_core);
  CHECK(t.per_core < plain.per_core);
}

TEST_CASE("a seeded network with pools: integers of the equation, events of the estimate", "[pool]") {
  const Network digits = model("digits_residual");
  EstimateRequest request;
  request.mnsim = false;
  request.base = base(16, 4);
  request.weight_bits = 5;
  request.design = pools(2);
  const EstimateData data = load_estimate_data(kRoot);
  NetworkEstimate estimate = estimate_network(digits, request, data);
  Mapping plan = map_network(digits, request.base, request.design);
  const IntTensor image = synthetic_image(digits, 3);
  const SynthesisedNetwork net = synthesise_network(plan, image, {3, nullptr, true}, 2, {});
  int with_pool = 0;
  for (std::size_t l = 0; l < plan.layers.size(); ++l) {
    const Layer& layer = plan.layers[l].layer;
    if (!layer.pool) continue;
    ++with_pool;
    CAPTURE(layer.name);
    check_pool_data(layer, net.data[l], 8);
    EventCounts events;
    CHECK(GoldenLayer(plan.cores[static_cast<std::size_t>(plan.layers[l].core)].hw, layer, net.data[l]).run(net.inputs[l], events) == net.outputs[l]);
    for (std::size_t k = 0; k < event_count; ++k)
      if (std::string(event_list[k].name) != "idle_cycles") CHECK(events.at(k) == net.events[l].at(k));
    // Conversions: the pool, and PE rows that hold the error of the patch.
    std::int64_t conversions = 0;
    for (const Patch& p : layer.patches) {
      int words = 0;
      for (int w = 0; w * 8 < p.beta1; ++w) words += layer.pool->keeps(w);
      const int rows = words == 0 ? 0 : (p.c_in + words * 8 - 1) / 16 - p.c_in / 16 + 1;
      conversions += std::int64_t{2} * p.beta2 * (1 + rows) * 8 * layer.out_h() * layer.out_w();
    }
    CHECK(events.adc_conversions == conversions);
    CHECK(events.shift_adds * 2 == conversions);
    CHECK(events.scale_multiplies * 16 == conversions);
  }
  CHECK(with_pool >= 2);
  for (const EventDifference& d : compare_events(estimate, net.events, false)) {
    CAPTURE(d.layer, d.event, d.estimated, d.counted);
    CHECK(d.on_data);
  }
  CHECK(estimate.pools.pools == with_pool);
  request.mnsim = true;
  CHECK_THROWS_WITH(estimate_network(digits, request, data), Catch::Contains("mnsim-pool"));
}

TEST_CASE("trained weights on a pool: what remains of them", "[pool]") {
  const Network digits = model("digits_residual");
  const NpzFile bundle = read_npz(kRoot + "/models/digits_residual/weights.npz");
  DesignChoice design;
  design.file = parse_design(R"({"schema": 1, "network": "digits_residual", "layers": [
    {"node": "conv4", "epitome": {"e_out": 16, "e_in": 64, "p": 1, "q": 1}}, {"node": "fc", "pool": {"kept": "1"}}]})", "d.json");
  Mapping plan = map_network(digits, base(16, 4), design);
  const SynthesisedNetwork net = synthesise_network(plan, synthetic_image(digits, 1), {1, &bundle}, 2, {});
  const MappedLayer& mapped = plan.layers.back();
  REQUIRE(mapped.layer.pool);
  const Node& node = plan.network.nodes[static_cast<std::size_t>(mapped.node)];
  const Hardware& hw = plan.cores[static_cast<std::size_t>(mapped.core)].hw;
  const QuantisedLayer q = layer_integers(hw, node, mapped, weights_of(node, bundle), 1, {});
  CAPTURE(q.quantised.error, q.quantised.size);
  CHECK(q.quantised.error < 0.4 * q.quantised.size);
  CHECK(q.integers.data.epitome.data == net.data.back().epitome.data);
  CHECK(q.integers.data.permutation.data == net.data.back().permutation.data);
  check_pool_data(mapped.layer, q.integers.data, hw.lanes);
  // M as far as its width goes; an input with a zero point shifts B by the sum of the reconstructed weights.
  const double ratio = static_cast<double>(q.integers.data.crossbar_scale(0, 0)) / static_cast<double>(q.integers.data.crossbar_scale(1, 0));
  CHECK(ratio == Approx(q.quantised.block(0, 0).scale / q.quantised.block(1, 0).scale).epsilon(0.02));
  MappedLayer shifted = mapped;
  shifted.layer.act = ActFormat{8, false, 3};
  const QuantisedLayer z = layer_integers(hw, node, shifted, weights_of(node, bundle), 1, {});
  const IntTensor w = pool_weights(shifted.layer, z.integers.data, hw.lanes);
  const double unit = std::ldexp(1.0, z.integers.shift - q.integers.shift);
  for (int ch = 0; ch < node.cout; ++ch) {
    std::int64_t taps = 0;
    for (int c = 0; c < node.in.channels; ++c) taps += w(ch, c, 0, 0);
    const auto without = static_cast<double>(z.integers.data.channel_bias(ch) + 3 * z.integers.data.channel_scale(ch) * taps);
    CHECK(without == Approx(static_cast<double>(q.integers.data.channel_bias(ch)) * unit).margin(2 * unit + 2));
  }
}

TEST_CASE("pools in design files", "[pool]") {
  const auto text = [](const std::string& entry) { return R"({"schema": 1, "network": "resnet18", "weight_bits": 4, "layers": [)" + entry + "]}"; };
  const Design d = parse_design(text(R"({"node": "layer1.0.conv1", "pool": {"kept": "1/4", "kept_first": 1, "group": 16}},
    {"node": "layer1.0.conv2", "pool": {"kept": "1"}}, {"node": "layer1.1.conv1", "epitome": null})"), "d.json");
  Network net = model("resnet18");
  apply_design(net, d);
  const Node& node = net.nodes[static_cast<std::size_t>(net.find("layer1.0.conv1"))];
  REQUIRE(node.pool);
  CHECK(*node.pool == PoolChoice{4, 1, 16});
  CHECK(node.weight_bits == 0);
  CHECK(*net.nodes[static_cast<std::size_t>(net.find("layer1.0.conv2"))].pool == PoolChoice{});
  CHECK(net.nodes[static_cast<std::size_t>(net.find("conv1"))].weight_bits == 4);
  const Design again = parse_design(design_text(design_of(net)), "again.json");
  Network copy = model("resnet18");
  apply_design(copy, again);
  for (std::size_t n = 0; n < net.nodes.size(); ++n) CHECK(copy.nodes[n].pool == net.nodes[n].pool);
  const auto refused = [&](const std::string& entry, const std::string& rule) { CHECK_THROWS_WITH(parse_design(text(entry), "d.json"), Catch::Contains(rule)); };
  refused(R"({"node": "conv1", "pool": {"kept": "1/3"}})", "unknown-choice: layer 'conv1': pool.kept is");
  refused(R"({"node": "conv1", "pool": {"kept": "1/2", "kept_first": 2}})", "value-out-of-range");
  refused(R"({"node": "conv1", "pool": {}})", "missing-key");
  refused(R"({"node": "conv1", "pool": {"kept": "1"}, "weight_bits": 4})", "contradictory-bits");
  refused(R"({"node": "conv1", "pool": {"kept": "1"}, "epitome": {"e_out": 1, "e_in": 1, "p": 7, "q": 7}})", "pool-and-epitome");
  refused(R"({"node": "conv1", "pool": {"kept": "1"}, "wrap": "copies"})", "design-without-epitome");
  // Crossbars that are not V x V.
  HardwareRequest hw = base(128, 32);
  hw.xb_cols = 64;
  CHECK_THROWS_WITH(map_network(model("resnet18"), hw, pools(2)), Catch::Contains("pool-core: node layer1.0.conv1"));
}

}  // namespace
}  // namespace epim::pool_network

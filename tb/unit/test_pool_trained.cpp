// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Weights that were trained on a pool: taken as they are, from weights files and from integer bundles, alone and on a chip.
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "gen/core/synthetic.hpp"
#include "gen/network/compile.hpp"
#include "gen/network/walk.hpp"
#include "golden/evaluate.hpp"
#include "golden/files/integer_bundle.hpp"
#include "golden/pool.hpp"
#include "golden/pool_projection.hpp"
#include "golden/quantise.hpp"
#include "golden/sampler.hpp"
#include "tb/unit/catch.hpp"
#include "tb/unit/random_case.hpp"

namespace epim::pool_trained {
namespace {

using epim::testing::property;

struct Made {
  Hardware hw;
  Layer layer;
  LayerData data;       ///< with M of a and e
  IntTensor weights;    ///< a*P[pi] + e*mask*D, in steps
  FloatTensor real;     ///< of `step`
  GivenPool given;
  double step = 0;
};

/// A random layer with a pool, whose a and e are whole multiples of a power of two.
Made made(std::uint64_t seed) {
  Random random(seed);
  Made m;
  Layer& l = m.layer;
  l.pool = WeightPool{16, 1 << random.uniform(0, 4), 1 << random.uniform(0, 2), 0};
  l.pool->kept_first = static_cast<int>(random.uniform(0, l.pool->kept_one_in - 1));
  l.cin = static_cast<int>(random.uniform(4 * l.pool->kept_first + 1, 36));
  l.cout = static_cast<int>(random.uniform(1, 36));
  l.kh = l.h = static_cast<int>(random.uniform(1, 3));
  l.kw = l.w = static_cast<int>(random.uniform(1, 3));
  l.clamp_hi = 255;
  HardwareRequest hw;
  hw.xb_rows = hw.xb_cols = hw.cols_per_adc = 16;
  hw.lanes = 4;
  hw.act_bits = 8;
  hw.ask_weight_bits(1);
  hw.cell_bits = 1;
  hw.channel_bias_bits = 48;
  lay_out(l, hw.lanes);
  m.hw = resolve({hw}, {l}).hw;
  m.data = seeded_pool(l, m.hw, seed);
  const std::int64_t top = (std::int64_t{1} << m.hw.scale_bits) - 1, a = random.uniform(1, top), e = random.uniform(1, top);
  for (int t = 0; t < m.hw.pe_rows; ++t) m.data.crossbar_scale(t, 0) = t == 0 ? a : e;
  m.weights = pool_weights(l, m.data, m.hw.lanes);
  m.step = std::ldexp(1.0, -static_cast<int>(random.uniform(0, 20)));
  m.real = FloatTensor(m.weights.shape);
  for (std::size_t i = 0; i < m.weights.size(); ++i) m.real.data[i] = static_cast<float>(static_cast<double>(m.weights.data[i]) * m.step);
  m.given = {m.data.permutation, static_cast<double>(a) * m.step, static_cast<double>(e) * m.step};
  return m;
}

LayerScales scales(const Layer& layer) {
  LayerScales s;
  s.bn_scale.assign(static_cast<std::size_t>(layer.cout), 0.75f);
  s.bn_bias.assign(static_cast<std::size_t>(layer.cout), -0.5f);
  return s;
}

}  // namespace

TEST_CASE("weights trained on a pool are its integers, value for value", "[pool]") {
  property("pi, D and the ratio of a and e are kept", [] {
    const Made m = made(*rc::gen::arbitrary<std::uint64_t>());
    const QuantisedEpitome q = given_pool(m.hw, m.layer, pool_signs(16), m.real, m.given);
    RC_ASSERT(q.error == 0.0);
    RC_ASSERT(q.permutation == m.data.permutation);
    RC_ASSERT(q.codes == m.data.epitome);
    const IntegerLayer integers = to_integer(m.hw, m.layer, q, scales(m.layer));
    RC_ASSERT(integers.scale_error == 0.0);
    check_pool_data(m.layer, integers.data, m.hw.lanes);
    // M may have lost a common power of two.
    const IntTensor w = pool_weights(m.layer, integers.data, m.hw.lanes);
    const std::int64_t factor = m.data.crossbar_scale(0, 0) / integers.data.crossbar_scale(0, 0);
    RC_ASSERT((factor & (factor - 1)) == 0);
    for (std::size_t i = 0; i < w.size(); ++i) RC_ASSERT(w.data[i] * factor == m.weights.data[i]);
  });
}

TEST_CASE("weights that are not those of their permutation and scales are refused", "[pool]") {
  const Made m = made(3);
  const IntTensor pool = pool_signs(16);
  const auto refused = [&](const FloatTensor& w, const GivenPool& g) { REQUIRE_RULE(given_pool(m.hw, m.layer, pool, w, g), "pool-data"); };
  REQUIRE(m.layer.pool->group < 16);
  GivenPool g = m.given;
  std::swap(g.permutation(0, 0), g.permutation(0, 1));  // of another group
  refused(m.real, g);
  g = m.given;
  g.permutation(0, 0) = g.permutation(0, m.layer.pool->group_stride());
  refused(m.real, g);
  g = m.given;
  g.permutation = IntTensor({1, 16});
  refused(m.real, g);
  for (const double wrong : {0.0, -1.0, 2 * m.given.e}) {
    g = m.given;
    g.e = wrong;
    refused(m.real, g);
  }
  FloatTensor w = m.real;
  w.data[0] *= 1.001f;
  refused(w, m.given);
  w = FloatTensor({1, 1, 1, 1});
  REQUIRE_RULE(given_pool(m.hw, m.layer, pool, w, m.given), "tensor-shape");
}

TEST_CASE("an integer bundle keeps the permutations of a pool", "[pool]") {
  property("round trip", [] {
    const Made m = made(*rc::gen::arbitrary<std::uint64_t>());
    const QuantisedEpitome q = given_pool(m.hw, m.layer, pool_signs(16), m.real, m.given);
    Layer layer = m.layer;
    const IntegerLayer integers = to_integer(m.hw, layer, q, scales(layer));
    layer.shift = integers.shift;
    const NpzFile file = parse_npz(npz_bytes(integer_bundle(m.hw, {{&layer, 1, &integers.data, &q}}), true), "b.npz");
    Layer back = m.layer;
    const LayerData data = read_integer_layer(file, m.hw, back);
    RC_ASSERT(data.permutation == integers.data.permutation);
    RC_ASSERT(data.epitome == integers.data.epitome);
    RC_ASSERT(data.crossbar_scale == integers.data.crossbar_scale);
    RC_ASSERT(back.shift == layer.shift);
    // Nothing but what the equation allows is read.
    const auto refused = [&](const char* key, const IntTensor& tensor, const char* rule) {
      NpzFile bad = file;
      const auto at = std::find_if(bad.arrays.begin(), bad.arrays.end(), [&](const auto& a) { return a.first == layer.name + "/" + key; });
      at->second = NpyArray::from(tensor, DType::i16);
      Layer l = m.layer;
      REQUIRE_RULE(read_integer_layer(bad, m.hw, l), rule);
    };
    IntTensor order = data.permutation;
    order(0, 0) = 16;
    refused("permutation", order, "pool-data");
    order = IntTensor({1, 1});
    refused("permutation", order, "bundle-shape");
    IntTensor codes = data.epitome;
    codes(0, 0, 0, 0) = 0;
    refused("epitome", codes, "pool-data");
    codes(0, 0, 0, 0) = 2;
    refused("epitome", codes, "bundle-range");
    NpzFile without = file;
    without.arrays.erase(std::find_if(without.arrays.begin(), without.arrays.end(), [&](const auto& a) { return a.first == layer.name + "/permutation"; }));
    Layer l = m.layer;
    REQUIRE_RULE(read_integer_layer(without, m.hw, l), "missing-array");
    l.pool = std::nullopt;
    REQUIRE_RULE(read_integer_layer(file, m.hw, l), "bundle-pool");
  });
}

TEST_CASE("digits on weight pools: float weights, integers and a bundle are one network", "[pool]") {
  const Config config = load_config(EPIM_SOURCE_DIR "/configs/digits_pool.toml", {});
  CHECK(policy_for(config) == CorePolicy::own);
  const CompiledNetwork net = compile_network(config, {}, CorePolicy::own);
  CrossbarTotals crossbars;
  int pools = 0;
  for (const CompiledLayer& l : net.layers) {
    crossbars.add(l.hw, l.layer);
    if (!l.layer.pool) continue;
    ++pools;
    CHECK(l.quantised.error < 1e-9 * l.quantised.size);  // what was trained
    CHECK(l.scale_error == 0.0);
  }
  CHECK(pools == 3);
  CHECK(crossbars.pools == 3);
  CHECK(crossbars.per_core - crossbars.one_pool == 2 * 2);  // two pools less, a crossbar per sign
  const std::string path = "/tmp/epim_unit_pool_" + std::to_string(getpid()) + ".npz";
  std::vector<IntegerBundleLayer> layers;
  for (const CompiledLayer& l : net.layers) layers.push_back({&l.layer, l.weight_bits, &l.data, &l.quantised});
  write_npz(path, integer_bundle(config.core.hw, layers));
  const CompiledNetwork read = compile_network(load_config(EPIM_SOURCE_DIR "/configs/digits_pool.toml", {"network.integers=\"" + path + "\""}), {}, CorePolicy::own);
  const std::vector<IntTensor> images = load_images(config, net.network, 4).images;
  CHECK(run_network_golden(net, images, 1) == run_network_golden(read, images, 1));
  std::remove(path.c_str());
}

}  // namespace epim::pool_trained

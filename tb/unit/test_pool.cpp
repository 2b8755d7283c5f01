// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/pool.hpp"

#include <algorithm>
#include <cmath>

#include "gen/core/program.hpp"
#include "gen/core/synthetic.hpp"
#include "gen/network/golden_network.hpp"
#include "golden/bounds.hpp"
#include "golden/convolution.hpp"
#include "golden/diagnostic.hpp"
#include "golden/fast/fast_layer.hpp"
#include "golden/sampler.hpp"
#include "tb/unit/random_case.hpp"

namespace epim {
namespace {

/// A random pool layer on a core that holds it; a pure function of the seed.
testing::Case random_pool(std::uint32_t seed) {
  std::mt19937 rng(seed);
  const auto pick = [&](int lo, int hi) { return static_cast<int>(rng() % static_cast<unsigned>(hi - lo + 1)) + lo; };
  testing::Case c;
  Hardware& hw = c.hw;
  hw.pool = 1;
  hw.lanes = 1 << pick(0, 2);
  hw.xb_rows = hw.xb_cols = 8 * pick(1, 3);
  hw.cols_per_adc = 1 << pick(0, 3);
  hw.cell_bits = 1;
  hw.weight_bits = 2;
  hw.act_bits = pick(2, 6);
  hw.act_signed = pick(0, 1) == 1;
  hw.dac_bits = pick(1, 2);
  hw.buffer_words = 4096;
  hw.joint_lanes = pick(1, std::min(hw.lanes, hw.adcs()));
  if (pick(0, 2) == 0) hw.adc_bits = pick(1, 4);
  Layer& l = c.layer;
  l.pool = WeightPool{hw.xb_rows, 1 << pick(0, 3), 1, 0};
  while (hw.cols_per_adc % l.pool->group != 0) l.pool->group /= 2;
  for (const int kept : {2, 4, 8})
    if (hw.xb_rows / hw.lanes % kept == 0 && pick(0, 1) == 1) l.pool->kept_one_in = kept;
  l.pool->kept_first = pick(0, l.pool->kept_one_in - 1);
  l.cin = pick(1, 2 * hw.xb_rows);
  l.cout = pick(1, 2 * hw.xb_rows);
  l.kh = pick(1, 3);
  l.kw = pick(1, 3);
  l.h = l.kh + pick(0, 3);
  l.w = l.kw + pick(0, 3);
  l.pad.top = pick(0, l.kh - 1);
  l.pad.left = pick(0, l.kw - 1);
  l.stride = Axes(pick(1, 2), pick(1, 2));
  l.clamp_hi = 255;
  lay_out(l, hw.lanes);
  hw.pe_rows = std::max(2, pe_array_for(hw, l.epitome).rows);
  c.data = make_synthetic(l, hw, seed);
  hw.acc_bits = accumulator_bound(hw, l, c.data).bits;
  c.x = synthetic_input(l, hw, seed);
  return c;
}

}  // namespace

TEST_CASE("a pool's accumulators are the convolution with the weights of its equation", "[pool]") {
  testing::property("acc == x * (a*P[r][pi(f)] + e*mask[r]*D[r][f])", [](std::uint32_t seed) {
    testing::Case c = random_pool(seed);
    c.hw.adc_bits = 16;
    const IntTensor w = pool_weights(c.layer, c.data, c.hw.lanes), want = convolve(c.x, w, c.layer);
    const GoldenLayer golden(c.hw, c.layer, c.data);
    EventCounts events;
    RoundTrace trace;
    for (int oy = 0; oy < c.layer.out_h(); ++oy)
      for (int ox = 0; ox < c.layer.out_w(); ++ox) {
        golden.run_round(c.x, oy, ox, trace, events);
        for (std::size_t r = 0; r < golden.ranges().size(); ++r)
          for (int k = 0; k < golden.ranges()[r].columns; ++k)
            RC_ASSERT(trace.acc[r][static_cast<std::size_t>(k)] == want(golden.ranges()[r].start + k, oy, ox));
      }
  });
}

TEST_CASE("cells, OPT and IFRT rebuild a pool's weights", "[pool][tables]") {
  testing::property("rebuild_weights(program) == the equation", [](std::uint32_t seed) {
    const testing::Case c = random_pool(seed);
    const CoreParameters p = core_parameters(c.hw, {c.layer});
    RC_ASSERT(rebuild_weights(p, c.layer, build_program(p, c.layer, c.data)) == pool_weights(c.layer, c.data, c.hw.lanes));
  });
}

TEST_CASE("the evaluator of data sets and the bound of accumulators know pools", "[pool]") {
  testing::property("FastLayer == GoldenLayer, accumulators inside their bound", [](std::uint32_t seed) {
    const testing::Case c = random_pool(seed);
    const GoldenLayer golden(c.hw, c.layer, c.data);
    EventCounts want, counted;
    const IntTensor y = golden.run(c.x, want);
    RC_ASSERT(FastLayer(c.hw, c.layer, c.data, true).run(c.x, &counted) == y);
    CompiledLayer alone;
    alone.hw = c.hw;
    alone.layer = c.layer;
    RC_ASSERT(conversions_of(alone) == counted.adc_conversions);
    for (std::size_t i = 0; i < event_count; ++i)
      if (std::string(event_list[i].name) != "idle_cycles") RC_ASSERT(counted.at(i) == want.at(i));
    const AccumulatorBound bound = accumulator_bound(c.hw, c.layer, c.data);
    RoundTrace trace;
    golden.run_round(c.x, 0, 0, trace, want);
    for (const auto& range : trace.acc)
      for (const std::int64_t acc : range) RC_ASSERT(acc >= bound.lowest && acc <= bound.highest);
  });
}

TEST_CASE("a pool stores as few bits a weight as CIMPool says", "[pool]") {
  Layer l;
  l.cin = l.cout = 512;
  l.kh = l.kw = 3;
  l.h = l.w = 3;
  Hardware hw;
  hw.pool = 1;
  hw.xb_rows = hw.xb_cols = 128;
  hw.cols_per_adc = 32;
  hw.lanes = 16;
  hw.cell_bits = 1;
  hw.weight_bits = 2;
  const struct {
    int kept_one_in;
    double bits, rate;
  } published[] = {{1, 1.039, 7.70}, {2, 0.539, 14.84}, {4, 0.289, 27.7}, {8, 0.164, 48.8}};
  for (const auto& row : published) {
    l.pool = WeightPool{128, 32, row.kept_one_in, 0};
    lay_out(l, hw.lanes);
    hw.pe_rows = pe_array_for(hw, l.epitome).rows;
    const PoolBits bits = pool_bits(l, hw.lanes);
    REQUIRE(std::round(bits.per_weight() * 1000) == std::round(row.bits * 1000));
    REQUIRE(std::abs(bits.rate() - row.rate) < (row.rate < 20 ? 0.005 : 0.05));
    // What the core stores: entries of OPT, cells behind the pool.
    const CoreParameters p = core_parameters(hw, {l});
    const LayerTables t = build_tables(hw, l);
    REQUIRE(static_cast<std::int64_t>(t.opt.size()) * p.opt_width() == bits.index);
    REQUIRE(std::int64_t{l.epitome.e_in - 128} * 128 == bits.error);
    REQUIRE(hw.pe_rows == 1 + 144 / row.kept_one_in);
  }
}

TEST_CASE("pools that no core holds are refused", "[pool]") {
  testing::Case c = random_pool(3);
  const auto golden = [&](const testing::Case& changed) { GoldenLayer(changed.hw, changed.layer, changed.data); };
  golden(c);
  testing::Case bad = c;
  bad.data.permutation(0, 0) = bad.data.permutation(0, 1);
  REQUIRE_RULE(golden(bad), "pool-data");
  bad = c;
  bad.data.epitome(0, 0, 0, 0) = 0;
  REQUIRE_RULE(golden(bad), "pool-data");
  bad = c;
  bad.hw.zero_point = true;
  REQUIRE_RULE(golden(bad), "pool-core");
  bad = c;
  bad.hw.cell_bits = 2;
  REQUIRE_RULE(golden(bad), "pool-core");
  bad = c;
  bad.layer.patches.pop_back();
  REQUIRE_RULE(golden(bad), "pool-layer");
  bad = c;
  bad.layer.wrap = Wrap::copies;
  REQUIRE_RULE(golden(bad), "pool-layer");
  bad = c;
  bad.layer.pool->group = 5;
  REQUIRE_RULE(golden(bad), "pool-group");
  bad = c;
  bad.layer.pool->kept_one_in = 3;
  REQUIRE_RULE(golden(bad), "pool-kept");
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The fast model of our own core against the recurrences it abridges and the golden evaluator it does not run.
#include <set>

#include "gen/config/config.hpp"
#include "gen/cost/network_estimate.hpp"
#include "gen/network/synthetic_network.hpp"
#include "random_case.hpp"
#include "tb/unit/files.hpp"

using namespace epim;
using namespace epim::testing;

namespace {

/// Layer and core of any proportions, with maps large enough for periods to repeat; a pure function of the seed.
/// Empty patches where the seed gives no legal layer.
Case timing_case(std::uint32_t seed) {
  std::mt19937 rng(seed);
  const auto pick = [&](int lo, int hi) { return static_cast<int>(rng() % static_cast<unsigned>(hi - lo + 1)) + lo; };
  Case c;
  Hardware& hw = c.hw;
  hw.lanes = pick(1, 8);
  hw.xb_rows = hw.lanes * pick(1, 8);
  hw.cols_per_adc = pick(1, 5);
  hw.xb_cols = hw.cols_per_adc * pick(1, 8);
  hw.act_bits = pick(1, 9);
  hw.dac_bits = pick(1, 2);
  hw.act_signed = hw.act_bits > 1 && pick(0, 1) == 1;
  hw.joint_lanes = pick(1, std::min(hw.lanes, hw.adcs()));
  Layer& l = c.layer;
  l.kh = pick(1, 3);
  l.kw = pick(1, 3);
  l.stride = pick(1, 4);
  l.pad = {pick(0, l.kh - 1), pick(0, l.kw - 1), pick(0, l.kh - 1), pick(0, l.kw - 1)};
  const bool large = pick(0, 3) == 0;
  testing::random_format(hw, l, seed);
  l.groups = 1;
  l.h = l.window_h() + pick(0, large ? 40 : 10);
  l.w = l.window_w() + pick(0, large ? 60 : 10);
  const int groups_in = pick(1, 3), groups_out = pick(1, 4);
  l.epitome = {pick(1, 30), pick(1, 3) * hw.lanes, l.kh, l.kw};
  l.cin = l.epitome.e_in * groups_in - (groups_in > 1 ? pick(0, l.epitome.e_in - 1) : 0);
  l.cout = l.epitome.e_out * groups_out;
  const int mode = pick(0, 2);
  l.wrap = mode == 0 ? Wrap::off : mode == 1 ? Wrap::stored_once : Wrap::copies;
  if (l.wrap != Wrap::stored_once && groups_out > 1) l.cout -= pick(0, l.epitome.e_out - 1);
  if (pick(0, 4) == 0 && l.cin % 2 == 0 && l.cin / 2 % hw.lanes == 0) l.in_period = l.cin / 2;
  l.patches = default_sampler(l.cin, l.cout, l.kh, l.kw, l.epitome, hw.lanes, l.wrap == Wrap::off && pick(0, 1) == 1);
  validate_patches(l, hw.lanes);
  const PeArray array = pe_array_for(hw, l.epitome);
  hw.pe_rows = array.rows;
  hw.pe_cols = array.cols;
  const int row = (l.stored_cin() + hw.lanes - 1) / hw.lanes * l.w;
  hw.buffer_words = row * (l.window_h() + pick(0, 1) * l.stride.y + pick(0, 1) * pick(0, 50)) + pick(0, row - 1);
  return c;
}

void same(const Timing& fast, const Timing& full) {
  RC_ASSERT(fast.cycles == full.cycles);
  RC_ASSERT(fast.fire_cycles == full.fire_cycles);
  RC_ASSERT(fast.first_fire == full.first_fire);
  RC_ASSERT(fast.last_fire == full.last_fire);
}

EstimateRequest request(int weight_bits, const DesignChoice& design, int xb_rows = 256, int xb_cols = 256, int lanes = 16) {
  EstimateRequest r;
  r.mnsim = false;
  r.weight_bits = weight_bits;
  r.design = design;
  r.base.xb_rows = xb_rows;
  r.base.xb_cols = xb_cols;
  r.base.weight_bits = std::min(weight_bits, 9);
  r.base.lanes = lanes;
  r.base.channel_bias_bits = 40;
  r.base.out_bits = 12;
  return r;
}
DesignChoice uniform(int rows, int cols, Wrap wrap = Wrap::off) {
  DesignChoice d;
  d.uniform = true;
  d.rows = rows;
  d.cols = cols;
  d.wrap = wrap;
  return d;
}

}  // namespace

TEST_CASE("fast timing equals the recurrences on random layers", "[rtl_model]") {
  int kinds[2] = {};  // busy all the time, or waiting
  property("fast_timing == predict_timing", [&] {
    // Many layers per RapidCheck case: rare interleavings of array and drain decide here.
    const auto first = *rc::gen::inRange(0, 1 << 30);
    for (int i = 0; i < 40; ++i) {
      Case c = timing_case(static_cast<std::uint32_t>(first + i));
      if (i % 2 == 0) testing::random_serial(c.hw, static_cast<std::uint32_t>(first + i));
      testing::random_reads(c.hw, static_cast<std::uint32_t>(first + i));
      const int frames = 1 + i % 3;
      RC_LOG() << describe(c) << "frames " << frames << " seed " << first + i << "\n";
      const Timing full = predict_timing(c.hw, c.layer, frames, false);
      same(fast_timing(c.hw, c.layer, frames), full);
      ++kinds[full.bound == Bound::firing ? 0 : 1];
    }
  });
  for (int n : kinds) CHECK(n > 100);  // each kind of layer was there
}

TEST_CASE("column steps equal the set they count", "[rtl_model]") {
  property("column_steps_of", [] {
    Hardware hw;
    hw.cols_per_adc = *rc::gen::inRange(1, 6);
    hw.xb_cols = hw.cols_per_adc * *rc::gen::inRange(1, 10);
    Patch p;
    p.c_out = *rc::gen::inRange(0, 3 * hw.xb_cols);
    p.beta2 = *rc::gen::inRange(1, 3 * hw.xb_cols);
    std::set<int> steps;
    for (int c = p.c_out; c < p.c_out + p.beta2; ++c) steps.insert(c % hw.xb_cols / hw.adcs());
    RC_ASSERT(column_steps_of(hw, p) == static_cast<int>(steps.size()));
  });
}

TEST_CASE("fast timing equals the recurrences on every layer of the shipped networks", "[rtl_model]") {
  for (const char* name : {"resnet50", "resnet101", "vgg16"})
    for (const DesignChoice& design : {uniform(1024, 256), uniform(1024, 256, Wrap::copies), uniform(256, 256)}) {
      const EstimateRequest r = request(9, design);
      const Mapping plan = map_network(model(name), r.base, r.design);
      for (const MappedLayer& l : plan.layers) {
        CAPTURE(name, l.layer.name);
        const Hardware& hw = plan.cores[static_cast<std::size_t>(l.core)].hw;
        const Timing fast = fast_timing(hw, l.layer), full = predict_timing(hw, l.layer, 1, false);
        CHECK(fast.cycles == full.cycles);
        CHECK(fast.fire_cycles == full.fire_cycles);
        CHECK(fast.first_fire == full.first_fire);
        CHECK(fast.last_fire == full.last_fire);
      }
    }
}

TEST_CASE("events in closed form equal the golden evaluator", "[rtl_model]") {
  property("estimate_rtl == GoldenLayer::run", [] {
    const auto seed = *rc::gen::inRange(0, 1 << 30);
    Case c = random_case(static_cast<std::uint32_t>(seed));
    c.hw.joint_lanes = std::min(c.hw.lanes, c.hw.adcs());
    c.hw.buffer_words = 1 << 16;
    RC_LOG() << describe(c) << "seed " << seed << "\n";
    EventCounts counted;
    GoldenLayer(c.hw, c.layer, c.data).run(c.x, counted);
    const RtlEstimate ours = estimate_rtl(c.hw, c.layer, {});
    counted.idle_cycles = predict_timing(c.hw, c.layer, 1, false).idle_cycles();
    for (std::size_t k = 0; k < event_count; ++k)
      if (!depends_on_data(k)) {
        if (ours.events.at(k) != counted.at(k)) RC_LOG() << event_list[k].name << "\n";
        RC_ASSERT(ours.events.at(k) == counted.at(k));
      }
    // The activity that was counted gives the counts back.
    const auto share = [](std::int64_t n, double of) { return of > 0 ? static_cast<double>(n) / of : 0.0; };
    const auto conversions = static_cast<double>(counted.adc_conversions);
    const Activity activity{share(counted.word_line_drives, ours.line_steps), share(counted.cell_reads, ours.cell_steps),
                            share(counted.adc_zero, conversions), share(counted.adc_saturated, conversions)};
    RC_ASSERT(activity.driven <= 1.0);
    const EventCounts again = estimate_rtl(c.hw, c.layer, activity).events;
    RC_ASSERT(again == counted);
    // Two frames: twice the events, idle cycles aside.
    EventCounts two = estimate_rtl(c.hw, c.layer, {}, 2).events;
    RC_ASSERT(two.adc_conversions == 2 * ours.events.adc_conversions);
    RC_ASSERT(two.input_buffer_reads == 2 * ours.events.input_buffer_reads);
  });
}

TEST_CASE("a network's estimate: counts, rates and counted events", "[rtl_model]") {
  const EstimateData data = load_estimate_data(kRoot);
  const EstimateRequest r = request(9, uniform(1024, 256));
  const NetworkEstimate e = estimate_network(model("resnet50"), r, data);
  CHECK(e.paper.crossbars == 1424);
  CHECK(e.crossbar_rate_paper == Approx(13120.0 / 1424));
  CHECK(e.parameter_rate == Approx(2.2546).margin(0.0001));
  std::int64_t cycles = 0, energy = 0;
  for (const LayerEstimate& l : e.layers) {
    cycles += l.rtl.timing.cycles;
    energy += l.energy.total;
    std::int64_t pes = 0;  // of all its parts; the count stands in the row of the first
      for (const LayerEstimate& other : e.layers) pes += other.node == l.node ? other.hw.pe_rows * other.hw.pe_cols : 0;
      CHECK(l.physical.crossbars == (l.part == 0 ? 2 * 4 * pes : 0));
  }
  CHECK(e.cycles == cycles);
  CHECK(e.energy.total == energy);

  // FP32 rows: 16 slices; only the counts and the mnsim model know them.
  EstimateRequest fp32 = request(32, uniform(1024, 256));
  fp32.rtl = false;
  CHECK(estimate_network(model("resnet50"), fp32, data).paper.crossbars == 5696);
  fp32.rtl = true;
  REQUIRE_RULE(estimate_network(model("resnet50"), fp32, data), "rtl-weight-bits");

  // A small network on the golden model.
  EstimateRequest small = request(5, {}, 32, 16, 4);
  small.base.act_bits = 8;
  const Network digits = model("digits_residual");
  NetworkEstimate estimate = estimate_network(digits, small, data);
  Mapping plan = map_network(digits, small.base, small.design);
  const SynthesisedNetwork net = synthesise_network(plan, synthetic_image(digits, 3), {3, nullptr, true}, 2, {});
  for (const EventDifference& d : compare_events(estimate, net.events, false)) {
    CAPTURE(d.layer, d.event, d.estimated, d.counted);
    CHECK(d.on_data);
  }
  use_counted_events(estimate, small, data, net.events);
  CHECK(compare_events(estimate, net.events, false).empty());
  const Activity a = measured_activity(estimate);
  CHECK(a.driven > 0.05);
  CHECK(a.driven < 0.95);
}

TEST_CASE("the activity file is checked and the closest widths are taken", "[rtl_model]") {
  const std::vector<ActivityRow> rows = load_activity(kRoot + "/golden/data/activity.toml");
  Hardware hw;
  hw.weight_bits = 9;
  hw.act_bits = 9;
  CHECK(measured_for(activity_for(rows, hw), hw));
  hw.act_bits = 2;
  CHECK_FALSE(measured_for(activity_for(rows, hw), hw));
  REQUIRE_RULE(load_activity(kRoot + "/no-such-file.toml"), "unreadable-file");
}

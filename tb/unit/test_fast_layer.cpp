// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>

#include "gen/config/config.hpp"
#include "gen/core/synthetic.hpp"
#include "golden/device/device_model.hpp"
#include "golden/diagnostic.hpp"
#include "golden/fast/fast_layer.hpp"
#include "golden/fast/requantiser.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using epim::testing::Case;
using epim::testing::property;

namespace {

std::string differing(const EventCounts& a, const EventCounts& b) {
  std::string text;
  for (std::size_t i = 0; i < event_count; ++i)
    if (a.at(i) != b.at(i)) text += std::string(event_list[i].name) + " " + std::to_string(a.at(i)) + " != " + std::to_string(b.at(i)) + "; ";
  return text;
}

}  // namespace

TEST_CASE("the fast evaluator equals the reference in maps and events, on every instruction set", "[fast]") {
  std::int64_t clipped = 0, wide = 0, wrapped = 0, zero_points = 0, formats = 0, several = 0, unclipped = 0;
  property("fast == reference", [&] {
    const auto seed = *rc::gen::arbitrary<std::uint32_t>();
    Case c = epim::testing::random_case(seed, {.slopes = true});
    if (seed % 4 != 0) {  // mostly what is evaluated fast
      const bool lossless = c.hw.adc_bits >= c.hw.lossless_adc_bits();
      c.hw.rows_per_read = 0;
      c.hw.adc_interval = 1;
      if (lossless) c.hw.adc_bits = c.hw.lossless_adc_bits();
    }
    RC_LOG() << "seed " << seed << ": " << epim::testing::describe(c) << "\n";
    EventCounts events;
    const GoldenLayer golden(c.hw, c.layer, c.data);
    const IntTensor y = golden.run(c.x, events);
    if (c.hw.sequenced_reads()) {  // row groups, slow conversions: left to the reference
      const LayerEvaluator evaluator(c.hw, c.layer, c.data, true);
      EventCounts counted;
      std::int64_t taken = 0;
      RC_ASSERT(!evaluator.is_fast());
      RC_ASSERT(evaluator.run(c.x, &counted, 1, &taken) == y);
      RC_ASSERT(differing(counted, events) == "");
      RC_ASSERT(taken == events.adc_saturated);
      return;
    }
    for (const fast::Kernels* k : fast::usable_kernels()) {
      RC_LOG() << k->name << "\n";
      EventCounts counted;
      std::int64_t taken = 0;
      RC_ASSERT(FastLayer(c.hw, c.layer, c.data, true, *k).run(c.x, &counted, 1, &taken) == y);
      RC_ASSERT(differing(counted, events) == "");
      RC_ASSERT(taken == events.adc_saturated);
      RC_ASSERT(FastLayer(c.hw, c.layer, c.data, false, *k).run(c.x, nullptr, 2) == y);
    }
    clipped += events.adc_saturated > 0;
    unclipped += events.adc_saturated == 0;
    wide += c.hw.dac_bits == 2;
    wrapped += golden.firings().size() < c.layer.patches.size();
    formats += c.layer.act.has_value();
    several += c.hw.pe_rows > 1 && c.hw.pe_cols > 1;
    for (std::int64_t z : c.data.zero_point.data) zero_points += z != 0;
  });
  // The generator reaches what the property is about.
  for (const std::int64_t reached : {clipped, unclipped, wide, wrapped, zero_points, formats, several}) REQUIRE(reached > 5);
}

TEST_CASE("the fast evaluator refuses what the reference refuses", "[fast]") {
  const Case good = epim::testing::random_case(7);
  Case c = good;
  c.data.channel_scale.data.pop_back();
  REQUIRE_RULE(FastLayer(c.hw, c.layer, c.data, false), "layer-data-shape");
  c = good;
  c.data.epitome.data[0] = 256;
  REQUIRE_RULE(FastLayer(c.hw, c.layer, c.data, false), "layer-data-range");
  const FastLayer layer(good.hw, good.layer, good.data, false);
  IntTensor x = good.x;
  x.data[0] = 512;
  REQUIRE_RULE(layer.run(x, nullptr), "activation-range");
  x = good.x;
  x.shape[0] += 1;
  REQUIRE_RULE(layer.run(x, nullptr), "tensor-shape");
}

namespace {

/// A plain or epitome layer of many lines, columns and positions on large crossbars: several words of lines, tiles of columns,
/// blocks of positions. A function of the seed.
Case large_case(std::uint32_t seed) {
  std::mt19937 rng(seed);
  const auto pick = [&](int lo, int hi) { return static_cast<int>(rng() % static_cast<unsigned>(hi - lo + 1)) + lo; };
  Case c;
  Hardware& hw = c.hw;
  hw.lanes = 8;
  const int rows[] = {64, 128, 192, 256, 384, 512};
  hw.xb_rows = rows[pick(0, 5)];
  hw.xb_cols = 16 * pick(1, 8);
  hw.cols_per_adc = 8;
  hw.cell_bits = 1 << pick(0, 2);
  hw.weight_bits = pick(2, 9);
  hw.act_signed = pick(0, 1) == 1;
  hw.act_bits = pick(2, 9);
  hw.dac_bits = pick(1, 2);
  hw.adc_bits = pick(3, hw.lossless_adc_bits());
  hw.out_bits = 24;
  hw.channel_scale_bits = 24;
  hw.channel_bias_bits = 48;
  Layer& l = c.layer;
  l.kh = l.kw = 3;
  l.cin = 8 * pick(4, 12);
  l.cout = pick(30, 90);
  l.epitome = pick(0, 1) == 0 ? EpitomeShape{l.cout, l.cin, 3, 3} : EpitomeShape{(l.cout + 1) / 2, 16, 4, 4};
  l.h = l.w = pick(5, 7);
  l.pad = {1, 1, 1, 1};
  l.patches = default_sampler(l.cin, l.cout, 3, 3, l.epitome, hw.lanes);
  const PeArray array = pe_array_for(hw, l.epitome);
  hw.pe_rows = array.rows;
  hw.pe_cols = array.cols;
  l.shift = pick(0, 20);
  l.clamp_lo = -(1 << 23);
  l.clamp_hi = (1 << 23) - 1;
  const auto fill = [&](IntTensor& t, std::vector<int> shape, std::int64_t lo, std::int64_t hi) {
    t = IntTensor(std::move(shape));
    for (auto& v : t.data) v = lo + static_cast<std::int64_t>(rng() % static_cast<std::uint64_t>(hi - lo + 1));
  };
  fill(c.data.epitome, {l.epitome.e_out, l.epitome.e_in, l.epitome.p, l.epitome.q}, -hw.weight_max(), hw.weight_max());
  fill(c.data.crossbar_scale, {hw.pe_rows, hw.pe_cols}, 1, 255);
  c.data.zero_point = IntTensor({hw.pe_rows, hw.pe_cols});
  fill(c.data.channel_scale, {l.cout}, -8000000, 8000000);
  fill(c.data.channel_bias, {l.cout}, -1000000, 1000000);
  fill(c.x, {l.cin, l.h, l.w}, hw.act_min(), hw.act_max());
  if (pick(0, 1) == 0)
    for (auto& v : c.x.data) v = std::max<std::int64_t>(0, v >> pick(0, 4));  // as behind a ReLU
  return c;
}

}  // namespace

TEST_CASE("layers of several words, tiles and blocks equal the reference as well", "[fast]") {
  std::int64_t clipped = 0, unclipped = 0;
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    const Case c = large_case(seed);
    INFO("seed " << seed << ": " << epim::testing::describe(c));
    EventCounts events;
    const IntTensor y = GoldenLayer(c.hw, c.layer, c.data).run(c.x, events);
    for (const fast::Kernels* k : fast::usable_kernels()) {
      INFO(k->name);
      EventCounts counted;
      REQUIRE(FastLayer(c.hw, c.layer, c.data, true, *k).run(c.x, &counted, 2) == y);
      REQUIRE(differing(counted, events) == "");
    }
    (events.adc_saturated > 0 ? clipped : unclipped) += 1;
  }
  REQUIRE(clipped > 10);
  REQUIRE(unclipped > 2);
}

TEST_CASE("conversions of several words, tiles and blocks equal the reference as well", "[fast][device]") {
  std::int64_t noisy = 0, loud = 0, trimmed = 0, rounded = 0, wide = 0, pairs = 0, grouped = 0, clipped = 0, blocks = 0;
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    Case c = large_case(seed);
    std::mt19937 rng(seed ^ 0xdefe7u);
    const auto pick = [&](int lo, int hi) { return static_cast<int>(rng() % static_cast<unsigned>(hi - lo + 1)) + lo; };
    if (seed % 4 == 0) {  // more positions than a block
      c.layer.h = c.layer.w = 9;
      c.x = IntTensor({c.layer.cin, 9, 9});
      for (std::int64_t& v : c.x.data) v = c.hw.act_min() + static_cast<std::int64_t>(rng() % static_cast<std::uint64_t>(c.hw.act_max() - c.hw.act_min() + 1));
    }
    c.hw.rows_per_read = pick(0, 3) == 0 ? 32 : 0;
    c.hw.fraction_bits = pick(0, std::min(6, 8 - c.hw.cell_bits));
    c.hw.adc_trims = pick(0, 1) == 1;
    c.hw.read_noise = c.hw.adc_trims && pick(0, 1) == 1;
    c.hw.adc_step = pick(0, 3) == 0 ? pick(1, 3) : 0;
    DeviceModel d;
    d.seed = seed;
    d.program_sigma = 0.1;
    d.stuck = pick(0, 1) * 0.1;
    d.gain_sigma = c.hw.adc_trims ? pick(0, 2) / 10.0 : 0;
    d.offset_sigma = c.hw.adc_trims ? 1 : 0;
    d.read_noise = c.hw.read_noise ? (pick(0, 1) == 0 ? 0.05 : 20) : 0;
    c.data.analog = program_cells(d, c.hw, c.layer, c.data);
    INFO("seed " << seed << ": " << epim::testing::describe(c));
    EventCounts events;
    const std::int64_t frame = pick(0, 1000);
    const GoldenLayer golden(c.hw, c.layer, c.data);
    const IntTensor y = golden.run(c.x, events, 1, frame);
    for (const fast::Kernels* k : fast::usable_kernels()) {
      INFO(k->name);
      std::int64_t taken = 0;
      const ConvertedLayer layer(c.hw, c.layer, c.data, *k);
      REQUIRE(layer.run(c.x, 2, &taken, frame) == y);
      REQUIRE(taken == events.adc_saturated);
      // Single places, without what came before them.
      const std::vector<int> places{c.layer.out_h() * c.layer.out_w() - 1, 3};
      const IntTensor sums = layer.accumulators(c.x, places);
      RoundTrace trace;
      EventCounts ignored;
      for (std::size_t i = 0; i < places.size(); ++i) {
        golden.run_round(c.x, places[i] / c.layer.out_w(), places[i] % c.layer.out_w(), trace, ignored);
        for (std::size_t r = 0, stored = 0; r < golden.ranges().size(); ++r)
          for (int ch = golden.ranges()[r].start; ch < golden.ranges()[r].stop; ++ch, ++stored)
            REQUIRE(sums.data[stored * places.size() + i] == trace.acc[r][static_cast<std::size_t>((ch - golden.ranges()[r].start) % golden.ranges()[r].columns)]);
      }
    }
    std::uint32_t amplitude = 0;
    for (const AdcTrim& a : c.data.analog->trims) amplitude = std::max(amplitude, a.noise);
    noisy += amplitude > 0 && amplitude < 1u << 15;
    loud += amplitude >= 1u << 15;
    trimmed += c.hw.adc_trims;
    rounded += !c.hw.adc_trims && c.hw.fraction_bits > 0;
    wide += c.hw.read_rows() * ((1 << c.hw.word_bits()) - 1) * ((1 << c.hw.dac_bits) - 1) > 0xFFFF;
    pairs += c.hw.dac_bits == 2;
    grouped += c.hw.row_groups() > 1;
    clipped += events.adc_saturated > 0;
    blocks += c.layer.out_h() * c.layer.out_w() > 64;
  }
  INFO(noisy << " " << loud << " " << trimmed << " " << rounded << " " << wide << " " << pairs << " " << grouped << " " << clipped << " " << blocks);
  for (const std::int64_t reached : {noisy, loud, trimmed, rounded, wide, pairs, grouped, clipped, blocks}) REQUIRE(reached > 2);
}

TEST_CASE("the largest sums that crossbars have, within 16 bits and beyond", "[fast][device]") {
  for (const bool trims : {false, true})
    for (const int rows : {64, 192, 256, 512})
      for (const int dac : {1, 2}) {
        Case c = large_case(3);
        INFO("trims " << trims << ", rows " << rows << ", dac_bits " << dac);
        c.hw.xb_rows = rows;
        c.hw.cell_bits = 2;
        c.hw.fraction_bits = 6;
        c.hw.dac_bits = dac;
        c.hw.act_signed = false;
        c.hw.adc_trims = trims;
        c.hw.adc_bits = 14;
        c.layer.cin = rows;
        c.layer.kh = c.layer.kw = 1;
        c.layer.pad = {};
        c.layer.epitome = {c.layer.cout, rows, 1, 1};
        c.layer.patches = default_sampler(rows, c.layer.cout, 1, 1, c.layer.epitome, c.hw.lanes);
        c.hw.pe_rows = 1;
        c.hw.pe_cols = pe_array_for(c.hw, c.layer.epitome).cols;
        c.data.epitome = IntTensor({c.layer.cout, rows, 1, 1});
        c.data.crossbar_scale = IntTensor({1, c.hw.pe_cols}, 3);
        c.data.zero_point = IntTensor({1, c.hw.pe_cols});
        c.data.channel_scale = IntTensor({c.layer.cout}, 1);
        c.data.channel_bias = IntTensor({c.layer.cout});
        c.layer.shift = 8;  // nothing is clamped
        c.x = IntTensor({rows, c.layer.h, c.layer.w}, c.hw.act_max());
        AnalogData analog;
        analog.cells.assign(AnalogData::place(c.hw, 0, c.hw.slices(), 0, 0, 0), 255);
        for (int slice = 0; slice < c.hw.slices(); ++slice)  // little in the other polarity
          std::fill_n(analog.cells.begin() + static_cast<std::ptrdiff_t>(AnalogData::place(c.hw, 0, slice, 1, 0, 0)), AnalogData::place(c.hw, 0, 0, 1, 0, 0), 3);
        c.data.analog = std::make_shared<AnalogData>(analog);
        EventCounts events;
        const IntTensor y = GoldenLayer(c.hw, c.layer, c.data).run(c.x, events);
        REQUIRE(*std::max_element(y.data.begin(), y.data.end()) < c.layer.clamp_hi);
        for (const fast::Kernels* k : fast::usable_kernels()) {
          INFO(k->name);
          REQUIRE(ConvertedLayer(c.hw, c.layer, c.data, *k).run(c.x) == y);
        }
      }
}

TEST_CASE("the requantiser in 64 bits is the one of any width, on both sides of its limit", "[fast]") {
  std::mt19937_64 rng(5);
  const auto draw = [&](int bits) { return static_cast<std::int64_t>(rng()) >> (64 - bits); };
  std::int64_t inner = 0, outer = 0;
  for (int n = 0; n < 20000; ++n) {
    Hardware hw;
    hw.slope_bits = 18;
    Layer layer;
    layer.shift = static_cast<int>(rng() % 63);
    layer.clamp_lo = -(1 << 23);
    layer.clamp_hi = (1 << 23) - 1;
    layer.slopes = rng() % 2 == 0;
    LayerData data;
    data.channel_scale = IntTensor({1}, draw(2 + static_cast<int>(rng() % 31)));
    data.channel_bias = IntTensor({1}, draw(2 + static_cast<int>(rng() % 61)));
    if (layer.slopes) data.channel_slope = IntTensor({1}, draw(18));
    const std::int64_t acc = draw(2 + static_cast<int>(rng() % 62));
    INFO("draw " << n << ": acc " << acc << ", G " << data.channel_scale(0) << ", B " << data.channel_bias(0) << ", shift " << layer.shift << ", slopes " << layer.slopes);
    const std::int64_t expected = requantise(acc, data.channel_scale(0), data.channel_bias(0), layer.shift, layer.clamp_lo, layer.clamp_hi,
                                             layer.slopes ? NegativeSlope{data.channel_slope(0), hw.slope_fraction_bits()} : NegativeSlope{});
    const std::int64_t sums[] = {acc, 0, acc};
    std::int64_t given[2];
    fast::Requantiser(hw, layer, data, 0).run(sums, 2, 2, given);
    REQUIRE(given[0] == expected);
    REQUIRE(given[1] == expected);
    (expected == layer.clamp_lo || expected == layer.clamp_hi ? outer : inner) += 1;
  }
  REQUIRE(inner > 1000);
  REQUIRE(outer > 1000);
}

TEST_CASE("products of accumulator and G, and slopes, beyond 64 bits", "[fast]") {
  for (const bool slopes : {false, true})
    for (std::uint32_t seed = 1; seed <= 6; ++seed) {
      Case c = large_case(seed);
      INFO("seed " << seed << ", slopes " << slopes);
      c.hw.scale_bits = 16;
      c.hw.channel_scale_bits = 32;
      c.hw.channel_bias_bits = 62;
      for (auto& m : c.data.crossbar_scale.data) m = 65535;
      for (std::size_t ch = 0; ch < c.data.channel_scale.size(); ++ch) {
        c.data.channel_scale.data[ch] = ch % 2 == 0 ? signed_max(32) : -signed_max(32);
        c.data.channel_bias.data[ch] = ch % 3 == 0 ? signed_max(62) : -signed_max(62);
      }
      c.layer.shift = 50;
      if (slopes) {
        c.hw.slope_bits = 18;
        c.layer.slopes = true;
        c.data.channel_slope = IntTensor({c.layer.cout}, signed_max(18));
      }
      EventCounts events;
      REQUIRE(FastLayer(c.hw, c.layer, c.data, false).run(c.x, nullptr) == GoldenLayer(c.hw, c.layer, c.data).run(c.x, events));
    }
}

TEST_CASE("every configuration of one layer: the fast evaluator's map and events are the reference's", "[fast]") {
  int configurations = 0;
  for (const char* folder : {"named", "edges"})
    for (const auto& entry : std::filesystem::directory_iterator(std::string(EPIM_SOURCE_DIR) + "/configs/" + folder)) {
      if (entry.path().extension() != ".toml") continue;
      INFO(entry.path().string());
      const Config config = load_config(entry.path().string());
      if (config.network) continue;
      const SyntheticLayer s = prepare_layer(config);
      if (!has_fast_arithmetic(s.core.hw)) continue;
      EventCounts reference, fast;
      const IntTensor y = GoldenLayer(s.core.hw, s.layer, s.data).run(s.input, reference);
      REQUIRE(FastLayer(s.core.hw, s.layer, s.data, true).run(s.input, &fast) == y);
      REQUIRE(differing(fast, reference) == "");
      ++configurations;
    }
  REQUIRE(configurations > 80);
}

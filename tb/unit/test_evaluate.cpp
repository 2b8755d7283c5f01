// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "golden/bounds.hpp"
#include "golden/convolution.hpp"
#include "golden/diagnostic.hpp"
#include "golden/sampler.hpp"
#include "golden/timing/timing.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using epim::testing::Case;
using epim::testing::property;

namespace {

/// Does this patch fire, or does an earlier copy of its output range stand for it?
bool fires(const Layer& l, std::size_t j) {
  if (l.wrap == Wrap::off) return true;
  const auto range_of = [&](int dst_out) {
    std::vector<Patch> list;
    for (Patch p : l.patches)
      if (p.dst_out == dst_out) {
        p.dst_out = 0;
        list.push_back(p);
      }
    return list;
  };
  const int mine = l.patches[j].dst_out;
  int before = -1;
  for (const Patch& p : l.patches)
    if (p.dst_out < mine) before = p.dst_out;
  return before < 0 || range_of(before) != range_of(mine);
}

struct Literal {
  IntTensor y;
  EventCounts events;
  std::int64_t lowest = 0, highest = 0;  ///< accumulators seen, partial sums included
};

/// The equations of golden/evaluate.hpp, word line by word line and bit by bit.
Literal literal(const Case& c) {
  const Hardware hw = hardware_for(c.hw, c.layer);
  const Layer& l = c.layer;
  const EpitomeShape& e = l.epitome;
  const std::int64_t adc_max = (std::int64_t{1} << hw.adc_bits) - 1;
  const int stored = l.wrap == Wrap::stored_once ? l.patches[0].beta2 : l.cout;
  // The crossbars: weight of each physical row and column.
  const int rows = hw.pe_rows * hw.xb_rows;
  IntTensor weights({rows, hw.pe_cols * hw.xb_cols});
  const auto row_of = [&](int ch, int p, int q) {
    const int block = ch / hw.lanes, lane = ch % hw.lanes;
    return (block * e.p * e.q + p * e.q + q) * hw.lanes + lane;
  };
  for (int o = 0; o < e.e_out; ++o)
    for (int i = 0; i < e.e_in; ++i)
      for (int p = 0; p < e.p; ++p)
        for (int q = 0; q < e.q; ++q) weights(row_of(i, p, q), o) = c.data.epitome(o, i, p, q);

  Literal out{IntTensor({stored, l.out_h(), l.out_w()}), {}, 0, 0};
  EventCounts& n = out.events;
  const int blocks_in = (l.stored_cin() + hw.lanes - 1) / hw.lanes;
  n.input_buffer_writes = std::int64_t{blocks_in} * l.h * l.w;
  for (int oy = 0; oy < l.out_h(); ++oy)
    for (int ox = 0; ox < l.out_w(); ++ox) {
      std::vector<std::int64_t> acc(static_cast<std::size_t>(l.cout), 0);
      std::set<int> open;
      for (std::size_t j = 0; j < l.patches.size(); ++j) {
        const Patch& patch = l.patches[j];
        const bool counted = fires(l, j);
        EventCounts ignored;
        EventCounts& k = counted ? n : ignored;
        std::vector<std::int64_t> x(static_cast<std::size_t>(rows), 0);
        std::set<int> groups;  // of word lines that carry a word of the patch, in any PE row
        for (int word = 0; word < (patch.beta1 + hw.lanes - 1) / hw.lanes; ++word)
          for (int ky = 0; ky < l.kh; ++ky)
            for (int kx = 0; kx < l.kw; ++kx) {
              const int iy = oy * l.stride.y - l.pad.top + ky * l.dilation.y, ix = ox * l.stride.x - l.pad.left + kx * l.dilation.x;
              const bool padding = iy < 0 || ix < 0 || iy >= l.h || ix >= l.w;
              for (int lane = 0; lane < hw.lanes; ++lane)
                groups.insert(row_of(patch.c_in + word * hw.lanes + lane, patch.p + ky, patch.q + kx) % hw.xb_rows / hw.read_rows());
              k.ifrt_reads += 1;
              k.input_register_writes += 1;
              k.input_buffer_reads += padding ? 0 : 1;
              for (int lane = 0; lane < hw.lanes && word * hw.lanes + lane < patch.beta1; ++lane) {
                const int a = word * hw.lanes + lane;
                x[static_cast<std::size_t>(row_of(patch.c_in + a, patch.p + ky, patch.q + kx))] =
                    padding ? l.pad_value() : c.x((patch.dst_in + a) % l.stored_cin(), iy, ix);
              }
            }
        k.activations += 1;
        k.ifat_reads += 1;
        k.ofat_reads += 1;
        std::set<int> column_steps;
        for (int col = patch.c_out; col < patch.c_out + patch.beta2; ++col)
          column_steps.insert(col % hw.xb_cols / (hw.xb_cols / hw.cols_per_adc));
        const std::int64_t csteps = static_cast<std::int64_t>(column_steps.size());
        k.fire_cycles += hw.steps() * csteps * static_cast<int>(groups.size()) * hw.adc_interval;
        // One input level per step: the bits of it, the sign step alone.
        const auto level = [&](int row, int b) -> std::int64_t {
          const std::int64_t v = x[static_cast<std::size_t>(row)];
          const int top = hw.act_signed ? hw.act_bits - 1 : hw.act_bits;
          if (hw.act_signed && b == 0) return v < 0 ? 1 : 0;
          const std::int64_t magnitude = v - (v < 0 ? -(std::int64_t{1} << top) : 0);
          return (magnitude >> hw.step_first_bit(b)) % (1 << hw.dac_bits);
        };
        for (int b = 0; b < hw.steps(); ++b)
          for (int row = 0; row < rows; ++row)
            if (level(row, b) != 0) k.word_line_drives += csteps * hw.pe_cols;
        for (int col = patch.c_out; col < patch.c_out + patch.beta2; ++col) {
          const std::size_t ch = static_cast<std::size_t>(patch.dst_out + col - patch.c_out);
          if (open.count(patch.dst_out) != 0) k.joint_adds += 1;
          for (int t = 0; t < hw.pe_rows; ++t) {
            std::int64_t psum = 0, sum_x = 0;
            for (int r = 0; r < hw.xb_rows; ++r) sum_x += x[static_cast<std::size_t>(t * hw.xb_rows + r)];
            for (int b = 0; b < hw.steps(); ++b)
              for (int read = 0; read < hw.slices() * hw.row_groups(); ++read) {
                const int s = read % hw.slices(), group = read / hw.slices();
                if (groups.count(group) == 0) continue;
                k.shift_adds += 1;
                std::int64_t code[2];
                for (int polarity = 0; polarity < 2; ++polarity) {
                  std::int64_t ideal = 0;
                  for (int r = group * hw.read_rows(); r < (group + 1) * hw.read_rows(); ++r) {
                    const std::int64_t w = weights(t * hw.xb_rows + r, col);
                    const std::int64_t magnitude = std::max<std::int64_t>(polarity == 0 ? w : -w, 0);
                    ideal += level(t * hw.xb_rows + r, b) * ((magnitude >> (s * hw.cell_bits)) % (1 << hw.cell_bits));
                  }
                  k.cell_reads += ideal;
                  k.adc_conversions += 1;
                  k.adc_zero += ideal == 0 ? 1 : 0;
                  k.adc_saturated += ideal > adc_max ? 1 : 0;
                  code[polarity] = std::min(ideal, adc_max);
                }
                const std::int64_t weight = (std::int64_t{1} << hw.step_first_bit(b)) << (s * hw.cell_bits);
                psum += (hw.step_is_sign(b) ? -1 : 1) * weight * (code[0] - code[1]);
              }
            k.scale_multiplies += 1;
            const int u = col / hw.xb_cols;
            acc[ch] += c.data.crossbar_scale(t, u) * (psum + c.data.zero_point(t, u) * sum_x);
            out.lowest = std::min(out.lowest, acc[ch]);
            out.highest = std::max(out.highest, acc[ch]);
          }
        }
        open.insert(patch.dst_out);
      }
      for (int ch = 0; ch < stored; ++ch) {
        const std::int64_t half = l.shift > 0 ? std::int64_t{1} << (l.shift - 1) : 0;
        __int128 v = acc[static_cast<std::size_t>(ch)] * c.data.channel_scale(ch) + c.data.channel_bias(ch);
        if (v < 0 && l.slopes) {  // floor(v * A / 2^F), by a division that rounds towards zero
          const __int128 one = std::int64_t{1} << (hw.slope_bits - 4), product = v * c.data.channel_slope(ch);
          v = product / one - (product % one < 0 ? 1 : 0);
        }
        const __int128 value = (v + half) >> l.shift;
        out.y(ch, oy, ox) = static_cast<std::int64_t>(std::min<__int128>(std::max<__int128>(value, l.clamp_lo), l.clamp_hi));
      }
      n.requantisations += stored;
      n.output_buffer_writes += (stored + hw.lanes - 1) / hw.lanes;
    }
  return out;
}

std::string differences(const EventCounts& a, const EventCounts& b) {
  std::string text;
  for (std::size_t i = 0; i < event_count; ++i)
    if (a.at(i) != b.at(i))
      text += std::string(event_list[i].name) + " " + std::to_string(a.at(i)) + " != " + std::to_string(b.at(i)) + "; ";
  return text;
}

}  // namespace

TEST_CASE("outputs and events equal the literal equations, clipping ADCs included", "[evaluate]") {
  std::int64_t clipped = 0, wrapped = 0, several = 0, skipped = 0;
  property("literal", [&] {
    const Case c = epim::testing::random_case(*rc::gen::arbitrary<std::uint32_t>(), {.slopes = true});
    RC_LOG() << epim::testing::describe(c) << "\n";
    EventCounts events;
    const GoldenLayer golden(c.hw, c.layer, c.data);
    const IntTensor y = golden.run(c.x, events);
    const Literal expected = literal(c);
    RC_ASSERT(y.shape == expected.y.shape);
    RC_ASSERT(y == expected.y);
    RC_ASSERT(differences(events, expected.events) == "");
    clipped += events.adc_saturated > 0 ? 1 : 0;
    wrapped += golden.firings().size() < c.layer.patches.size() ? 1 : 0;
    several += c.hw.pe_rows > 1 && c.hw.pe_cols > 1 ? 1 : 0;
    for (std::size_t f = 0; f < golden.firings().size(); ++f)
      skipped += static_cast<int>(golden.row_groups(static_cast<int>(f)).size()) < c.hw.row_groups() ? 1 : 0;
  });
  // The generator reaches what the property is about.
  REQUIRE(clipped > 5);
  REQUIRE(wrapped > 5);
  REQUIRE(several > 5);
  REQUIRE(skipped > 5);
}

TEST_CASE("row groups without a word line of the patch are not read", "[evaluate]") {
  // 3x3 patches of a 4x4 epitome use 144 of 256 word lines: 9 of 16 groups of 16.
  Case c = epim::testing::random_case(1);
  Hardware& hw = c.hw = Hardware{};
  hw.xb_rows = 256;
  hw.xb_cols = 16;
  hw.lanes = 16;
  hw.act_bits = 5;
  hw.weight_bits = 3;
  Layer& l = c.layer = Layer{};
  l.cin = 64;
  l.cout = 16;
  l.kh = l.kw = 3;
  l.h = l.w = 4;
  l.epitome = {16, 16, 4, 4};
  l.clamp_hi = 255;
  l.patches = default_sampler(l.cin, l.cout, l.kh, l.kw, l.epitome, hw.lanes);
  REQUIRE(l.patches.size() == 4);  // each starts in another corner
  const auto run = [&](int rows) {
    hw.rows_per_read = rows;
    hw.adc_bits = hw.lossless_adc_bits();
    EventCounts events;
    LayerData data{IntTensor({16, 16, 4, 4}), IntTensor({1, 1}), IntTensor({1, 1}), IntTensor({16}), IntTensor({16}), {}, {}, {}};
    IntTensor x({64, 4, 4});
    for (std::size_t i = 0; i < data.epitome.data.size(); ++i) data.epitome.data[i] = static_cast<int>(i * 7 % 5) - 2;
    for (std::size_t i = 0; i < x.data.size(); ++i) x.data[i] = static_cast<int>(i * 11 % 32);
    data.crossbar_scale.data[0] = 1;
    for (auto& g : data.channel_scale.data) g = 1;
    const GoldenLayer golden(hw, l, data);
    for (std::size_t f = 0; f < golden.firings().size(); ++f)
      REQUIRE(golden.row_groups(static_cast<int>(f)).size() == (rows == 0 ? 1u : 9u));
    return std::pair(golden.run(x, events), events);
  };
  const auto [y_all, all] = run(0);
  const auto [y, groups] = run(16);
  REQUIRE(y == y_all);  // lossless both times
  REQUIRE(groups.adc_conversions == 9 * all.adc_conversions);
  REQUIRE(groups.fire_cycles == 9 * all.fire_cycles);
  REQUIRE(groups.cell_reads == all.cell_reads);
  REQUIRE(groups.word_line_drives == all.word_line_drives);
  REQUIRE(predict_timing(hw, l).fire_cycles == groups.fire_cycles);
}

TEST_CASE("lossless, unscaled crossbars equal the reconstructed convolution", "[evaluate]") {
  property("convolution", [] {
    const Case c = epim::testing::random_case(*rc::gen::arbitrary<std::uint32_t>(), {false, false});
    const Layer& l = c.layer;
    RC_LOG() << epim::testing::describe(c) << "\n";
    EventCounts events;
    const GoldenLayer golden(c.hw, l, c.data);
    const IntTensor y = golden.run(c.x, events);
    const IntTensor sums = convolve(c.x, reconstruct(l, c.data.epitome), l);
    for (int ch = 0; ch < golden.stored_cout(); ++ch)
      for (int oy = 0; oy < l.out_h(); ++oy)
        for (int ox = 0; ox < l.out_w(); ++ox)
          RC_ASSERT(y(ch, oy, ox) == requantise(sums(ch, oy, ox), c.data.channel_scale(ch), c.data.channel_bias(ch),
                                                l.shift, l.clamp_lo, l.clamp_hi));
    RC_ASSERT(events.adc_saturated == 0);
  });
}

TEST_CASE("every accumulator stays inside its bound", "[evaluate][bounds]") {
  property("bound", [] {
    Case c = epim::testing::random_case(*rc::gen::arbitrary<std::uint32_t>());
    const AccumulatorBound bound = accumulator_bound(c.hw, c.layer, c.data);
    // Extreme inputs are the ones that matter.
    const bool extreme = *rc::gen::arbitrary<bool>();
    const Hardware format = hardware_for(c.hw, c.layer);
    if (extreme)
      for (std::size_t i = 0; i < c.x.size(); ++i) c.x.data[i] = c.x.data[i] % 2 == 0 ? format.act_min() : format.act_max();
    const Literal seen = literal(c);
    RC_LOG() << epim::testing::describe(c) << "\n";
    RC_ASSERT(seen.lowest >= bound.lowest);
    RC_ASSERT(seen.highest <= bound.highest);
    RC_ASSERT(bound.highest < (std::int64_t{1} << (bound.bits - 1)));
    RC_ASSERT(bound.lowest >= -(std::int64_t{1} << (bound.bits - 1)));
    Hardware narrow = c.hw;
    narrow.acc_bits = bound.bits;
    check_accumulator(narrow, c.layer, c.data);
    narrow.acc_bits = bound.bits - 1;
    if (narrow.acc_bits > 0) {
      bool refused = false;
      try {
        check_accumulator(narrow, c.layer, c.data);
      } catch (const InputError& e) {
        refused = e.rule() == "accumulator-overflow";
      }
      RC_ASSERT(refused);
    }
  });
}

TEST_CASE("the accumulator bound is reached", "[evaluate][bounds]") {
  Case c;
  c.hw.lanes = 2;
  c.hw.xb_rows = 4;
  c.hw.xb_cols = 8;
  c.hw.act_signed = true;
  c.hw.zero_point = true;
  c.layer.cin = 4;
  c.layer.cout = 1;
  c.layer.epitome = {1, 4, 1, 1};
  c.layer.patches = default_sampler(4, 1, 1, 1, c.layer.epitome, 2);
  c.layer.clamp_hi = 255;
  c.data.epitome = IntTensor({1, 4, 1, 1});
  c.data.epitome.data = {255, -255, 7, -3};
  c.data.crossbar_scale = IntTensor({1, 1}, 200);
  c.data.zero_point = IntTensor({1, 1}, 5);
  c.data.channel_scale = IntTensor({1}, 1);
  c.data.channel_bias = IntTensor({1}, 0);
  const AccumulatorBound bound = accumulator_bound(c.hw, c.layer, c.data);
  // Coefficients w + Z = 260, -250, 12, 2; inputs -256 .. 255.
  REQUIRE(bound.highest == 200 * (260 * 255 + 250 * 256 + 12 * 255 + 2 * 255));
  REQUIRE(bound.lowest == -200 * (260 * 256 + 250 * 255 + 12 * 256 + 2 * 256));
  c.x = IntTensor({4, 1, 1});
  c.x.data = {255, -256, 255, 255};
  REQUIRE(literal(c).highest == bound.highest);
  EventCounts events;
  RoundTrace trace;
  GoldenLayer(c.hw, c.layer, c.data).run_round(c.x, 0, 0, trace, events);
  REQUIRE(trace.acc[0][0] == bound.highest);
  // A clipping ADC: w = -5 and Z = 5 cancel on paper, but not once psum is clipped.
  c.data.epitome.data = {-5, -5, -5, -5};
  REQUIRE(accumulator_bound(c.hw, c.layer, c.data).highest == 0);
  c.hw.adc_bits = 1;
  const std::int64_t clipped = accumulator_bound(c.hw, c.layer, c.data).highest;
  c.x.data = {255, 255, 255, 255};
  REQUIRE(literal(c).highest > 0);
  REQUIRE(literal(c).highest <= clipped);
}

TEST_CASE("threads do not change the result", "[evaluate]") {
  for (std::uint32_t seed : {11u, 12u, 13u}) {
    const Case c = epim::testing::random_case(seed);
    const GoldenLayer golden(c.hw, c.layer, c.data);
    EventCounts one, three;
    REQUIRE(golden.run(c.x, one, 1) == golden.run(c.x, three, 3));
    REQUIRE(one == three);
  }
}

TEST_CASE("a round trace holds every stage", "[evaluate]") {
  property("trace", [] {
    const Case c = epim::testing::random_case(*rc::gen::arbitrary<std::uint32_t>());
    const GoldenLayer golden(c.hw, c.layer, c.data);
    RoundTrace trace;
    EventCounts events;
    golden.run_round(c.x, 0, 0, trace, events);
    for (std::size_t f = 0; f < golden.firings().size(); ++f) {
      const Firing& firing = golden.firings()[f];
      const OutputRange& range = golden.ranges()[static_cast<std::size_t>(firing.range)];
      RC_ASSERT(firing.range_start == range.start && firing.range_stop == range.stop);
      RC_ASSERT(firing.opens == (static_cast<int>(f) == range.first_firing));
      RC_ASSERT(firing.closes == (static_cast<int>(f) == range.first_firing + range.firings - 1));
      std::int64_t total = 0, sums = 0;
      for (std::int32_t v : trace.firings[f].rows) total += v;
      for (std::int64_t v : trace.firings[f].sum_x) sums += v;
      RC_ASSERT(total == sums);
    }
    int next = 0;
    for (std::size_t r = 0; r < golden.ranges().size(); ++r) {
      const OutputRange& range = golden.ranges()[r];
      RC_ASSERT(range.start == next);
      next = range.stop;
      for (int ch = range.start; ch < range.stop; ++ch)
        RC_ASSERT(trace.out[static_cast<std::size_t>(ch)] ==
                  golden.requantise_channel(
                      trace.acc[r][static_cast<std::size_t>((ch - range.start) % range.columns)], ch));
    }
    RC_ASSERT(next == golden.stored_cout());
  });
}

TEST_CASE("requantisation rounds half up and clamps", "[evaluate]") {
  REQUIRE(requantise(3, 1, 0, 1, -100, 100) == 2);
  REQUIRE(requantise(-3, 1, 0, 1, -100, 100) == -1);
  REQUIRE(requantise(-4, 1, 0, 1, -100, 100) == -2);
  REQUIRE(requantise(5, 3, -7, 0, -100, 100) == 8);
  REQUIRE(requantise(1000, 1, 0, 0, -100, 100) == 100);
  REQUIRE(requantise(-1000, 1, 0, 0, -100, 100) == -100);
  REQUIRE(requantise(std::int64_t{1} << 50, 32767, 0, 47, 0, 1 << 30) == 8 * 32767);
}

TEST_CASE("requantisation with a negative slope, worked by hand", "[evaluate]") {
  const auto out = [](std::int64_t v, std::int64_t a, int shift) { return requantise(v, 1, 0, shift, -1000, 1000, {a, 4}); };
  CHECK(out(-16, 1, 0) == -1);     // 1/16
  CHECK(out(-15, 1, 0) == -1);     // rounded down, not to zero
  CHECK(out(-17, 1, 0) == -2);
  CHECK(out(15, 1, 0) == 15);      // values that are not negative have slope 1
  CHECK(out(0, -128, 0) == 0);
  CHECK(out(-7, 16, 0) == -7);     // A = 2^F
  CHECK(out(-7, -16, 0) == 7);
  CHECK(out(-7, -128, 0) == 56);   // -8, the least slope
  CHECK(out(-7, 127, 0) == -56);   // floor(-55.5625)
  CHECK(out(-15, 1, 1) == 0);      // two roundings: floor(-15/16) = -1, floor((-1 + 1) / 2) = 0
  CHECK(out(-33, 1, 1) == -1);     // -3, then floor(-2/2)
  CHECK(out(-999, 127, 0) == -1000);
  CHECK(requantise(-3, 5, 7, 0, -100, 100, {8, 4}) == -4);  // (-15 + 7) / 2
  CHECK(requantise(-3, 5, 17, 0, -100, 100, {8, 4}) == 2);  // the sign is that of acc*G + B
  // The widest: 63 bits of acc, 24 of G, 18 of A.
  CHECK(requantise(-(std::int64_t{1} << 62), (1 << 23) - 1, 0, 62, -(1LL << 40), 1LL << 40, {-(1 << 17), 14}) == 8LL * ((1 << 23) - 1));
}

TEST_CASE("slopes: what a layer's data must be", "[evaluate]") {
  Case good;
  for (std::uint32_t seed = 1; !good.layer.slopes || good.layer.wrap != Wrap::stored_once || good.layer.cout == good.layer.epitome.e_out; ++seed)
    good = epim::testing::random_case(seed, {.slopes = true});
  const auto build = [&](auto&& change) {
    Case c = good;
    change(c);
    GoldenLayer(c.hw, c.layer, c.data);
  };
  build([](Case&) {});
  REQUIRE_RULE(build([](Case& c) { c.data.channel_slope(0) = signed_max(c.hw.slope_bits) + 1; }), "layer-data-range");
  REQUIRE_RULE(build([](Case& c) { c.data.channel_slope(0) = -signed_max(c.hw.slope_bits) - 2; }), "layer-data-range");
  REQUIRE_RULE(build([](Case& c) { c.data.channel_slope = IntTensor({c.layer.cout + 1}); }), "layer-data-shape");
  REQUIRE_RULE(build([](Case& c) { c.data.channel_slope = {}; }), "layer-data-shape");
  REQUIRE_RULE(build([](Case& c) { c.layer.slopes = false; }), "layer-data-shape");
  REQUIRE_RULE(build([](Case& c) { c.hw.slope_bits = 0; }), "slope-not-built");
  REQUIRE_RULE(build([](Case& c) { c.hw.slope_bits = 7; }), "bit-width");
  REQUIRE_RULE(build([](Case& c) { c.hw.slope_bits = 19; }), "bit-width");
  REQUIRE_RULE(build([](Case& c) { c.data.channel_slope(c.layer.cout - 1) ^= 1; }), "wrap-not-periodic");
}

TEST_CASE("slopes: 2^F everywhere is no slope", "[evaluate]") {
  property("slope one", [] {
    Case c = epim::testing::random_case(*rc::gen::arbitrary<std::uint32_t>());
    EventCounts without, with;
    const IntTensor y = GoldenLayer(c.hw, c.layer, c.data).run(c.x, without);
    c.hw.slope_bits = *rc::gen::inRange(slope_bits_least, slope_bits_most + 1);
    c.layer.slopes = true;
    c.data.channel_slope = IntTensor({c.layer.cout}, c.hw.slope_one());
    RC_ASSERT(GoldenLayer(c.hw, c.layer, c.data).run(c.x, with) == y);
    RC_ASSERT(differences(without, with) == "");
  });
}

TEST_CASE("layers that a core cannot hold are refused", "[evaluate]") {
  Case good;
  for (std::uint32_t seed = 1;; ++seed) {
    good = epim::testing::random_case(seed, {false, false});
    if (good.layer.wrap == Wrap::stored_once && good.layer.cout > good.layer.epitome.e_out) break;
  }
  const auto build = [&](auto&& change) {
    Case c = good;
    change(c);
    GoldenLayer(c.hw, c.layer, c.data);
  };
  build([](Case&) {});
  REQUIRE_RULE(build([](Case& c) { c.data.channel_scale(c.layer.cout - 1) += 1; }), "wrap-not-periodic");
  REQUIRE_RULE(build([](Case& c) { c.data.channel_bias(c.layer.cout - 1) += 1; }), "wrap-not-periodic");
  REQUIRE_RULE(build([](Case& c) {
                 c.layer.epitome = {1, c.layer.cin, c.layer.kh, c.layer.kw + 1};
                 c.layer.cout = 4;
                 c.layer.patches = default_sampler(c.layer.cin, 4, c.layer.kh, c.layer.kw, c.layer.epitome, 1, true);
                 c.hw.pe_rows = 1000;
                 c.data.epitome = IntTensor({1, c.layer.cin, c.layer.kh, c.layer.kw + 1});
                 c.data.crossbar_scale = c.data.zero_point = IntTensor({1000, c.hw.pe_cols});
                 c.data.channel_scale = c.data.channel_bias = IntTensor({4});
               }), "wrap-not-possible");
  REQUIRE_RULE(build([](Case& c) { c.data.epitome.data[0] = c.hw.weight_max() + 1; }), "layer-data-range");
  REQUIRE_RULE(build([](Case& c) { c.data.crossbar_scale.data[0] = -1; }), "layer-data-range");
  REQUIRE_RULE(build([](Case& c) { c.data.channel_scale = IntTensor({1000}); }), "layer-data-shape");
  REQUIRE_RULE(build([](Case& c) { c.data.zero_point.data[0] = 1; }), "zero-point-not-built");
  REQUIRE_RULE(build([](Case& c) { c.layer.clamp_hi = std::int64_t{1} << c.hw.out_bits; }), "clamp-range");
  REQUIRE_RULE(build([](Case& c) { std::swap(c.layer.clamp_lo, c.layer.clamp_hi); }), "clamp-range");
  REQUIRE_RULE(build([](Case& c) { c.hw.out_bits = 32, c.layer.clamp_lo = c.layer.clamp_hi = 2147483648LL; }), "clamp-range");
  REQUIRE_RULE(build([](Case& c) { c.hw.weight_bits = 10; }), "bit-width");
  REQUIRE_RULE(build([](Case& c) { c.hw.cell_bits = 3; }), "bit-width");
  REQUIRE_RULE(build([](Case& c) { c.hw.xb_rows = 0; }), "crossbar-shape");
  REQUIRE_RULE(build([](Case& c) {
                 c.hw.xb_rows = c.hw.lanes;
                 c.hw.pe_rows = physical_rows(c.layer.epitome, c.hw.lanes) / c.hw.lanes - 1;
               }), "pe-array-too-small");
  const GoldenLayer golden(good.hw, good.layer, good.data);
  IntTensor x = good.x;
  EventCounts events;
  x.data[0] = good.hw.act_max() + 1;
  REQUIRE_RULE(golden.run(x, events), "activation-range");
  REQUIRE_RULE(golden.run(IntTensor({1}), events), "tensor-shape");
}

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <map>

#include "golden/bounds.hpp"
#include "golden/convolution.hpp"
#include "golden/diagnostic.hpp"
#include "golden/quantise.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using epim::testing::Case;
using epim::testing::property;

namespace {

FloatTensor random_epitome(const Case& c, std::uint32_t seed) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> normal(0.01f, 0.2f);
  FloatTensor e({c.layer.epitome.e_out, c.layer.epitome.e_in, c.layer.epitome.p, c.layer.epitome.q});
  for (float& v : e.data) v = normal(rng);
  return e;
}

QuantiseOptions random_options() {
  QuantiseOptions options;
  options.mode = *rc::gen::element(RangeMode::naive, RangeMode::per_crossbar, RangeMode::overlap);
  options.affine = *rc::gen::arbitrary<bool>();
  options.sign_magnitude = *rc::gen::arbitrary<bool>();
  return options;
}

/// A 1x1 layer of one PE whose weights are the given list.
Layer one_row(int n) {
  Layer l;
  l.cin = n;
  l.epitome = {1, n, 1, 1};
  l.patches = default_sampler(n, 1, 1, 1, l.epitome, 1);
  return l;
}

Hardware small(int weight_bits) {
  Hardware hw;
  hw.lanes = 1;
  hw.xb_rows = hw.xb_cols = 64;
  hw.weight_bits = weight_bits;
  return hw;
}

FloatTensor row(std::vector<float> values) {
  FloatTensor t({1, static_cast<int>(values.size()), 1, 1});
  t.data = std::move(values);
  return t;
}

}  // namespace

TEST_CASE("symmetric and affine quantisation worked by hand", "[quantise]") {
  const Layer l = one_row(5);
  const FloatTensor e = row({-1.0f, -0.5f, 0.0f, 1.25f, 3.0f});
  const QuantisedEpitome s = quantise(small(3), l, e, {});
  REQUIRE(s.block(0, 0).scale == Approx(1.0));
  // Ties go to even: -0.5 -> 0.
  REQUIRE(s.codes.data == std::vector<std::int64_t>{-1, 0, 0, 1, 3});
  REQUIRE(s.error == Approx(0.25 + 0.0625));
  QuantiseOptions options;
  options.affine = true;
  options.sign_magnitude = false;
  const QuantisedEpitome a = quantise(small(3), l, e, options);  // S = 4/7, alpha/S = -1.75 -> -2, Z = -2 + 4
  REQUIRE(a.block(0, 0).scale == Approx(4.0 / 7));
  REQUIRE(a.block(0, 0).zero == 2);
  REQUIRE(a.codes.data == std::vector<std::int64_t>{-4, -3, -2, 0, 3});
  options.sign_magnitude = true;
  const QuantisedEpitome m = quantise(small(3), l, e, options);  // S = 4/6, alpha/S = -1.5 -> -2, Z = -2 + 3
  REQUIRE(m.block(0, 0).scale == Approx(4.0 / 6));
  REQUIRE(m.block(0, 0).zero == 1);
  REQUIRE(m.codes.data == std::vector<std::int64_t>{-3, -2, -1, 1, 3});
}

TEST_CASE("the overlap range follows paper Eq. 4 and 5", "[quantise]") {
  // Two input groups of one channel at starts (0,0) and (0,1) of a 1x3 epitome with a 1x2 kernel: R = 1, 2, 1.
  Layer l;
  l.cin = 2;
  l.kw = 2;
  l.w = 2;
  l.epitome = {1, 1, 1, 3};
  l.patches = default_sampler(2, 1, 1, 2, l.epitome, 1);
  REQUIRE(repetition_map(l).data == std::vector<std::int64_t>{1, 2, 1});
  FloatTensor e({1, 1, 1, 3});
  e.data = {4.0f, 1.0f, -2.0f};
  QuantiseOptions options;
  options.mode = RangeMode::overlap;
  const BlockQuantisation d = quantise(small(4), l, e, options).block(0, 0);
  REQUIRE(d.w1 == Approx(0.5));
  REQUIRE(d.alpha == Approx(0.5 * 1 + 0.5 * -2));
  REQUIRE(d.beta == Approx(0.5 * 1 + 0.5 * 4));
  REQUIRE(d.scale == Approx(2.5 / 7));
  options.w1 = 0.25;
  options.w2 = 1.0;
  const QuantisedEpitome q = quantise(small(4), l, e, options);
  REQUIRE(q.block(0, 0).alpha == Approx(0.25 - 2));
  REQUIRE(q.block(0, 0).beta == Approx(0.25 + 4));
  options.w1 = options.w2 = -1;
  const QuantisedEpitome clamped = quantise(small(4), l, e, options);
  REQUIRE(clamped.codes.data[0] == 7);  // 4.0 lies outside the range and is clamped to 2.5
  REQUIRE(clamped.error == Approx(1.5 * 1.5 + 2 * std::pow(1 - 3 * 2.5 / 7, 2) + std::pow(2 - 6 * 2.5 / 7, 2)));
  REQUIRE(clamped.block(0, 0).clamped == 1);
  REQUIRE(clamped.size == Approx(4 * 4 + 2 * 1 * 1 + 2 * 2));
  options.w1 = 1.5;  // w2 = 1 - w1 would turn the range around
  REQUIRE_RULE(quantise(small(4), l, e, options), "quantisation-weights");
  options.w2 = 0.0;
  REQUIRE(quantise(small(4), l, e, options).block(0, 0).beta == Approx(1.5));
  options.w1 = options.w2 = -1;
  // Everything repeats alike: min and max.
  const QuantisedEpitome flat = quantise(small(4), one_row(3), row({-1, 0.5f, 2}), options);
  REQUIRE(flat.block(0, 0).alpha == Approx(-1));
  REQUIRE(flat.block(0, 0).beta == Approx(2));
}

TEST_CASE("elements that nothing reads do not widen the overlap range", "[quantise]") {
  // Two input groups over the starts q = 0, 2, 1 of a 1x3 epitome: q = 1 is never read.
  Layer l;
  l.cin = l.cout = 2;
  l.epitome = {1, 1, 1, 3};
  l.patches = default_sampler(2, 2, 1, 1, l.epitome, 1);
  REQUIRE(repetition_map(l).data == std::vector<std::int64_t>{2, 0, 2});
  FloatTensor e({1, 1, 1, 3});
  e.data = {1.0f, 100.0f, -2.0f};
  QuantiseOptions options;
  options.mode = RangeMode::overlap;
  const QuantisedEpitome q = quantise(small(4), l, e, options);
  REQUIRE(q.block(0, 0).alpha == Approx(-2));
  REQUIRE(q.block(0, 0).beta == Approx(1));
  REQUIRE(q.error == Approx(2 * std::pow(1 - 4 * 2.0 / 7, 2)).margin(1e-12));
  options.w1 = options.w2 = 0.5;  // nothing is left for w2 to weigh
  REQUIRE(quantise(small(4), l, e, options).block(0, 0).beta == Approx(1));
  options.mode = RangeMode::per_crossbar;
  REQUIRE(quantise(small(4), l, e, options).block(0, 0).beta == Approx(100));
}

TEST_CASE("the weighted error equals the error of the reconstructed convolution", "[quantise]") {
  property("error", [] {
    const Case c = epim::testing::random_case(*rc::gen::arbitrary<std::uint32_t>());
    const QuantiseOptions options = random_options();
    const FloatTensor e = random_epitome(c, *rc::gen::arbitrary<std::uint32_t>());
    const QuantisedEpitome q = quantise(c.hw, c.layer, e, options);
    const FloatTensor before = reconstruct(c.layer, e);
    // The real value from code, scale and zero point in double, as the float copy has rounding of its own.
    const IntTensor codes = reconstruct(c.layer, q.codes);
    IntTensor block_of(q.codes.shape);
    for (int o = 0; o < c.layer.epitome.e_out; ++o)
      for (int i = 0; i < c.layer.epitome.e_in; ++i)
        for (int p = 0; p < c.layer.epitome.p; ++p)
          for (int s = 0; s < c.layer.epitome.q; ++s)
            block_of(o, i, p, s) =
                physical_row(c.layer.epitome, c.hw.lanes, i, p, s) / c.hw.xb_rows * q.pe_cols + o / c.hw.xb_cols;
    const IntTensor blocks = reconstruct(c.layer, block_of);
    IntTensor ones(q.codes.shape);
    for (auto& v : ones.data) v = 1;
    const IntTensor covered = reconstruct(c.layer, ones);  // not between the groups
    double error = 0;
    for (std::size_t i = 0; i < codes.size(); ++i) {
      if (covered.data[i] == 0) continue;
      const BlockQuantisation& b = q.blocks[static_cast<std::size_t>(blocks.data[i])];
      error += std::pow(b.scale * static_cast<double>(codes.data[i] + b.zero) - static_cast<double>(before.data[i]), 2);
    }
    RC_ASSERT(std::fabs(error - q.error) <= 1e-9 * (1 + error));
    const FloatTensor after = reconstruct(c.layer, q.values);
    double rough = 0;
    for (std::size_t i = 0; i < after.size(); ++i)
      rough += std::pow(static_cast<double>(after.data[i]) - static_cast<double>(before.data[i]), 2);
    RC_ASSERT(std::fabs(rough - q.error) <= 1e-4 * (1e-6 + error) + 1e-7 * static_cast<double>(after.size()));
  });
}

TEST_CASE("codes stay legal, and inside the range the error is half a step", "[quantise]") {
  property("codes", [] {
    const Case c = epim::testing::random_case(*rc::gen::arbitrary<std::uint32_t>());
    const QuantiseOptions options = random_options();
    const FloatTensor e = random_epitome(c, *rc::gen::arbitrary<std::uint32_t>());
    const QuantisedEpitome q = quantise(c.hw, c.layer, e, options);
    const std::int64_t hi = c.hw.weight_max(), lo = options.sign_magnitude ? -hi : -hi - 1;
    std::map<double, int> scales;
    for (const BlockQuantisation& b : q.blocks)
      if (b.scale > 0) {
        ++scales[b.scale];
        RC_ASSERT(std::abs(b.zero) <= hi + 1);
        RC_ASSERT(options.affine || b.zero == 0);
      }
    if (options.mode == RangeMode::naive) RC_ASSERT(scales.size() == 1u);
    for (std::size_t i = 0; i < e.size(); ++i) RC_ASSERT(q.codes.data[i] >= lo && q.codes.data[i] <= hi);
    if (options.mode == RangeMode::overlap) return;
    std::size_t i = 0;
    for (int o = 0; o < c.layer.epitome.e_out; ++o)
      for (int ch = 0; ch < c.layer.epitome.e_in; ++ch)
        for (int p = 0; p < c.layer.epitome.p; ++p)
          for (int s = 0; s < c.layer.epitome.q; ++s, ++i) {
            const BlockQuantisation& b = q.block(
                physical_row(c.layer.epitome, c.hw.lanes, ch, p, s) / c.hw.xb_rows, o / c.hw.xb_cols);
            // Rounding the zero point of affine codes costs up to another half step at the ends.
            const double step = options.affine ? 1.0 : 0.5;
            RC_ASSERT(std::fabs(static_cast<double>(q.values.data[i]) - static_cast<double>(e.data[i])) <=
                      step * b.scale * 1.0001 + 1e-6);
          }
  });
}

TEST_CASE("integers reproduce the real layer", "[quantise]") {
  int saturated = 0, all = 0;
  property("real", [&] {
    Case c = epim::testing::random_case(*rc::gen::arbitrary<std::uint32_t>(), {false, true});
    const std::uint32_t seed = *rc::gen::arbitrary<std::uint32_t>();
    Layer& l = c.layer;
    l.wrap = Wrap::off;
    c.hw.out_bits = 9;
    c.hw.channel_bias_bits = 48;
    c.hw.channel_scale_bits = 16;
    c.hw.scale_bits = 16;
    QuantiseOptions options = random_options();
    options.sign_magnitude = true;
    const QuantisedEpitome q = quantise(c.hw, l, random_epitome(c, seed), options);
    std::mt19937 rng(seed);
    std::uniform_real_distribution<float> uniform(0.5f, 1.5f);
    LayerScales scales;
    for (int ch = 0; ch < l.cout; ++ch) {
      scales.bn_scale.push_back(uniform(rng) * (rng() % 4 == 0 ? -1.0f : 1.0f));
      scales.bn_bias.push_back(uniform(rng) - 1.0f);
    }
    scales.act_in = 0.03;
    const double swing = 0.2 * 0.03 * static_cast<double>(c.hw.act_max() + 1) *
                         std::sqrt(static_cast<double>(l.cin * l.kh * l.kw)) + 1;
    scales.act_out = swing / 40;
    scales.zero_out = *rc::gen::inRange(-20, 21);
    const IntegerLayer integers = to_integer(c.hw, l, q, scales);
    l.shift = integers.shift;
    l.clamp_lo = -256;
    l.clamp_hi = 255;
    // Of the largest scale: a block of few and small elements has a small scale, whose own relative error is larger.
    double least = 1e300, most = 0;
    for (const BlockQuantisation& b : q.blocks)
      if (b.scale > 0) least = std::min(least, b.scale), most = std::max(most, b.scale);
    RC_ASSERT(integers.scale_error * least < 0.01 * most);
    EventCounts events;
    const IntTensor y = GoldenLayer(c.hw, l, integers.data).run(c.x, events);
    // The real layer, in double.
    const FloatTensor w = reconstruct(l, q.values);
    for (int o = 0; o < l.cout; ++o)
      for (int oy = 0; oy < l.out_h(); ++oy)
        for (int ox = 0; ox < l.out_w(); ++ox) {
          double sum = 0, size = 0;
          for (int v = 0; v < l.cin; ++v)
            for (int ky = 0; ky < l.kh; ++ky)
              for (int kx = 0; kx < l.kw; ++kx) {
                const int iy = oy * l.stride.y - l.pad.top + ky * l.dilation.y, ix = ox * l.stride.x - l.pad.left + kx * l.dilation.x;
                const bool outside = iy < 0 || ix < 0 || iy >= l.h || ix >= l.w;
                const double term = static_cast<double>(w(o, v, ky, kx)) * scales.act_in *
                                    static_cast<double>(outside ? 0 : c.x(v % l.stored_cin(), iy, ix) - l.pad_value());
                sum += term;
                size += std::fabs(term);
              }
          const std::size_t ch = static_cast<std::size_t>(o);
          const double real = static_cast<double>(scales.bn_scale[ch]) * sum + static_cast<double>(scales.bn_bias[ch]);
          const double expected = std::min(255.0, std::max(-256.0, real / scales.act_out + static_cast<double>(scales.zero_out)));
          const double slack = 0.5 + 1e-3 + 1.6 * size / scales.act_out *
                               (integers.scale_error + integers.channel_error + 1e-5);
          ++all;
          saturated += std::fabs(real / scales.act_out) > 255 ? 1 : 0;
          RC_ASSERT(std::fabs(static_cast<double>(y(o, oy, ox)) - expected) <= slack);
        }
  });
  REQUIRE(saturated < all / 2);
}

TEST_CASE("one scale for the layer needs no crossbar scale", "[quantise]") {
  const Layer l = one_row(3);
  LayerScales scales{{1.0f}, {0.0f}, 0.5, 0.25};
  const IntegerLayer i = to_integer(small(3), l, quantise(small(3), l, row({1, 2, 3}), {}), scales);
  REQUIRE(i.data.crossbar_scale.data == std::vector<std::int64_t>{1});
  // G/2^SH = 1 * 1.0 * 0.5/0.25 = 2: 16384 * 2^-13.
  REQUIRE(i.shift == 13);
  REQUIRE(i.data.channel_scale.data == std::vector<std::int64_t>{16384});
}

TEST_CASE("a block far below the others keeps a scale", "[quantise]") {
  Hardware hw = small(9);
  hw.xb_rows = 2;
  hw.pe_rows = 2;
  const Layer l = one_row(4);
  const IntegerLayer i = to_integer(hw, l, quantise(hw, l, row({1.0f, -0.5f, 1e-4f, 1e-5f}), {}), {{1}, {0}, 1, 1});
  REQUIRE(i.data.crossbar_scale(1, 0) == 1);
  REQUIRE(i.data.crossbar_scale(0, 0) > 1);
}

TEST_CASE("a bias that limits the shift trades width of M for width of G", "[quantise]") {
  Layer l = one_row(4);
  Hardware hw = small(9);
  hw.xb_rows = 2;
  hw.pe_rows = 2;
  const QuantisedEpitome q = quantise(hw, l, row({1.0f, -0.5f, 0.34f, 0.1f}), {});
  LayerScales scales{{0.01f}, {40.0f}, 0.01, 1.0};
  const IntegerLayer narrow = to_integer(hw, l, q, scales);
  hw.channel_bias_bits = 48;
  const IntegerLayer wide = to_integer(hw, l, q, scales);
  REQUIRE(wide.scale_error + wide.channel_error < narrow.scale_error + narrow.channel_error);
  // With the full 8 bits of M, G would be 0.05 and vanish: error 1.
  REQUIRE(narrow.scale_error + narrow.channel_error < 0.5);
}

TEST_CASE("quantisation refuses what it cannot represent", "[quantise]") {
  const Layer l = one_row(3);
  REQUIRE_RULE(quantise(small(3), l, row({1, 2}), {}), "tensor-shape");
  REQUIRE_RULE(quantise(small(1), l, row({1, 2, 3}), {}), "bit-width");
  REQUIRE_RULE(quantise(small(3), l, row({1, NAN, 3}), {}), "not-finite");
  REQUIRE_RULE(range_mode_from("best"), "quantisation-mode");
  REQUIRE(range_mode_from("overlap") == RangeMode::overlap);
  const QuantisedEpitome q = quantise(small(3), l, row({1, 2, 3}), {});
  REQUIRE_RULE(to_integer(small(3), l, q, {{1}, {0, 0}, 1, 1}), "tensor-shape");
  REQUIRE_RULE(to_integer(small(3), l, q, {{1}, {0}, 0, 1}), "scale-not-representable");
  REQUIRE_RULE(to_integer(small(3), l, q, {{1e9f}, {0}, 1, 1e-3}), "scale-not-representable");
  REQUIRE_RULE(to_integer(small(3), l, q, {{1}, {INFINITY}, 1, 1}), "not-finite");
  // All zeros are no reason to fail.
  const QuantisedEpitome zero = quantise(small(3), l, row({0, 0, 0}), {});
  REQUIRE(zero.codes.data == std::vector<std::int64_t>{0, 0, 0});
}

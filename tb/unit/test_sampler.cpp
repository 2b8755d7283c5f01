// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "golden/diagnostic.hpp"
#include "golden/sampler.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using epim::testing::property;

namespace {

Layer layer_of(int cin, int cout, int kh, int kw, EpitomeShape e, int lanes, bool distinct = false) {
  Layer l;
  l.cin = cin;
  l.cout = cout;
  l.kh = kh;
  l.kw = kw;
  l.h = l.w = 8;
  l.epitome = e;
  l.patches = default_sampler(cin, cout, kh, kw, e, lanes, distinct);
  return l;
}

}  // namespace

TEST_CASE("a plain convolution is one patch", "[sampler]") {
  const Layer l = layer_of(5, 7, 3, 3, {7, 5, 3, 3}, 4);
  REQUIRE(l.patches == std::vector<Patch>{Patch{0, 0, 0, 0, 5, 7, 0, 0}});
  const IntTensor r = repetition_map(l);
  REQUIRE(std::all_of(r.data.begin(), r.data.end(), [](std::int64_t v) { return v == 1; }));
}

TEST_CASE("starts visit opposite corners first", "[sampler]") {
  using Starts = std::vector<std::pair<int, int>>;
  REQUIRE(spatial_starts(3, 3, {1, 1, 4, 4}) == Starts{{0, 0}, {1, 1}, {0, 1}, {1, 0}});
  REQUIRE(spatial_starts(3, 3, {1, 1, 3, 3}) == Starts{{0, 0}});
  REQUIRE(spatial_starts(1, 1, {1, 1, 1, 3}) == Starts{{0, 0}, {0, 2}, {0, 1}});
  REQUIRE(spatial_starts(3, 3, {1, 1, 5, 5}) ==
          Starts{{0, 0}, {2, 2}, {0, 2}, {2, 0}, {0, 1}, {1, 0}, {1, 1}, {1, 2}, {2, 1}});
}

TEST_CASE("a 256x256 3x3 layer with a 1024x256 epitome repeats 1, 2 and 4 times", "[sampler]") {
  // 64 channels x 4 x 4, four input groups over the four starts: the centre 2x2 is read by all (paper Fig. 2c).
  const Layer l = layer_of(256, 256, 3, 3, {256, 64, 4, 4}, 16);
  REQUIRE(l.patches.size() == 4);
  const IntTensor r = repetition_map(l);
  for (int p = 0; p < 4; ++p)
    for (int q = 0; q < 4; ++q) {
      const bool edge_p = p == 0 || p == 3, edge_q = q == 0 || q == 3;
      REQUIRE(r(17, 5, p, q) == (edge_p && edge_q ? 1 : edge_p || edge_q ? 2 : 4));
    }
}

TEST_CASE("output groups are copies unless the cycle is distinct", "[sampler]") {
  const Layer same = layer_of(16, 8, 3, 3, {4, 8, 4, 4}, 8);
  REQUIRE(same.patches.size() == 4);
  REQUIRE(same.patches[2].p == same.patches[0].p);
  REQUIRE(same.patches[3].p == same.patches[1].p);
  const Layer other = layer_of(16, 8, 3, 3, {4, 8, 4, 4}, 8, true);
  REQUIRE(other.patches[2].p == 1);
  REQUIRE(other.patches[2].q == 1);
  REQUIRE(other.patches[3] == (Patch{0, 1, 0, 0, 8, 4, 8, 4}));
}

TEST_CASE("sampled patches cover every weight exactly once", "[sampler]") {
  property("cover", [] {
    const auto c = epim::testing::random_case(*rc::gen::arbitrary<std::uint32_t>());
    const Layer& l = c.layer;
    RC_LOG() << epim::testing::describe(c) << "\n";
    validate_patches(l, c.hw.lanes);
    IntTensor cover({l.cout, l.cin});
    for (const Patch& p : l.patches) {
      RC_ASSERT(p.p >= 0 && p.p + l.kh <= l.epitome.p && p.q >= 0 && p.q + l.kw <= l.epitome.q);
      RC_ASSERT(p.c_in + p.beta1 <= l.epitome.e_in && p.c_out + p.beta2 <= l.epitome.e_out);
      for (int b = 0; b < p.beta2; ++b)
        for (int a = 0; a < p.beta1; ++a) ++cover(p.dst_out + b, p.dst_in + a);
    }
    for (int o = 0; o < l.cout; ++o)
      for (int v = 0; v < l.cin; ++v) RC_ASSERT(cover(o, v) == (o / (l.cout / l.groups) == v / (l.cin / l.groups)));
    const IntTensor r = repetition_map(l);
    std::int64_t sum = 0;
    for (std::int64_t n : r.data) sum += n;
    RC_ASSERT(sum == std::int64_t{l.cout} * l.cin / l.groups * l.kh * l.kw);
  });
}

TEST_CASE("the reconstructed convolution sums to the repetition-weighted epitome", "[sampler]") {
  property("weights", [] {
    const auto c = epim::testing::random_case(*rc::gen::arbitrary<std::uint32_t>());
    const IntTensor w = reconstruct(c.layer, c.data.epitome), r = repetition_map(c.layer);
    std::int64_t a = 0, b = 0;
    for (std::int64_t v : w.data) a += v * v * v;
    for (std::size_t i = 0; i < r.size(); ++i)
      b += r.data[i] * c.data.epitome.data[i] * c.data.epitome.data[i] * c.data.epitome.data[i];
    RC_ASSERT(a == b);
    // Element by element, from the definition of the default sampler's channel groups.
    const Layer& l = c.layer;
    for (int o = 0; o < l.cout; ++o)
      for (int v = 0; v < l.cin; ++v) {
        if (l.groups > 1) {
          const int in = l.cin / l.groups;
          const bool inside = o / (l.cout / l.groups) == v / in;
          RC_ASSERT(w(o, v, l.kh - 1, 0) == (inside ? c.data.epitome(o % l.epitome.e_out, v % in % l.epitome.e_in, l.kh - 1, 0) : 0));
          continue;
        }
        const int group = v / l.epitome.e_in;
        const auto starts = spatial_starts(l.kh, l.kw, l.epitome);
        const Patch& first = l.patches[static_cast<std::size_t>(
            o / l.epitome.e_out * ((l.cin + l.epitome.e_in - 1) / l.epitome.e_in) + group)];
        RC_ASSERT(std::find(starts.begin(), starts.end(), std::pair{first.p, first.q}) != starts.end());
        RC_ASSERT(w(o, v, l.kh - 1, 0) ==
                  c.data.epitome(o % l.epitome.e_out, v % l.epitome.e_in, first.p + l.kh - 1, first.q));
      }
  });
}

TEST_CASE("sampler refuses what no epitome can be", "[sampler]") {
  REQUIRE_RULE(default_sampler(16, 8, 3, 3, {8, 16, 2, 3}, 8), "epitome-smaller-than-kernel");
  REQUIRE_RULE(default_sampler(16, 8, 3, 3, {9, 16, 3, 3}, 8), "epitome-larger-than-convolution");
  REQUIRE_RULE(default_sampler(16, 8, 3, 3, {8, 17, 3, 3}, 8), "epitome-larger-than-convolution");
  REQUIRE_RULE(default_sampler(16, 8, 3, 3, {8, 16, 4, 4}, 8), "epitome-larger-than-convolution");
  REQUIRE_RULE(default_sampler(16, 8, 3, 3, {8, 12, 3, 3}, 8), "patch-alignment");
  REQUIRE_RULE(default_sampler(0, 8, 3, 3, {8, 16, 3, 3}, 8), "zero-size");
  REQUIRE_RULE(default_sampler(16, 8, 3, 3, {8, 0, 3, 3}, 8), "zero-size");
  try {
    default_sampler(32, 8, 3, 3, {8, 12, 3, 3}, 8);
    FAIL("accepted");
  } catch (const InputError& e) {
    REQUIRE(e.text().find("8 or 16") != std::string::npos);
  }
}

TEST_CASE("a changed patch list is refused by the rule it breaks", "[sampler]") {
  const Layer good = layer_of(16, 8, 3, 3, {4, 8, 4, 4}, 8);
  validate_patches(good, 8);
  const auto broken = [&](auto&& change) {
    Layer l = good;
    change(l);
    return l;
  };
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.patches.clear(); }), 8), "no-patches");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.patches[1].p = 2; }), 8), "patch-outside-epitome");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.patches[1].q = -1; }), 8), "patch-outside-epitome");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.patches[1].c_in = 8; }), 8), "patch-outside-epitome");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.patches[1].dst_in = 16; }), 8), "patch-outside-convolution");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.patches[1].beta1 = 0; }), 8), "zero-size");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.patches[1].dst_in = 4; }), 8), "patch-alignment");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { std::swap(l.patches[0], l.patches[1]); }), 8), "patch-order");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.patches[1].dst_in = 0; }), 8), "patch-overlap");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.patches[0].beta1 = 7; }), 8), "patch-hole");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.patches[1].beta1 = 7; }), 8), "patch-hole");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.patches.pop_back(); }), 8), "patch-hole");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.patches.resize(2); }), 8), "patch-hole");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.patches[1].beta2 = 3; }), 8), "patch-range-mismatch");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.patches[1].dst_out = 1; }), 8), "patch-range-mismatch");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) {
                 l.patches = {{0, 0, 0, 0, 8, 2, 0, 0}, {0, 0, 0, 1, 8, 2, 8, 0}, l.patches[2], l.patches[3]};
               }), 8), "patch-column-mismatch");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.pad.top = 3; }), 8), "padding-range");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.pad.left = -1; }), 8), "padding-range");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.stride = 0; }), 8), "zero-size");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.h = 2; }), 8), "kernel-larger-than-map");
  REQUIRE_RULE(validate_patches(broken([](Layer& l) { l.in_period = 4; }), 8), "wrapped-input-alignment");
}

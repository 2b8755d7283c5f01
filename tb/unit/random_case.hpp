// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Random layers for tests, and RapidCheck inside Catch2.
#pragma once
#include <rapidcheck.h>

#include "tb/unit/catch.hpp"
#include <cstdint>
#include <random>
#include <string>

#include "golden/evaluate.hpp"
#include "golden/sampler.hpp"

namespace epim::testing {

/// Runs a RapidCheck property as one Catch2 assertion. RapidCheck prints counterexample and RC_PARAMS (with the seed)
/// on failure.
template <class P> void property(const std::string& text, P&& body) { REQUIRE(rc::check(text, std::forward<P>(body))); }

/// Expects an InputError of the given rule.
#define REQUIRE_RULE(expression, name)                          \
  do {                                                          \
    std::string caught_rule = "nothing thrown";                 \
    try {                                                       \
      (void)(expression);                                       \
    } catch (const epim::InputError& error) {                   \
      caught_rule = error.rule();                               \
    }                                                           \
    REQUIRE(caught_rule == (name));                             \
  } while (false)

/// A hardware, a layer that fits it, its data and an input.
struct Case {
  Hardware hw;
  Layer layer;
  LayerData data;
  IntTensor x;
};

inline std::string describe(const Case& c) {
  const Hardware& h = c.hw;
  const Layer& l = c.layer;
  const auto n = [](auto v) { return std::to_string(v) + " "; };
  return "xb " + n(h.xb_rows) + n(h.xb_cols) + "cell " + n(h.cell_bits) + "W " + n(h.weight_bits) + "A " +
         n(h.act_bits) + "signed " + n(h.act_signed) + "dac " + n(h.dac_bits) + "adc " + n(h.adc_bits) + "lanes " +
         n(h.lanes) + "pe " + n(h.pe_rows) + n(h.pe_cols) + "cin " + n(l.cin) + "cout " + n(l.cout) + "k " + n(l.kh) +
         n(l.kw) + "stride " + n(l.stride.y) + n(l.stride.x) + "dilation " + n(l.dilation.y) + n(l.dilation.x) + "groups " + n(l.groups) +
         "pad value " + n(l.pad_value()) + "format " + n(l.act ? l.act->bits : 0) + n(l.act && l.act->is_signed) + "map " + n(l.h) + n(l.w) + "epitome " + n(l.epitome.e_out) +
         n(l.epitome.e_in) + n(l.epitome.p) + n(l.epitome.q) + "wrap " + n(static_cast<int>(l.wrap)) + "period " +
         n(l.in_period);
}

/// What a random case may contain.
struct CaseOptions {
  bool saturating = true;   ///< ADCs that clip
  bool scales = true;       ///< M other than 1, Z other than 0
  bool slopes = false;      ///< cores with slopes, layers that have them and layers that do not
};

/// Two of three cores have slopes, one of them with a layer that has none; from the seed alone.
inline void random_slopes(Case& c, std::uint32_t seed) {
  std::mt19937 rng(seed ^ 0x510beu);
  const auto pick = [&](int lo, int hi) { return static_cast<int>(rng() % static_cast<unsigned>(hi - lo + 1)) + lo; };
  const int kind = pick(0, 2);
  if (kind == 0) return;
  c.hw.slope_bits = pick(slope_bits_least, slope_bits_most);
  c.layer.slopes = kind == 1;
  if (!c.layer.slopes) return;
  c.data.channel_slope = IntTensor({c.layer.cout});
  const int most = static_cast<int>(signed_max(c.hw.slope_bits)), period = c.layer.wrap == Wrap::stored_once ? c.layer.epitome.e_out : c.layer.cout;
  for (int ch = 0; ch < c.layer.cout; ++ch)
    c.data.channel_slope(ch) = ch >= period ? c.data.channel_slope(ch - period)
                               : pick(0, 5) == 0 ? c.hw.slope_one()
                               : pick(0, 5) == 0 ? (pick(0, 1) == 0 ? most : -most - 1)
                                                 : pick(-most - 1, most);
}

/// Strides and dilations per axis, groups, an activation format and a pad value of the layer's own, from the seed alone.
inline void random_format(const Hardware& hw, Layer& l, std::uint32_t seed) {
  std::mt19937 rng(seed ^ 0x5eedu);
  const auto pick = [&](int lo, int hi) { return static_cast<int>(rng() % static_cast<unsigned>(hi - lo + 1)) + lo; };
  if (pick(0, 2) == 0) l.stride.x = pick(1, 3);
  if (pick(0, 2) == 0) l.dilation = {pick(1, 3), pick(1, 3)};
  if (pick(0, 3) == 0) l.groups = pick(2, 3);
  if (pick(0, 1) == 0) return;
  ActFormat act;
  act.is_signed = hw.act_signed && pick(0, 1) == 1;
  act.bits = pick(act.is_signed ? 2 : 1, hw.act_bits);
  act.pad = pick(0, 1) == 0 ? 0 : pick(static_cast<int>(act.least()), static_cast<int>(act.greatest()));
  l.act = act;
}

/// Half of the cases multiply serially, with widths of M, G and, in a third of them, A from the seed; the timing reads no
/// data.
inline void random_serial(Hardware& hw, std::uint32_t seed) {
  hw.serial_multiply = seed / 5 % 2 == 0;
  hw.scale_bits = 1 + static_cast<int>(seed / 11 % 9);
  hw.channel_scale_bits = 2 + static_cast<int>(seed / 13 % 15);
  hw.zero_point = seed / 17 % 2 == 0;
  hw.adc_stages = 1 + static_cast<int>(seed / 19 % 2);
  hw.slope_bits = seed / 23 % 3 == 0 ? slope_bits_least + static_cast<int>(seed / 29 % 11) : 0;
}

/// Half of the cases read row groups, a third reads slowly; from the seed alone.
inline void random_reads(Hardware& hw, std::uint32_t seed) {
  std::mt19937 rng(seed ^ 0x4eadu);
  const auto pick = [&](int lo, int hi) { return static_cast<int>(rng() % static_cast<unsigned>(hi - lo + 1)) + lo; };
  if (pick(0, 1) == 0) {
    do hw.rows_per_read = pick(1, hw.xb_rows);
    while (hw.xb_rows % hw.rows_per_read != 0);
  }
  if (pick(0, 2) == 0) hw.adc_interval = pick(1, 4);
  if (pick(0, 2) == 0) hw.adc_latency = pick(1, 7);
  hw.hold_free = pick(0, 2) == 0;
}

/// A random case; a pure function of the seed.
inline Case random_case(std::uint32_t seed, CaseOptions options = {}) {
  std::mt19937 rng(seed);
  const auto pick = [&](int lo, int hi) { return static_cast<int>(rng() % static_cast<unsigned>(hi - lo + 1)) + lo; };
  const auto one_of = [&](std::initializer_list<int> list) {
    return *(list.begin() + pick(0, static_cast<int>(list.size()) - 1));
  };
  Case c;
  Hardware& hw = c.hw;
  hw.lanes = one_of({1, 2, 4, 8});
  hw.xb_rows = hw.lanes * pick(2, 12);
  random_reads(hw, seed);
  hw.cols_per_adc = one_of({1, 2, 4});
  hw.xb_cols = hw.cols_per_adc * pick(1, 5);
  hw.cell_bits = one_of({1, 2, 4});
  hw.weight_bits = pick(2, 9);
  hw.act_signed = pick(0, 1) == 1;
  hw.act_bits = pick(hw.act_signed ? 2 : 1, 9);
  hw.dac_bits = pick(1, 2);
  hw.adc_bits = options.saturating && pick(0, 1) == 1 ? pick(1, hw.lossless_adc_bits()) : hw.lossless_adc_bits();
  hw.zero_point = options.scales;
  hw.out_bits = 24;
  Layer& l = c.layer;
  l.kh = pick(1, 3);
  l.kw = pick(1, 3);
  l.stride = pick(1, 3);
  l.epitome.e_in = pick(1, 3) * hw.lanes;
  l.epitome.e_out = pick(1, 9);
  l.cin = l.epitome.e_in * pick(1, 3) + pick(0, l.epitome.e_in - 1);
  const int copies = pick(1, 3);
  const int mode = pick(0, 2);
  l.wrap = mode == 0 ? Wrap::off : mode == 1 ? Wrap::copies : Wrap::stored_once;
  l.cout = l.epitome.e_out * copies + (l.wrap == Wrap::stored_once ? 0 : pick(0, l.epitome.e_out - 1));
  l.epitome.p = l.kh + pick(0, 1);
  l.epitome.q = l.kw + pick(0, 1);
  if (l.epitome.e_in * l.epitome.e_out * l.epitome.p * l.epitome.q > l.cin * l.cout * l.kh * l.kw) {
    l.epitome.p = l.kh;
    l.epitome.q = l.kw;
  }
  if (l.cin % 2 == 0 && l.cin / 2 % hw.lanes == 0 && pick(0, 2) == 0) l.in_period = l.cin / 2;
  l.pad = {pick(0, l.kh - 1), pick(0, l.kw - 1), pick(0, l.kh - 1), pick(0, l.kw - 1)};
  random_format(hw, l, seed);
  l.h = pick(l.kh, 6) + l.window_h() - l.kh;
  l.w = pick(l.kw, 6) + l.window_w() - l.kw;
  const bool distinct = l.wrap != Wrap::stored_once && pick(0, 1) == 1;
  if (l.groups > 1) {
    l.wrap = Wrap::off;
    l.in_period = 0;
    l.cin = l.epitome.e_in * (1 + l.cin % 2) * l.groups;
    l.epitome.p = l.kh;
    l.epitome.q = l.kw;
    l.cout = l.epitome.e_out * l.groups;
    if (l.cin % 3 == 0) l.epitome.e_out = l.cout;  // columns of its own for every group
  }
  l.patches = default_sampler(l.cin, l.cout, l.kh, l.kw, l.epitome, hw.lanes, distinct, l.groups);
  const PeArray array = pe_array_for(hw, l.epitome);
  hw.pe_rows = array.rows + (pick(0, 3) == 0 ? 1 : 0);
  hw.pe_cols = array.cols + (pick(0, 3) == 0 ? 1 : 0);
  l.shift = pick(0, 10);
  l.clamp_lo = pick(0, 1) == 0 ? 0 : -(1 << 23);
  l.clamp_hi = (1 << 23) - 1;
  const auto fill = [&](IntTensor& t, std::vector<int> shape, std::int64_t lo, std::int64_t hi) {
    t = IntTensor(std::move(shape));
    const int zeros = pick(0, 2);  // some cases are sparse
    for (auto& v : t.data) {
      const bool zero = zeros == 0 && rng() % 2 == 0 && lo <= 0;
      v = zero ? 0 : lo + static_cast<std::int64_t>(rng() % static_cast<std::uint64_t>(hi - lo + 1));
    }
  };
  fill(c.data.epitome, {l.epitome.e_out, l.epitome.e_in, l.epitome.p, l.epitome.q}, -hw.weight_max(), hw.weight_max());
  fill(c.data.crossbar_scale, {hw.pe_rows, hw.pe_cols}, 1, options.scales ? 255 : 1);
  const std::int64_t z = options.scales ? hw.weight_max() : 0;
  fill(c.data.zero_point, {hw.pe_rows, hw.pe_cols}, -z, z);
  fill(c.data.channel_scale, {l.cout}, -300, 300);
  fill(c.data.channel_bias, {l.cout}, -100000, 100000);
  if (l.wrap == Wrap::stored_once)
    for (int ch = l.epitome.e_out; ch < l.cout; ++ch) {
      c.data.channel_scale(ch) = c.data.channel_scale(ch - l.epitome.e_out);
      c.data.channel_bias(ch) = c.data.channel_bias(ch - l.epitome.e_out);
    }
  const Hardware format = hardware_for(hw, l);
  fill(c.x, {l.stored_cin(), l.h, l.w}, format.act_min(), format.act_max());
  if (options.slopes) random_slopes(c, seed);
  return c;
}

}  // namespace epim::testing

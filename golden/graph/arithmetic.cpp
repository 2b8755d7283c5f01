// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/graph/arithmetic.hpp"

#include <algorithm>
#include <cmath>

#include "golden/graph/operators.hpp"
#include "golden/quantise.hpp"

namespace epim {
namespace {

/// Step of the input in steps of the output; 1 where one of them is not known.
double ratio_of(const MapFormat& in, const MapFormat& out) { return in.scale > 0 && out.scale > 0 ? in.scale / out.scale : 1.0; }

Requantiser requantiser(const std::vector<double>& ratios, const std::vector<const MapFormat*>& in, const MapFormat& out) {
  const Multipliers m = multipliers_for(ratios);
  Requantiser r;
  r.multiplier = m.value;
  r.shift = m.shift;
  r.error = m.error;
  for (const MapFormat* f : in) r.zero_in.push_back(f->zero);
  r.zero_out = out.zero;
  r.lo = out.lo;
  r.hi = out.hi;
  return r;
}

Requantiser requantiser(const MapFormat& in, const MapFormat& out) { return requantiser(std::vector<double>{ratio_of(in, out)}, {&in}, out); }

std::vector<std::int64_t> table_of(const Node& node, const MapFormat& in, const MapFormat& out) {
  // Without a scale a seeded map spans about -4 .. 4.
  const double step_in = in.scale > 0 ? in.scale : 4.0 / static_cast<double>(std::max(std::abs(in.lo), in.hi));
  const double step_out = out.scale > 0 ? out.scale : step_in;
  std::vector<std::int64_t> table;
  for (std::int64_t code = in.lo; code <= in.hi; ++code) {
    const double y = apply(node, step_in * static_cast<double>(code - in.zero)) / step_out;
    const double q = std::clamp(std::nearbyint(y) + out.zero, static_cast<double>(out.lo), static_cast<double>(out.hi));
    table.push_back(static_cast<std::int64_t>(q));
  }
  return table;
}

/// E of a softmax: 2^24 for the largest channel, so that 2^20 channels leave a sum of 44 bits.
std::vector<std::int64_t> exponentials(const MapFormat& in) {
  const double step = in.scale > 0 ? in.scale : 4.0 / static_cast<double>(std::max(std::abs(in.lo), in.hi));
  std::vector<std::int64_t> table;
  for (std::int64_t d = 0; d <= in.hi - in.lo; ++d)
    table.push_back(static_cast<std::int64_t>(std::nearbyint(std::ldexp(std::exp(-step * static_cast<double>(d)), 24))));
  return table;
}

}  // namespace

std::int64_t Requantiser::finish(std::int64_t sum) const {
  const std::int64_t half = shift > 0 ? std::int64_t{1} << (shift - 1) : 0;
  return std::clamp(((sum + half) >> shift) + zero_out, lo, hi);
}

Multipliers multipliers_for(const std::vector<double>& ratio) {
  const double most = std::ldexp(1.0, Requantiser::multiplier_bits) - 1;
  const double largest = *std::max_element(ratio.begin(), ratio.end());
  Multipliers m;
  while (m.shift < Requantiser::shift_most && std::nearbyint(std::ldexp(largest, m.shift + 1)) <= most) ++m.shift;
  bool even = true;
  for (double r : ratio) {
    m.value.push_back(static_cast<std::int64_t>(std::min(std::nearbyint(std::ldexp(r, m.shift)), most)));
    m.error = std::max(m.error, std::abs(std::ldexp(static_cast<double>(m.value.back()), -m.shift) / r - 1));
  }
  while (even && m.shift > 0) {
    for (std::int64_t v : m.value) even = even && v % 2 == 0;
    if (!even) break;
    for (std::int64_t& v : m.value) v /= 2;
    --m.shift;
  }
  return m;
}

std::int64_t NodeArithmetic::sloped(std::int64_t x, std::int64_t a) const {
  const Requantiser& r = requantise[0];
  const std::int64_t v = (x - r.zero_in[0]) * r.multiplier[0];
  return r.finish(v < 0 ? (v * a) >> slope_fraction : v);
}

std::int64_t NodeArithmetic::share(std::int64_t e, std::int64_t sum) const {
  const Requantiser& r = requantise[0];
  const std::int64_t divisor = sum << r.shift;
  return std::clamp((2 * e * r.multiplier[0] + divisor) / (2 * divisor) + r.zero_out, r.lo, r.hi);
}

std::int64_t NodeArithmetic::of_code(std::int64_t x) const {
  return table.empty() ? sloped(x, slope[0]) : table[static_cast<std::size_t>(x - table_lo)];
}

NodeArithmetic arithmetic_of(const Network& net, int n, const std::vector<MapFormat>& formats, const std::vector<float>& slopes) {
  const Node& node = net.nodes[static_cast<std::size_t>(n)];
  const MapFormat& out = format_of(formats, n);
  std::vector<const MapFormat*> in;
  std::vector<double> ratios;
  for (int id : node.input_ids) {
    in.push_back(&format_of(formats, id));
    ratios.push_back(ratio_of(*in.back(), out));
  }
  NodeArithmetic a;
  switch (node.op) {
    case Op::add: a.requantise.push_back(requantiser(ratios, in, out)); break;
    case Op::concat:
      for (const MapFormat* f : in) a.requantise.push_back(requantiser(*f, out));
      break;
    case Op::mul: {
      MapFormat product;  // of (a - z_a)*(b - z_b)
      const double scale = in[0]->scale * in[1]->scale;
      const double unknown = 1.0 / static_cast<double>(std::max<std::int64_t>(1, std::min(in[0]->hi, in[1]->hi)));
      product.scale = scale;
      a.requantise.push_back(requantiser(std::vector<double>{scale > 0 && out.scale > 0 ? scale / out.scale : unknown}, {&product}, out));
      a.zeros = {in[0]->zero, in[1]->zero};
      break;
    }
    case Op::avg_pool:
    case Op::global_avg_pool: {
      const int places = node.kh * node.kw;
      std::vector<double> of_divisor;
      for (int d = 1; d <= places; ++d) of_divisor.push_back(ratios[0] / d);
      // Only windows at the edge have fewer places, and only they decide the shift then.
      const bool edges = node.op == Op::avg_pool && (node.ceil_mode || !node.count_padding);
      if (!edges) of_divisor = {ratios[0] / places};
      const Multipliers m = multipliers_for(of_divisor);
      Requantiser r = requantiser(*in[0], out);
      r.multiplier = {m.value.back()};
      r.shift = m.shift;
      r.error = m.error;
      a.divisor = m.value;
      if (!edges) a.divisor.assign(static_cast<std::size_t>(places), m.value[0]);
      a.requantise.push_back(r);
      break;
    }
    case Op::function:
      a.table = table_of(node, *in[0], out);
      a.table_lo = in[0]->lo;
      break;
    case Op::softmax: {
      a.table = exponentials(*in[0]);
      Requantiser r = requantiser(std::vector<double>{1 / out.scale}, {in[0]}, out);
      for (; r.shift > NodeArithmetic::softmax_shift_most; --r.shift) r.multiplier[0] = (r.multiplier[0] + 1) / 2;
      a.requantise.push_back(r);
      break;
    }
    default: a.requantise.push_back(requantiser(*in[0], out)); break;
  }
  if (node.op == Op::leaky_relu) a.slope = {slope_code(NodeArithmetic::slope_bits, node.slope.value_or(0.01))};
  if (node.op == Op::prelu)
    for (float s : slopes) a.slope.push_back(slope_code(NodeArithmetic::slope_bits, static_cast<double>(s)));
  return a;
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// QuantizeLinear, DequantizeLinear; Quant, IntQuant, BipolarQuant and Trunc of QONNX. All in float32, as their
/// definitions compute.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "gen/import/quantiser.hpp"
#include "golden/parallel.hpp"

namespace epim::importer {

Rounding rounding_of(const Node& node, const std::string& name) {
  std::string upper = name;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  static const std::pair<std::string_view, Rounding> table[] = {
      {"ROUND", Rounding::half_even}, {"HALF_EVEN", Rounding::half_even},
      {"CEIL", Rounding::ceil},       {"FLOOR", Rounding::floor},
      {"UP", Rounding::up},           {"DOWN", Rounding::down},
      {"HALF_UP", Rounding::half_up}, {"HALF_DOWN", Rounding::half_down}};
  for (const auto& [text, rounding] : table)
    if (text == upper) return rounding;
  node.fail("bad-attribute",
            fmt::format("rounding_mode is '{}', legal: ROUND, CEIL, FLOOR, UP, DOWN, HALF_UP or HALF_DOWN", name));
}

float round_by(Rounding rounding, float x) {
  switch (rounding) {
    case Rounding::half_even: return std::nearbyint(x);
    case Rounding::ceil: return std::ceil(x);
    case Rounding::floor: return std::floor(x);
    case Rounding::up: return std::copysign(std::ceil(std::fabs(x)), x);
    case Rounding::down: return std::trunc(x);
    case Rounding::half_up: return std::copysign(std::floor(std::fabs(x) + 0.5f), x);
    case Rounding::half_down: return std::copysign(std::ceil(std::fabs(x) - 0.5f), x);
  }
  return x;
}

bool is_quantiser(const Node& node) {
  for (const char* op : {"QuantizeLinear", "DequantizeLinear", "Quant", "IntQuant", "BipolarQuant", "Trunc"})
    if (node.op == op) return true;
  return false;
}

namespace {

/// A whole number of bits in a float or integer tensor of one element.
int bits_of(const Call& call, std::size_t i, const char* what) {
  const Value& v = call.known(i, what);
  if (v.size() != 1) call.fail(fmt::format("{} are {}, legal: one number", what, text_of(v.dims())));
  const double bits = v.number(0);
  if (!(bits >= 1 && bits <= 32) || bits != std::floor(bits))
    call.fail("bad-attribute", fmt::format("{} {}, legal: whole, 1..32", bits, what));
  return static_cast<int>(bits);
}

void set_range(Quantiser& q, bool narrow) {
  q.lo = q.is_signed ? -std::ldexp(1.0, q.bits - 1) + narrow : 0;
  q.hi = q.is_signed ? std::ldexp(1.0, q.bits - 1) - 1 : std::ldexp(1.0, q.bits) - 1 - narrow;
}

void check_scales(const Call& call, const Quantiser& q) {
  for (const float s : q.scale)
    if (!(s > 0) || !std::isfinite(s)) call.fail("bad-scale", fmt::format("a scale of {}, legal: above 0", s));
  for (const float z : q.zero)
    if (!std::isfinite(z)) call.fail("bad-scale", fmt::format("a zero point of {}, legal: finite", z));
}

/// Scales of QONNX: one, or one per element of one axis (full rank, or broadcast to it).
void take_broadcast(const Call& call, Quantiser& q, std::size_t scale, std::size_t zero, bool has_zero) {
  const Value& s = call.known(scale, "scales");
  if (s.size() == 0 || (has_zero && call.known(zero, "zero points").size() == 0))
    call.fail("no scales or zero points, legal: at least one");
  const Dims& x = call.dims(0);
  const auto axis_of = [&](const Value& v, const char* what) {
    int axis = -1;
    if (v.size() == 1) return axis;
    const std::size_t skip = x.size() - std::min(x.size(), v.dims().size());
    if (v.dims().size() > x.size())
      call.fail(fmt::format("{} are {} for {}, legal: what broadcasts to it", what, text_of(v.dims()), text_of(x)));
    for (std::size_t k = 0; k < v.dims().size(); ++k) {
      if (v.dims()[k] == 1) continue;
      if (v.dims()[k] != x[skip + k] || axis >= 0)
        call.fail(
            fmt::format("{} are {} for {}, legal: one, or one per element of one axis", what, text_of(v.dims()), text_of(x)));
      axis = static_cast<int>(skip + k);
    }
    return axis;
  };
  q.axis = axis_of(s, "scales");
  q.scale = s.floats();
  q.zero.assign(q.scale.size(), 0.0f);
  if (!has_zero) return;
  const Value& z = call.known(zero, "zero points");
  const int other = axis_of(z, "zero points");
  if (other >= 0 && q.axis >= 0 && other != q.axis) call.fail("scales and zero points along different axes, legal: one axis");
  if (z.size() == 1) {
    q.zero.assign(q.scale.size(), static_cast<float>(z.number(0)));
  } else {
    if (q.axis < 0) {
      const float one = q.scale[0];
      q.scale.assign(static_cast<std::size_t>(z.size()), one);
    }
    q.axis = other;
    q.zero = z.floats();
  }
}

/// QuantizeLinear and DequantizeLinear: one scale, or a vector along `axis` (default 1).
void take_linear(const Call& call, Quantiser& q, Type type) {
  if (call.node.integer("block_size", 0) != 0)
    call.fail("bad-attribute", "block_size is given, legal: scales per tensor or per axis");
  const Value& s = call.known(1, "scales");
  if (s.type() != Type::f32) call.fail("wrong-type", "its scales are no floats, legal: float");
  q.scale = s.floats();
  if (s.size() == 0 || s.dims().size() > 1)
    call.fail(fmt::format("scales {}, legal: one, or one per element of an axis", text_of(s.dims())));
  if (s.size() != 1) {
    const std::size_t axis = call.axis(call.node.integer("axis", 1), call.rank(0));
    if (s.size() != call.dims(0)[axis])
      call.fail(fmt::format("{} scales for axis {} of {} elements, legal: one each", s.size(), axis, call.dims(0)[axis]));
    q.axis = static_cast<int>(axis);
  }
  q.zero.assign(q.scale.size(), 0.0f);
  if (call.has(2)) {
    const Value& z = call.known(2, "zero points");
    if (z.type() != type) call.fail("wrong-type", fmt::format("zero points are {}, legal: {}", name_of(z.type()), name_of(type)));
    if (z.size() != s.size() || z.dims().size() > 1)
      call.fail(fmt::format("{} zero points for {} scales, legal: as many", z.size(), s.size()));
    q.zero = z.floats();
  }
  q.bits = static_cast<int>(size_of(type)) * 8;
  if (type == Type::i4 || type == Type::u4) q.bits = 4;
  q.lo = static_cast<double>(lowest(type));
  q.hi = static_cast<double>(highest(type));
  q.is_signed = q.lo < 0;
}

/// Type of QuantizeLinear's result: the zero point's, else output_dtype, else uint8.
Type type_of_result(const Call& call) {
  if (call.has(2)) return call.in[2]->type;
  switch (call.node.integer("output_dtype", 0)) {
    case 0:
    case 2: return Type::u8;
    case 3: return Type::i8;
    case 4: return Type::u16;
    case 5: return Type::i16;
    case 21: return Type::u4;
    case 22: return Type::i4;
    default:
      call.fail("bad-attribute",
                fmt::format("output_dtype {}, legal: an integer type of 4, 8 or 16 bits", call.node.integer("output_dtype", 0)));
  }
}

}  // namespace

Quantiser quantiser_of(const Call& call) {
  const std::string& op = call.node.op;
  Quantiser q;
  if (op == "QuantizeLinear") {
    const Type type = type_of_result(call);
    if (!is_quantised(type))
      call.fail("wrong-type", fmt::format("its result is {}, legal: an integer type of 4, 8 or 16 bits", name_of(type)));
    if (call.in[0]->type != Type::f32 && call.in[0]->type != Type::i32)
      call.fail("wrong-type", fmt::format("input 0 is {}, legal: a float type", name_of(call.in[0]->type)));
    take_linear(call, q, type);
  } else if (op == "DequantizeLinear") {
    q.kind = Quantiser::Kind::dequantise;
    if (!is_quantised(call.in[0]->type) && call.in[0]->type != Type::i32)
      call.fail("wrong-type", fmt::format("input 0 is {}, legal: an integer type of 4 to 32 bits", name_of(call.in[0]->type)));
    take_linear(call, q, call.in[0]->type);
  } else if (op == "Quant" || op == "IntQuant") {
    call.need_float(0);
    q.kind = Quantiser::Kind::quant;
    q.is_signed = call.node.integer("signed", 1) != 0;
    q.rounding = rounding_of(call.node, call.node.text("rounding_mode", "ROUND"));
    q.bits = bits_of(call, 3, "bits");
    set_range(q, call.node.integer("narrow", 0) != 0);
    if (q.bits == 1 && q.is_signed) q.kind = Quantiser::Kind::bipolar;
    take_broadcast(call, q, 1, 2, true);
  } else if (op == "BipolarQuant") {
    call.need_float(0);
    q.kind = Quantiser::Kind::bipolar;
    q.bits = 1;
    q.is_signed = true;
    take_broadcast(call, q, 1, 0, false);
  } else {
    call.need_float(0);
    const bool second = call.node.version >= 2;
    if (call.in.size() != (second ? 6u : 5u))
      call.fail("wrong-input-count", fmt::format("{} inputs in version {} of its domain, legal: {}", call.in.size(),
                                                 call.node.version, second ? 6 : 5));
    q.kind = Quantiser::Kind::trunc;
    q.rounding = rounding_of(call.node, call.node.text("rounding_mode", "FLOOR"));
    take_broadcast(call, q, 1, 2, true);
    if (q.axis >= 0) call.fail("a scale per channel, legal: one");
    const int from = bits_of(call, 3, "input bits");
    q.bits = bits_of(call, second ? 5 : 4, "output bits");
    q.clamps = second;
    if (second) {
      q.is_signed = call.node.integer("signed", 1) != 0;
      set_range(q, call.node.integer("narrow", 0) != 0);
      const Value& out = call.known(4, "scales");
      if (out.size() != 1 || !(out.number(0) > 0) || !std::isfinite(out.number(0)))
        call.fail("bad-scale", "its output scale, legal: one number above 0");
      q.out_scale = static_cast<float>(out.number(0));
      check_scales(call, q);
      q.divisor = std::exp2(std::nearbyint(std::log2(q.out_scale / q.scale[0])));
      q.out_zero = q.zero[0] / q.divisor;
    } else {
      if (q.bits > from)
        call.fail("bad-attribute", fmt::format("{} output bits of {} input bits, legal: at most as many", q.bits, from));
      q.divisor = std::ldexp(1.0f, from - q.bits);
      q.out_scale = q.scale[0];
      q.out_zero = q.zero[0];
    }
  }
  check_scales(call, q);
  return q;
}

std::optional<Quantiser> quantiser_in(const Graph& graph, const Node& node) {
  if (!is_quantiser(node)) return std::nullopt;
  return quantiser_of(call_in(graph, node));
}

namespace {

void infer_quantiser(const Call& call, std::vector<Info>& out) {
  quantiser_of(call);
  const Type type = call.node.op == "QuantizeLinear" ? type_of_result(call) : Type::f32;
  out[0] = {type, call.dims(0)};
}

void evaluate_quantiser(const Call& call, std::vector<Value>& out) {
  const Quantiser q = quantiser_of(call);
  const Value& x = *call.value[0];
  std::int64_t inner = 1;
  for (std::size_t k = q.axis < 0 ? call.dims(0).size() : static_cast<std::size_t>(q.axis) + 1; k < call.dims(0).size(); ++k)
    inner *= call.dims(0)[k];
  const auto count = static_cast<std::int64_t>(q.count());
  const float lo = static_cast<float>(q.lo), hi = static_cast<float>(q.hi);
  constexpr std::int64_t share = 1 << 14;
  parallel(static_cast<std::size_t>((x.size() + share - 1) / share), call.jobs, [&](std::size_t part) {
    const std::int64_t first = static_cast<std::int64_t>(part) * share, last = std::min(x.size(), first + share);
    for (std::int64_t i = first; i < last; ++i) {
      const auto c = static_cast<std::size_t>(count == 1 ? 0 : i / inner % count);
      const float s = q.scale[c], z = q.zero[c];
      switch (q.kind) {
        case Quantiser::Kind::quantise: {
          const float r = std::nearbyint(static_cast<float>(x.number(i)) / s) + z;
          out[0].set_integer(i, static_cast<std::int64_t>(std::isnan(r) ? z : std::min(std::max(r, lo), hi)));
          break;
        }
        case Quantiser::Kind::dequantise:
          out[0].set(i, static_cast<double>(static_cast<float>(x.integer(i) - static_cast<std::int64_t>(z)) * s));
          break;
        case Quantiser::Kind::quant:
          out[0].set(i, static_cast<double>(
                            (round_by(q.rounding, std::min(std::max(static_cast<float>(x.number(i)) / s + z, lo), hi)) - z) * s));
          break;
        case Quantiser::Kind::bipolar:
          out[0].set(i, static_cast<double>(static_cast<float>(x.number(i)) / s + z >= 0 ? (1 - z) * s : (-1 - z) * s));
          break;
        case Quantiser::Kind::trunc: {
          float y = std::nearbyint(static_cast<float>(x.number(i)) / s + z) / q.divisor;
          if (q.clamps) y = std::min(std::max(y, lo), hi);
          out[0].set(i, static_cast<double>((round_by(q.rounding, y) - q.out_zero) * q.out_scale));
          break;
        }
      }
    }
  });
}

std::optional<Complaint> complain_linear(const Node& node) {
  if (node.integer("block_size", 0) != 0)
    return Complaint{node.name, node.op, "block_size is given", "scales per tensor or per axis", "per-channel scales"};
  for (const char* a : {"output_dtype"})
    if (const std::int64_t t = node.integer(a, 0); t != 0 && t != 2 && t != 3 && t != 4 && t != 5 && t != 21 && t != 22)
      return Complaint{node.name, node.op, fmt::format("{} is {}", a, t), "an integer type of 4, 8 or 16 bits", "int8 or uint8"};
  return std::nullopt;
}

}  // namespace

const std::vector<Operator>& quantise_operators() {
  constexpr Scope map = Scope::map;
  constexpr std::string_view q = "axis saturate block_size output_dtype precision", dq = "axis block_size output_dtype";
  static const std::vector<Operator> table = {
      {Domain::onnx, "QuantizeLinear", 2, 3, 1, map, q, infer_quantiser, evaluate_quantiser, complain_linear},
      {Domain::microsoft, "QuantizeLinear", 2, 3, 1, map, q, infer_quantiser, evaluate_quantiser, complain_linear},
      {Domain::onnx, "DequantizeLinear", 2, 3, 1, map, dq, infer_quantiser, evaluate_quantiser},
      {Domain::microsoft, "DequantizeLinear", 2, 3, 1, map, dq, infer_quantiser, evaluate_quantiser},
      {Domain::qonnx, "Quant", 4, 4, 1, map, "signed narrow rounding_mode", infer_quantiser, evaluate_quantiser},
      {Domain::qonnx, "IntQuant", 4, 4, 1, map, "signed narrow rounding_mode", infer_quantiser, evaluate_quantiser},
      {Domain::qonnx, "BipolarQuant", 2, 2, 1, map, "", infer_quantiser, evaluate_quantiser},
      {Domain::qonnx, "Trunc", 5, 6, 1, map, "signed narrow rounding_mode", infer_quantiser, evaluate_quantiser},
  };
  return table;
}

}  // namespace epim::importer

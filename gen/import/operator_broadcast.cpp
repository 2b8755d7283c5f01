// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Functions of two or more tensors with numpy's broadcasting.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "gen/import/operators.hpp"

namespace epim::importer {
namespace {

void infer_broadcast(const Call& call, std::vector<Info>& out) {
  Dims all = call.dims(0);
  for (std::size_t i = 1; i < call.in.size(); ++i) {
    if (!call.has(i)) call.fail("wrong-input-count", fmt::format("input {} is left out, legal: given", i));
    if (call.in[i]->type != call.in[0]->type)
      call.fail("wrong-type", fmt::format("{} and {}, legal: equal types", name_of(call.in[0]->type), name_of(call.in[i]->type)));
    const std::optional<Dims> both = broadcast(all, call.dims(i));
    if (!both) call.fail(fmt::format("{} and {}, legal: equal sizes, or 1", text_of(all), text_of(call.dims(i))));
    all = *both;
  }
  out[0] = {call.in[0]->type, all};
}
void infer_comparison(const Call& call, std::vector<Info>& out) {
  infer_broadcast(call, out);
  out[0].type = Type::boolean;
}
/// The slope may be broadcast, the map may not.
void infer_prelu(const Call& call, std::vector<Info>& out) {
  call.need_float(0);
  infer_broadcast(call, out);
  if (out[0].dims != call.dims(0))
    call.fail(
        fmt::format("slopes {} for a map {}, legal: what broadcasts to the map", text_of(call.dims(1)), text_of(call.dims(0))));
}

/// Walks two operands through the broadcast result: f(i, index in a, index in b).
template <class F>
void walk(const Dims& result, const Dims& a, const Dims& b, const F& f) {
  const std::size_t rank = result.size();
  std::vector<std::int64_t> sa(rank, 0), sb(rank, 0), at(rank, 0);
  const auto steps = [&](const Dims& d, std::vector<std::int64_t>& s) {
    std::int64_t run = 1;
    for (std::size_t k = d.size(), r = rank; k-- > 0;) {
      s[--r] = d[k] == 1 ? 0 : run;
      run *= d[k];
    }
  };
  steps(a, sa);
  steps(b, sb);
  std::int64_t ia = 0, ib = 0;
  for (std::int64_t i = 0, n = element_count(result).value_or(0); i < n; ++i) {
    f(i, ia, ib);
    for (std::size_t k = rank; k-- > 0;) {
      ia += sa[k];
      ib += sb[k];
      if (++at[k] < result[k]) break;
      ia -= sa[k] * result[k];
      ib -= sb[k] * result[k];
      at[k] = 0;
    }
  }
}

using FloatFunction = float (*)(float, float);
FloatFunction float_function(const std::string& op) {
  if (op == "Add" || op == "Sum") return [](float a, float b) { return a + b; };
  if (op == "Sub") return [](float a, float b) { return a - b; };
  if (op == "Mul") return [](float a, float b) { return a * b; };
  if (op == "Div") return [](float a, float b) { return a / b; };
  if (op == "Max") return [](float a, float b) { return std::max(a, b); };
  if (op == "Min") return [](float a, float b) { return std::min(a, b); };
  if (op == "PRelu") return [](float a, float b) { return a < 0 ? a * b : a; };
  return [](float a, float b) { return static_cast<float>(std::pow(static_cast<double>(a), static_cast<double>(b))); };
}

/// Wraps around at 64 bits.
std::int64_t integer_of(const Call& call, std::int64_t a, std::int64_t b) {
  const std::string& op = call.node.op;
  const auto ua = static_cast<std::uint64_t>(a), ub = static_cast<std::uint64_t>(b);
  if (op == "Add" || op == "Sum") return static_cast<std::int64_t>(ua + ub);
  if (op == "Sub") return static_cast<std::int64_t>(ua - ub);
  if (op == "Mul") return static_cast<std::int64_t>(ua * ub);
  if (op == "Max") return std::max(a, b);
  if (op == "Min") return std::min(a, b);
  if (op == "Div" || op == "Mod") {
    if (b == 0) call.fail("division-by-zero", "an integer divided by 0, legal: another divisor");
    if (b == -1) return op == "Div" ? static_cast<std::int64_t>(0 - ua) : 0;
    if (op == "Div") return a / b;
    const std::int64_t r = a % b;
    return r != 0 && call.node.integer("fmod", 0) == 0 && (r < 0) != (b < 0) ? r + b : r;
  }
  const double p = std::pow(static_cast<double>(a), static_cast<double>(b));
  return p >= 9.2e18    ? std::numeric_limits<std::int64_t>::max()
         : p <= -9.2e18 ? std::numeric_limits<std::int64_t>::min()
                        : static_cast<std::int64_t>(p);
}

void evaluate_broadcast(const Call& call, std::vector<Value>& out) {
  Value sum = *call.value[0];
  for (std::size_t k = 1; k < call.value.size(); ++k) {
    const Value& b = *call.value[k];
    const Dims dims = broadcast(sum.dims(), b.dims()).value();
    Value next(sum.type(), dims);
    if (sum.type() == Type::f32) {
      const auto x = sum.as<float>();
      const auto y = b.as<float>();
      const auto z = next.as<float>();
      const FloatFunction f = float_function(call.node.op);
      walk(dims, sum.dims(), b.dims(), [&](std::int64_t i, std::int64_t ia, std::int64_t ib) {
        z[static_cast<std::size_t>(i)] = f(x[static_cast<std::size_t>(ia)], y[static_cast<std::size_t>(ib)]);
      });
    } else {
      walk(dims, sum.dims(), b.dims(), [&](std::int64_t i, std::int64_t ia, std::int64_t ib) {
        next.set_integer(i, integer_of(call, sum.integer(ia), b.integer(ib)));
      });
    }
    sum = std::move(next);
  }
  out[0] = std::move(sum);
}

void evaluate_comparison(const Call& call, std::vector<Value>& out) {
  const std::string& op = call.node.op;
  const Value &a = *call.value[0], &b = *call.value[1];
  walk(out[0].dims(), a.dims(), b.dims(), [&](std::int64_t i, std::int64_t ia, std::int64_t ib) {
    bool r = false;
    if (a.type() == Type::f32) {
      const double x = a.number(ia), y = b.number(ib);
      r = op == "Equal" ? x == y : op == "Less" ? x < y : op == "LessOrEqual" ? x <= y : op == "Greater" ? x > y : x >= y;
    } else {
      const std::int64_t x = a.integer(ia), y = b.integer(ib);
      r = op == "Equal"            ? x == y
          : op == "Less"           ? x < y
          : op == "LessOrEqual"    ? x <= y
          : op == "Greater"        ? x > y
          : op == "GreaterOrEqual" ? x >= y
          : op == "And"            ? x != 0 && y != 0
                                   : x != 0 || y != 0;
    }
    out[0].set_integer(i, r);
  });
}

void infer_where(const Call& call, std::vector<Info>& out) {
  if (call.in[0]->type != Type::boolean || call.in[1]->type != call.in[2]->type)
    call.fail("wrong-type", "legal: a bool and two tensors of one type");
  const auto both = broadcast(call.dims(1), call.dims(2));
  const auto all = both ? broadcast(call.dims(0), *both) : std::nullopt;
  if (!all) call.fail("its inputs have sizes that differ, legal: equal sizes, or 1");
  out[0] = {call.in[1]->type, *all};
}
void evaluate_where(const Call& call, std::vector<Value>& out) {
  const Dims& d = out[0].dims();
  std::vector<std::uint8_t> first(static_cast<std::size_t>(out[0].size()));
  walk(d, call.dims(0), call.dims(0), [&](std::int64_t i, std::int64_t a, std::int64_t) {
    first[static_cast<std::size_t>(i)] = call.value[0]->integer(a) != 0;
  });
  walk(d, call.dims(1), call.dims(2), [&](std::int64_t i, std::int64_t a, std::int64_t b) {
    const Value& from = first[static_cast<std::size_t>(i)] ? *call.value[1] : *call.value[2];
    const std::int64_t at = first[static_cast<std::size_t>(i)] ? a : b;
    if (out[0].type() == Type::f32) out[0].set(i, from.number(at));
    else out[0].set_integer(i, from.integer(at));
  });
}

}  // namespace

const std::vector<Operator>& broadcast_operators() {
  constexpr Domain onnx = Domain::onnx;
  constexpr Scope map = Scope::map, constants = Scope::constants;
  constexpr int many = 1024;
  static const std::vector<Operator> table = {
      {onnx, "Add", 2, 2, 1, map, "", infer_broadcast, evaluate_broadcast},
      {onnx, "Sub", 2, 2, 1, map, "", infer_broadcast, evaluate_broadcast},
      {onnx, "Mul", 2, 2, 1, map, "", infer_broadcast, evaluate_broadcast},
      {onnx, "Div", 2, 2, 1, map, "", infer_broadcast, evaluate_broadcast},
      {onnx, "Sum", 1, many, 1, map, "", infer_broadcast, evaluate_broadcast},
      {onnx, "Max", 1, many, 1, map, "", infer_broadcast, evaluate_broadcast},
      {onnx, "Min", 1, many, 1, map, "", infer_broadcast, evaluate_broadcast},
      {onnx, "PRelu", 2, 2, 1, map, "", infer_prelu, evaluate_broadcast},
      {onnx, "Pow", 2, 2, 1, constants, "", infer_broadcast, evaluate_broadcast},
      {onnx, "Mod", 2, 2, 1, constants, "fmod", infer_broadcast, evaluate_broadcast},
      {onnx, "Equal", 2, 2, 1, constants, "", infer_comparison, evaluate_comparison},
      {onnx, "Less", 2, 2, 1, constants, "", infer_comparison, evaluate_comparison},
      {onnx, "LessOrEqual", 2, 2, 1, constants, "", infer_comparison, evaluate_comparison},
      {onnx, "Greater", 2, 2, 1, constants, "", infer_comparison, evaluate_comparison},
      {onnx, "GreaterOrEqual", 2, 2, 1, constants, "", infer_comparison, evaluate_comparison},
      {onnx, "And", 2, 2, 1, constants, "", infer_comparison, evaluate_comparison},
      {onnx, "Or", 2, 2, 1, constants, "", infer_comparison, evaluate_comparison},
      {onnx, "Where", 3, 3, 1, constants, "", infer_where, evaluate_where},
  };
  return table;
}

}  // namespace epim::importer

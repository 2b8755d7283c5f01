// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Functions of one element, and BatchNormalization.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "gen/import/operators.hpp"
#include "golden/parallel.hpp"

namespace epim::importer {
namespace {

void infer_same(const Call& call, std::vector<Info>& out) { out[0] = *call.in[0]; }
void infer_float(const Call& call, std::vector<Info>& out) {
  call.need_float(0);
  out[0] = *call.in[0];
}

/// out[i] = f(x[i]), shared out to the threads.
template <class F>
void each(const Call& call, std::vector<Value>& out, const F& f) {
  const Value& x = *call.value[0];
  constexpr std::int64_t share = 1 << 14;
  const std::int64_t n = x.size();
  parallel(static_cast<std::size_t>((n + share - 1) / share), call.jobs, [&](std::size_t part) {
    const std::int64_t first = static_cast<std::int64_t>(part) * share;
    if (x.type() == Type::f32 && out[0].type() == Type::f32) {
      const auto from = x.as<float>();
      const auto to = out[0].as<float>();
      for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(std::min(n, first + share)); ++i)
        to[i] = static_cast<float>(f(static_cast<double>(from[i])));
      return;
    }
    for (std::int64_t i = first; i < std::min(n, first + share); ++i) out[0].set(i, f(x.number(i)));
  });
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

void evaluate_relu(const Call& call, std::vector<Value>& out) {
  each(call, out, [](double x) { return x > 0 ? x : 0.0; });
}
void evaluate_leaky(const Call& call, std::vector<Value>& out) {
  const double alpha = call.node.real("alpha", static_cast<double>(0.01f));
  each(call, out, [=](double x) { return x < 0 ? alpha * x : x; });
}
void evaluate_hard_sigmoid(const Call& call, std::vector<Value>& out) {
  const double alpha = call.node.real("alpha", static_cast<double>(0.2f)), beta = call.node.real("beta", 0.5);
  each(call, out, [=](double x) { return std::clamp(alpha * x + beta, 0.0, 1.0); });
}
void evaluate_swish(const Call& call, std::vector<Value>& out) {
  const double alpha = call.node.real("alpha", 1);
  each(call, out, [=](double x) { return x * sigmoid(alpha * x); });
}
void evaluate_function(const Call& call, std::vector<Value>& out) {
  static const std::pair<std::string_view, double (*)(double)> functions[] = {
      {"Sigmoid", sigmoid},
      {"Tanh", [](double x) { return std::tanh(x); }},
      {"HardSwish", [](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }},
      {"Silu", [](double x) { return x * sigmoid(x); }},
      {"Sqrt", [](double x) { return std::sqrt(x); }},
      {"Exp", [](double x) { return std::exp(x); }},
      {"Log", [](double x) { return std::log(x); }},
      {"Reciprocal", [](double x) { return 1 / x; }},
      {"Neg", [](double x) { return -x; }},
      {"Abs", [](double x) { return std::fabs(x); }},
      {"Floor", [](double x) { return std::floor(x); }},
      {"Ceil", [](double x) { return std::ceil(x); }},
      {"Round", [](double x) { return std::nearbyint(x); }},
      {"Sign", [](double x) { return x > 0   ? 1.0
                                     : x < 0 ? -1.0
                                             : 0.0; }},
  };
  for (const auto& [name, f] : functions)
    if (name == call.node.op) return each(call, out, f);
}
void evaluate_not(const Call& call, std::vector<Value>& out) {
  for (std::int64_t i = 0; i < out[0].size(); ++i) out[0].set_integer(i, call.value[0]->integer(i) == 0);
}

/// Limits: attributes before operator set 11, inputs from then on; attributes in the canonical form.
std::pair<double, double> clip_limits(const Call& call) {
  double lo = -std::numeric_limits<double>::infinity(), hi = -lo;
  const auto take = [&](std::size_t i, double& limit) {
    if (!call.has(i)) return;
    if (call.in[i]->size() != 1) call.fail(fmt::format("a limit is {}, legal: one number", text_of(call.dims(i))));
    if (call.in[i]->type != call.in[0]->type)
      call.fail("wrong-type", fmt::format("a limit is {}, legal: {}", name_of(call.in[i]->type), name_of(call.in[0]->type)));
    if (call.value[i]) limit = call.value[i]->number(0);
  };
  if (call.node.domain == "epim" || call.node.version < 11) {
    lo = call.node.real("min", lo);
    hi = call.node.real("max", hi);
  } else {
    if (call.node.find("min") || call.node.find("max"))
      call.fail("bad-attribute", "min or max as attributes, legal since operator set 11: inputs");
  }
  take(1, lo);
  take(2, hi);
  return {lo, hi};
}
void infer_clip(const Call& call, std::vector<Info>& out) {
  clip_limits(call);
  out[0] = *call.in[0];
}
void evaluate_clip(const Call& call, std::vector<Value>& out) {
  const auto [lo, hi] = clip_limits(call);
  each(call, out, [lo = lo, hi = hi](double x) { return std::min(std::max(x, lo), hi); });
}

void infer_norm(const Call& call, std::vector<Info>& out) {
  call.need_float(0);
  call.need_rank(0, 2, 4);
  for (std::size_t i = 1; i < 5; ++i) {
    call.need_float(i);
    if (call.dims(i) != Dims{call.dims(0)[1]})
      call.fail(fmt::format("input {} is {}, legal: [{}], one per channel", i, text_of(call.dims(i)), call.dims(0)[1]));
  }
  out[0] = *call.in[0];
}
void evaluate_norm(const Call& call, std::vector<Value>& out) {
  const double epsilon = call.node.real("epsilon", static_cast<double>(1e-5f));
  const Dims& d = call.dims(0);
  std::int64_t places = 1;
  for (std::size_t k = 2; k < d.size(); ++k) places *= d[k];
  const auto x = call.value[0]->as<float>();
  const auto y = out[0].as<float>();
  for (std::int64_t i = 0; i < d[0] * d[1]; ++i) {
    const std::int64_t c = i % d[1];
    const double scale = call.value[1]->number(c) / std::sqrt(call.value[4]->number(c) + epsilon);
    const double bias = call.value[2]->number(c) - call.value[3]->number(c) * scale;
    for (std::int64_t k = i * places; k < (i + 1) * places; ++k)
      y[static_cast<std::size_t>(k)] = static_cast<float>(static_cast<double>(x[static_cast<std::size_t>(k)]) * scale + bias);
  }
}
std::optional<Complaint> complain_norm(const Node& node) {
  if (node.integer("training_mode", 0) != 0)
    return Complaint{node.name, node.op, "training_mode is 1", "0", "export in evaluation mode"};
  if (node.integer("spatial", 1) != 1) return Complaint{node.name, node.op, "spatial is 0", "1", "one scale per channel"};
  for (std::size_t i = 1; i < node.outputs.size(); ++i)
    if (!node.outputs[i].empty())
      return Complaint{node.name, node.op, "outputs of the training are used", "the first output alone",
                       "export in evaluation mode"};
  return std::nullopt;
}

/// y = x * scale[c] + bias[c], both [C].
void infer_affine(const Call& call, std::vector<Info>& out) {
  call.need_float(0);
  call.need_rank(0, 4, 4);
  for (std::size_t i = 1; i < 3; ++i)
    if (call.dims(i) != Dims{call.dims(0)[1]} || call.in[i]->type != Type::f32)
      call.fail(fmt::format("input {} is {}, legal: [{}]", i, text_of(call.dims(i)), call.dims(0)[1]));
  out[0] = *call.in[0];
}
void evaluate_affine(const Call& call, std::vector<Value>& out) {
  const Dims& d = call.dims(0);
  const std::int64_t places = d[2] * d[3];
  for (std::int64_t i = 0; i < d[0] * d[1]; ++i) {
    const double scale = call.value[1]->number(i % d[1]), bias = call.value[2]->number(i % d[1]);
    for (std::int64_t k = i * places; k < (i + 1) * places; ++k) out[0].set(k, call.value[0]->number(k) * scale + bias);
  }
}

void infer_dropout(const Call& call, std::vector<Info>& out) {
  if (call.has(2) && (!call.value[2] || call.value[2]->size() != 1 || call.value[2]->integer(0) != 0))
    call.fail("bad-attribute", "training_mode is not false, legal: false; export in evaluation mode");
  out[0] = *call.in[0];
  if (out.size() > 1) out[1] = {Type::boolean, call.dims(0)};
}
void evaluate_copy(const Call& call, std::vector<Value>& out) {
  out[0] = *call.value[0];
  for (std::size_t k = 1; k < out.size(); ++k)
    for (std::int64_t i = 0; i < out[k].size(); ++i) out[k].set_integer(i, 1);
}
std::optional<Complaint> complain_dropout(const Node& node) {
  if (node.version < 7 && node.integer("is_test", 0) == 0)
    return Complaint{node.name, node.op, "is_test is 0", "1", "export in evaluation mode"};
  return std::nullopt;
}

Type type_of_cast(const Call& call) {
  switch (call.node.integer("to", 0)) {
    case 1:
    case 10:
    case 11:
    case 16: return Type::f32;
    case 2: return Type::u8;
    case 3: return Type::i8;
    case 4: return Type::u16;
    case 5: return Type::i16;
    case 6: return Type::i32;
    case 7:
    case 12:
    case 13: return Type::i64;
    case 9: return Type::boolean;
    case 21: return Type::u4;
    case 22: return Type::i4;
    default: call.fail("bad-attribute", fmt::format("to is {}, legal: a number type", call.node.integer("to", 0)));
  }
}
void infer_cast(const Call& call, std::vector<Info>& out) { out[0] = {type_of_cast(call), call.dims(0)}; }
void evaluate_cast(const Call& call, std::vector<Value>& out) {
  const Value& x = *call.value[0];
  for (std::int64_t i = 0; i < x.size(); ++i) {
    if (out[0].type() == Type::f32) out[0].set(i, x.number(i));
    else if (out[0].type() == Type::boolean) out[0].set_integer(i, x.number(i) != 0);
    else out[0].set_integer(i, x.integer(i));
  }
}
std::optional<Complaint> complain_swish(const Node& node) {
  if (node.real("alpha", 1) == 1) return std::nullopt;
  return Complaint{node.name, node.op, fmt::format("alpha is {}", node.real("alpha", 1)), "1", "x*Sigmoid(alpha*x)"};
}

}  // namespace

const std::vector<Operator>& pointwise_operators() {
  constexpr Domain onnx = Domain::onnx;
  constexpr Scope map = Scope::map, constants = Scope::constants;
  static const std::vector<Operator> table = {
      {onnx, "Relu", 1, 1, 1, map, "", infer_same, evaluate_relu},
      {onnx, "LeakyRelu", 1, 1, 1, map, "alpha", infer_float, evaluate_leaky},
      {onnx, "Sigmoid", 1, 1, 1, map, "", infer_float, evaluate_function},
      {onnx, "Tanh", 1, 1, 1, map, "", infer_float, evaluate_function},
      {onnx, "HardSigmoid", 1, 1, 1, map, "alpha beta", infer_float, evaluate_hard_sigmoid},
      {onnx, "HardSwish", 1, 1, 1, map, "", infer_float, evaluate_function},
      {onnx, "Swish", 1, 1, 1, map, "alpha", infer_float, evaluate_swish, complain_swish},
      {Domain::epim, "Silu", 1, 1, 1, map, "", infer_float, evaluate_function},
      {onnx, "Clip", 1, 3, 1, map, "min max", infer_clip, evaluate_clip},
      {Domain::epim, "Clip", 1, 1, 1, map, "min max", infer_clip, evaluate_clip},
      {onnx, "BatchNormalization", 5, 5, 5, map, "epsilon momentum spatial training_mode", infer_norm, evaluate_norm,
       complain_norm},
      {Domain::epim, "Affine", 3, 3, 1, map, "", infer_affine, evaluate_affine},
      {onnx, "Identity", 1, 1, 1, map, "", infer_same, evaluate_copy},
      {onnx, "Dropout", 1, 3, 2, map, "ratio seed is_test", infer_dropout, evaluate_copy, complain_dropout},
      {onnx, "Cast", 1, 1, 1, map, "to saturate round_mode", infer_cast, evaluate_cast},
      {onnx, "Sqrt", 1, 1, 1, constants, "", infer_float, evaluate_function},
      {onnx, "Exp", 1, 1, 1, constants, "", infer_float, evaluate_function},
      {onnx, "Log", 1, 1, 1, constants, "", infer_float, evaluate_function},
      {onnx, "Reciprocal", 1, 1, 1, constants, "", infer_float, evaluate_function},
      {onnx, "Neg", 1, 1, 1, constants, "", infer_same, evaluate_function},
      {onnx, "Abs", 1, 1, 1, constants, "", infer_same, evaluate_function},
      {onnx, "Floor", 1, 1, 1, constants, "", infer_float, evaluate_function},
      {onnx, "Ceil", 1, 1, 1, constants, "", infer_float, evaluate_function},
      {onnx, "Round", 1, 1, 1, constants, "", infer_float, evaluate_function},
      {onnx, "Sign", 1, 1, 1, constants, "", infer_same, evaluate_function},
      {onnx, "Not", 1, 1, 1, constants, "", infer_same, evaluate_not},
  };
  return table;
}

}  // namespace epim::importer

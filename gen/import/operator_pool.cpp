// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// MaxPool, AveragePool, their global forms, reductions.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "gen/import/operators.hpp"
#include "golden/parallel.hpp"

namespace epim::importer {
namespace {

void infer_pool(const Call& call, std::vector<Info>& out) {
  if (call.node.op == "AveragePool") call.need_float(0);
  call.need_rank(0, 3, 4);
  const Window w = window_of(call, {}, true);
  for (std::size_t k = 0; k < w.out.size(); ++k)
    for (const std::int64_t place : {std::int64_t{0}, w.out[k] - 1}) {
      bool any = false;
      for (std::int64_t i = 0; i < w.kernel[k] && !any; ++i) {
        const std::int64_t at = place * w.stride[k] - w.begin[k] + i * w.dilation[k];
        any = at >= 0 && at < w.size[k];
      }
      if (!any) call.fail("bad-attribute", "a window lies in the padding alone, legal: at least one place of the map in each");
    }
  out[0] = {call.in[0]->type, {call.dims(0)[0], call.dims(0)[1]}};
  out[0].dims.insert(out[0].dims.end(), w.out.begin(), w.out.end());
}

void evaluate_pool(const Call& call, std::vector<Value>& out) {
  const Window w = window_of(call, {}, true);
  const bool mean = call.node.op == "AveragePool", counted = mean && call.node.integer("count_include_pad", 0) != 0;
  const std::size_t axes = w.size.size();
  const std::int64_t height = axes == 2 ? w.size[0] : 1, width = w.size[axes - 1], oh = axes == 2 ? w.out[0] : 1,
                     ow = w.out[axes - 1];
  struct Span {
    std::int64_t first, count, divisor;  // of the taps inside; how many count
  };
  const auto spans = [&](std::size_t k) {
    std::vector<Span> s;
    for (std::int64_t p = 0; p < w.out[k]; ++p) {
      Span one{-1, 0, 0};
      for (std::int64_t i = 0; i < w.kernel[k]; ++i) {
        const std::int64_t at = p * w.stride[k] - w.begin[k] + i * w.dilation[k];
        if (at >= 0 && at < w.size[k]) {
          if (one.first < 0) one.first = at;
          ++one.count;
        }
        if (at < w.size[k] + w.end[k]) ++one.divisor;  // padding that ceil_mode adds beyond `pads` does not count
      }
      s.push_back(one);
    }
    return s;
  };
  const std::vector<Span> rows = axes == 2 ? spans(0) : std::vector<Span>{{0, 1, 1}}, columns = spans(axes - 1);
  const std::int64_t dh = axes == 2 ? w.dilation[0] : 1, dw = w.dilation[axes - 1];
  const std::int64_t planes = call.dims(0)[0] * call.dims(0)[1];
  parallel(static_cast<std::size_t>(planes), call.jobs, [&](std::size_t plane) {
    for (std::int64_t r = 0; r < oh; ++r)
      for (std::int64_t c = 0; c < ow; ++c) {
        const Span& a = rows[static_cast<std::size_t>(r)];
        const Span& b = columns[static_cast<std::size_t>(c)];
        double sum = 0, most = -std::numeric_limits<double>::infinity();
        for (std::int64_t i = 0; i < a.count; ++i)
          for (std::int64_t j = 0; j < b.count; ++j) {
            const double x =
                call.value[0]->number((static_cast<std::int64_t>(plane) * height + a.first + i * dh) * width + b.first + j * dw);
            sum += x;
            if (x > most || std::isnan(x)) most = x;
          }
        const std::int64_t count = counted ? a.divisor * b.divisor : a.count * b.count;
        out[0].set((static_cast<std::int64_t>(plane) * oh + r) * ow + c, mean ? sum / static_cast<double>(count) : most);
      }
  });
}

std::optional<Complaint> complain_pool(const Node& node) {
  if (node.integers("kernel_shape").size() > 2)
    return Complaint{node.name, node.op, "kernel_shape has more than 2 axes", "1 or 2",
                     "pools over two axes, one after the other"};
  if (node.outputs.size() > 1 && !node.outputs[1].empty())
    return Complaint{node.name, node.op, "the output Indices is used", "the first output alone", "a network without unpooling"};
  return std::nullopt;
}

void infer_global(const Call& call, std::vector<Info>& out) {
  call.need_float(0);
  call.need_rank(0, 3, 4);
  out[0] = {Type::f32, call.dims(0)};
  for (std::size_t k = 2; k < out[0].dims.size(); ++k) out[0].dims[k] = 1;
  if (call.in[0]->size() == 0) call.fail("an empty map, legal: at least one place");
}

void evaluate_global(const Call& call, std::vector<Value>& out) {
  const auto x = call.value[0]->as<float>();
  const auto y = out[0].as<float>();
  const bool mean = call.node.op == "GlobalAveragePool";
  const std::size_t places = x.size() / std::max<std::size_t>(1, y.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    double sum = 0;
    float most = x[i * places];
    for (std::size_t k = 0; k < places; ++k) {
      sum += static_cast<double>(x[i * places + k]);
      most = std::max(most, x[i * places + k]);
    }
    y[i] = mean ? static_cast<float>(sum / static_cast<double>(places)) : most;
  }
}

struct Reduction {
  std::vector<bool> over;
  bool keep;
};

Reduction reduction_of(const Call& call) {
  Reduction r{std::vector<bool>(call.dims(0).size(), false), call.node.integer("keepdims", 1) != 0};
  std::vector<std::int64_t> axes = call.node.integers("axes");
  if (call.has(1)) axes = call.known(1, "axes").integers();
  if (axes.empty() && call.node.integer("noop_with_empty_axes", 0) == 0) r.over.assign(r.over.size(), true);
  for (const std::int64_t a : axes) {
    const std::size_t k = call.axis(a, call.rank(0));
    if (r.over[k]) call.fail("bad-axis", fmt::format("axis {} is given twice, legal: once", a));
    r.over[k] = true;
  }
  return r;
}

void infer_reduce(const Call& call, std::vector<Info>& out) {
  const Reduction r = reduction_of(call);
  out[0].type = call.in[0]->type;
  for (std::size_t k = 0; k < r.over.size(); ++k) {
    if (r.over[k] && call.dims(0)[k] == 0) call.fail("an empty axis, legal: at least one element");
    if (!r.over[k]) out[0].dims.push_back(call.dims(0)[k]);
    else if (r.keep) out[0].dims.push_back(1);
  }
}

void evaluate_reduce(const Call& call, std::vector<Value>& out) {
  const Reduction r = reduction_of(call);
  const Value& x = *call.value[0];
  const std::string& op = call.node.op;
  const std::int64_t n = x.size(), m = out[0].size();
  if (m == 0) return;
  std::vector<double> sum(static_cast<std::size_t>(m), op == "ReduceProd"  ? 1.0
                                                       : op == "ReduceMax" ? -INFINITY
                                                       : op == "ReduceMin" ? INFINITY
                                                                           : 0.0);
  std::vector<std::int64_t> at(r.over.size(), 0), step(r.over.size(), 0);
  std::int64_t run = 1;
  for (std::size_t k = r.over.size(); k-- > 0;)
    if (!r.over[k]) {
      step[k] = run;
      run *= call.dims(0)[k];
    }
  std::int64_t to = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    double& s = sum[static_cast<std::size_t>(to)];
    const double v = x.number(i);
    if (op == "ReduceProd") s *= v;
    else if (op == "ReduceMax") s = std::max(s, v);
    else if (op == "ReduceMin") s = std::min(s, v);
    else s += v;
    for (std::size_t k = at.size(); k-- > 0;) {
      to += step[k];
      if (++at[k] < call.dims(0)[k]) break;
      to -= step[k] * call.dims(0)[k];
      at[k] = 0;
    }
  }
  const double count = op == "ReduceMean" ? static_cast<double>(n / m) : 1.0;
  for (std::int64_t i = 0; i < m; ++i) out[0].set(i, sum[static_cast<std::size_t>(i)] / count);
}

}  // namespace

const std::vector<Operator>& pool_operators() {
  constexpr std::string_view reduce = "axes keepdims noop_with_empty_axes";
  static const std::vector<Operator> table = {
      {Domain::onnx, "MaxPool", 1, 1, 2, Scope::map, "auto_pad ceil_mode dilations kernel_shape pads storage_order strides",
       infer_pool, evaluate_pool, complain_pool},
      {Domain::onnx, "AveragePool", 1, 1, 1, Scope::map,
       "auto_pad ceil_mode count_include_pad dilations kernel_shape pads strides", infer_pool, evaluate_pool, complain_pool},
      {Domain::onnx, "GlobalAveragePool", 1, 1, 1, Scope::map, "", infer_global, evaluate_global},
      {Domain::onnx, "GlobalMaxPool", 1, 1, 1, Scope::map, "", infer_global, evaluate_global},
      {Domain::onnx, "ReduceMean", 1, 2, 1, Scope::map, reduce, infer_reduce, evaluate_reduce},
      {Domain::onnx, "ReduceMax", 1, 2, 1, Scope::map, reduce, infer_reduce, evaluate_reduce},
      {Domain::onnx, "ReduceSum", 1, 2, 1, Scope::constants, reduce, infer_reduce, evaluate_reduce},
      {Domain::onnx, "ReduceMin", 1, 2, 1, Scope::constants, reduce, infer_reduce, evaluate_reduce},
      {Domain::onnx, "ReduceProd", 1, 2, 1, Scope::constants, reduce, infer_reduce, evaluate_reduce},
  };
  return table;
}

}  // namespace epim::importer

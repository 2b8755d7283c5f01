// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Gemm, MatMul, Softmax, LogSoftmax, ArgMax.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "gen/import/operators.hpp"
#include "golden/parallel.hpp"

namespace epim::importer {
namespace {

/// y[m][n] = sum over k of a[m*am + k*ak] * b[k*bk + n*bn], k rising.
void multiply(const float* a, std::int64_t am, std::int64_t ak, const float* b, std::int64_t bk, std::int64_t bn,
              std::int64_t rows, std::int64_t depth, std::int64_t columns, int jobs, double* y) {
  constexpr std::int64_t step = 16;
  parallel(static_cast<std::size_t>((columns + step - 1) / step), jobs, [&](std::size_t block) {
    const std::int64_t first = static_cast<std::int64_t>(block) * step, count = std::min(step, columns - first);
    for (std::int64_t m = 0; m < rows; ++m) {
      double acc[step] = {};
      for (std::int64_t k = 0; k < depth; ++k) {
        const double x = static_cast<double>(a[m * am + k * ak]);
        const float* w = b + k * bk + first * bn;
        for (std::int64_t n = 0; n < count; ++n) acc[n] += x * static_cast<double>(w[n * bn]);
      }
      std::copy(acc, acc + count, y + m * columns + first);
    }
  });
}

struct Product {
  std::int64_t rows, depth, columns;
};

Product gemm_of(const Call& call) {
  call.need_float(0);
  call.need_float(1);
  call.need_rank(0, 2, 2);
  call.need_rank(1, 2, 2);
  const bool ta = call.node.integer("transA", 0) != 0, tb = call.node.integer("transB", 0) != 0;
  const Product p{call.dims(0)[ta ? 1 : 0], call.dims(0)[ta ? 0 : 1], call.dims(1)[tb ? 0 : 1]};
  if (call.dims(1)[tb ? 1 : 0] != p.depth)
    call.fail(fmt::format("weights {}{} for an input {}{}, legal: {} rows", text_of(call.dims(1)), tb ? " transposed" : "",
                          text_of(call.dims(0)), ta ? " transposed" : "", p.depth));
  if (call.has(2)) {
    call.need_float(2);
    if (const auto both = broadcast({p.rows, p.columns}, call.dims(2)); !both || *both != Dims{p.rows, p.columns})
      call.fail(fmt::format("the bias is {}, legal: what broadcasts to [{},{}]", text_of(call.dims(2)), p.rows, p.columns));
  }
  return p;
}

void infer_gemm(const Call& call, std::vector<Info>& out) {
  const Product p = gemm_of(call);
  out[0] = {Type::f32, {p.rows, p.columns}};
}

void evaluate_gemm(const Call& call, std::vector<Value>& out) {
  const Product p = gemm_of(call);
  const bool ta = call.node.integer("transA", 0) != 0, tb = call.node.integer("transB", 0) != 0;
  const double alpha = call.node.real("alpha", 1), beta = call.node.real("beta", 1);
  std::vector<double> sums(static_cast<std::size_t>(p.rows * p.columns));
  multiply(call.value[0]->as<float>().data(), ta ? 1 : p.depth, ta ? p.rows : 1, call.value[1]->as<float>().data(),
           tb ? 1 : p.columns, tb ? p.depth : 1, p.rows, p.depth, p.columns, call.jobs, sums.data());
  const auto y = out[0].as<float>();
  for (std::int64_t m = 0; m < p.rows; ++m)
    for (std::int64_t n = 0; n < p.columns; ++n) {
      double s = alpha * sums[static_cast<std::size_t>(m * p.columns + n)];
      if (call.has(2)) {
        const Dims& d = call.dims(2);
        const std::int64_t rows = d.size() == 2 ? d[0] : 1, columns = d.empty() ? 1 : d.back();
        s += beta * call.value[2]->number((rows == 1 ? 0 : m) * columns + (columns == 1 ? 0 : n));
      }
      y[static_cast<std::size_t>(m * p.columns + n)] = static_cast<float>(s);
    }
}

/// numpy.matmul: the leading dimensions are broadcast; one-dimensional operands gain an axis that the result loses.
struct Stack {
  Dims a, b, batch, result;
  Product one;
};

Stack matmul_of(const Call& call) {
  Stack s{call.dims(0), call.dims(1), {}, {}, {}};
  call.need_float(0);
  call.need_float(1);
  if (s.a.empty() || s.b.empty()) call.fail("an operand without dimensions, legal: at least one");
  const bool row = s.a.size() == 1, column = s.b.size() == 1;
  if (row) s.a.insert(s.a.begin(), 1);
  if (column) s.b.push_back(1);
  const std::size_t ra = s.a.size(), rb = s.b.size();
  s.one = {s.a[ra - 2], s.a[ra - 1], s.b[rb - 1]};
  const std::optional<Dims> batch = broadcast({s.a.begin(), s.a.end() - 2}, {s.b.begin(), s.b.end() - 2});
  if (s.b[rb - 2] != s.one.depth || !batch)
    call.fail(fmt::format("{} times {}, legal: as many columns as rows", text_of(call.dims(0)), text_of(call.dims(1))));
  s.batch = s.result = *batch;
  if (!row) s.result.push_back(s.one.rows);
  if (!column) s.result.push_back(s.one.columns);
  return s;
}

void infer_matmul(const Call& call, std::vector<Info>& out) { out[0] = {Type::f32, matmul_of(call).result}; }

void evaluate_matmul(const Call& call, std::vector<Value>& out) {
  const Stack s = matmul_of(call);
  const auto y = out[0].as<float>();
  if (y.empty()) return;
  std::vector<double> sums(static_cast<std::size_t>(s.one.rows * s.one.columns));
  const std::int64_t count = element_count(s.batch).value_or(0);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto offset = [&](const Dims& dims) {  // of this matrix in an operand
      std::int64_t at = 0, run = 1, rest = i;
      for (std::size_t k = s.batch.size(), d = dims.size() - 2; k-- > 0;) {
        const std::int64_t index = rest % s.batch[k];
        rest /= s.batch[k];
        if (d == 0) continue;
        --d;
        if (dims[d] != 1) at += index * run;
        run *= dims[d];
      }
      return at;
    };
    multiply(call.value[0]->as<float>().data() + offset(s.a) * s.one.rows * s.one.depth, s.one.depth, 1,
             call.value[1]->as<float>().data() + offset(s.b) * s.one.depth * s.one.columns, s.one.columns, 1, s.one.rows,
             s.one.depth, s.one.columns, call.jobs, sums.data());
    for (std::size_t k = 0; k < sums.size(); ++k) y[static_cast<std::size_t>(i) * sums.size() + k] = static_cast<float>(sums[k]);
  }
}

/// An axis as outer x along x inner.
struct Along {
  std::int64_t outer = 1, along = 1, inner = 1;
};

/// Before operator set 13 Softmax takes all axes from `axis` on as one.
Along softmax_of(const Call& call) {
  Along a;
  const bool old = call.node.version < 13;
  const std::int64_t rank = call.rank(0);
  if (rank == 0) return a;
  const std::size_t axis = call.axis(call.node.integer("axis", old ? 1 : -1), rank);
  for (std::size_t k = 0; k < call.dims(0).size(); ++k)
    (k < axis ? a.outer : k == axis || old ? a.along : a.inner) *= call.dims(0)[k];
  return a;
}

void infer_softmax(const Call& call, std::vector<Info>& out) {
  call.need_float(0);
  softmax_of(call);
  out[0] = *call.in[0];
}

void evaluate_softmax(const Call& call, std::vector<Value>& out) {
  const Along a = softmax_of(call);
  const auto x = call.value[0]->as<float>();
  const auto y = out[0].as<float>();
  for (std::int64_t i = 0; i < a.outer; ++i)
    for (std::int64_t j = 0; j < a.inner; ++j) {
      const auto at = [&](std::int64_t k) { return static_cast<std::size_t>((i * a.along + k) * a.inner + j); };
      double most = -INFINITY, sum = 0;
      for (std::int64_t k = 0; k < a.along; ++k) most = std::max(most, static_cast<double>(x[at(k)]));
      for (std::int64_t k = 0; k < a.along; ++k) sum += std::exp(static_cast<double>(x[at(k)]) - most);
      for (std::int64_t k = 0; k < a.along; ++k) {
        const double e = static_cast<double>(x[at(k)]) - most;
        y[at(k)] = static_cast<float>(call.node.op == "Softmax" ? std::exp(e) / sum : e - std::log(sum));
      }
    }
}

Along argmax_of(const Call& call, std::size_t& axis) {
  axis = call.axis(call.node.integer("axis", 0), call.rank(0));
  Along a;
  for (std::size_t k = 0; k < call.dims(0).size(); ++k) (k < axis ? a.outer : k == axis ? a.along : a.inner) *= call.dims(0)[k];
  if (a.along == 0) call.fail("an empty axis, legal: at least one element");
  return a;
}

void infer_argmax(const Call& call, std::vector<Info>& out) {
  std::size_t axis = 0;
  argmax_of(call, axis);
  out[0] = {Type::i64, call.dims(0)};
  if (call.node.integer("keepdims", 1) != 0) out[0].dims[axis] = 1;
  else out[0].dims.erase(out[0].dims.begin() + static_cast<std::ptrdiff_t>(axis));
}

void evaluate_argmax(const Call& call, std::vector<Value>& out) {
  std::size_t axis = 0;
  const Along a = argmax_of(call, axis);
  const bool last = call.node.integer("select_last_index", 0) != 0;
  for (std::int64_t i = 0; i < a.outer; ++i)
    for (std::int64_t j = 0; j < a.inner; ++j) {
      std::int64_t best = 0;
      const auto at = [&](std::int64_t k) { return call.value[0]->number((i * a.along + k) * a.inner + j); };
      for (std::int64_t k = 1; k < a.along; ++k)
        if (at(k) > at(best) || (last && at(k) == at(best))) best = k;
      out[0].set_integer(i * a.inner + j, best);
    }
}

}  // namespace

const std::vector<Operator>& matrix_operators() {
  static const std::vector<Operator> table = {
      {Domain::onnx, "Gemm", 2, 3, 1, Scope::map, "alpha beta transA transB", infer_gemm, evaluate_gemm},
      {Domain::onnx, "MatMul", 2, 2, 1, Scope::map, "", infer_matmul, evaluate_matmul},
      {Domain::onnx, "Softmax", 1, 1, 1, Scope::map, "axis", infer_softmax, evaluate_softmax},
      {Domain::onnx, "LogSoftmax", 1, 1, 1, Scope::map, "axis", infer_softmax, evaluate_softmax},
      {Domain::onnx, "ArgMax", 1, 1, 1, Scope::map, "axis keepdims select_last_index", infer_argmax, evaluate_argmax},
  };
  return table;
}

}  // namespace epim::importer

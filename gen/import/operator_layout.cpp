// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Reshape, Flatten, Transpose, Squeeze, Unsqueeze, Concat.
#include <algorithm>
#include <cstring>
#include <numeric>

#include <fmt/format.h>

#include "gen/import/operators.hpp"

namespace epim::importer {
namespace {

void evaluate_same_data(const Call& call, std::vector<Value>& out) { out[0] = call.value[0]->reshaped(out[0].dims()); }

void infer_reshape(const Call& call, std::vector<Info>& out) {
  Dims shape = call.node.version < 5 ? call.node.integers("shape") : Dims{};
  if (call.has(1)) {
    if (call.in[1]->type != Type::i64)
      call.fail("wrong-type", fmt::format("the shape is {}, legal: int64", name_of(call.in[1]->type)));
    call.need_rank(1, 1, 1);
    shape = call.known(1, "new sizes").integers();
  }
  const bool zero = call.node.integer("allowzero", 0) != 0;
  const std::string asked = text_of(shape);
  std::ptrdiff_t free = -1;
  std::int64_t n = 1;
  for (std::size_t k = 0; k < shape.size(); ++k) {
    if (shape[k] == 0 && !zero) {
      if (k >= call.dims(0).size())
        call.fail(fmt::format("size 0 at place {} of {}, legal: only where the input has that axis", k, asked));
      shape[k] = call.dims(0)[k];
    }
    if (shape[k] == -1) {
      if (free >= 0) call.fail(fmt::format("-1 twice in {}, legal: once", asked));
      free = static_cast<std::ptrdiff_t>(k);
    } else if (shape[k] < 0 || (shape[k] > 0 && n > most_elements / shape[k])) {
      call.fail(fmt::format("{} reshaped to {}, legal: equal numbers of elements", text_of(call.dims(0)), asked));
    } else {
      n *= shape[k];
    }
  }
  const std::int64_t all = call.in[0]->size();
  if (free >= 0) {
    if (n == 0 || all % n != 0)
      call.fail(fmt::format("{} reshaped to {}, legal: equal numbers of elements", text_of(call.dims(0)), asked));
    shape[static_cast<std::size_t>(free)] = all / n;
    n = all;
  }
  if (n != all) call.fail(fmt::format("{} reshaped to {}, legal: equal numbers of elements", text_of(call.dims(0)), asked));
  out[0] = {call.in[0]->type, shape};
}

void infer_flatten(const Call& call, std::vector<Info>& out) {
  std::int64_t axis = call.node.integer("axis", 1);
  const std::int64_t rank = call.rank(0);
  if (axis < -rank || axis > rank) call.fail("bad-axis", fmt::format("axis {}, legal: {}..{}", axis, -rank, rank));
  if (axis < 0) axis += rank;
  Dims d{1, 1};
  for (std::int64_t k = 0; k < rank; ++k) d[k < axis ? 0 : 1] *= call.dims(0)[static_cast<std::size_t>(k)];
  out[0] = {call.in[0]->type, d};
}

std::vector<int> perm_of(const Call& call) {
  const std::size_t rank = call.dims(0).size();
  std::vector<int> perm(rank);
  const std::vector<std::int64_t> given = call.node.integers("perm");
  if (given.empty()) {
    for (std::size_t k = 0; k < rank; ++k) perm[k] = static_cast<int>(rank - 1 - k);
    return perm;
  }
  std::vector<bool> seen(rank, false);
  if (given.size() != rank)
    call.fail("bad-attribute", fmt::format("perm {} of {} dimensions, legal: each once", text_of(given), rank));
  for (std::size_t k = 0; k < rank; ++k) {
    if (given[k] < 0 || given[k] >= static_cast<std::int64_t>(rank) || seen[static_cast<std::size_t>(given[k])])
      call.fail("bad-attribute", fmt::format("perm {} of {} dimensions, legal: each once", text_of(given), rank));
    seen[static_cast<std::size_t>(given[k])] = true;
    perm[k] = static_cast<int>(given[k]);
  }
  return perm;
}
void infer_transpose(const Call& call, std::vector<Info>& out) {
  out[0].type = call.in[0]->type;
  for (const int p : perm_of(call)) out[0].dims.push_back(call.dims(0)[static_cast<std::size_t>(p)]);
}
void evaluate_transpose(const Call& call, std::vector<Value>& out) { out[0] = call.value[0]->transposed(perm_of(call)); }

/// axes: an attribute before operator set 13, an input from then on.
std::vector<std::int64_t> axes_of(const Call& call) {
  if (call.has(1)) {
    if (call.in[1]->type != Type::i64)
      call.fail("wrong-type", fmt::format("axes are {}, legal: int64", name_of(call.in[1]->type)));
    return call.known(1, "axes").integers();
  }
  return call.node.integers("axes");
}
void infer_squeeze(const Call& call, std::vector<Info>& out) {
  const std::size_t rank = call.dims(0).size();
  const bool all = !call.has(1) && !call.node.find("axes");
  std::vector<bool> gone(rank, false);
  for (const std::int64_t a : axes_of(call)) {
    const std::size_t k = call.axis(a, call.rank(0));
    if (call.dims(0)[k] != 1)
      call.fail(fmt::format("axis {} of {} has size {}, legal: 1", a, text_of(call.dims(0)), call.dims(0)[k]));
    gone[k] = true;
  }
  out[0].type = call.in[0]->type;
  for (std::size_t k = 0; k < rank; ++k)
    if (!gone[k] && !(all && call.dims(0)[k] == 1)) out[0].dims.push_back(call.dims(0)[k]);
}
void infer_unsqueeze(const Call& call, std::vector<Info>& out) {
  const std::vector<std::int64_t> axes = axes_of(call);
  if (axes.empty() && !call.has(1) && !call.node.find("axes")) call.fail("bad-attribute", "axes are left out, legal: given");
  const std::int64_t rank = call.rank(0) + static_cast<std::int64_t>(axes.size());
  if (rank > static_cast<std::int64_t>(most_dimensions))
    call.fail("tensor-too-large", fmt::format("{} dimensions, legal: at most {}", rank, most_dimensions));
  std::vector<bool> added(static_cast<std::size_t>(rank), false);
  for (const std::int64_t a : axes) {
    const std::size_t k = call.axis(a, rank);
    if (added[k]) call.fail("bad-axis", fmt::format("axis {} is given twice, legal: once", a));
    added[k] = true;
  }
  out[0].type = call.in[0]->type;
  std::size_t next = 0;
  for (const bool a : added) out[0].dims.push_back(a ? 1 : call.dims(0)[next++]);
}

void infer_concat(const Call& call, std::vector<Info>& out) {
  if (!call.node.find("axis")) call.fail("bad-attribute", "axis is left out, legal: given");
  const std::size_t axis = call.axis(call.node.integer("axis", 0), call.rank(0));
  out[0] = *call.in[0];
  for (std::size_t i = 1; i < call.in.size(); ++i) {
    if (!call.has(i)) call.fail("wrong-input-count", fmt::format("input {} is left out, legal: given", i));
    if (call.in[i]->type != out[0].type) call.fail("wrong-type", "its inputs have different types, legal: one type");
    bool fits = call.dims(i).size() == out[0].dims.size();
    for (std::size_t k = 0; fits && k < out[0].dims.size(); ++k) fits = k == axis || call.dims(i)[k] == out[0].dims[k];
    if (!fits)
      call.fail(fmt::format("{} beside {} along axis {}, legal: equal other sizes", text_of(call.dims(i)), text_of(call.dims(0)),
                            axis));
    out[0].dims[axis] += call.dims(i)[axis];
  }
}
void evaluate_concat(const Call& call, std::vector<Value>& out) {
  const std::size_t axis = call.axis(call.node.integer("axis", 0), call.rank(0)), item = size_of(out[0].type());
  std::size_t outer = 1, inner = item;
  for (std::size_t k = 0; k < axis; ++k) outer *= static_cast<std::size_t>(out[0].dims()[k]);
  for (std::size_t k = axis + 1; k < out[0].dims().size(); ++k) inner *= static_cast<std::size_t>(out[0].dims()[k]);
  const auto y = out[0].as<std::uint8_t>();
  std::size_t to = 0;
  for (std::size_t o = 0; o < outer; ++o)
    for (const Value* v : call.value) {
      const std::size_t run = static_cast<std::size_t>(v->dims()[axis]) * inner;
      if (run > 0) std::memcpy(y.data() + to, v->as<std::uint8_t>().data() + o * run, run);
      to += run;
    }
}

}  // namespace

const std::vector<Operator>& layout_operators() {
  constexpr Domain onnx = Domain::onnx;
  static const std::vector<Operator> table = {
      {onnx, "Reshape", 1, 2, 1, Scope::map, "allowzero shape", infer_reshape, evaluate_same_data},
      {onnx, "Flatten", 1, 1, 1, Scope::map, "axis", infer_flatten, evaluate_same_data},
      {onnx, "Transpose", 1, 1, 1, Scope::map, "perm", infer_transpose, evaluate_transpose},
      {onnx, "Squeeze", 1, 2, 1, Scope::map, "axes", infer_squeeze, evaluate_same_data},
      {onnx, "Unsqueeze", 1, 2, 1, Scope::map, "axes", infer_unsqueeze, evaluate_same_data},
      {onnx, "Concat", 1, 1024, 1, Scope::map, "axis", infer_concat, evaluate_concat},
  };
  return table;
}

}  // namespace epim::importer

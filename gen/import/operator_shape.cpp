// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What exporters compute sizes with: Shape, Gather, Slice, ConstantOfShape, Range, Expand, Tile.
#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "gen/import/operators.hpp"

namespace epim::importer {
namespace {

std::pair<std::int64_t, std::int64_t> shape_range(const Call& call) {
  const std::int64_t rank = call.rank(0);
  const auto limit = [&](std::int64_t x) { return std::clamp<std::int64_t>(x < 0 ? x + rank : x, 0, rank); };
  const std::int64_t first = limit(call.node.integer("start", 0)), last = limit(call.node.integer("end", rank));
  return {first, std::max(first, last)};
}
void infer_shape(const Call& call, std::vector<Info>& out) {
  const auto [first, last] = shape_range(call);
  out[0] = {Type::i64, {last - first}};
}
void evaluate_shape(const Call& call, std::vector<Value>& out) {
  const auto [first, last] = shape_range(call);
  for (std::int64_t k = first; k < last; ++k) out[0].set_integer(k - first, call.dims(0)[static_cast<std::size_t>(k)]);
}
void infer_size(const Call&, std::vector<Info>& out) { out[0] = {Type::i64, {}}; }
void evaluate_size(const Call& call, std::vector<Value>& out) { out[0].set_integer(0, call.in[0]->size()); }

void infer_gather(const Call& call, std::vector<Info>& out) {
  const std::size_t axis = call.axis(call.node.integer("axis", 0), call.rank(0));
  if (call.in[1]->type != Type::i64 && call.in[1]->type != Type::i32)
    call.fail("wrong-type", "indices are no integers, legal: int32 or int64");
  Dims d(call.dims(0).begin(), call.dims(0).begin() + static_cast<std::ptrdiff_t>(axis));
  d.insert(d.end(), call.dims(1).begin(), call.dims(1).end());
  d.insert(d.end(), call.dims(0).begin() + static_cast<std::ptrdiff_t>(axis) + 1, call.dims(0).end());
  out[0] = {call.in[0]->type, d};
}
void evaluate_gather(const Call& call, std::vector<Value>& out) {
  const std::size_t axis = call.axis(call.node.integer("axis", 0), call.rank(0));
  const std::int64_t along = call.dims(0)[axis];
  std::size_t outer = 1, inner = size_of(out[0].type());
  for (std::size_t k = 0; k < axis; ++k) outer *= static_cast<std::size_t>(call.dims(0)[k]);
  for (std::size_t k = axis + 1; k < call.dims(0).size(); ++k) inner *= static_cast<std::size_t>(call.dims(0)[k]);
  const auto y = out[0].as<std::uint8_t>();
  const auto x = call.value[0]->as<std::uint8_t>();
  std::size_t to = 0;
  for (std::size_t o = 0; o < outer; ++o)
    for (std::int64_t i = 0; i < call.value[1]->size(); ++i) {
      std::int64_t at = call.value[1]->integer(i);
      if (at < -along || at >= along)
        call.fail("bad-axis", fmt::format("index {} of {} elements, legal: {}..{}", at, along, -along, along - 1));
      if (at < 0) at += along;
      if (inner > 0)
        std::memcpy(y.data() + to, x.data() + (o * static_cast<std::size_t>(along) + static_cast<std::size_t>(at)) * inner,
                    inner);
      to += inner;
    }
}

struct Cut {
  std::vector<std::int64_t> first, step, count;  // per axis of the input
};
/// starts, ends, axes: attributes before operator set 10, inputs from then on.
Cut cut_of(const Call& call) {
  const std::size_t rank = call.dims(0).size();
  Cut cut{std::vector<std::int64_t>(rank, 0), std::vector<std::int64_t>(rank, 1), call.dims(0)};
  const bool old = call.node.version < 10;
  std::vector<std::int64_t> starts = call.node.integers("starts"), ends = call.node.integers("ends"),
                            axes = call.node.integers("axes"), steps;
  if (!old) {
    if (!call.has(1) || !call.has(2)) call.fail("wrong-input-count", "starts or ends are left out, legal: given");
    starts = call.known(1, "starts").integers();
    ends = call.known(2, "ends").integers();
    if (call.has(3)) axes = call.known(3, "axes").integers();
    if (call.has(4)) steps = call.known(4, "steps").integers();
  }
  if (axes.empty())
    for (std::size_t k = 0; k < starts.size(); ++k) axes.push_back(static_cast<std::int64_t>(k));
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    call.fail("bad-attribute", "starts, ends, axes and steps have different lengths, legal: one length");
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t k = call.axis(axes[i], call.rank(0));
    const std::int64_t n = call.dims(0)[k], step = steps[i];
    if (step == 0) call.fail("bad-attribute", "a step of 0, legal: any other");
    const auto limit = [&](std::int64_t x, std::int64_t lo, std::int64_t hi) {
      return std::clamp<std::int64_t>(x < 0 ? std::max<std::int64_t>(x, -n - 1) + n : std::min(x, n), lo, hi);
    };
    const std::int64_t first = step > 0 ? limit(starts[i], 0, n) : limit(starts[i], 0, n - 1);
    const std::int64_t last = step > 0 ? limit(ends[i], 0, n) : limit(ends[i], -1, n - 1);
    const std::int64_t span = step > 0 ? last - first : first - last;
    const std::uint64_t size = step > 0 ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
    cut.first[k] = first;
    cut.step[k] = step;
    cut.count[k] = span <= 0 || n == 0 ? 0 : static_cast<std::int64_t>((static_cast<std::uint64_t>(span) - 1) / size + 1);
  }
  return cut;
}
void infer_slice(const Call& call, std::vector<Info>& out) { out[0] = {call.in[0]->type, cut_of(call).count}; }
/// out[index] = in[first + index * step], per axis.
void pick(const Value& x, const Cut& cut, Value& y) {
  const std::size_t rank = cut.count.size(), item = size_of(y.type());
  std::vector<std::int64_t> at(rank, 0), run(rank, 1);
  for (std::size_t k = rank; k-- > 1;) run[k - 1] = run[k] * x.dims()[k];
  const auto from = x.as<std::uint8_t>();
  const auto to = y.as<std::uint8_t>();
  for (std::int64_t i = 0; i < y.size(); ++i) {
    std::int64_t source = 0;
    for (std::size_t k = 0; k < rank; ++k) source += (cut.first[k] + at[k] * cut.step[k]) * run[k];
    std::memcpy(to.data() + static_cast<std::size_t>(i) * item, from.data() + static_cast<std::size_t>(source) * item, item);
    for (std::size_t k = rank; k-- > 0;) {
      if (++at[k] < cut.count[k]) break;
      at[k] = 0;
    }
  }
}
void evaluate_slice(const Call& call, std::vector<Value>& out) { pick(*call.value[0], cut_of(call), out[0]); }

Dims sizes_of(const Call& call, std::size_t i) {
  if (call.in[i]->type != Type::i64)
    call.fail("wrong-type", fmt::format("sizes are {}, legal: int64", name_of(call.in[i]->type)));
  Dims d = call.known(i, "sizes").integers();
  if (d.size() > most_dimensions)
    call.fail("tensor-too-large", fmt::format("{} dimensions, legal: at most {}", d.size(), most_dimensions));
  return d;
}
void infer_fill(const Call& call, std::vector<Info>& out) {
  const Attribute* a = call.node.find("value");
  if (a && (a->kind != Attribute::Kind::tensor || a->tensor->size() != 1))
    call.fail("bad-attribute", "value is no tensor of one element, legal: one element");
  out[0] = {a ? a->tensor->type() : Type::f32, sizes_of(call, 0)};
}
void evaluate_fill(const Call& call, std::vector<Value>& out) {
  const Attribute* a = call.node.find("value");
  if (!a) return;
  for (std::int64_t i = 0; i < out[0].size(); ++i) {
    if (out[0].type() == Type::f32) out[0].set(i, a->tensor->number(0));
    else out[0].set_integer(i, a->tensor->integer(0));
  }
}

void infer_range(const Call& call, std::vector<Info>& out) {
  for (std::size_t i = 0; i < 3; ++i)
    if (call.in[i]->size() != 1 || call.in[i]->type != call.in[0]->type)
      call.fail("wrong-type", "start, limit and delta, legal: three numbers of one type");
  const double first = call.known(0, "limits").number(0), last = call.known(1, "limits").number(0),
               step = call.known(2, "limits").number(0);
  if (step == 0) call.fail("bad-attribute", "a step of 0, legal: any other");
  const double n = std::ceil((last - first) / step);
  if (!(n <= static_cast<double>(most_elements)))
    call.fail("tensor-too-large", fmt::format("{} elements, legal: at most {}", n, most_elements));
  out[0] = {call.in[0]->type, {std::max<std::int64_t>(0, static_cast<std::int64_t>(n))}};
}
void evaluate_range(const Call& call, std::vector<Value>& out) {
  const std::int64_t first = call.value[0]->integer(0), step = call.value[2]->integer(0);
  for (std::int64_t i = 0; i < out[0].size(); ++i) {
    if (out[0].type() == Type::f32) out[0].set(i, call.value[0]->number(0) + static_cast<double>(i) * call.value[2]->number(0));
    else
      out[0].set_integer(i, static_cast<std::int64_t>(static_cast<std::uint64_t>(first) +
                                                      static_cast<std::uint64_t>(i) * static_cast<std::uint64_t>(step)));
  }
}

void infer_expand(const Call& call, std::vector<Info>& out) {
  const Dims to = sizes_of(call, 1);
  const std::optional<Dims> d = broadcast(call.dims(0), to);
  if (!d) call.fail(fmt::format("{} to {}, legal: equal sizes, or 1", text_of(call.dims(0)), text_of(to)));
  out[0] = {call.in[0]->type, *d};
}
void infer_tile(const Call& call, std::vector<Info>& out) {
  const Dims times = sizes_of(call, 1);
  if (times.size() != call.dims(0).size()) call.fail("repeats and dimensions differ in number, legal: one each");
  out[0] = *call.in[0];
  for (std::size_t k = 0; k < times.size(); ++k) {
    if (times[k] < 0 || times[k] > most_elements) call.fail(fmt::format("{} repeats, legal: 0..{}", times[k], most_elements));
    out[0].dims[k] = out[0].dims[k] > most_elements ? out[0].dims[k] : out[0].dims[k] * times[k];
  }
}
/// Both repeat: each index is taken modulo the size of the input.
void evaluate_repeat(const Call& call, std::vector<Value>& out) {
  const Value& x = *call.value[0];
  const Dims& d = out[0].dims();
  Dims small(d.size() - x.dims().size(), 1);
  small.insert(small.end(), x.dims().begin(), x.dims().end());
  std::vector<std::int64_t> at(d.size(), 0);
  for (std::int64_t i = 0; i < out[0].size(); ++i) {
    std::int64_t from = 0;
    for (std::size_t k = 0; k < d.size(); ++k) from = from * small[k] + at[k] % small[k];
    if (out[0].type() == Type::f32) out[0].set(i, x.number(from));
    else out[0].set_integer(i, x.integer(from));
    for (std::size_t k = d.size(); k-- > 0;) {
      if (++at[k] < d[k]) break;
      at[k] = 0;
    }
  }
}

}  // namespace

const std::vector<Operator>& shape_operators() {
  constexpr Domain onnx = Domain::onnx;
  constexpr Scope constants = Scope::constants;
  static const std::vector<Operator> table = {
      {onnx, "Shape", 1, 1, 1, constants, "start end", infer_shape, evaluate_shape},
      {onnx, "Size", 1, 1, 1, constants, "", infer_size, evaluate_size},
      {onnx, "Gather", 2, 2, 1, constants, "axis", infer_gather, evaluate_gather},
      {onnx, "Slice", 1, 5, 1, constants, "starts ends axes", infer_slice, evaluate_slice},
      {onnx, "ConstantOfShape", 1, 1, 1, constants, "value", infer_fill, evaluate_fill},
      {onnx, "Range", 3, 3, 1, constants, "stash_type", infer_range, evaluate_range},
      {onnx, "Expand", 2, 2, 1, constants, "", infer_expand, evaluate_repeat},
      {onnx, "Tile", 2, 2, 1, constants, "", infer_tile, evaluate_repeat},
  };
  return table;
}

}  // namespace epim::importer

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/operators.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace epim::importer {

const Value& Call::known(std::size_t i, const char* what) const {
  if (i >= value.size() || !value[i])
    fail("computed-operand", fmt::format("its {} are not constant, legal: an initializer or what follows from one", what));
  return *value[i];
}
std::size_t Call::axis(std::int64_t axis, std::int64_t rank) const {
  if (axis < -rank || axis >= rank)
    fail("bad-axis", fmt::format("axis {} of a tensor with {} dimensions, legal: {}..{}", axis, rank, -rank, rank - 1));
  return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
}
void Call::need_float(std::size_t i) const {
  if (in[i]->type != Type::f32) fail("wrong-type", fmt::format("input {} is {}, legal: a float type", i, name_of(in[i]->type)));
}
void Call::need_rank(std::size_t i, std::int64_t lo, std::int64_t hi) const {
  if (rank(i) < lo || rank(i) > hi)
    fail(fmt::format("input {} is {}, legal: {} dimensions", i, text_of(dims(i)),
                     lo == hi ? std::to_string(lo) : fmt::format("{} to {}", lo, hi)));
}

Call call_in(const Graph& graph, const Node& node) {
  Call call{node, {}, {}};
  for (const std::string& in : node.inputs) {
    call.in.push_back(in.empty() ? nullptr : &graph.maps.at(in));
    call.value.push_back(in.empty() ? nullptr : graph.constant(in));
  }
  return call;
}

std::optional<Domain> domain_of(const std::string& name) {
  static const std::map<std::string, Domain> table = {{"", Domain::onnx},
                                                      {"ai.onnx", Domain::onnx},
                                                      {"com.microsoft", Domain::microsoft},
                                                      {"epim", Domain::epim},
                                                      {"onnx.brevitas", Domain::qonnx},
                                                      {"qonnx.custom_op.general", Domain::qonnx},
                                                      {"finn.custom_op.general", Domain::qonnx}};
  const auto at = table.find(name);
  if (at == table.end()) return std::nullopt;
  return at->second;
}

const Operator* find_operator(const Node& node) {
  static const std::map<std::pair<Domain, std::string_view>, const Operator*> table = [] {
    std::map<std::pair<Domain, std::string_view>, const Operator*> t;
    for (const auto* family :
         {&convolution_operators(), &pool_operators(), &matrix_operators(), &pointwise_operators(), &broadcast_operators(),
          &layout_operators(), &shape_operators(), &resample_operators(), &quantise_operators()})
      for (const Operator& op : *family) t[{op.domain, op.name}] = &op;
    return t;
  }();
  const std::optional<Domain> domain = domain_of(node.domain);
  if (!domain) return nullptr;
  const auto at = table.find({*domain, node.op});
  return at == table.end() ? nullptr : at->second;
}

std::vector<Info> infer_node(const Call& call) {
  const Operator* op = find_operator(call.node);
  if (!op) call.fail("unsupported-operators", "unknown operator, legal: those of docs/import.md");
  const int given = static_cast<int>(call.in.size());
  if (given < op->least_inputs || given > op->most_inputs)
    call.fail("wrong-input-count",
              fmt::format("{} inputs, legal: {}", given,
                          op->least_inputs == op->most_inputs ? std::to_string(op->least_inputs)
                                                              : fmt::format("{} to {}", op->least_inputs, op->most_inputs)));
  for (int i = 0; i < op->least_inputs; ++i)
    if (!call.in[static_cast<std::size_t>(i)])
      call.fail("wrong-input-count", fmt::format("input {} is left out, legal: given", i));
  const int outputs = static_cast<int>(call.node.outputs.size());
  if (outputs < 1 || outputs > op->most_outputs)
    call.fail("wrong-output-count", fmt::format("{} outputs, legal: {}", outputs,
                                                op->most_outputs == 1 ? "1" : fmt::format("1 to {}", op->most_outputs)));
  std::vector<Info> out(call.node.outputs.size());
  op->infer(call, out);
  for (const Info& o : out) {
    if (o.dims.size() > most_dimensions)
      call.fail("tensor-too-large", fmt::format("{} dimensions, legal: at most {}", o.dims.size(), most_dimensions));
    if (!element_count(o.dims))
      call.fail("tensor-too-large", fmt::format("its result is {}, legal: at most {} elements", text_of(o.dims), most_elements));
  }
  return out;
}

std::vector<Value> evaluate_node(const Call& call) {
  const std::vector<Info> infos = infer_node(call);
  std::vector<Value> out;
  for (const Info& i : infos) out.emplace_back(i.type, i.dims);
  find_operator(call.node)->evaluate(call, out);
  return out;
}

std::optional<Dims> broadcast(const Dims& a, const Dims& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  Dims out(rank, 1);
  for (std::size_t k = 0; k < rank; ++k) {
    const std::int64_t x = k < rank - a.size() ? 1 : a[k - (rank - a.size())];
    const std::int64_t y = k < rank - b.size() ? 1 : b[k - (rank - b.size())];
    if (x != y && x != 1 && y != 1) return std::nullopt;
    out[k] = x == 1 ? y : x;
  }
  return out;
}

Window window_of(const Call& call, std::vector<std::int64_t> kernel, bool pool) {
  const Node& node = call.node;
  Window w;
  const Dims& map = call.dims(0);
  w.size.assign(map.begin() + 2, map.end());
  const std::size_t axes = w.size.size();
  const std::vector<std::int64_t> named = node.integers("kernel_shape");
  if (pool && named.empty()) call.fail("bad-attribute", "kernel_shape is left out, legal: one size per axis");
  if (!pool && !named.empty() && named != kernel)
    call.fail(fmt::format("kernel_shape {} but weights {}, legal: equal", text_of(named), text_of(kernel)));
  w.kernel = pool ? named : kernel;
  const auto list = [&](const char* name, std::size_t count, std::int64_t otherwise, std::int64_t lo) {
    std::vector<std::int64_t> v = node.integers(name);
    if (v.empty()) v.assign(count, otherwise);
    if (v.size() != count) call.fail("bad-attribute", fmt::format("{} has {} values, legal: {}", name, v.size(), count));
    for (const std::int64_t x : v)
      if (x < lo || x > 1 << 20) call.fail("bad-attribute", fmt::format("{} holds {}, legal: {}..{}", name, x, lo, 1 << 20));
    return v;
  };
  if (w.kernel.size() != axes)
    call.fail("bad-attribute", fmt::format("kernel_shape has {} values, legal: {}", w.kernel.size(), axes));
  for (const std::int64_t k : w.kernel)
    if (k < 1 || k > 1 << 20) call.fail("bad-attribute", fmt::format("a kernel of size {}, legal: 1..{}", k, 1 << 20));
  w.stride = list("strides", axes, 1, 1);
  w.dilation = list("dilations", axes, 1, 1);
  const std::vector<std::int64_t> pads = list("pads", 2 * axes, 0, 0);
  w.begin.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(axes));
  w.end.assign(pads.begin() + static_cast<std::ptrdiff_t>(axes), pads.end());
  const std::string mode = node.text("auto_pad", "NOTSET");
  if (mode != "NOTSET" && mode != "" && mode != "VALID" && mode != "SAME_UPPER" && mode != "SAME_LOWER")
    call.fail("bad-attribute", fmt::format("auto_pad is '{}', legal: NOTSET, VALID, SAME_UPPER or SAME_LOWER", mode));
  const bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  if ((same || mode == "VALID") && std::any_of(pads.begin(), pads.end(), [](std::int64_t p) { return p != 0; }))
    call.fail("bad-attribute", fmt::format("auto_pad {} and pads {}, legal: one of them", mode, text_of(pads)));
  const bool ceil = pool && node.integer("ceil_mode", 0) != 0;
  for (std::size_t k = 0; k < axes; ++k) {
    const std::int64_t reach = w.reach(k);
    if (same) {
      const std::int64_t out = (w.size[k] + w.stride[k] - 1) / w.stride[k];
      const std::int64_t asked = (out - 1) * w.stride[k] + reach - w.size[k], total = std::max<std::int64_t>(0, asked);
      // ONNX Runtime lets pools start inside the map then, TensorFlow at its first place.
      if (pool && asked < -1)
        call.fail("bad-attribute",
                  fmt::format("auto_pad {} with a window of {} and stride {} on {} places, which programs read differently, "
                              "legal: pads written out",
                              mode, reach, w.stride[k], w.size[k]));
      w.begin[k] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
      w.end[k] = total - w.begin[k];
    }
    const std::int64_t room = w.size[k] + w.begin[k] + w.end[k] - reach;
    // Rounded up, a window may hang over the end by less than a stride.
    if (w.size[k] < 1 || room < (ceil ? 1 - w.stride[k] : 0))
      call.fail("kernel-exceeds-map", fmt::format("a window of {} on {} places ({} padded), legal: a map that holds it", reach,
                                                  w.size[k], w.size[k] + w.begin[k] + w.end[k]));
    std::int64_t out = (room + (ceil ? w.stride[k] - 1 : 0)) / w.stride[k] + 1;
    if (ceil && out > 1 && (out - 1) * w.stride[k] >= w.size[k] + w.begin[k]) --out;
    w.out.push_back(out);
    if (pool && (w.begin[k] >= reach || w.end[k] >= reach))
      call.fail("bad-attribute",
                fmt::format("padding {} and {} of a window of {}, legal: less than the window", w.begin[k], w.end[k], reach));
  }
  return w;
}

}  // namespace epim::importer

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Canonical: functions of elements, arithmetic of maps and constants, quantisers, concatenation.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "gen/import/canonical.hpp"
#include "gen/import/quantiser.hpp"

namespace epim::importer {

void Canonical::same(const Node& node) {
  const Seen s = seen_.at(node.inputs[0]);
  Node n = node;
  n.inputs[0] = s.tensor;
  if (n.op == "Swish") {
    n.op = "Silu";
    n.domain = "epim";
    n.attributes.clear();
  }
  add(std::move(n), node.outputs[0], s.view);
}

void Canonical::clip(const Node& node) {
  const Seen s = seen_.at(node.inputs[0]);
  const Call call = call_of(node);
  double lo = node.real("min", -std::numeric_limits<double>::infinity()),
         hi = node.real("max", std::numeric_limits<double>::infinity());
  if (call.has(1)) lo = call.known(1, "limits").number(0);
  if (call.has(2)) hi = call.known(2, "limits").number(0);
  Node n = node;
  n.domain = "epim";
  n.inputs = {s.tensor};
  n.set("min", lo);
  n.set("max", hi);
  add(std::move(n), node.outputs[0], s.view);
}

/// Scales along an axis of the file become scales along the map's axis.
void Canonical::quantiser(const Node& node) {
  const Seen s = seen_.at(node.inputs[0]);
  const Quantiser q = quantiser_of(call_of(node));
  Node n = node;
  n.inputs[0] = s.tensor;
  if (q.axis >= 0) {
    const auto part = bare(s)[static_cast<std::size_t>(q.axis)];
    if (part.size() != 1 || part[0] != 1)
      unfit(fmt::format("its scales follow axis {} of {}", q.axis, text_of(s.view)), "one scale, or one per channel");
  }
  const bool linear = node.op == "QuantizeLinear" || node.op == "DequantizeLinear";
  if (linear) n.set("axis", std::int64_t{1});
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    if (node.inputs[i].empty()) continue;
    Value v = fixed(node.inputs[i]);
    if (!linear && v.size() > 1) v = v.reshaped({v.size(), 1, 1});
    static const char* const names[] = {"", "scale", "zero_point", "bits", "output", "output_bits"};
    n.inputs[i] = constant(fmt::format("{}/{}", node.name, names[std::min<std::size_t>(i, 5)]), std::move(v));
  }
  add(std::move(n), node.outputs[0], s.view);
}

void Canonical::norm(const Node& node) {
  const Seen s = seen_.at(node.inputs[0]);
  const View view = bare(s);
  const auto channels = view[1];
  if ((!channels.empty() && channels != std::vector<int>{1}) || (!view[0].empty() && view[0] != std::vector<int>{0}))
    unfit(fmt::format("its input lies as {}, the second axis must be the channels", text_of(s.view)),
          "a Transpose to NCHW before it");
  const double epsilon = node.real("epsilon", static_cast<double>(1e-5f));
  std::vector<double> scale, bias;
  for (std::int64_t c = 0; c < map_dims(s)[1]; ++c) {
    const double variance = fixed(node.inputs[4]).number(c) + epsilon;
    if (!(variance > 0)) node.fail("bad-attribute", fmt::format("the variance of channel {} is {}, legal: above 0", c, variance));
    scale.push_back(fixed(node.inputs[1]).number(c) / std::sqrt(variance));
    bias.push_back(fixed(node.inputs[2]).number(c) - fixed(node.inputs[3]).number(c) * scale.back());
  }
  affine(node.name, s.tensor, scale, bias, node.outputs[0], s.view);
}

void Canonical::slopes(const Node& node) {
  const Seen s = seen_.at(node.inputs[0]);
  const std::vector<float> slope = per_channel(beside(fixed(node.inputs[1]), s, s.view.size()), s);
  Node n = node;
  const auto count = static_cast<std::int64_t>(slope.size());
  n.inputs = {s.tensor, constant(node.name + "/slopes", Value::of(slope, {count, 1, 1}))};
  add(std::move(n), node.outputs[0], s.view);
}

void Canonical::arithmetic(const Node& node) {
  const bool first = is_map(node.inputs[0]), limits = node.op == "Max" || node.op == "Min";
  if (limits && node.inputs.size() == 1) {
    seen_[node.outputs[0]] = seen_.at(node.inputs[0]);
    return;
  }
  if (node.inputs.size() != 2) unfit(fmt::format("{} operands", node.inputs.size()), "two operands");
  if (first && is_map(node.inputs[1])) {
    if (limits || node.op == "Div") unfit("both of its operands are maps", "Add or Mul of maps, or a constant");
    if (node.op == "Sub") {
      const Seen b = seen_.at(node.inputs[1]);
      const auto channels = static_cast<std::size_t>(map_dims(b)[1]);
      const std::string minus = node.name + "/minus";
      affine(minus, b.tensor, std::vector<double>(channels, -1.0), std::vector<double>(channels, 0.0), minus, b.view);
      return two_maps(node, "Add", node.inputs[0], minus, node.outputs[0]);
    }
    return two_maps(node, node.op, node.inputs[0], node.inputs[1], node.outputs[0]);
  }
  with_constant(node, first ? 1 : 0);
}

void Canonical::with_constant(const Node& node, std::size_t k) {
  const Seen s = seen_.at(node.inputs[1 - k]);
  const Value& c = fixed(node.inputs[k]);
  if (c.type() != Type::f32) unfit("its operands are integers", "floats");
  if (file_dims(node.outputs[0]) != file_dims(node.inputs[1 - k]))
    unfit(fmt::format("a constant {} widens the map", text_of(c.dims())), "a map of that size");
  const std::vector<float> values = per_channel(beside(c, s, s.view.size()), s);
  if (node.op == "Max" || node.op == "Min") {
    if (c.size() != 1) unfit("a limit per channel", "one limit");
    Node n = node;
    n.op = "Clip";
    n.domain = "epim";
    n.inputs = {s.tensor};
    const double infinity = std::numeric_limits<double>::infinity();
    n.set("min", node.op == "Max" ? c.number(0) : -infinity);
    n.set("max", node.op == "Max" ? infinity : c.number(0));
    add(std::move(n), node.outputs[0], s.view);
    return;
  }
  std::vector<double> scale(values.size(), 1.0), bias(values.size(), 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double v = static_cast<double>(values[i]);
    if (node.op == "Mul") {
      scale[i] = v;
    } else if (node.op == "Div") {
      if (k == 0) unfit("a constant divided by a map", "Mul by a constant");
      if (v == 0) node.fail("division-by-zero", "a map divided by 0, legal: another divisor");
      scale[i] = 1 / v;
    } else {
      bias[i] = node.op == "Sub" && k == 1 ? -v : v;
      if (node.op == "Sub" && k == 0) scale[i] = -1;
    }
  }
  affine(node.name, s.tensor, scale, bias, node.outputs[0], s.view);
}

/// Axis by axis both operands run over the same map dimensions, or one of them has size 1.
void Canonical::two_maps(const Node& node, const std::string& op, const std::string& a, const std::string& b,
                         const std::string& result) {
  const Seen sa = seen_.at(a), sb = seen_.at(b);
  View va = bare(sa), vb = bare(sb), view;
  View full = sa.view.size() >= sb.view.size() ? sa.view : sb.view;
  while (va.size() < vb.size()) va.insert(va.begin(), std::vector<int>{});
  while (vb.size() < va.size()) vb.insert(vb.begin(), std::vector<int>{});
  std::vector<int> used;
  bool fits = true;
  for (std::size_t k = 0; k < va.size(); ++k) {
    fits = fits && (va[k].empty() || vb[k].empty() || va[k] == vb[k]);
    view.push_back(va[k].empty() ? vb[k] : va[k]);
    used.insert(used.end(), view[k].begin(), view[k].end());
  }
  std::sort(used.begin(), used.end());
  fits = fits && std::adjacent_find(used.begin(), used.end()) == used.end();
  if (!fits) unfit(fmt::format("its operands lie as {} and {}", text_of(sa.view), text_of(sb.view)), "one layout of both");
  if (sa.view == sb.view) view = full;
  const auto one_place = [](const Dims& d) { return d[2] == 1 && d[3] == 1; };
  const Dims &da = map_dims(sa), &db = map_dims(sb);
  const bool one_size = Dims(da.begin() + 2, da.end()) == Dims(db.begin() + 2, db.end());
  if (da[0] != db[0] || da[1] != db[1] || (!one_size && !one_place(da) && !one_place(db)))
    unfit(fmt::format("maps {} and {} are {}", text_of(da), text_of(db), op == "Mul" ? "multiplied" : "added"),
          "maps of one size, or one of them 1x1");
  Node n;
  n.name = node.name;
  n.op = op;
  n.version = node.version;
  n.inputs = {sa.tensor, sb.tensor};
  n.outputs = {result};
  add(std::move(n), result, view);
}

void Canonical::sum(const Node& node) {
  std::string so_far = node.inputs[0];
  if (node.inputs.size() == 1) {
    seen_[node.outputs[0]] = seen_.at(so_far);
    return;
  }
  for (std::size_t i = 0; i < node.inputs.size(); ++i)
    if (!is_map(node.inputs[i])) unfit("one of its operands is constant", "Add");
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    const bool last = i + 1 == node.inputs.size();
    Node part = node;
    if (!last) part.name = fmt::format("{}/{}", node.name, i);
    const std::string result = last ? node.outputs[0] : part.name;
    two_maps(part, "Add", so_far, node.inputs[i], result);
    so_far = result;
  }
}

void Canonical::concat(const Node& node) {
  const Call call = call_of(node);
  const std::size_t axis = call.axis(node.integer("axis", 0), call.rank(0));
  std::vector<Seen> all;
  for (const std::string& in : node.inputs) {
    if (!is_map(in)) unfit("one of its operands is constant", "maps alone");
    all.push_back(seen_.at(in));
  }
  if (all.size() == 1) {
    seen_[node.outputs[0]] = all[0];
    return;
  }
  if (all.size() > 64) unfit(fmt::format("it joins {} maps", all.size()), "up to 64; several Concat nodes in a row");
  // Which dimension of the maps the axis is; an operand of size 1 leaves that to the others.
  int dimension = -1;
  View view;
  for (const Seen& s : all) {
    const View v = bare(s);
    std::vector<int> part = v[axis];
    // Flattened features with the channels slowest: joining them is joining channels.
    if (part.size() > 1 && part[0] == 1 && std::all_of(all.begin(), all.end(), [&](const Seen& o) {
          return bare(o)[axis] == part &&
                 Dims(map_dims(o).begin() + 2, map_dims(o).end()) == Dims(map_dims(s).begin() + 2, map_dims(s).end());
        }))
      part = {1};
    if (part.size() > 1) unfit(fmt::format("it joins axis {} of {}", axis, text_of(s.view)), "joining channels");
    if (part.size() == 1 && dimension >= 0 && part[0] != dimension) unfit("its operands lie differently", "one layout of all");
    if (part.size() == 1) dimension = part[0];
    View others = v;
    others[axis].clear();
    if (view.empty()) view = others;
    if (view != others)
      unfit(fmt::format("its operands lie as {} and {}", text_of(all[0].view), text_of(s.view)), "one layout of all");
  }
  if (dimension < 0) dimension = all[0].view[axis].size() == 1 ? all[0].view[axis][0] : 1;
  if (dimension != 1) unfit(fmt::format("it joins axis {} of {}", axis, text_of(all[0].view)), "joining channels");
  for (std::size_t k = 0; k < view.size(); ++k)
    if (k != axis && std::find(view[k].begin(), view[k].end(), 1) != view[k].end())
      unfit("its operands lie differently", "one layout of all");
  view = all[0].view;
  if (view[axis].empty()) view[axis] = {1};
  Node n = node;
  n.set("axis", std::int64_t{1});
  for (std::size_t i = 0; i < all.size(); ++i) n.inputs[i] = all[i].tensor;
  add(std::move(n), node.outputs[0], view);
}

}  // namespace epim::importer

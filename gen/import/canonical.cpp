// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/canonical.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gen/import/quantiser.hpp"

namespace epim::importer {

std::vector<View> possible_views(const Dims& dims) {
  switch (dims.size()) {
    case 4: return {plain_view(), {{0}, {2}, {3}, {1}}};
    case 3: return {{{0}, {1}, {3}}, {{0}, {3}, {1}}, {{0}, {2}, {3}}, {{1}, {2}, {3}}, {{2}, {3}, {1}}};
    case 2: return {{{0}, {1}}, {{0}, {3}}, {{2}, {3}}};
    default: return {};
  }
}

Canonical::Canonical(const Graph& file, const Evaluator& values, std::vector<View> inputs) : file_(file), values_(values) {
  out_.file = file.file;
  out_.name = file.name;
  out_.producer = file.producer;
  out_.opsets = file.opsets;
  out_.inputs = file.inputs;
  out_.remarks = file.remarks;
  out_.canonical = true;
  for (std::size_t i = 0; i < out_.inputs.size(); ++i) {
    GraphInput& in = out_.inputs[i];
    in.view = inputs[i];
    Dims dims(4, 1);
    for (std::size_t k = 0; k < in.dims.size(); ++k)
      for (const int d : (*in.view)[k]) dims[static_cast<std::size_t>(d)] = in.dims[k];
    out_.maps[in.name] = {in.type, dims};
    seen_[in.name] = {in.name, *in.view, false, ""};
  }
  for (const Node& node : file.nodes)
    if (!values.fixed(node.outputs[0])) convert(node);
  for (const GraphOutput& out : file.outputs) {
    const auto at = seen_.find(out.tensor);
    if (at == seen_.end())
      throw InputError({file.file, 0, 0}, "constant-output",
                       fmt::format("output '{}' does not depend on an image, legal: outputs of the network", out.name));
    GraphOutput o = out;
    o.tensor = at->second.tensor;
    if (!at->second.host) o.view = at->second.view;
    out_.outputs.push_back(std::move(o));
  }
}

void Canonical::unfit(const std::string& what, const std::string& rewrite) const { throw Unfit{what, rewrite}; }

void Canonical::convert(const Node& node) {
  for (const std::string& in : node.inputs)
    if (is_map(in) && seen_.at(in).host)
      return on_host(node, {seen_.at(in).origin, "end the graph before it, or leave that node out"});
  try {
    if (!on_maps(node)) on_host(node, {"not an operator on maps", "end the graph before it"});
  } catch (const Unfit& why) {
    on_host(node, why);
  }
}

bool Canonical::on_maps(const Node& node) {
  const std::string& op = node.op;
  const auto is = [&](std::initializer_list<const char*> names) {
    return std::any_of(names.begin(), names.end(), [&](const char* n) { return op == n; });
  };
  if (is_quantiser(node)) quantiser(node);
  else if (is({"Relu", "LeakyRelu", "Sigmoid", "Tanh", "HardSigmoid", "HardSwish", "Swish"})) same(node);
  else if (is({"Clip"})) clip(node);
  else if (is({"Identity", "Dropout", "Cast", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze"})) layout(node);
  else if (is({"Conv", "MaxPool", "AveragePool"})) window(node);
  else if (is({"GlobalAveragePool", "GlobalMaxPool"})) global(node, op);
  else if (is({"ReduceMean", "ReduceMax"})) reduce(node);
  else if (is({"Gemm", "MatMul"})) matrix(node);
  else if (is({"Add", "Sub", "Mul", "Div", "Max", "Min"})) arithmetic(node);
  else if (is({"Sum"})) sum(node);
  else if (is({"BatchNormalization"})) norm(node);
  else if (is({"PRelu"})) slopes(node);
  else if (is({"Concat"})) concat(node);
  else if (is({"Pad"})) pad(node);
  else if (is({"Resize", "Upsample"})) resize(node);
  else return false;
  return true;
}

/// Layout, functions of one element, Softmax and ArgMax may be left to the host; layers may not.
void Canonical::on_host(const Node& node, const Unfit& why) {
  static const char* const layers[] = {
      "Conv",          "Gemm",   "MatMul",   "MaxPool", "AveragePool",        "GlobalAveragePool",
      "GlobalMaxPool", "Resize", "Upsample", "Pad",     "BatchNormalization", "PRelu"};
  const bool layer = std::any_of(std::begin(layers), std::end(layers), [&](const char* l) { return node.op == l; });
  if (layer) {
    const bool told = std::any_of(complaints_.begin(), complaints_.end(), [&](const Complaint& c) { return c.what == why.what; });
    if (!told) complaints_.push_back({node.name, node.op, why.what, "layers on maps [N][C][H][W] alone", why.rewrite});
  }
  const std::string origin =
      std::any_of(node.inputs.begin(), node.inputs.end(), [&](const std::string& in) { return is_map(in) && seen_.at(in).host; })
          ? why.what
          : fmt::format("stands behind node '{}' ({}), which is left to the host ({})", node.name, node.op, why.what);
  if (origin != why.what && !layer)
    out_.remarks.push_back(
        fmt::format("node '{}' ({}) and what follows from it is left to the host: {}", node.name, node.op, why.what));
  Node n = node;
  n.host = true;
  for (std::string& in : n.inputs)
    if (!in.empty()) in = host_tensor(in);
  for (const std::string& out : node.outputs) {
    if (out.empty()) continue;
    out_.maps[out] = file_.maps.at(out);
    seen_[out] = {out, {}, true, origin};
  }
  out_.nodes.push_back(std::move(n));
}

std::string Canonical::host_tensor(const std::string& tensor) {
  const auto at = seen_.find(tensor);
  if (at == seen_.end())
    return out_.maps.count(tensor) && out_.constants.count(tensor) ? tensor : constant(tensor, fixed(tensor));
  if (at->second.host) return at->second.tensor;
  const std::string name = tensor + "/file";
  if (out_.maps.count(name)) return name;
  std::vector<std::int64_t> parts;
  for (const auto& part : at->second.view) {
    parts.insert(parts.end(), part.begin(), part.end());
    parts.push_back(-1);
  }
  Node n;
  n.name = name;
  n.op = "View";
  n.domain = "epim";
  n.host = true;
  n.inputs = {at->second.tensor};
  n.outputs = {name};
  n.set("parts", parts);
  out_.maps[name] = file_.maps.at(tensor);
  out_.nodes.push_back(std::move(n));
  return name;
}

Call Canonical::call_of(const Node& node) const {
  Call call{node, {}, {}};
  for (const std::string& in : node.inputs) {
    call.in.push_back(in.empty() ? nullptr : &file_.maps.at(in));
    call.value.push_back(in.empty() ? nullptr : values_.fixed(in));
  }
  return call;
}

View Canonical::bare(const Seen& s) const {
  View view = s.view;
  for (auto& part : view) std::erase_if(part, [&](int d) { return map_dims(s)[static_cast<std::size_t>(d)] == 1; });
  return view;
}

std::vector<int> Canonical::spatial(const Node& node, const Seen& s) const {
  const View view = bare(s);
  const auto wrong = [&] {
    unfit(fmt::format("its input lies as {}, a layer takes [N,C,H,W]", text_of(s.view)),
          "a Transpose to NCHW before it, or NCHW throughout");
  };
  if (view.size() < 3 || view.size() > 4) wrong();
  const std::vector<int> n{0}, c{1};
  if ((!view[0].empty() && view[0] != n) || (!view[1].empty() && view[1] != c)) wrong();
  std::vector<int> axes;
  for (std::size_t k = 2; k < view.size(); ++k) {
    if (view[k].size() > 1 || (view[k].size() == 1 && view[k][0] < 2)) wrong();
    axes.push_back(view[k].empty() ? -1 : view[k][0]);
  }
  if (axes.size() == 1) {
    if (axes[0] < 0) axes[0] = s.view[2].size() == 1 && s.view[2][0] == 2 ? 2 : 3;
    return axes;
  }
  if (axes[0] < 0) axes[0] = axes[1] == 2 ? 3 : 2;
  if (axes[1] < 0) axes[1] = axes[0] == 2 ? 3 : 2;
  if (axes[0] == axes[1]) wrong();
  return axes;
}

Value Canonical::beside(const Value& constant, const Seen& s, std::size_t rank) const {
  if (constant.dims().size() > rank)
    unfit(fmt::format("a constant {} beside {} dimensions", text_of(constant.dims()), rank), "a constant of the map's rank");
  Dims dims(rank - constant.dims().size(), 1);
  dims.insert(dims.end(), constant.dims().begin(), constant.dims().end());
  const Dims& map = map_dims(s);
  Dims split;
  std::vector<int> order;
  for (std::size_t k = 0; k < rank; ++k) {
    std::int64_t all = 1;
    for (const int d : s.view[k]) all *= map[static_cast<std::size_t>(d)];
    if (dims[k] != 1 && dims[k] != all)
      unfit(fmt::format("a constant {} widens the map", text_of(constant.dims())), "a map of that size");
    for (const int d : s.view[k]) {
      split.push_back(dims[k] == 1 ? 1 : map[static_cast<std::size_t>(d)]);
      order.push_back(d);
    }
  }
  for (int d = 0; d < 4; ++d)
    if (std::find(order.begin(), order.end(), d) == order.end()) {
      split.push_back(1);
      order.push_back(d);
    }
  std::vector<int> back(4);
  for (std::size_t k = 0; k < 4; ++k) back[static_cast<std::size_t>(order[k])] = static_cast<int>(k);
  return constant.reshaped(split).transposed(back);
}

std::vector<float> Canonical::per_channel(const Value& map, const Seen& s) const {
  const Dims& d = map.dims();
  const std::int64_t channels = map_dims(s)[1];
  if (d[0] != 1 || d[2] != 1 || d[3] != 1) unfit("its constant differs from place to place", "a constant per channel");
  std::vector<float> out;
  for (std::int64_t c = 0; c < channels; ++c) out.push_back(static_cast<float>(map.number(d[1] == 1 ? 0 : c)));
  return out;
}

Node& Canonical::add(Node node, const std::string& tensor, const View& view) {
  out_.maps[node.outputs[0]] = infer_node(call_in(out_, node))[0];
  seen_[tensor] = {node.outputs[0], view, false, ""};
  out_.nodes.push_back(std::move(node));
  return out_.nodes.back();
}

std::string Canonical::constant(const std::string& wanted, Value value) {
  std::string name = wanted;
  for (int k = 2; out_.maps.count(name) || file_.producer_of(name); ++k) name = fmt::format("{}#{}", wanted, k);
  out_.maps[name] = value.info();
  out_.constants[name] = std::make_shared<const Value>(std::move(value));
  return name;
}

void Canonical::affine(const std::string& name, const std::string& input, const std::vector<double>& scale,
                       const std::vector<double>& bias, const std::string& tensor, const View& view) {
  Node n;
  n.name = name;
  n.op = "Affine";
  n.domain = "epim";
  const Dims dims{static_cast<std::int64_t>(scale.size())};
  n.inputs = {input, constant(name + "/scale", Value::of(std::vector<float>(scale.begin(), scale.end()), dims)),
              constant(name + "/bias", Value::of(std::vector<float>(bias.begin(), bias.end()), dims))};
  n.outputs = {tensor};
  add(std::move(n), tensor, view);
}

bool Canonical::is_read(const std::string& tensor) const {
  if (tensor.empty()) return false;
  return std::any_of(file_.nodes.begin(), file_.nodes.end(),
                     [&](const Node& n) { return std::find(n.inputs.begin(), n.inputs.end(), tensor) != n.inputs.end(); }) ||
         std::any_of(file_.outputs.begin(), file_.outputs.end(), [&](const GraphOutput& o) { return o.tensor == tensor; });
}

void Canonical::layout(const Node& node) {
  const Seen& s = seen_.at(node.inputs[0]);
  const std::string& out = node.outputs[0];
  if (node.op == "Cast" && file_.maps.at(out).type != file_.maps.at(node.inputs[0]).type)
    unfit(fmt::format("a map becomes {}", name_of(file_.maps.at(out).type)), "leave it out");
  for (std::size_t k = 1; k < node.outputs.size(); ++k)
    if (is_read(node.outputs[k])) unfit("its mask is used", "leave it out");
  Seen next = s;
  if (node.op == "Transpose") {
    std::vector<std::int64_t> perm = node.integers("perm");
    if (perm.empty())
      for (std::size_t k = s.view.size(); k-- > 0;) perm.push_back(static_cast<std::int64_t>(k));
    for (std::size_t k = 0; k < perm.size(); ++k) next.view[k] = s.view[static_cast<std::size_t>(perm[k])];
  } else if (node.op != "Identity" && node.op != "Dropout" && node.op != "Cast") {
    std::vector<int> order;  // all dimensions that have a size, slowest first
    for (const auto& part : bare(s)) order.insert(order.end(), part.begin(), part.end());
    next.view.clear();
    std::size_t at = 0;
    for (const std::int64_t size : file_dims(out)) {
      std::vector<int> part;
      std::int64_t n = 1;
      while (n < size && at < order.size()) {
        n *= map_dims(s)[static_cast<std::size_t>(order[at])];
        part.push_back(order[at++]);
      }
      if (n != size)
        unfit(fmt::format("{} becomes {}, which cuts an axis of the map", text_of(file_dims(node.inputs[0])),
                          text_of(file_dims(out))),
              "a Reshape that keeps or joins axes");
      next.view.push_back(std::move(part));
    }
    // Axes of size 1 keep their meaning where nothing moves.
    if (file_dims(out) == file_dims(node.inputs[0])) next.view = s.view;
  }
  seen_[out] = std::move(next);
}

}  // namespace epim::importer

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/evaluate.hpp"

#include <cmath>

#include <fmt/format.h>

#include "gen/import/operators.hpp"
#include "gen/import/shapes.hpp"

namespace epim::importer {
namespace {

/// One node from the values of its inputs.
std::vector<Value> evaluate_one(const Node& node, const std::function<const Value*(const std::string&)>& find, int jobs,
                                Sums sums) {
  Call call{node, {}, {}, jobs, sums};
  for (const std::string& in : node.inputs) {
    const Value* v = in.empty() ? nullptr : find(in);
    call.value.push_back(v);
    call.in.push_back(v ? &v->info() : nullptr);
  }
  return evaluate_node(call);
}

}  // namespace

Evaluator::Evaluator(const Graph& graph, int jobs, Sums sums) try
    : graph_(graph), jobs_(jobs), sums_(sums), fixed_(graph.constants) {
  const std::set<std::string> fixed = fixed_tensors(graph);
  for (const Node& node : graph.nodes) {
    if (!fixed.count(node.outputs[0])) {
      for (const std::string& in : node.inputs) last_use_[in] = per_image_.size();
      per_image_.push_back(&node);
      continue;
    }
    std::vector<Value> values = evaluate_one(
        node, [&](const std::string& t) { return fixed_.at(t).get(); }, jobs, sums);
    for (std::size_t k = 0; k < values.size(); ++k)
      if (!node.outputs[k].empty()) fixed_[node.outputs[k]] = std::make_shared<const Value>(std::move(values[k]));
  }
  for (const GraphOutput& out : graph.outputs) last_use_[out.tensor] = per_image_.size();
} catch (const InputError& e) {
  rethrow_at(e, graph.file);
}

const Value* Evaluator::fixed(const std::string& tensor) const {
  const auto at = fixed_.find(tensor);
  return at == fixed_.end() ? nullptr : at->second.get();
}

std::vector<Value> Evaluator::run(const std::map<std::string, Value>& inputs, const Observer& observe) const try {
  std::map<std::string, Value> live;
  for (const GraphInput& in : graph_.inputs) {
    const auto given = inputs.find(in.name);
    if (given == inputs.end())
      throw InputError({}, "missing-array", fmt::format("input '{}' is not given, legal: a value for every input", in.name));
    const Value& v = given->second;
    if (v.dims() != in.dims)
      throw InputError({}, "array-shape",
                       fmt::format("input '{}' is {}, legal: {}", in.name, text_of(v.dims()), text_of(in.dims)));
    if (v.type() != in.type)
      throw InputError({}, "array-type",
                       fmt::format("input '{}' is {}, legal: {}", in.name, name_of(v.type()), name_of(in.type)));
    live[in.name] = graph_.canonical && in.view ? from_file(v, *in.view, graph_.maps.at(in.name).dims) : v;
    if (observe) observe(in.name, live[in.name]);
  }
  const auto find = [&](const std::string& t) -> const Value* {
    const auto at = live.find(t);
    return at != live.end() ? &at->second : fixed_.at(t).get();
  };
  for (std::size_t i = 0; i < per_image_.size(); ++i) {
    const Node& node = *per_image_[i];
    std::vector<Value> values = evaluate_one(node, find, jobs_, sums_);
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (node.outputs[k].empty()) continue;
      if (observe) observe(node.outputs[k], values[k]);
      live[node.outputs[k]] = std::move(values[k]);
    }
    for (const std::string& in : node.inputs)
      if (const auto last = last_use_.find(in); last != last_use_.end() && last->second == i) live.erase(in);
  }
  std::vector<Value> out;
  for (const GraphOutput& o : graph_.outputs) {
    const Value* v = find(o.tensor);
    out.push_back(o.view ? to_file(*v, *o.view) : *v);
  }
  return out;
} catch (const InputError& e) {
  rethrow_at(e, graph_.file);
}

double Fidelity::relative() const {
  if (std::isnan(largest_difference)) return INFINITY;
  return largest_difference == 0 ? 0 : largest_value > 0 ? largest_difference / largest_value : INFINITY;
}

Fidelity compare(const Value& ours, const Value& reference) {
  Fidelity f;
  if (ours.size() != reference.size()) return {INFINITY, 0};
  for (std::int64_t i = 0; i < ours.size(); ++i) {
    const double a = ours.number(i), b = reference.number(i), d = std::fabs(a - b);
    if (!(d <= f.largest_difference)) f.largest_difference = std::isnan(d) ? INFINITY : d;
    f.largest_value = std::max(f.largest_value, std::fabs(b));
  }
  return f;
}

}  // namespace epim::importer

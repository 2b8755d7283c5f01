// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/weights.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gen/import/quantiser.hpp"

namespace epim::importer {

Weights::Weights(const Graph& graph, const Evaluator& values, const std::string& tensor) { take(graph, values, tensor, 0); }

void Weights::take(const Graph& graph, const Evaluator& values, const std::string& tensor, int depth) {
  const Node* from = graph.producer_of(tensor);
  if (from && depth < 100) {
    if (from->op == "DequantizeLinear" || from->op == "Quant" || from->op == "IntQuant" || from->op == "BipolarQuant") {
      node_ = *from;
      data_ = *values.fixed(from->inputs[0]);
      for (std::size_t i = 1; i < from->inputs.size(); ++i)
        operands_.push_back(from->inputs[i].empty() ? Value(Type::f32, {}) : *values.fixed(from->inputs[i]));
      while (node_->inputs.size() > 1 && node_->inputs.back().empty()) node_->inputs.pop_back();
      return;
    }
    if (from->op == "Transpose") {
      take(graph, values, from->inputs[0], depth + 1);
      std::vector<int> perm;
      for (const std::int64_t p : from->integers("perm")) perm.push_back(static_cast<int>(p));
      if (perm.empty())
        for (std::size_t k = data_.dims().size(); k-- > 0;) perm.push_back(static_cast<int>(k));
      return transpose(perm);
    }
    if (from->op == "Identity" || from->op == "Dropout") return take(graph, values, from->inputs[0], depth + 1);
    if (from->op == "Reshape" || from->op == "Squeeze" || from->op == "Unsqueeze" || from->op == "Flatten") {
      take(graph, values, from->inputs[0], depth + 1);
      return reshape(graph.maps.at(tensor).dims);
    }
  }
  data_ = *values.fixed(tensor);
}

void Weights::transpose(const std::vector<int>& perm) {
  if (node_) {
    if (node_->op == "DequantizeLinear") {
      std::int64_t axis = node_->integer("axis", 1);
      const auto rank = static_cast<std::int64_t>(perm.size());
      if (axis < 0) axis += rank;
      if (!operands_.empty() && operands_[0].size() != 1)
        node_->set("axis", static_cast<std::int64_t>(std::find(perm.begin(), perm.end(), static_cast<int>(axis)) - perm.begin()));
    } else {
      for (std::size_t k = 0; k < operands_.size() && k < 2; ++k) {
        Value& v = operands_[k];
        if (v.size() == 1) continue;
        Dims full(perm.size() - v.dims().size(), 1);
        full.insert(full.end(), v.dims().begin(), v.dims().end());
        v = v.reshaped(full).transposed(perm);
      }
    }
  }
  data_ = data_.transposed(perm);
}

void Weights::give_up() {
  data_ = values();
  node_.reset();
  operands_.clear();
}

void Weights::reshape(const Dims& dims) {
  if (dims == data_.dims()) return;
  if (node_) {
    const Dims old = data_.dims();
    const bool first_stays = !old.empty() && !dims.empty() && old[0] == dims[0];
    const bool linear = node_->op == "DequantizeLinear";
    for (std::size_t k = 0; k < operands_.size() && k < 2 && node_; ++k) {
      Value& v = operands_[k];
      if (v.size() == 1) {
        if (!linear) v = v.reshaped({});
        continue;
      }
      if (linear) {
        if (!first_stays || node_->integer("axis", 1) != 0) give_up();
      } else if (first_stays && v.dims().size() == old.size() && v.dims()[0] == v.size()) {
        Dims full(dims.size(), 1);
        full[0] = v.size();
        v = v.reshaped(full);
      } else {
        give_up();
      }
    }
  }
  data_ = data_.reshaped(dims);
}

Value Weights::values() const {
  if (!node_) return data_;
  Call call{*node_, {&data_.info()}, {&data_}};
  for (std::size_t k = 0; k < operands_.size(); ++k) {
    const bool given = node_->has_input(k + 1);
    call.in.push_back(given ? &operands_[k].info() : nullptr);
    call.value.push_back(given ? &operands_[k] : nullptr);
  }
  return evaluate_node(call)[0];
}

std::string Weights::add_to(Graph& graph, const std::string& name) const {
  const auto constant = [&](const std::string& wanted, const Value& v) {
    std::string unique = wanted;
    for (int k = 2; graph.constants.count(unique) || graph.maps.count(unique); ++k) unique = fmt::format("{}#{}", wanted, k);
    graph.constants[unique] = std::make_shared<const Value>(v);
    graph.maps[unique] = v.info();
    return unique;
  };
  if (!node_) return constant(name, data_);
  Node n = *node_;
  n.name = name;
  n.inputs = {constant(name + "/data", data_)};
  for (std::size_t k = 0; k < operands_.size(); ++k)
    n.inputs.push_back(node_->has_input(k + 1) ? constant(fmt::format("{}/{}", name,
                                                                      k == 0   ? "scale"
                                                                      : k == 1 ? "zero_point"
                                                                               : "bits"),
                                                          operands_[k])
                                               : "");
  n.outputs = {name};
  for (int k = 2; graph.maps.count(n.outputs[0]); ++k) n.name = n.outputs[0] = fmt::format("{}#{}", name, k);
  graph.maps[n.outputs[0]] = {Type::f32, data_.dims()};
  graph.nodes.push_back(n);
  return n.outputs[0];
}

}  // namespace epim::importer

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Operands that no image decides, with their quantiser where they have one, so that they can be laid out anew.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "gen/import/evaluate.hpp"
#include "gen/import/graph.hpp"

namespace epim::importer {

class Weights {
 public:
  /// The tensor as it stands: constant, or a DequantizeLinear, Quant, IntQuant or BipolarQuant of a constant, also behind
  /// transpositions. Whatever else gives it (a Trunc, say) is taken by its value: quantised() is then false.
  Weights(const Graph& graph, const Evaluator& values, const std::string& tensor);

  const Dims& dims() const { return data_.dims(); }
  bool quantised() const { return node_.has_value(); }
  void transpose(const std::vector<int>& perm);
  /// Where scales per axis cannot follow, the values are taken and quantised() becomes false.
  void reshape(const Dims& dims);
  /// The values in the present layout.
  Value values() const;
  /// Adds constants and the quantiser to `graph` under names that begin with `name`; gives the tensor's name.
  std::string add_to(Graph& graph, const std::string& name) const;

 private:
  void take(const Graph& graph, const Evaluator& values, const std::string& tensor, int depth);
  void give_up();

  std::optional<Node> node_;     ///< inputs are set by add_to
  Value data_;                   ///< integers of DequantizeLinear, reals otherwise
  std::vector<Value> operands_;  ///< the further inputs of node_
};

}  // namespace epim::importer

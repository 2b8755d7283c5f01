// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Values of an imported graph in float: the yardstick of every conversion.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "gen/import/graph.hpp"
#include "gen/import/operators.hpp"

namespace epim::importer {

/// Called with every tensor as it is computed (inputs too); for observing ranges.
using Observer = std::function<void(const std::string& tensor, const Value& value)>;

/// The outputs for one set of inputs, in the order of graph.outputs. Inputs and outputs are in the file's layout, whatever
/// the form of the graph. Quantising nodes round and saturate exactly as they are defined. Needs infer_shapes.
/// What images do not decide (quantised weights) is computed once and kept in `fixed`, where it is given.
/// Throws InputError at the graph's file: missing-array (an input that is not given), array-shape, array-type.
class Evaluator {
 public:
  Evaluator(const Graph& graph, int jobs, Sums sums = Sums::exact);
  /// Several threads may call this at once.
  std::vector<Value> run(const std::map<std::string, Value>& inputs, const Observer& observe = {}) const;
  /// A tensor that no image decides; nullptr where one does, or it is unknown.
  const Value* fixed(const std::string& tensor) const;

 private:
  const Graph& graph_;
  int jobs_;
  Sums sums_;
  std::map<std::string, ValuePointer> fixed_;
  std::vector<const Node*> per_image_;
  std::map<std::string, std::size_t> last_use_;  ///< index into per_image_
};

/// Largest difference of two tensors, relative to the largest value of the reference: fidelity (a).
struct Fidelity {
  double largest_difference = 0, largest_value = 0;
  double relative() const;
};
Fidelity compare(const Value& ours, const Value& reference);

}  // namespace epim::importer

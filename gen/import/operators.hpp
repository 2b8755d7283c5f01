// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The operators that are understood: for each its shapes, its values, and what of it cannot be imported.
/// Arithmetic: results in float32, sums in double; integers wrap around at their width.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gen/import/graph.hpp"

namespace epim::importer {

/// How a convolution sums its products.
enum class Sums {
  exact,    ///< in double
  float32,  ///< in float32, fused, 16 channels at a time and within them by rows, columns, channels: as ONNX Runtime does
            ///< on processors with AVX-512. Decides values that lie on a rounding boundary of a quantiser as it does
};

/// One use of an operator: its node, what is known of its inputs.
struct Call {
  const Node& node;
  std::vector<const Info*> in;      ///< nullptr: left out
  std::vector<const Value*> value;  ///< shape inference: nullptr where only an image tells it. Evaluation: all
  int jobs = 1;
  Sums sums = Sums::exact;

  bool has(std::size_t i) const { return i < in.size() && in[i]; }
  const Dims& dims(std::size_t i) const { return in[i]->dims; }
  std::int64_t rank(std::size_t i) const { return static_cast<std::int64_t>(in[i]->dims.size()); }
  /// The input's value; throws InputError computed-operand, naming it by `what`, where it is not constant.
  const Value& known(std::size_t i, const char* what) const;
  /// An attribute or number that counts an axis from the front or the back. Throws InputError bad-axis.
  std::size_t axis(std::int64_t axis, std::int64_t rank) const;
  /// Throws InputError wrong-type unless input i is float.
  void need_float(std::size_t i) const;
  /// Throws InputError shape-mismatch unless the input's rank lies in lo..hi.
  void need_rank(std::size_t i, std::int64_t lo, std::int64_t hi) const;
  [[noreturn]] void fail(const std::string& rule, const std::string& what) const { node.fail(rule, what); }
  [[noreturn]] void fail(const std::string& what) const { node.fail("shape-mismatch", what); }
};

/// A node of a graph whose shapes are inferred, with what is constant of its inputs.
Call call_in(const Graph& graph, const Node& node);

enum class Domain { onnx, microsoft, qonnx, epim };

/// What an operator may be applied to.
enum class Scope {
  map,        ///< maps and constants
  constants,  ///< what is known before an image is: shape arithmetic
};

struct Operator {
  Domain domain;
  std::string_view name;
  int least_inputs, most_inputs, most_outputs;
  Scope scope;
  std::string_view attributes;  ///< those that are known, separated by blanks
  /// Type and dimensions of each output (out has one per output of the node).
  void (*infer)(const Call&, std::vector<Info>& out);
  /// Values of the outputs, allocated as infer said, all zero.
  void (*evaluate)(const Call&, std::vector<Value>& out);
  /// What of this node cannot be imported; may be null.
  std::optional<Complaint> (*complain)(const Node&) = nullptr;
};

/// The operator of a node; nullptr where it is unknown.
const Operator* find_operator(const Node& node);
/// Domain of a node's name, where it is one of ours.
std::optional<Domain> domain_of(const std::string& name);

/// The families, one file each.
const std::vector<Operator>& convolution_operators();
const std::vector<Operator>& pool_operators();
const std::vector<Operator>& matrix_operators();
const std::vector<Operator>& pointwise_operators();
const std::vector<Operator>& broadcast_operators();
const std::vector<Operator>& layout_operators();
const std::vector<Operator>& shape_operators();
const std::vector<Operator>& resample_operators();
const std::vector<Operator>& quantise_operators();

/// infer and evaluate with the checks of operands, attributes and sizes. Throw InputError.
std::vector<Info> infer_node(const Call& call);
std::vector<Value> evaluate_node(const Call& call);

/// Dimensions of the result of numpy's broadcasting; nothing where they do not fit.
std::optional<Dims> broadcast(const Dims& a, const Dims& b);

/// A window that slides over the last one or two axes of [N][C][L] or [N][C][H][W].
struct Window {
  std::vector<std::int64_t> size, kernel, stride, dilation, begin, end, out;  ///< per axis
  std::int64_t reach(std::size_t k) const { return (kernel[k] - 1) * dilation[k] + 1; }
};
/// From kernel_shape, strides, dilations, pads, auto_pad and, for pools, ceil_mode. `kernel` is empty for pools.
/// Output sizes as ONNX defines them; with ceil_mode the last window starts inside the map or the padding before it.
/// Throws InputError bad-attribute, shape-mismatch.
Window window_of(const Call& call, std::vector<std::int64_t> kernel, bool pool);

/// Padding before and after each axis of a Pad: attributes before operator set 11, inputs from then on.
std::vector<std::pair<std::int64_t, std::int64_t>> padding_of(const Call& call);
/// For each axis of the result of a Resize or Upsample the place of the input that each place is a copy of.
std::vector<std::vector<std::int64_t>> resize_sources(const Call& call);

}  // namespace epim::importer

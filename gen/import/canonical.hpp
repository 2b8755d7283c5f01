// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// From the file's form to the canonical form: all maps [N][C][H][W], layout operators gone into views.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gen/import/evaluate.hpp"
#include "gen/import/graph.hpp"
#include "gen/import/operators.hpp"
#include "gen/import/weights.hpp"

namespace epim::importer {

/// Turns a graph whose shapes are inferred into the canonical form, node by node. A tensor of the file is a map seen
/// through a view, so that Transpose, Reshape and their like are no nodes any more: Gemm's weights are reordered instead.
/// What cannot be a map (Softmax, ArgMax, a Reshape that cuts an axis) and what follows is left to the host, as long as
/// no layer with weights, pool or resize stands behind it: those become complaints.
class Canonical {
 public:
  /// `inputs`: the view of each input.
  Canonical(const Graph& file, const Evaluator& values, std::vector<View> inputs);
  /// The canonical graph; complaints() says what could not be done.
  Graph take() { return std::move(out_); }
  const std::vector<Complaint>& complaints() const { return complaints_; }

 private:
  /// A tensor of the file.
  struct Seen {
    std::string tensor;  ///< map, or a host tensor
    View view;           ///< of a map
    bool host = false;
    std::string origin;  ///< why the host has it
  };
  /// Why a node cannot become one on maps.
  struct Unfit {
    std::string what, rewrite;
  };

  void convert(const Node& node);
  bool on_maps(const Node& node);
  void on_host(const Node& node, const Unfit& why);
  [[noreturn]] void unfit(const std::string& what, const std::string& rewrite) const;

  // One per kind of operator; throw Unfit.
  void same(const Node& node);
  void clip(const Node& node);
  void quantiser(const Node& node);
  void layout(const Node& node);
  void window(const Node& node);
  void global(const Node& node, const std::string& op);
  void reduce(const Node& node);
  void matrix(const Node& node);
  void arithmetic(const Node& node);
  void with_constant(const Node& node, std::size_t constant);
  void two_maps(const Node& node, const std::string& op, const std::string& a, const std::string& b, const std::string& result);
  void sum(const Node& node);
  void norm(const Node& node);
  void slopes(const Node& node);
  void concat(const Node& node);
  void pad(const Node& node);
  void resize(const Node& node);

  const Dims& file_dims(const std::string& tensor) const { return file_.maps.at(tensor).dims; }
  const Dims& map_dims(const Seen& s) const { return out_.maps.at(s.tensor).dims; }
  Call call_of(const Node& node) const;
  const Value& fixed(const std::string& tensor) const { return *values_.fixed(tensor); }
  /// A node or an output of the file reads it.
  bool is_read(const std::string& tensor) const;
  bool is_map(const std::string& tensor) const { return seen_.count(tensor) > 0; }
  /// The view without dimensions of size 1.
  View bare(const Seen& s) const;
  /// Map dimensions of the spatial axes of a tensor [N][C][...]; throws Unfit where it lies otherwise.
  std::vector<int> spatial(const Node& node, const Seen& s) const;
  /// A constant that is broadcast against a tensor, as a map [1|N][1|C][1|H][1|W].
  Value beside(const Value& constant, const Seen& s, std::size_t rank) const;
  /// [C] from such a map; throws Unfit where it depends on the place.
  std::vector<float> per_channel(const Value& map, const Seen& s) const;

  /// Adds a node of the canonical form with one output, infers its shape, and notes what tensor of the file it gives.
  Node& add(Node node, const std::string& tensor, const View& view);
  void affine(const std::string& name, const std::string& input, const std::vector<double>& scale,
              const std::vector<double>& bias, const std::string& tensor, const View& view);
  std::string constant(const std::string& name, Value value);
  std::string host_tensor(const std::string& tensor);

  const Graph& file_;
  const Evaluator& values_;
  Graph out_;
  std::map<std::string, Seen> seen_;
  std::vector<Complaint> complaints_;
};

/// Views that an input of these sizes may have, the likeliest first.
std::vector<View> possible_views(const Dims& dims);

}  // namespace epim::importer

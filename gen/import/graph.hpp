// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// An imported network as a graph. It exists in two forms:
///   the file's form, as read_onnx gives it: operators of ONNX and QONNX, tensors of any rank, the file's layout;
///   the canonical form, as normalise gives it: every map is [N][C][H][W], the operators are those of docs/import.md.
/// Errors are InputErrors whose text names the node: "node 'stem' (Conv): ...".
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gen/import/value.hpp"
#include "golden/diagnostic.hpp"

namespace epim::importer {

struct Attribute {
  enum class Kind { integer, real, text, integers, reals, texts, tensor };
  Kind kind = Kind::integer;
  std::int64_t integer = 0;
  float real = 0;
  std::string text;
  std::vector<std::int64_t> integers;
  std::vector<float> reals;
  std::vector<std::string> texts;
  ValuePointer tensor;
};

struct Node {
  std::string name;  ///< unique; of the file, or made from the first output where the file has none
  std::string op;
  std::string domain;                        ///< "" = ONNX's own; "epim" = canonical operators that ONNX does not have
  int version = 0;                           ///< of the domain's operator set
  std::vector<std::string> inputs, outputs;  ///< tensor names; "" = optional one left out
  std::map<std::string, Attribute> attributes;
  bool host = false;  ///< canonical form: behind the last map, in the file's layout; left to the host

  bool has_input(std::size_t i) const { return i < inputs.size() && !inputs[i].empty(); }
  const Attribute* find(const std::string& attribute) const;
  /// Throw InputError bad-attribute where the file has another kind.
  std::int64_t integer(const std::string& attribute, std::int64_t otherwise) const;
  double real(const std::string& attribute, double otherwise) const;
  std::string text(const std::string& attribute, const std::string& otherwise) const;
  std::vector<std::int64_t> integers(const std::string& attribute) const;  ///< empty where absent
  void set(const std::string& attribute, std::int64_t x);
  void set(const std::string& attribute, double x);
  void set(const std::string& attribute, const std::string& x);
  void set(const std::string& attribute, std::vector<std::int64_t> x);

  /// Throws InputError: "node 'NAME' (OP): what".
  [[noreturn]] void fail(const std::string& rule, const std::string& what) const;
};

/// How a tensor of the file lies in a map [N][C][H][W]: for each of its dimensions the map's dimensions (0..3) that it
/// runs over, slowest first; an empty one has size 1. Every map dimension occurs once, or has size 1.
///   NCHW {{0},{1},{2},{3}}   NHWC {{0},{2},{3},{1}}   [N][C][L] {{0},{1},{3}}   Flatten {{0},{1,2,3}}
using View = std::vector<std::vector<int>>;

/// Dimensions in the file of a map seen through a view.
Dims viewed(const Dims& map, const View& view);
/// The file's tensor from the map's data, and back.
Value to_file(const Value& map, const View& view);
Value from_file(const Value& tensor, const View& view, const Dims& map);
/// NCHW.
View plain_view();
std::string text_of(const View& view);  ///< "[N,H,W,C]", "[N,C*H*W]"

struct GraphInput {
  std::string name;
  Type type = Type::f32;
  Dims dims;                         ///< the file's; -1 = free
  std::vector<std::string> symbols;  ///< the file's names of free sizes, "" elsewhere
  std::optional<View> view;          ///< canonical form: how the file's tensor lies in the map
};

struct GraphOutput {
  std::string name;          ///< the file's
  std::string tensor;        ///< which tensor of the graph
  std::optional<Info> info;  ///< as the file declares it; dimensions -1 = not said
  bool ranked = false;       ///< the declaration has dimensions
  std::optional<View> view;  ///< canonical form, where the tensor is a map: how the file's output lies in it
};

struct Graph {
  std::string file, name, producer;
  std::map<std::string, int> opsets;  ///< version of each domain
  std::vector<GraphInput> inputs;
  std::vector<GraphOutput> outputs;
  std::vector<Node> nodes;  ///< after order_nodes: each after those that it reads
  std::map<std::string, ValuePointer> constants;
  std::map<std::string, Type> declared;  ///< what the file says of tensors between nodes
  std::map<std::string, Info> maps;      ///< after infer_shapes: type and dimensions of every tensor
  bool canonical = false;
  std::vector<std::string> remarks;  ///< what was decided for the reader to know, one line each

  const Node* producer_of(const std::string& tensor) const;
  const Value* constant(const std::string& tensor) const;
};

/// Throws `e` again with the graph's file as position.
[[noreturn]] void rethrow_at(const InputError& e, const std::string& file);

/// Puts nodes in topological order, file order where that is one.
/// Throws InputError: duplicate-tensor, unknown-tensor (node reads or output names what nothing provides), network-cycle.
void order_nodes(Graph& graph);

/// Refuses all operators and attributes that cannot be imported, in one InputError `unsupported-operators`: its first
/// line counts them, and where there are more than one each has a line of its own.
void check_support(const Graph& graph);

/// Removes nodes and constants that no output needs.
void remove_unused(Graph& graph);

/// One complaint of check_support and of the check of the canonical form.
struct Complaint {
  std::string node, op, what, legal, rewrite;
};
/// Throws InputError `unsupported-operators` where there are complaints.
void refuse(const std::string& file, const std::vector<Complaint>& complaints);

}  // namespace epim::importer

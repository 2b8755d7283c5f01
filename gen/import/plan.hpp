// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A canonical graph as the nodes of a network file: which of its operators make one node, which format each map has.
#pragma once
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gen/import/evaluate.hpp"
#include "gen/import/graph.hpp"
#include "gen/import/quantiser.hpp"
#include "golden/graph/formats.hpp"
#include "golden/tensor.hpp"

namespace epim::importer {

/// Where the format of a map comes from.
enum class FormatSource {
  file,        ///< a quantiser of the file
  input,       ///< that of what the node reads
  calibrated,  ///< the values of the calibration images
};

/// One node of the network file.
struct PlannedNode {
  std::string name, op;         ///< of the network file
  std::string origin;           ///< nodes of the graph that are in it, for messages: "stem, relu_1"
  std::vector<int> inputs;      ///< indices into Plan::nodes; -1 is the network's input
  nlohmann::ordered_json keys = nlohmann::ordered_json::object();  ///< those of its operator, without the pointwise function
  /// Pointwise function: x < 0 ? slope*x : x, then min(max(x, lo), hi).
  double lo = -std::numeric_limits<double>::infinity(), hi = std::numeric_limits<double>::infinity();
  std::optional<double> slope;
  std::vector<float> slopes;    ///< per channel
  std::string weights, bias;    ///< tensors of the graph
  std::int64_t first_channel = 0;  ///< a conv without weights copies the channels of its input to first_channel and on
  FloatTensor epitome;          ///< in the place of weights (gen/import/project.hpp); empty: none
  std::vector<float> norm_scale, norm_bias;  ///< behind weights and bias

  std::vector<float> channel_range;  ///< weights are written divided by it (equalise_channels); empty: as they are

  std::string tensor;           ///< whose values the map stands for: reals, or codes behind a QuantizeLinear
  Dims dims;                    ///< of the map
  FormatSource source = FormatSource::calibrated;
  MapFormat format;             ///< scale 0: not known yet; which of its codes occur is not asked here
  /// A mean of this many places of a quantised map, which a step of 1/places holds exactly; 0: none.
  std::int64_t mean_places = 0;
  bool exact_mean = false;      ///< its format is that step
  bool is_output = false;
  bool has_weights() const { return op == "conv" || op == "fc" || op == "batch_norm"; }
};

/// What a file's output is: a map, then what the host does.
struct PlannedOutput {
  std::string name;  ///< of the file
  int node = 0;
  std::string host;  ///< "Softmax": what is left to the host; empty = nothing
};

struct Plan {
  std::string input_name, input_tensor;  ///< input_tensor: whose values or codes the input map stands for
  Dims input_dims;                       ///< [1][C][H][W]
  FormatSource input_source = FormatSource::calibrated;
  MapFormat input_format;
  std::vector<PlannedNode> nodes;        ///< each after those that it reads
  std::vector<PlannedOutput> outputs;
  std::vector<std::string> remarks;
  const MapFormat& format_of(int id) const { return id < 0 ? input_format : nodes[static_cast<std::size_t>(id)].format; }
  const Dims& dims_of(int id) const { return id < 0 ? input_dims : nodes[static_cast<std::size_t>(id)].dims; }
  const std::string& tensor_of(int id) const { return id < 0 ? input_tensor : nodes[static_cast<std::size_t>(id)].tensor; }
  const std::string& name_of(int id) const { return id < 0 ? input_name : nodes[static_cast<std::size_t>(id)].name; }
  /// Of every node: a core reads its map, which thus has at most 9 bits.
  std::vector<bool> read_by_cores() const;
  bool any_calibrated() const;
};

/// Plans the network of a canonical graph. Formats are filled in where the file gives them. Throws InputError at the graph's
/// file: unsupported-operators (all nodes that have no place in a network, with what is legal), one-input, no-layer.
Plan plan_network(const Graph& graph, const Evaluator& values);

/// Integers of quantised weights: codes - zero point, and a scale per output channel. Nothing where the weights are
/// real, or quantised otherwise than along output channels, or wider than a core holds (`why` says so).
struct WeightCodes {
  std::vector<std::int64_t> codes;  ///< [M][C][H][W]
  std::vector<float> scale;         ///< [M]
  std::int64_t most = 0;            ///< largest magnitude
};
std::optional<WeightCodes> weight_codes(const Graph& graph, const Evaluator& values, const std::string& tensor, std::string& why);

/// The code of a real number: to the nearest, saturated.
std::int64_t code_of(double real, const MapFormat& format);
/// A map's codes from a tensor of the graph: integers as they are, reals by the format.
std::vector<std::int64_t> codes_of(const Value& tensor, const MapFormat& format);
/// A map's real values from a tensor of the graph.
std::vector<double> reals_of(const Value& tensor, const MapFormat& format);

}  // namespace epim::importer

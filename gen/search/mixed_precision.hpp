// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Which layer gets how many weight bits: Hessian-weighted quantisation error under a crossbar budget, solved exactly.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "golden/diagnostic.hpp"
#include "golden/graph/crossbar_count.hpp"
#include "golden/quantise.hpp"

namespace epim {

/// Trace of the Hessian of the loss with respect to one layer's stored weights (its epitome).
struct LayerTrace {
  std::string node;
  double trace = 0;           ///< >= 0
  double standard_error = 0;  ///< of the estimate; 0 = not given
  Position where;
};

/// A file of traces: {"schema": 1, "network": NAME, "layers": [{"node", "trace", "standard_error"?}...], "made"?: any}.
struct HessianTraces {
  std::string file, network;
  std::vector<LayerTrace> layers;
  /// Throws InputError `missing-trace`, naming the layer.
  const LayerTrace& of(const std::string& node) const;
};

/// Throws InputError with file:line:column: those of read_json, wrong-type, unknown-key, missing-key, value-out-of-range
/// (a negative trace: at a minimum of the loss none is, and a negative one would reward error), unsupported-schema,
/// duplicate-layer.
HessianTraces read_traces(const std::string& path);
HessianTraces parse_traces(const std::string& text, const std::string& file);

/// One width of one layer.
struct BitOption {
  int bits = 0;
  std::int64_t crossbars = 0;
  double error = 0;   ///< sum_e R(e)*(Q(e) - e)^2
  double cost = 0;    ///< trace/n * error, n = stored weights of the layer
};

/// One layer with its widths and the chosen one.
struct LayerBits {
  int node = 0;       ///< index into Network::nodes
  double trace = 0;
  std::vector<BitOption> options;  ///< by rising bits
  int chosen = -1;    ///< index into options
  const BitOption& choice() const { return options[static_cast<std::size_t>(chosen)]; }
};

struct BitAssignment {
  std::vector<LayerBits> layers;
  std::int64_t crossbars = 0;
  double cost = 0;
};

/// Widths and their cost of one layer (paper's W3mp by HAWQ-V2: trace_i/n_i * |Q(W_i) - W_i|^2; for an epitome the
/// error of the reconstructed convolution). `hardware.weight_bits` is not used. Throws those of quantise and count_layer.
LayerBits bit_options(const Network& network, int node, const Layer& layer, const FloatTensor& epitome,
                      const Hardware& hardware, const std::vector<int>& bits, const HessianTraces& traces,
                      CountRule rule, const QuantiseOptions& options);

/// Chooses one width per layer: least total cost with at most `budget` crossbars, then fewest crossbars. Exact: the
/// knapsack of gen/search/exact.hpp adds integers, costs in units of 2^-s with s so large that all bits of costs down to
/// 2^-50 of the largest count. BitAssignment::cost is the sum in order of the layers.
/// Throws InputError `budget-too-small`, naming the least feasible budget and the layer that takes most of it.
BitAssignment assign_bits(const Network& network, std::vector<LayerBits> layers, std::int64_t budget);

/// "3,5" -> {3, 5}, sorted. Throws InputError `empty-bit-set`, `bit-width` (2..9), `duplicate-bits`.
std::vector<int> parse_bit_set(const std::string& text, const std::string& where);

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Crossbars, memory utilisation and parameters of a network.
#pragma once
#include <cstdint>
#include <vector>

#include "golden/graph/network.hpp"

namespace epim {

/// How crossbars are counted.
enum class CountRule {
  paper,     ///< reproduces the paper's Table 1; own inference, the paper does not state its rule
  physical,  ///< what is generated: whole crossbars for every block of rows and columns, slice and polarity
};

/// What a crossbar holds.
struct CountGeometry {
  int xb_rows = 256, xb_cols = 256;
  int cell_bits = 2;
  int lanes = 1;  ///< physical rule: channels per word; the rows of missing lanes of a last block stay empty
};

/// One convolution or classifier.
struct LayerCount {
  int node = 0;                   ///< index into Network::nodes
  int weight_bits = 0;
  int slices = 0;                 ///< S = ceil((weight_bits - 1) / cell_bits)
  std::int64_t rows = 0, cols = 0;  ///< occupied word lines (e_in*P*Q) and weight columns (e_out)
  std::int64_t crossbars = 0;     ///< both polarities
  std::int64_t cells = 0;         ///< cells that hold a weight: 2 * S * rows * cols
  double utilisation = 0.0;       ///< cells / (crossbars * xb_rows * xb_cols), 0..1
  std::int64_t weights = 0;       ///< stored weights: e_out * e_in * P * Q
  std::int64_t parameters = 0;    ///< weights + 2*cout (batch norm of a convolution) or + cout (bias of an fc)
};

struct NetworkCount {
  std::vector<LayerCount> layers;
  std::int64_t crossbars = 0, cells = 0, weights = 0, parameters = 0;
  double utilisation = 0.0;
};

/// Counts one conv or fc node (shapes inferred). With rows r = e_in*P*Q, columns c = e_out:
///   physical: 2 * S * ceil(r' / xb_rows) * ceil(c / xb_cols), r' = ceil(e_in/lanes)*lanes*P*Q
///   paper:    2 * ceil(b * c * S / xb_cols): columns are packed across row blocks and slices, where
///             b = ceil(cin / floor(xb_rows / (kh*kw))) for a convolution (whole channels only),
///             b = ceil(r / xb_rows) for an epitome and an fc.
/// A node with a pool (crossbars of V x V, codes -1 and 1) is counted physically by both rules: the pool and the kept rows of its
/// error, S = 1; `rows` are the pool's and as many as its error would fill without gaps.
/// `weight_bits` is 2..32 (32 stands for FP32, S = 16 with 2-bit cells). Throws InputError value-out-of-range.
LayerCount count_layer(const Network& network, int node, int weight_bits, CountRule rule,
                       const CountGeometry& geometry = {});

/// Sums count_layer over all conv and fc nodes; weight_bits[i] belongs to node i (ignored for the others).
NetworkCount count_network(const Network& network, const std::vector<int>& weight_bits, CountRule rule,
                           const CountGeometry& geometry = {});

/// One width for every node, another one for nodes of role classifier when `classifier_bits` > 0.
std::vector<int> uniform_bits(const Network& network, int weight_bits, int classifier_bits = 0);

/// parameters(before) / parameters(after), batch norm and biases included: the paper's parameter compression rate.
double parameter_rate(const NetworkCount& before, const NetworkCount& after);

}  // namespace epim

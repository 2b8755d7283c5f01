// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Accounting of pruning beside epitomes: the two baselines of the paper's Table 3. No code of PIM-Prune (Chu et al., DAC
/// 2020) is public; what is counted here is our own definition, called PIM-Prune-like in every report.
#pragma once
#include <cstdint>

#include "golden/graph/crossbar_count.hpp"

namespace epim {

/// Parameters of a network before / after a share of its convolution weights is gone; batch norm, biases and the classifier
/// are kept: plain.parameters / (design.parameters - share * pruned weights).
/// `plain` and `design`: NetworkCount with layers. `all`: weights of every convolution are pruned, else only those of
/// layers with an epitome.
double element_pruning_rate(const Network& network, const NetworkCount& plain, const NetworkCount& design, double share, bool all);

/// What a PIM-Prune-like network needs. The matrix (cin*k^2) x cout of every convolution is cut into blocks of the crossbar
/// size. A segment is one column of a block (or one row). Segments with the smallest L2 norm, taken relative to the root
/// mean square of their layer's weights and the square root of their length, go first, globally, until the share is reached.
struct PruneCount {
  double share = 0;                    ///< of the convolution weights that went
  std::int64_t plain = 0;              ///< crossbars without pruning, counted in the same way
  /// Columns pruned; per strip of rows the rest is packed: 2 * sum over strips of ceil(columns left * S / xb_cols).
  std::int64_t columns = 0;
  /// Rows pruned; a block saves its columns only where it is empty: 2 * sum over strips of ceil(columns of blocks with a row
  /// left * S / xb_cols).
  std::int64_t rows = 0;
  /// Rows pruned, the strips of a column block merged with input index tables: 2 * sum over column blocks of
  /// ceil(ceil(rows left / xb_rows) * its columns * S / xb_cols).
  std::int64_t rows_merged = 0;
};
/// Counts on seeded weights, uniform in -1..1: which segments go is not what training would choose, how many is. The
/// classifier keeps its crossbars. `network` has shapes and no epitomes.
PruneCount pim_prune_like(const Network& network, double share, int weight_bits, const CountGeometry& geometry, std::uint64_t seed);

}  // namespace epim

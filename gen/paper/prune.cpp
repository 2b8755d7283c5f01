// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/paper/prune.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gen/core/synthetic.hpp"

namespace epim {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Weights of one convolution as a matrix cut into blocks.
struct Matrix {
  std::int64_t rows = 0, cols = 0;
  std::int64_t row_blocks = 0, col_blocks = 0;
  std::vector<double> column_sum, row_sum;  ///< sums of squares: [row block][column], [column block][row]
};

struct Segment {
  double score = 0;
  std::size_t layer = 0, index = 0;
  std::int64_t weights = 0;
};

/// Marks segments, smallest scores first, until `share` of all weights is gone. Returns the share reached.
double prune(std::vector<Segment>& segments, double share, std::vector<std::vector<bool>>& gone) {
  std::sort(segments.begin(), segments.end(), [](const Segment& a, const Segment& b) {
    return std::tie(a.score, a.layer, a.index) < std::tie(b.score, b.layer, b.index);
  });
  std::int64_t total = 0, pruned = 0;
  for (const Segment& s : segments) total += s.weights;
  for (const Segment& s : segments) {
    if (static_cast<double>(pruned) >= share * static_cast<double>(total)) break;
    gone[s.layer][s.index] = true;
    pruned += s.weights;
  }
  return static_cast<double>(pruned) / static_cast<double>(total);
}

}  // namespace

double element_pruning_rate(const Network& network, const NetworkCount& plain, const NetworkCount& design, double share, bool all) {
  std::int64_t pruned = 0;
  for (const LayerCount& l : design.layers) {
    const Node& node = network.nodes[static_cast<std::size_t>(l.node)];
    if (node.op == Op::conv && (all || node.epitome)) pruned += l.weights;
  }
  return static_cast<double>(plain.parameters) / (static_cast<double>(design.parameters) - share * static_cast<double>(pruned));
}

PruneCount pim_prune_like(const Network& network, double share, int weight_bits, const CountGeometry& g, std::uint64_t seed) {
  PruneCount count;
  const std::int64_t slices = (weight_bits - 1 + g.cell_bits - 1) / g.cell_bits;
  std::vector<Matrix> layers;
  std::int64_t kept = 0;  // crossbars of the classifier
  Random random(seed);
  for (const Node& node : network.nodes) {
    if (!node.has_weights()) continue;
    Matrix m;
    m.rows = std::int64_t{node.in.channels} * node.kh * node.kw;
    m.cols = node.cout;
    m.row_blocks = ceil_div(m.rows, g.xb_rows);
    m.col_blocks = ceil_div(m.cols, g.xb_cols);
    if (node.op == Op::fc) {
      for (std::int64_t b = 0; b < m.row_blocks; ++b) kept += 2 * ceil_div(m.cols * slices, g.xb_cols);
      continue;
    }
    m.column_sum.assign(static_cast<std::size_t>(m.row_blocks * m.cols), 0.0);
    m.row_sum.assign(static_cast<std::size_t>(m.col_blocks * m.rows), 0.0);
    for (std::int64_t r = 0; r < m.rows; ++r)
      for (std::int64_t c = 0; c < m.cols; ++c) {
        const double w = static_cast<double>(random.next() >> 11) * 0x1p-52 - 1.0;
        m.column_sum[static_cast<std::size_t>(r / g.xb_rows * m.cols + c)] += w * w;
        m.row_sum[static_cast<std::size_t>(c / g.xb_cols * m.rows + r)] += w * w;
      }
    for (std::int64_t b = 0; b < m.row_blocks; ++b) count.plain += 2 * ceil_div(m.cols * slices, g.xb_cols);
    layers.push_back(std::move(m));
  }
  std::vector<Segment> columns, rows;
  std::vector<std::vector<bool>> column_gone, row_gone;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Matrix& m = layers[l];
    for (std::size_t i = 0; i < m.column_sum.size(); ++i) {
      const std::int64_t block = static_cast<std::int64_t>(i) / m.cols;
      const std::int64_t length = std::min<std::int64_t>(g.xb_rows, m.rows - block * g.xb_rows);
      columns.push_back({std::sqrt(m.column_sum[i] / static_cast<double>(length)), l, i, length});
    }
    for (std::size_t i = 0; i < m.row_sum.size(); ++i) {
      const std::int64_t block = static_cast<std::int64_t>(i) / m.rows;
      const std::int64_t length = std::min<std::int64_t>(g.xb_cols, m.cols - block * g.xb_cols);
      rows.push_back({std::sqrt(m.row_sum[i] / static_cast<double>(length)), l, i, length});
    }
    column_gone.emplace_back(m.column_sum.size());
    row_gone.emplace_back(m.row_sum.size());
  }
  count.share = prune(columns, share, column_gone);
  prune(rows, share, row_gone);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Matrix& m = layers[l];
    for (std::int64_t b = 0; b < m.row_blocks; ++b) {
      const auto first = column_gone[l].begin() + b * m.cols;
      count.columns += 2 * ceil_div(std::count(first, first + m.cols, false) * slices, g.xb_cols);
    }
    for (std::int64_t b = 0; b < m.col_blocks; ++b) {
      const auto first = row_gone[l].begin() + b * m.rows;
      const std::int64_t strips = ceil_div(std::count(first, first + m.rows, false), g.xb_rows);
      const std::int64_t width = std::min<std::int64_t>(g.xb_cols, m.cols - b * g.xb_cols);
      count.rows_merged += 2 * ceil_div(strips * width * slices, g.xb_cols);
    }
    for (std::int64_t r = 0; r < m.row_blocks; ++r) {
      std::int64_t left = 0;  // columns of blocks with a row left
      for (std::int64_t b = 0; b < m.col_blocks; ++b) {
        const auto first = row_gone[l].begin() + b * m.rows;
        const auto from = first + r * g.xb_rows, to = first + std::min((r + 1) * std::int64_t{g.xb_rows}, m.rows);
        if (std::find(from, to, false) != to) left += std::min<std::int64_t>(g.xb_cols, m.cols - b * g.xb_cols);
      }
      count.rows += 2 * ceil_div(left * slices, g.xb_cols);
    }
  }
  count.plain += kept;
  count.columns += kept;
  count.rows += kept;
  count.rows_merged += kept;
  return count;
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/graph/crossbar_count.hpp"

#include <fmt/format.h>

#include "golden/pool.hpp"
#include "golden/sampler.hpp"

namespace epim {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Rows and columns that hold weights, and whole crossbars of the physical rule.
struct Stored {
  std::int64_t rows = 0, cols = 0, lines = 0;  ///< lines: word lines, with the empty ones of last blocks
};
Stored stored(const Node& node, const CountGeometry& g) {
  if (!node.pool) {
    const EpitomeShape e = node.weight_shape();
    const std::int64_t positions = std::int64_t{e.p} * e.q;
    return {e.e_in * positions, e.e_out, ceil_div(e.e_in, g.lanes) * g.lanes * positions};
  }
  FixedHardware core;
  core.xb_rows = core.xb_cols = core.cols_per_adc = g.xb_rows;  // columns of an ADC do not matter here
  Layer layer = layer_of(node);
  layer.pool = pool_of(*node.pool, core);
  lay_out(layer, g.lanes);
  const PoolBits bits = pool_bits(layer, g.lanes);
  return {g.xb_rows + ceil_div(bits.error, g.xb_rows), g.xb_rows, layer.epitome.e_in};
}

/// Row blocks of the paper rule.
std::int64_t paper_row_blocks(const Node& node, std::int64_t rows, const CountGeometry& g) {
  const std::int64_t window = std::int64_t{node.kh} * node.kw;
  const bool whole_channels = node.op == Op::conv && !node.epitome && window <= g.xb_rows;
  return whole_channels ? ceil_div(node.in.channels, g.xb_rows / window) : ceil_div(rows, g.xb_rows);
}

}  // namespace

LayerCount count_layer(const Network& net, int index, int weight_bits, CountRule rule, const CountGeometry& g) {
  const Node& node = net.nodes.at(static_cast<std::size_t>(index));
  if (!node.pool && (weight_bits < 2 || weight_bits > 32))
    throw InputError(node.where, "value-out-of-range",
                     fmt::format("node '{}': weight bits = {}, must be 2..32", node.name, weight_bits));
  const Stored s = stored(node, g);
  LayerCount n;
  n.node = index;
  n.weight_bits = weight_bits;
  n.slices = node.pool ? 1 : (weight_bits - 1 + g.cell_bits - 1) / g.cell_bits;
  n.rows = s.rows;
  n.cols = s.cols;
  if (rule == CountRule::physical || node.pool)
    n.crossbars = 2 * n.slices * ceil_div(s.lines, g.xb_rows) * ceil_div(n.cols, g.xb_cols);
  else
    n.crossbars = 2 * ceil_div(paper_row_blocks(node, n.rows, g) * n.cols * n.slices, g.xb_cols);
  n.weights = n.rows * n.cols;
  n.cells = 2 * n.slices * n.weights;
  n.utilisation = static_cast<double>(n.cells) / (static_cast<double>(n.crossbars) * g.xb_rows * g.xb_cols);
  n.parameters = n.weights;
  if (node.batch_norm) n.parameters += node.op == Op::fc ? node.cout : 2 * std::int64_t{node.cout};
  return n;
}

NetworkCount count_network(const Network& net, const std::vector<int>& weight_bits, CountRule rule,
                           const CountGeometry& g) {
  NetworkCount total;
  for (std::size_t i = 0; i < net.nodes.size(); ++i) {
    if (!net.nodes[i].has_weights()) continue;
    const LayerCount n = count_layer(net, static_cast<int>(i), weight_bits.at(i), rule, g);
    total.crossbars += n.crossbars;
    total.cells += n.cells;
    total.weights += n.weights;
    total.parameters += n.parameters;
    total.layers.push_back(n);
  }
  if (total.crossbars > 0)
    total.utilisation =
        static_cast<double>(total.cells) / (static_cast<double>(total.crossbars) * g.xb_rows * g.xb_cols);
  return total;
}

std::vector<int> uniform_bits(const Network& net, int weight_bits, int classifier_bits) {
  std::vector<int> bits;
  for (const Node& node : net.nodes)
    bits.push_back(classifier_bits > 0 && node.role == Role::classifier ? classifier_bits : weight_bits);
  return bits;
}

double parameter_rate(const NetworkCount& before, const NetworkCount& after) {
  return static_cast<double>(before.parameters) / static_cast<double>(after.parameters);
}

}  // namespace epim

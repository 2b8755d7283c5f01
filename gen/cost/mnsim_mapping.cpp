// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/cost/mnsim_mapping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace epim {
namespace {

using Place = std::array<int, 2>;

int ceil_div(std::int64_t a, std::int64_t b) { return static_cast<int>((a + b - 1) / b); }

std::array<int, 2> or_default(std::array<int, 2> v, int fallback) {
  return v[0] == 0 ? std::array<int, 2>{fallback, fallback} : v;
}

/// Largest Manhattan distance from a place to a set, in constant time: from the extremes of row+column and row-column.
struct Extent {
  int sum_lo = std::numeric_limits<int>::max(), sum_hi = std::numeric_limits<int>::min();
  int diff_lo = sum_lo, diff_hi = sum_hi;
  void add(Place p) {
    sum_lo = std::min(sum_lo, p[0] + p[1]);
    sum_hi = std::max(sum_hi, p[0] + p[1]);
    diff_lo = std::min(diff_lo, p[0] - p[1]);
    diff_hi = std::max(diff_hi, p[0] - p[1]);
  }
  int farthest(Place p) const {
    if (sum_lo > sum_hi) return 0;
    const int s = p[0] + p[1], d = p[0] - p[1];
    return std::max({sum_hi - s, s - sum_lo, diff_hi - d, d - diff_lo});
  }
};

/// Bytes rounded up to a power of two, in KB.
double buffer_kb(double bytes) { return std::exp2(std::ceil(std::log2(bytes))) / 1024.0; }

int bits_of(const Network& net, const MnsimWorkload& w, int node) {
  const int bits = w.node_weight_bits.empty() ? w.weight_bits : w.node_weight_bits.at(static_cast<std::size_t>(node));
  if (bits < 2 || bits > 32)
    throw InputError(net.nodes[static_cast<std::size_t>(node)].where, "value-out-of-range",
                     fmt::format("node '{}': weight bits = {}, must be 2..32",
                                 net.nodes[static_cast<std::size_t>(node)].name, bits));
  return bits;
}

int slices_of(int weight_bits, const MnsimWorkload& w, const MnsimConfig& c, const MnsimQuirks& q) {
  if (w.slices > 0) return w.slices;
  const int magnitude = c.xbar_polarity == 2 ? weight_bits - 1 : weight_bits;
  const int per_cell = q.one_pair_per_bit ? 1 : static_cast<int>(std::floor(std::log2(c.device_level)));
  return ceil_div(magnitude, per_cell);
}

MnsimKind kind_of(Op op) {
  switch (op) {
    case Op::conv:
    case Op::batch_norm: return MnsimKind::conv;
    case Op::fc: return MnsimKind::fc;
    case Op::add: return MnsimKind::element_sum;
    default: return MnsimKind::pooling;
  }
}

/// PEs and the most occupied crossbar of a conv or fc layer.
void map_weights(const Node& node, MnsimLayer& l, int slices, const MnsimWorkload& w, const MnsimConfig& c) {
  const int rows = c.xbar_size[0], columns = c.xbar_size[1];
  const int groups = std::max(1, c.group_num);
  const int window = l.kh * l.kw;
  int row_blocks = 0, out = l.cout;
  if (l.kind == MnsimKind::conv && node.epitome) {
    const EpitomeShape& e = *node.epitome;
    const int positions = e.p * e.q;
    const int used = e.e_in * positions;
    row_blocks = ceil_div(used, rows);
    out = e.e_out;
    l.max_row = std::min(used, rows);
    l.channels_per_pe = static_cast<double>(l.max_row) / positions;
    const std::int64_t matrix_rows = std::int64_t{l.cin} * window;
    const int in_groups =
        w.activations == ActivationRule::patches ? ceil_div(l.cin, e.e_in) : ceil_div(matrix_rows, used);
    l.input_activations = in_groups;
    const bool once = node.wrap != Wrap::off && w.activations == ActivationRule::patches;
    l.activations = in_groups * (once ? 1 : ceil_div(l.cout, e.e_out));
  } else if (l.kind == MnsimKind::conv && window <= rows) {
    const int per_crossbar = rows / window;
    row_blocks = ceil_div(l.cin, per_crossbar);
    l.max_row = std::min(per_crossbar, l.cin) * window;
    l.channels_per_pe = static_cast<double>(l.max_row) / window;
  } else {  // fc, and kernels larger than a crossbar
    const std::int64_t all = std::int64_t{l.cin} * window;
    row_blocks = ceil_div(all, rows);
    l.max_row = static_cast<int>(std::min<std::int64_t>(all, rows));
    l.channels_per_pe = static_cast<double>(l.max_row) / window;
  }
  l.row_blocks = row_blocks;
  l.max_column = std::min(out, columns);
  l.groups = std::min(slices, groups);
  l.pes = ceil_div(slices, groups) * ceil_div(out, columns) * row_blocks;
}

/// Layers in node order without the free ReLUs, connected both ways.
std::vector<MnsimLayer> build_layers(const Network& net, const MnsimWorkload& w) {
  std::vector<MnsimLayer> layers;
  std::vector<int> layer_of_node(net.nodes.size(), -1);
  int last_fc = -1;
  for (std::size_t i = 0; i < net.nodes.size(); ++i) {
    const Node& n = net.nodes[i];
    const auto source = [&](int id) { return id < 0 ? -1 : layer_of_node[static_cast<std::size_t>(id)]; };
    if (n.op == Op::concat || n.op == Op::mul || n.op == Op::resize || n.op == Op::softmax || n.groups > 1)
      throw InputError(n.where, "mnsim-operator",
                       fmt::format("node {}: MNSIM 2.0 knows conv without groups, fc, sums and pools, legal for this model: these; --model rtl "
                                   "takes any",
                                   n.name));
    const bool pointwise = n.op == Op::relu || n.op == Op::clip || n.op == Op::leaky_relu || n.op == Op::prelu || n.op == Op::function ||
                           n.op == Op::flatten;
    if (pointwise) {
      layer_of_node[i] = source(n.input_ids[0]);
      continue;
    }
    MnsimLayer l;
    l.kind = kind_of(n.op);
    l.name = n.name;
    l.node = static_cast<int>(i);
    for (int id : n.input_ids) l.inputs.push_back(source(id));
    l.cin = n.in.channels;
    l.cout = n.out.channels;
    l.kh = n.kh;
    l.kw = n.kw;
    l.stride = n.stride.y;
    l.pad_y = n.pad.top;
    l.pad_x = n.pad.left;
    l.in_h = n.in.height;
    l.in_w = n.in.width;
    l.out_h = n.out.height;
    l.out_w = n.out.width;
    layer_of_node[i] = static_cast<int>(layers.size());
    if (l.kind == MnsimKind::fc) last_fc = layer_of_node[i];
    for (int in : l.inputs)
      if (in >= 0) layers[static_cast<std::size_t>(in)].outputs.push_back(layer_of_node[i]);
    layers.push_back(std::move(l));
  }
  if (layers.empty() || layers.front().kind != MnsimKind::conv)
    throw InputError(net.nodes.empty() ? Position{} : net.nodes.front().where, "mnsim-first-layer",
                     "the mnsim model needs a convolution as first layer");
  if (w.classes > 0 && last_fc >= 0) layers[static_cast<std::size_t>(last_fc)].cout = w.classes;
  return layers;
}

void set_distances(MnsimMapping& m, const MnsimConfig& config, const MnsimQuirks& quirks) {
  const std::vector<Place> places = tile_places(config, m.tiles);
  const double middle = or_default(config.tile_num, 8)[0] / 2.0;  // element sums sit at the middle of the left edge
  const std::size_t n = m.layers.size();
  std::vector<std::vector<Place>> own(n);
  std::vector<Extent> extent(n);
  for (std::size_t i = 0; i < n; ++i) {
    const MnsimLayer& l = m.layers[i];
    own[i].assign(places.begin() + l.first_tile, places.begin() + l.first_tile + l.tiles);
    std::sort(own[i].begin(), own[i].end());  // ties go to the topmost, then leftmost tile
    for (Place p : own[i]) extent[i].add(p);
  }
  const auto to_sum = [&](Place p) { return std::abs(p[0] - middle) + p[1]; };
  for (std::size_t i = 0; i < n; ++i) {
    MnsimLayer& l = m.layers[i];
    const bool last = i + 1 == n;
    if (l.kind == MnsimKind::element_sum) {
      for (int out : l.outputs) {
        const auto& tiles = own[static_cast<std::size_t>(out)];
        const std::size_t end = quirks.sum_distance_first_tile ? std::min<std::size_t>(1, tiles.size()) : tiles.size();
        for (std::size_t t = 0; t < end; ++t) l.transfer_distance = std::max(l.transfer_distance, to_sum(tiles[t]));
      }
      continue;
    }
    const bool only_sums = std::all_of(l.outputs.begin(), l.outputs.end(), [&](int out) {
      return m.layers[static_cast<std::size_t>(out)].kind == MnsimKind::element_sum;
    });
    double best = std::numeric_limits<double>::infinity();
    for (Place p : own[i]) {
      const double in = extent[i].farthest(p);
      double out = 0.0;
      if (!last && only_sums) out = to_sum(p);
      else
        for (int o : l.outputs) out = std::max(out, double(extent[static_cast<std::size_t>(o)].farthest(p)));
      if (in + out < best) {
        best = in + out;
        l.merge_distance = in;
        l.transfer_distance = out;
      }
    }
  }
}

}  // namespace

std::vector<Place> tile_places(const MnsimConfig& config, int n) {
  const auto [rows, columns] = or_default(config.tile_num, 8);
  if (config.tile_connection >= 2 && rows != columns)
    throw InputError({}, "mnsim-grid-not-square",
                     fmt::format("Tile_Connection {} needs a square Tile_Num, not {}x{}", config.tile_connection, rows,
                                 columns));
  std::vector<Place> out;
  out.reserve(static_cast<std::size_t>(n) + 2 * static_cast<std::size_t>(rows));
  const auto full = [&] { return static_cast<int>(out.size()) >= n; };
  switch (config.tile_connection) {
    case 0:
    case 1:
      for (int r = 0; r < rows && !full(); ++r)
        for (int c = 0; c < columns; ++c)
          out.push_back({r, config.tile_connection == 1 && r % 2 ? columns - 1 - c : c});
      break;
    case 2:
      for (int s = 0; s < rows && !full(); ++s) {
        std::vector<Place> shell;
        for (int r = 0; r <= s; ++r) shell.push_back({r, s});
        for (int c = s - 1; c >= 0; --c) shell.push_back({s, c});
        if (s % 2 == 0) std::reverse(shell.begin(), shell.end());
        out.insert(out.end(), shell.begin(), shell.end());
      }
      break;
    default:
      for (int d = 0; d < rows + columns - 1 && !full(); ++d)
        for (int k = std::max(0, d - columns + 1); k <= std::min(d, rows - 1); ++k)
          out.push_back(d % 2 ? Place{k, d - k} : Place{d - k, k});
      break;
  }
  out.resize(static_cast<std::size_t>(n));
  return out;
}

MnsimMapping map_to_mnsim(const Network& net, const MnsimWorkload& w, const MnsimConfig& config,
                          const MnsimQuirks& quirks) {
  if (w.act_bits < 1 || w.act_bits > 32)
    throw InputError({}, "value-out-of-range", fmt::format("activation bits = {}, must be 1..32", w.act_bits));
  const auto pe_grid = or_default(config.pe_num, 4);
  const int pes_per_tile = pe_grid[0] * pe_grid[1];
  MnsimMapping m;
  m.layers = build_layers(net, w);
  const double act_bytes = w.act_bits / 8.0;
  for (MnsimLayer& l : m.layers) {
    const Node& node = net.nodes[static_cast<std::size_t>(l.node)];
    l.first_tile = m.tiles;
    if (l.kind == MnsimKind::pooling) l.pes = 1;
    if (l.kind == MnsimKind::element_sum) {
      const double bytes = l.cout * act_bytes * static_cast<double>(l.inputs.size());
      m.global_buffer_kb += buffer_kb(bytes);
      m.global_adders += std::int64_t{l.cout} * static_cast<std::int64_t>(l.inputs.size()) / 2;
    }
    if (node.has_weights())
      map_weights(node, l, slices_of(bits_of(net, w, l.node), w, config, quirks), w, config);
    l.tiles = ceil_div(l.pes, pes_per_tile);
    l.pes_per_tile = std::min(l.pes, pes_per_tile);
    m.tiles += l.tiles;
    if (!node.has_weights()) continue;
    m.pes += l.pes;
    const double window = l.kind == MnsimKind::fc ? double(l.cin) * l.kh * l.kw : double(l.in_w) * l.kh * l.cin;
    l.input_buffer_kb = buffer_kb(window * act_bytes / l.pes);
    l.output_buffer_kb = buffer_kb(2.0 * l.cout * act_bytes / l.tiles);
    m.input_buffer_kb = std::max(m.input_buffer_kb, l.input_buffer_kb);
    m.output_buffer_kb = std::max(m.output_buffer_kb, l.output_buffer_kb);
  }
  const auto grid = or_default(config.tile_num, 8);
  if (m.tiles > grid[0] * grid[1])
    throw InputError({}, "mnsim-tiles-exceeded",
                     fmt::format("the network needs {} tiles, Tile_Num {}x{} has {}", m.tiles, grid[0], grid[1],
                                 grid[0] * grid[1]));
  set_distances(m, config, quirks);
  return m;
}

}  // namespace epim

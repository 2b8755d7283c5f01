// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// From a network to MNSIM's layers, PEs, tiles and distances between tiles.
#pragma once
#include <string>
#include <vector>

#include "gen/cost/mnsim_config.hpp"
#include "golden/graph/network.hpp"

namespace epim {

enum class MnsimKind { conv, fc, pooling, element_sum };

/// How often an epitome fires per output position.
enum class ActivationRule {
  patches,  ///< one per patch of the default sampler: ceil(cin/e_in) * ceil(cout/e_out); wrapped: ceil(cin/e_in)
  rows,     ///< ceil(cin*kh*kw / (e_in*P*Q)) * ceil(cout/e_out): by weight rows, as if a patch filled the epitome
};

/// What an epitome moves through its buffers per output position. A hypothesis about the paper's estimator, never more:
/// EPIM names MNSIM as its base and does not say what it added.
enum class Traffic {
  whole_position,  ///< everything once per activation: new inputs written, window read, outputs read and written
  partial_sums,    ///< per activation: the rows of a window are written to the input buffer and read from it, since the next
                   ///< activation holds other rows; partial outputs of all channels are read once per input activation
                   ///< (ceil over input channels alone), and outputs of all channels are written once. Links as above
};

/// What is asked of a network besides its structure.
struct MnsimWorkload {
  int weight_bits = 9;                 ///< 2..32
  std::vector<int> node_weight_bits;   ///< per node, overrides weight_bits when not empty
  int act_bits = 9;                    ///< 1..32, inputs and outputs of every layer
  int slices = 0;                      ///< crossbar pairs per weight; 0 = from the weight bits
  int classes = 0;                     ///< outputs of the last fc; 0 = as in the network
  ActivationRule activations = ActivationRule::patches;
  Traffic traffic = Traffic::whole_position;
};

struct MnsimLayer {
  MnsimKind kind = MnsimKind::conv;
  std::string name;
  int node = 0;                      ///< index into Network::nodes
  std::vector<int> inputs, outputs;  ///< layer indices; -1 = the network's input
  int cin = 0, cout = 0, kh = 1, kw = 1, stride = 1, pad_y = 0, pad_x = 0;
  int in_h = 1, in_w = 1, out_h = 1, out_w = 1;
  int activations = 1;
  int input_activations = 0;         ///< of an epitome: its factor for input channels; 0 where there is no epitome
  int row_blocks = 1;                ///< crossbars that share the rows of a matrix
  // mapping
  int pes = 0, tiles = 0, pes_per_tile = 0, first_tile = 0;
  int groups = 0;                    ///< crossbar groups used in one PE
  int max_row = 0, max_column = 0;   ///< most occupied crossbar
  double channels_per_pe = 0.0;      ///< input channels that one PE reads
  double merge_distance = 0.0, transfer_distance = 0.0;  ///< tile hops
  double input_buffer_kb = 0, output_buffer_kb = 0;      ///< what this layer alone would need; 0 without weights
  std::int64_t pixels() const { return std::int64_t{out_h} * out_w; }
};

struct MnsimMapping {
  std::vector<MnsimLayer> layers;
  int tiles = 0;  ///< all, those of pooling layers included
  int pes = 0;    ///< those that hold weights
  double input_buffer_kb = 0, output_buffer_kb = 0;  ///< per PE and per tile, one size for the whole chip
  double global_buffer_kb = 0;                       ///< of the element sums
  std::int64_t global_adders = 0;
};

/// Lays a network out. With R = xb_rows, C = xb_columns, b = slices:
///   PEs   = ceil(b/groups)*ceil(cout/C) * ceil(cin / floor(R/(kh*kw)))     convolution
///           ceil(b/groups)*ceil(e_out/C) * ceil(e_in*P*Q / R)              epitome, fc (P=Q=1)
///   tiles = ceil(PEs / PEs per tile), numbered in layer order, placed on the grid by Tile_Connection.
/// Buffers: input = max over layers of 2^ceil(log2(in_w*kw*cin*A/8 / PEs)) bytes, output = the same with
/// 2*cout*A/8 / tiles. Each layer's aggregation tile minimises (farthest own tile + farthest tile of a consumer).
/// ReLU nodes are free and disappear. Throws InputError mnsim-tiles-exceeded, mnsim-grid-not-square,
/// mnsim-first-layer (must be a convolution), value-out-of-range.
MnsimMapping map_to_mnsim(const Network& network, const MnsimWorkload& workload, const MnsimConfig& config,
                          const MnsimQuirks& quirks);

/// Grid places (row, column) of the first n tiles. Tile_Connection 0: row by row; 1: rows in alternating direction;
/// 2: square shells around the corner in alternating direction; 3: diagonals in alternating direction.
std::vector<std::array<int, 2>> tile_places(const MnsimConfig& config, int n);

}  // namespace epim

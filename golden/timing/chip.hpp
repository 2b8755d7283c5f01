// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A network on one chip: one block per node, one stream per edge, and how many words pass where.
///
/// All streams carry words of `lanes` channels in the order (row, column, channel block). A block with several
/// consumers sends each word to all of them at once. Each stream ends in a FIFO at its consumer.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "golden/layer.hpp"
#include "golden/graph/host_nodes.hpp"
#include "golden/graph/network.hpp"

namespace epim {

enum class BlockKind {
  input,
  core,
  add,         ///< two or more operands
  concat,
  requantise,  ///< relu, clip: one operand
  table,       ///< functions of one value, leaky_relu
  max_pool,
  avg_pool,
  global_avg_pool,
  merge,       ///< rows of the copies of a node, in order
  output,
};
const char* name_of(BlockKind kind);

/// A map as a stream sees it: height x width places of `blocks` words each.
struct WordMap {
  int height = 1, width = 1, blocks = 1;
  std::int64_t row_words() const { return std::int64_t{width} * blocks; }
  std::int64_t words() const { return height * row_words(); }  ///< of one image
  bool operator==(const WordMap&) const = default;
};

struct ChipBlock {
  std::string name;
  BlockKind kind = BlockKind::core;
  int node = -1;            ///< index into Network::nodes; -1 for input and output
  int copies = 1, copy = 0; ///< core, pool: copy `copy` of `copies` of the node (golden/timing/row_copies.hpp); merge: of so many
  Hardware hw;              ///< cores: resolved (joint_lanes, buffer_words > 0)
  Layer layer;              ///< cores
  int kh = 1, kw = 1;       ///< pools; global ones: the whole map
  Axes stride;
  Padding pad;
  bool count_padding = true;  ///< avg_pool
  NodeArithmetic arithmetic;  ///< what it computes; empty for cores, input and output
  int stages = 0;             ///< add, concat, requantise, table: cycles from taking an operand to offering the word
  WordMap in, out;            ///< of one image; all operands of an add have one shape
  std::vector<int> turns;     ///< concat: words of a place that each operand sends, in order
  /// Map of input `port`.
  WordMap input(int port) const;
  bool is_pool() const { return kind == BlockKind::max_pool || kind == BlockKind::avg_pool || kind == BlockKind::global_avg_pool; }
  /// It waits for several streams.
  bool is_join() const { return kind == BlockKind::add || kind == BlockKind::concat || kind == BlockKind::merge; }
};

/// One FIFO: words from block `from` to input `port` of block `to`. `depth` words; 0 = no bound.
struct ChipStream {
  int from = 0, to = 0;
  int port = 0;             ///< operand of an add or concat
  int depth = 2;
};

/// Blocks in topological order: the input first, the output last. Streams in the order of (to, port). A node with copies is a
/// block per copy, which all read what the node reads, and a merge behind them.
struct ChipGraph {
  std::string name;
  int lanes = 1;
  std::vector<ChipBlock> blocks;
  std::vector<ChipStream> streams;
  /// Indices of the streams that leave or enter a block, in stream order.
  std::vector<int> leaving(int block) const;
  std::vector<int> entering(int block) const;
  /// The block that sends the map of a node (-1: of the network's input).
  int sender(int node) const;
  /// producer.consumer; the second stream between the same blocks gets ".1", the third ".2".
  std::string stream_name(int stream) const;
};

/// The core that a node with weights runs on, or one of its copies.
struct NodeCore {
  int node = 0;   ///< index into Network::nodes
  Hardware hw;    ///< resolved
  Layer layer;    ///< with copies: copy_of
  int copy = 0;
};

/// Throws InputError at the node where it cannot have its copies: copies-rows (more copies than output rows), copies-stride (a
/// core's vertical stride is at most 255), chip-copies (an operator without copies).
void check_copies(const Node& node);

/// A pool, or its copies, without what it computes.
std::vector<ChipBlock> pool_blocks(const Node& node, int lanes, int copies);

/// The graph of a network; `cores` has one entry for each node with weights, with Node::copies one for each copy. Streams get depth `depth`; the last block,
/// named "out", takes the output node's words. Throws InputError at the node: chip-operator (no block for it), chip-core (no
/// core for it), chip-lanes (cores of different lanes: one word must mean the same to producer and consumer), chip-map-shape
/// (producer and consumer count different words), those of check_copies, chip-concat-lanes, chip-concat-period (operands whose words would have to be
/// rearranged), chip-outputs, buffer-too-small.
ChipGraph chip_graph(const Network& network, const NetworkArithmetic& arithmetic, const std::vector<NodeCore>& cores, int depth = 2);

}  // namespace epim

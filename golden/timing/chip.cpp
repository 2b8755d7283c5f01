// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/timing/chip.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "golden/evaluate.hpp"
#include "golden/timing/row_copies.hpp"

namespace epim {

const char* name_of(BlockKind kind) {
  switch (kind) {
    case BlockKind::input: return "input";
    case BlockKind::core: return "core";
    case BlockKind::add: return "add";
    case BlockKind::concat: return "concat";
    case BlockKind::requantise: return "requantise";
    case BlockKind::table: return "table";
    case BlockKind::max_pool: return "max_pool";
    case BlockKind::avg_pool: return "avg_pool";
    case BlockKind::global_avg_pool: return "global_avg_pool";
    case BlockKind::merge: return "merge";
    case BlockKind::output: return "output";
  }
  return "?";
}

WordMap ChipBlock::input(int port) const {
  if (kind == BlockKind::merge) return {rows_of_copy(out.height, copies, port), out.width, out.blocks};
  return turns.empty() ? in : WordMap{out.height, out.width, turns[static_cast<std::size_t>(port)]};
}

int ChipGraph::sender(int node) const {
  for (std::size_t b = 1; b + 1 < blocks.size() && node >= 0; ++b)
    if (blocks[b].node == node && (blocks[b].copies == 1 || blocks[b].kind == BlockKind::merge)) return static_cast<int>(b);
  return 0;
}

std::vector<int> ChipGraph::leaving(int block) const {
  std::vector<int> list;
  for (std::size_t s = 0; s < streams.size(); ++s)
    if (streams[s].from == block) list.push_back(static_cast<int>(s));
  return list;
}

std::vector<int> ChipGraph::entering(int block) const {
  std::vector<int> list;
  for (std::size_t s = 0; s < streams.size(); ++s)
    if (streams[s].to == block) list.push_back(static_cast<int>(s));
  return list;
}

std::string ChipGraph::stream_name(int stream) const {
  const ChipStream& s = streams[static_cast<std::size_t>(stream)];
  std::string name = blocks[static_cast<std::size_t>(s.from)].name + "." + blocks[static_cast<std::size_t>(s.to)].name;
  int same = 0;
  for (int before = 0; before < stream; ++before)
    same += streams[static_cast<std::size_t>(before)].from == s.from && streams[static_cast<std::size_t>(before)].to == s.to;
  return same > 0 ? fmt::format("{}.{}", name, same) : name;
}

namespace {

WordMap word_map(const MapShape& shape, int lanes) {
  const int stored = shape.stored > 0 ? shape.stored : shape.channels;
  return {shape.height, shape.width, (stored + lanes - 1) / lanes};
}

BlockKind kind_of(const Node& node) {
  switch (node.op) {
    case Op::conv:
    case Op::fc:
    case Op::batch_norm: return BlockKind::core;
    case Op::add: return BlockKind::add;
    case Op::concat: return BlockKind::concat;
    case Op::relu:
    case Op::clip: return BlockKind::requantise;
    case Op::function:
    case Op::leaky_relu: return BlockKind::table;
    case Op::max_pool:
    case Op::global_max_pool: return BlockKind::max_pool;
    case Op::avg_pool: return BlockKind::avg_pool;
    case Op::global_avg_pool: return BlockKind::global_avg_pool;
    default: break;
  }
  throw InputError(node.where, "chip-operator",
                   fmt::format("node {}: a chip has no block for op {}, legal on a chip: conv, fc, batch_norm, add, concat, relu, clip, leaky_relu, "
                               "functions, pools, prelu behind a convolution, flatten before fc; epim run computes it between cores",
                               node.name, op_name(node.op)));
}

/// Registers on the way through a block: a multiplier is followed by one, and so is what it feeds; a table is one.
int stages_of(const ChipBlock& block) {
  if (block.kind == BlockKind::table) return 1;
  if (block.is_pool()) return 0;
  for (const Requantiser& r : block.arithmetic.requantise) {
    if (r.shift != 0) return 2;
    for (std::int64_t m : r.multiplier)
      if (m != 1) return 2;
  }
  return 0;
}

/// Words of a place from each operand of a concatenation.
std::vector<int> turns_of(const Network& network, const Node& node, int lanes) {
  std::vector<int> turns;
  for (std::size_t i = 0; i < node.input_ids.size(); ++i) {
    const MapShape& in = network.shape_of(node.input_ids[i]);
    if (in.stored > 0 && in.stored != in.channels)
      throw InputError(node.where, "chip-concat-period",
                       fmt::format("node {}: {} is stored with {} of its {} channels; a chip joins maps with all their channels, legal: wrap copies or "
                                   "off there",
                                   node.name, node.inputs[i], in.stored, in.channels));
    if (i + 1 < node.input_ids.size() && in.channels % lanes != 0)
      throw InputError(node.where, "chip-concat-lanes",
                       fmt::format("node {}: {} has {} channels, which do not fill words of {} lanes, and a chip does not rearrange words; legal: "
                                   "multiples of {} (pad the channels) or other hardware.lanes; the last operand may have any number; epim run "
                                   "joins any",
                                   node.name, node.inputs[i], in.channels, lanes, lanes));
    turns.push_back((in.channels + lanes - 1) / lanes);
  }
  return turns;
}

/// A block that has the shape of a node, and the window of a pool.
ChipBlock shape_of(const Node& node, int lanes) {
  ChipBlock block;
  block.name = node.name;
  block.kind = kind_of(node);
  block.in = word_map(node.in, lanes);
  block.out = word_map(node.out, lanes);
  block.kh = node.kh;
  block.kw = node.kw;
  if (node.has_weights()) return block;
  block.stride = node.stride;
  block.pad = node.pad;
  block.count_padding = node.count_padding;
  if (node.op != Op::global_avg_pool && node.op != Op::global_max_pool) return block;
  block.kh = block.in.height;
  block.kw = block.in.width;
  block.stride = block.in.height;
  block.pad = {};
  return block;
}

/// Copy k of a pool.
ChipBlock pool_copy(ChipBlock block, int copies, int k) {
  // What lies below the map counts for a mean as it does without copies.
  block.pad.top = padding_of_copy(block.pad, block.in.height, block.kh, block.stride.y, block.out.height, copies, k).top;
  block.stride.y *= copies;
  block.out.height = rows_of_copy(block.out.height, copies, k);
  return block;
}

/// The core of a node, or of its copy, as a block; `block` has the node's name and kind.
void place_core(ChipBlock& block, const Node& node, const NodeCore& core, int lanes) {
  if (core.hw.lanes != lanes)
    throw InputError(node.where, "chip-lanes",
                     fmt::format("node {}: its core has {} lanes, the chip's streams carry {}", node.name, core.hw.lanes, lanes));
  block.hw = core.hw;
  block.layer = core.layer;
  const Layer& layer = block.layer;
  const auto blocks = [&](int channels) { return (channels + lanes - 1) / lanes; };
  block.in = {layer.h, layer.w, blocks(layer.stored_cin())};
  block.out = {layer.out_h(), layer.out_w(), blocks(plan_firings(layer).stored_cout)};
  const int rows = static_cast<int>(core.hw.ring_rows(block.in.row_words()));
  if (rows < layer.rows_needed())
    throw InputError(node.where, "buffer-too-small",
                     fmt::format("node {}: {} words hold {} rows of {} words, the kernel needs {}", node.name,
                                 core.hw.buffer_words, rows, block.in.row_words(), layer.rows_needed()));
}

}  // namespace

std::vector<ChipBlock> pool_blocks(const Node& node, int lanes, int copies) {
  const ChipBlock block = shape_of(node, lanes);
  std::vector<ChipBlock> blocks;
  for (int k = 0; k < copies; ++k) blocks.push_back(pool_copy(block, copies, k));
  return blocks;
}

void check_copies(const Node& node) {
  if (node.copies == 1) return;
  const bool pool = node.op == Op::max_pool || node.op == Op::avg_pool;
  if (!pool && !node.has_weights())
    throw InputError(node.where, "chip-copies",
                     fmt::format("node {}: copies = {}, and op {} has none, legal: conv, fc, max_pool, avg_pool", node.name, node.copies, op_name(node.op)));
  if (node.copies > node.out.height)
    throw InputError(node.where, "copies-rows",
                     fmt::format("node {}: {} copies share {} output rows, legal: up to {}", node.name, node.copies, node.out.height, node.out.height));
  if (!pool && node.copies * node.stride.y > 255)
    throw InputError(node.where, "copies-stride",
                     fmt::format("node {}: {} copies of a core of vertical stride {} have stride {}, legal: up to 255", node.name, node.copies,
                                 node.stride.y, node.copies * node.stride.y));
}

ChipGraph chip_graph(const Network& network, const NetworkArithmetic& arithmetic, const std::vector<NodeCore>& cores, int depth) {
  ChipGraph graph;
  graph.name = network.name;
  if (cores.empty()) throw InputError({network.file, 0, 0}, "chip-core", "a chip needs at least one node with weights");
  graph.lanes = cores.front().hw.lanes;

  ChipBlock input;
  input.name = network.input_name;
  input.kind = BlockKind::input;
  input.in = input.out = word_map(network.input, graph.lanes);
  graph.blocks.push_back(input);
  std::vector<int> senders{0};  // of the input's map, then of every node's
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    ChipBlock block = shape_of(node, graph.lanes);
    block.node = static_cast<int>(n);
    if (!node.has_weights()) {
      block.arithmetic = arithmetic.nodes[n];
      block.stages = stages_of(block);
    }
    if (block.kind == BlockKind::concat) block.turns = turns_of(network, node, graph.lanes);
    check_copies(node);
    const auto core_of = [&](int copy) -> const NodeCore& {
      const auto core = std::find_if(cores.begin(), cores.end(), [&](const NodeCore& c) { return c.node == static_cast<int>(n) && c.copy == copy; });
      if (core == cores.end())
        throw InputError(node.where, "chip-core", fmt::format("node {}: holds weights and has no core", node.name));
      return *core;
    };
    const auto append = [&](ChipBlock one, const std::vector<int>& from) {
      const int to = static_cast<int>(graph.blocks.size());
      for (std::size_t i = 0; i < from.size(); ++i) {
        const WordMap& sent = graph.blocks[static_cast<std::size_t>(from[i])].out;
        const WordMap taken = one.input(static_cast<int>(i));
        if (!(sent == taken))
          throw InputError(node.where, "chip-map-shape",
                           fmt::format("node {}: {} sends {}x{} places of {} words, {}x{} of {} are taken; a chip does not "
                                       "rearrange words",
                                       node.name, graph.blocks[static_cast<std::size_t>(from[i])].name, sent.height, sent.width,
                                       sent.blocks, taken.height, taken.width, taken.blocks));
        graph.streams.push_back({from[i], to, static_cast<int>(i), depth});
      }
      graph.blocks.push_back(std::move(one));
      return to;
    };
    std::vector<int> from;
    for (int id : node.input_ids) from.push_back(senders[static_cast<std::size_t>(id) + 1]);
    if (node.copies > 1) {
      std::vector<int> copies;
      block.copies = node.copies;
      for (int k = 0; k < node.copies; ++k) {
        ChipBlock one = node.has_weights() ? block : pool_copy(block, node.copies, k);
        if (node.has_weights()) place_core(one, node, core_of(k), graph.lanes);
        one.copy = k;
        one.name = copy_name(node.name, k);
        copies.push_back(append(std::move(one), from));
      }
      ChipBlock merge;
      merge.name = node.name;
      merge.kind = BlockKind::merge;
      merge.node = block.node;
      merge.copies = node.copies;
      merge.out = {block.out.height, block.out.width, graph.blocks.back().out.blocks};
      merge.in = merge.input(0);
      senders.push_back(append(std::move(merge), copies));
      continue;
    }
    if (node.has_weights()) place_core(block, node, core_of(0), graph.lanes);
    senders.push_back(append(std::move(block), from));
  }
  ChipBlock output;
  output.name = "out";
  output.kind = BlockKind::output;
  if (network.outputs.size() > 1)
    throw InputError({network.file, 0, 0}, "chip-outputs", fmt::format("the network has {} outputs, a chip one stream; legal: one output", network.outputs.size()));
  const int last = senders[static_cast<std::size_t>(network.output()) + 1];
  output.in = output.out = graph.blocks[static_cast<std::size_t>(last)].out;
  graph.streams.push_back({last, static_cast<int>(graph.blocks.size()), 0, depth});
  graph.blocks.push_back(output);
  return graph;
}

}  // namespace epim

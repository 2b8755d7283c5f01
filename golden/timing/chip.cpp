// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/timing/chip.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "golden/evaluate.hpp"

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
    case BlockKind::output: return "output";
  }
  return "?";
}

WordMap ChipBlock::input(int port) const {
  return turns.empty() ? in : WordMap{out.height, out.width, turns[static_cast<std::size_t>(port)]};
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

}  // namespace

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
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    ChipBlock block;
    block.name = node.name;
    block.node = static_cast<int>(n);
    block.kind = kind_of(node);
    block.in = word_map(node.in, graph.lanes);
    block.out = word_map(node.out, graph.lanes);
    block.kh = node.kh;
    block.kw = node.kw;
    if (!node.has_weights()) {
      block.arithmetic = arithmetic.nodes[n];
      block.stages = stages_of(block);
      block.stride = node.stride;
      block.pad = node.pad;
      block.count_padding = node.count_padding;
    }
    if (block.kind == BlockKind::concat) block.turns = turns_of(network, node, graph.lanes);
    if (node.op == Op::global_avg_pool || node.op == Op::global_max_pool) {
      block.kh = block.in.height;
      block.kw = block.in.width;
      block.stride = block.in.height;
      block.pad = {};
    }
    if (node.has_weights()) {
      const auto core = std::find_if(cores.begin(), cores.end(), [&](const NodeCore& c) { return c.node == static_cast<int>(n); });
      if (core == cores.end())
        throw InputError(node.where, "chip-core", fmt::format("node {}: holds weights and has no core", node.name));
      if (core->hw.lanes != graph.lanes)
        throw InputError(node.where, "chip-lanes",
                         fmt::format("node {}: its core has {} lanes, the chip's streams carry {}", node.name, core->hw.lanes,
                                     graph.lanes));
      block.hw = core->hw;
      block.layer = core->layer;
      const Layer& layer = block.layer;
      const auto blocks = [&](int channels) { return (channels + graph.lanes - 1) / graph.lanes; };
      block.in = {layer.h, layer.w, blocks(layer.stored_cin())};
      block.out = {layer.out_h(), layer.out_w(), blocks(plan_firings(layer).stored_cout)};
      const int rows = static_cast<int>(core->hw.ring_rows(block.in.row_words()));
      if (rows < layer.rows_needed())
        throw InputError(node.where, "buffer-too-small",
                         fmt::format("node {}: {} words hold {} rows of {} words, the kernel needs {}", node.name,
                                     core->hw.buffer_words, rows, block.in.row_words(), layer.rows_needed()));
    }
    const int to = static_cast<int>(graph.blocks.size());
    for (std::size_t i = 0; i < node.input_ids.size(); ++i) {
      const int from = node.input_ids[i] + 1;  // block 0 is the input, block n + 1 is node n
      const WordMap& sent = graph.blocks[static_cast<std::size_t>(from)].out;
      const WordMap taken = block.input(static_cast<int>(i));
      if (!(sent == taken))
        throw InputError(node.where, "chip-map-shape",
                         fmt::format("node {}: {} sends {}x{} places of {} words, {}x{} of {} are taken; a chip does not "
                                     "rearrange words",
                                     node.name, graph.blocks[static_cast<std::size_t>(from)].name, sent.height, sent.width,
                                     sent.blocks, taken.height, taken.width, taken.blocks));
      graph.streams.push_back({from, to, static_cast<int>(i), depth});
    }
    graph.blocks.push_back(std::move(block));
  }
  ChipBlock output;
  output.name = "out";
  output.kind = BlockKind::output;
  if (network.outputs.size() > 1)
    throw InputError({network.file, 0, 0}, "chip-outputs", fmt::format("the network has {} outputs, a chip one stream; legal: one output", network.outputs.size()));
  output.in = output.out = graph.blocks[static_cast<std::size_t>(network.output()) + 1].out;
  graph.streams.push_back({network.output() + 1, static_cast<int>(graph.blocks.size()), 0, depth});
  graph.blocks.push_back(output);
  return graph;
}

}  // namespace epim

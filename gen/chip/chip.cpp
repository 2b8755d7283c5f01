// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/chip/chip.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gen/network/copy_hardware.hpp"
#include "golden/sampler.hpp"
#include "golden/timing/row_copies.hpp"

namespace epim {
namespace {

/// Types of the output streams of all blocks, and whether every block can take what it is sent.
std::vector<StreamType> block_types(const Network& network, const ChipGraph& graph, const NetworkArithmetic& arithmetic,
                                    const std::vector<ChipCore>& cores) {
  const int lane = cores.front().hw.act_bits;  // of every core
  std::vector<StreamType> types;
  for (std::size_t b = 0; b + 1 < graph.blocks.size(); ++b) {
    const int id = graph.blocks[b].node;
    // A merge gives what the cores before it give.
    const auto core = std::find_if(cores.begin(), cores.end(), [&](const ChipCore& c) { return graph.blocks[static_cast<std::size_t>(c.block)].node == id; });
    const MapFormat& format = format_of(arithmetic.formats, id);
    const bool read = id < 0 || !network.readers(id).empty();
    const int bits = core != cores.end() ? core->hw.out_bits : read ? lane : std::max(lane, format.bits);
    types.push_back({bits, id < 0 ? network.input.stored : network.nodes[static_cast<std::size_t>(id)].out.stored, format});
  }
  for (const Node& node : network.nodes)
    for (std::size_t i = 1; node.op == Op::add && i < node.input_ids.size(); ++i) {
      const auto stored = [&](std::size_t n) { return network.shape_of(node.input_ids[n]).stored; };
      if (stored(0) != stored(i))
        throw InputError(node.where, "chip-add-period",
                         fmt::format("node {}: {} is stored with {} channels, {} with {}; a chip adds maps of one period "
                                     "(set wrap to copies or off)",
                                     node.name, node.inputs[0], stored(0), node.inputs[i], stored(i)));
    }
  types.push_back(types[static_cast<std::size_t>(graph.sender(network.output()))]);  // of the block "out"
  return types;
}

std::string identifier(const std::string& name) {
  std::string out;
  for (char c : name) out += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return out.empty() || std::isdigit(static_cast<unsigned char>(out[0])) ? "n" + out : out;
}

/// Copy k of a layer's core: the same cells, a buffer for its own stride.
NodeCore copy_core(const Node& node, const CompiledLayer& compiled, int k) {
  const Layer layer = copy_of(compiled.layer, node.copies, k);
  try {
    validate_patches(layer, compiled.hw.lanes);
    return {compiled.node, copy_hardware(compiled.hw, layer), layer, k};
  } catch (const InputError& e) {
    throw InputError(node.where, e.rule(), fmt::format("node {}: copy {} of {}: {}", node.name, k, node.copies, e.text()));
  }
}

/// Identifiers, each given once.
class Identifiers {
 public:
  std::string take(const std::string& name) {
    std::string unique = identifier(name);
    for (int n = 2; !taken_.insert(unique).second; ++n) unique = fmt::format("{}_{}", identifier(name), n);
    return unique;
  }

 private:
  std::set<std::string> taken_;
};

}  // namespace

const ChipCore* ChipDesign::core_of(int block) const {
  for (const ChipCore& core : cores)
    if (core.block == block) return &core;
  return nullptr;
}

std::pair<std::string, int> parse_fifo_depth(const std::string& text) {
  const std::size_t at = text.rfind('=');
  int depth = 0;
  const char* end = text.data() + text.size();
  if (at != std::string::npos && at > 0) {
    const auto [stop, error] = std::from_chars(text.data() + at + 1, end, depth);
    if (error == std::errc{} && stop == end && depth >= 1 && depth <= 65535) return {text.substr(0, at), depth};
  }
  throw InputError({"--fifo", 0, 0}, "fifo-depth", "\"" + text + "\" is not NAME=DEPTH with a depth of 1 .. 65535");
}

ChipDesign design_chip(const Config& config, const CompiledNetwork& net, FifoRule rule, const FifoDepthOverrides& depths) {
  ChipDesign chip;
  chip.name = config.name;
  chip.module = identifier(config.name) + "_chip";
  chip.common = config.core;
  chip.common.tables = chip.loaded() ? Tables::writable : Tables::rom;
  chip.common.hw.pe_rows = chip.common.hw.pe_cols = chip.common.hw.buffer_words = std::nullopt;
  if (chip.common.hw.program_banks > 1)
    throw InputError({config.path, 0, 0}, "chip-program-banks",
                     "hardware.program_banks = 2: a chip's cores run without end, and hold one program each, legal: 1");
  std::vector<NodeCore> cores;
  for (const CompiledLayer& compiled : net.layers) {
    const Node& node = net.network.nodes[static_cast<std::size_t>(compiled.node)];
    check_copies(node);
    if (node.copies > 1 && config.device.any())
      throw InputError(node.where, "copies-device",
                       fmt::format("node {}: copies = {} of cells that are not ideal would be one chip's device in several places, legal: one of the two",
                                   node.name, node.copies));
    if (node.copies == 1) cores.push_back({compiled.node, compiled.hw, compiled.layer});
    for (int k = 0; node.copies > 1 && k < node.copies; ++k) cores.push_back(copy_core(node, compiled, k));
  }
  chip.graph = chip_graph(net.network, net.arithmetic, cores);
  for (std::size_t b = 0; b < chip.graph.blocks.size(); ++b) {
    const ChipBlock& block = chip.graph.blocks[b];
    if (block.kind != BlockKind::core) continue;
    chip.cores.push_back({static_cast<int>(b), block.hw, block.layer, net.layers[static_cast<std::size_t>(net.layer_of_node(block.node))].data});
  }
  chip.types = block_types(net.network, chip.graph, net.arithmetic, chip.cores);
  Identifiers blocks, fifos;
  for (const ChipBlock& block : chip.graph.blocks) chip.ids.push_back(blocks.take(block.name));
  for (std::size_t s = 0; s < chip.graph.streams.size(); ++s)
    chip.fifo_ids.push_back(fifos.take(chip.graph.stream_name(static_cast<int>(s))));
  // Counting takes seconds where trying depths takes hours.
  if (rule == FifoRule::none && depths.empty()) return chip;
  chip.analysis = rule == FifoRule::counted ? count_fifos(chip.graph) : rule == FifoRule::paced ? paced_fifos(chip.graph) : analyse_fifos(chip.graph);
  chip.graph = with_depths(chip.graph, rule == FifoRule::full || rule == FifoRule::paced ? chip.analysis.full_throughput
                                       : rule == FifoRule::smallest ? chip.analysis.smallest
                                                                    : chip.analysis.deadlock_free);
  for (const auto& [name, depth] : depths) {
    std::vector<std::string> names;
    bool found = false;
    for (std::size_t s = 0; s < chip.graph.streams.size(); ++s) {
      names.push_back(chip.graph.stream_name(static_cast<int>(s)));
      if (names.back() != name) continue;
      chip.graph.streams[s].depth = depth;
      found = true;
    }
    if (!found)
      throw InputError({"--fifo", 0, 0}, "unknown-fifo",
                       fmt::format("there is no FIFO {}; the chip has {}", name, fmt::join(names, ", ")));
  }
  return chip;
}

std::string chip_module(const ChipDesign& chip, int block) {
  const ChipBlock& b = chip.graph.blocks[static_cast<std::size_t>(block)];
  switch (b.kind) {
    case BlockKind::input:
    case BlockKind::output: return "";
    case BlockKind::core: return "epim_core";
    case BlockKind::add: return "epim_stream_add";
    case BlockKind::concat: return "epim_stream_concat";
    case BlockKind::table: return "epim_stream_table";
    case BlockKind::merge: return "epim_row_merge";
    case BlockKind::requantise: break;
    default: return "epim_stream_pool";
  }
  const int stream = chip.graph.entering(block).at(0);
  const StreamType& in = chip.types[static_cast<std::size_t>(chip.graph.streams[static_cast<std::size_t>(stream)].from)];
  const StreamType& out = chip.types[static_cast<std::size_t>(block)];
  const bool wire = b.arithmetic.requantise[0].is_identity() && in.bits == out.bits && out.format.lo <= in.format.lo && in.format.hi <= out.format.hi;
  return wire ? "" : "epim_stream_add";
}

std::vector<std::int64_t> chip_table(const ChipDesign& chip, int block) {
  const int stream = chip.graph.entering(block).at(0);
  const MapFormat& in = chip.types[static_cast<std::size_t>(chip.graph.streams[static_cast<std::size_t>(stream)].from)].format;
  std::vector<std::int64_t> table;
  for (std::int64_t at = 0; at < std::int64_t{1} << in.bits; ++at) {
    const std::int64_t code = at <= in.greatest() ? at : at - (std::int64_t{1} << in.bits);
    table.push_back(chip.graph.blocks[static_cast<std::size_t>(block)].arithmetic.of_code(std::clamp(code, in.lo, in.hi)));
  }
  return table;
}

int chip_address_bits(const ChipDesign& chip) { return idx_width(static_cast<int>(kRegisterWindow)) + idx_width(static_cast<int>(chip.cores.size()) + 1); }

LayerProgram chip_program(const ChipDesign& chip, int core) {
  const ChipCore& c = chip.cores.at(static_cast<std::size_t>(core));
  return build_program(core_parameters(c.hw, {c.layer}), c.layer, c.data);
}

std::vector<LoadFrame> chip_load_frames(const ChipDesign& chip, int core) { return load_frames(chip_program(chip, core), core); }

std::vector<LoadWord> chip_load_words(const ChipDesign& chip) {
  std::vector<LoadWord> all;
  for (int k = 0; k < static_cast<int>(chip.cores.size()); ++k) {
    const std::vector<LoadWord> words = load_words(chip_load_frames(chip, k));
    all.insert(all.end(), words.begin(), words.end());
  }
  return all;
}

std::vector<std::vector<std::int64_t>> stream_words(const IntTensor& map, int lanes) {
  std::vector<std::vector<std::int64_t>> words;
  const int blocks = (map.shape[0] + lanes - 1) / lanes;
  for (int y = 0; y < map.shape[1]; ++y)
    for (int x = 0; x < map.shape[2]; ++x)
      for (int b = 0; b < blocks; ++b) {
        std::vector<std::int64_t> word(static_cast<std::size_t>(lanes));
        for (int l = 0; l < lanes && b * lanes + l < map.shape[0]; ++l) word[static_cast<std::size_t>(l)] = map(b * lanes + l, y, x);
        words.push_back(std::move(word));
      }
  return words;
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/chip/chip.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>


namespace epim {
namespace {

/// Types of the output streams of all blocks, and whether every block can take what it is sent.
std::vector<StreamType> block_types(const Network& network, const NetworkArithmetic& arithmetic, const std::vector<ChipCore>& cores) {
  const int lane = cores.front().hw.act_bits;  // of every core
  std::vector<StreamType> types;
  for (int id = -1; id < static_cast<int>(network.nodes.size()); ++id) {
    const auto core = std::find_if(cores.begin(), cores.end(), [&](const ChipCore& c) { return c.block == id + 1; });
    const MapFormat& format = format_of(arithmetic.formats, id);
    const bool read = id < 0 || !network.readers(id).empty();
    const int bits = core != cores.end() ? core->hw.out_bits : read ? lane : std::max(lane, format.bits);
    types.push_back({bits, id < 0 ? network.input.stored : network.nodes[static_cast<std::size_t>(id)].out.stored, format});
  }
  for (const Node& node : network.nodes)
    for (std::size_t i = 1; node.op == Op::add && i < node.input_ids.size(); ++i) {
      const auto in = [&](std::size_t n) -> const StreamType& { return types[static_cast<std::size_t>(node.input_ids[n]) + 1]; };
      if (in(0).channels != in(i).channels)
        throw InputError(node.where, "chip-add-period",
                         fmt::format("node {}: {} is stored with {} channels, {} with {}; a chip adds maps of one period "
                                     "(set wrap to copies or off)",
                                     node.name, node.inputs[0], in(0).channels, node.inputs[i], in(i).channels));
    }
  types.push_back(types[static_cast<std::size_t>(network.output()) + 1]);  // of the block "out"
  return types;
}

std::string identifier(const std::string& name) {
  std::string out;
  for (char c : name) out += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return out.empty() || std::isdigit(static_cast<unsigned char>(out[0])) ? "n" + out : out;
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
  chip.common.tables = Tables::rom;
  chip.common.hw.pe_rows = chip.common.hw.pe_cols = chip.common.hw.buffer_words = std::nullopt;
  std::vector<NodeCore> cores;
  for (const CompiledLayer& compiled : net.layers) {
    chip.cores.push_back({compiled.node + 1, compiled.hw, compiled.layer, compiled.data});
    cores.push_back({compiled.node, compiled.hw, compiled.layer});
  }
  chip.graph = chip_graph(net.network, net.arithmetic, cores);
  chip.types = block_types(net.network, net.arithmetic, chip.cores);
  Identifiers blocks, fifos;
  for (const ChipBlock& block : chip.graph.blocks) chip.ids.push_back(blocks.take(block.name));
  for (std::size_t s = 0; s < chip.graph.streams.size(); ++s)
    chip.fifo_ids.push_back(fifos.take(chip.graph.stream_name(static_cast<int>(s))));
  chip.analysis = analyse_fifos(chip.graph);
  chip.graph = with_depths(chip.graph, rule == FifoRule::full       ? chip.analysis.full_throughput
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

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/chip/chip.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "golden/evaluate.hpp"

namespace epim {
namespace {

std::string range_text(const MapFormat& f) { return fmt::format("{} .. {}", f.lo, f.hi); }

/// Types of the output streams of all blocks, and whether every block can take what it is sent.
std::vector<StreamType> block_types(const Network& network, const NetworkArithmetic& arithmetic, const std::vector<ChipCore>& cores, const FixedHardware& hw) {
  if (network.input_bits > hw.act_bits)
    throw InputError(network.input_where, "chip-input-bits",
                     fmt::format("the input has {} bits, a lane of the chip {} (hardware.act_bits)", network.input_bits,
                                 hw.act_bits));
  std::vector<StreamType> types;
  for (int id = -1; id < static_cast<int>(network.nodes.size()); ++id) {
    const auto core = std::find_if(cores.begin(), cores.end(), [&](const ChipCore& c) { return c.block == id + 1; });
    types.push_back({core != cores.end() ? core->hw.out_bits : hw.act_bits,
                     id < 0 ? network.input.stored : network.nodes[static_cast<std::size_t>(id)].out.stored, format_of(arithmetic.formats, id)});
  }
  for (const Node& node : network.nodes) {
    const auto in = [&](std::size_t i) -> const StreamType& { return types[static_cast<std::size_t>(node.input_ids[i]) + 1]; };
    if (node.has_weights() && (in(0).format.lo < hw.act_min() || in(0).format.hi > hw.act_max()))
      throw InputError(node.where, "chip-activation-range",
                       fmt::format("node {}: its input {} holds {}, its core takes {} .. {} (act_bits {}, act_signed {})",
                                   node.name, node.inputs[0], range_text(in(0).format), hw.act_min(), hw.act_max(), hw.act_bits,
                                   hw.act_signed));
    if (node.op == Op::add && in(0).channels != in(1).channels)
      throw InputError(node.where, "chip-add-period",
                       fmt::format("node {}: {} is stored with {} channels, {} with {}; a chip adds maps of one period "
                                   "(set wrap to copies or off)",
                                   node.name, node.inputs[0], in(0).channels, node.inputs[1], in(1).channels));
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
  chip.graph = chip_graph(net.network, cores);
  chip.types = block_types(net.network, net.arithmetic, chip.cores, config.core.hw);
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

Division exact_division(std::uint64_t n, std::uint64_t top) {
  Division d;
  for (d.shift = 0; d.shift < 63; ++d.shift) {
    const std::uint64_t two = std::uint64_t{1} << d.shift;
    d.mul = (two + n - 1) / n;
    if (d.mul > ~std::uint64_t{0} / (top + n)) break;
    // x*mul >> shift only rises with x: it is the quotient everywhere if it is at the first and last x of each one.
    bool exact = true;
    for (std::uint64_t q = 0; q * n <= top && exact; ++q) {
      const std::uint64_t last = std::min(q * n + n - 1, top);
      exact = (q * n * d.mul) >> d.shift == q && (last * d.mul) >> d.shift == q;
    }
    if (!exact) continue;
    d.mul_bits = 1;
    while (d.mul >> d.mul_bits) ++d.mul_bits;
    return d;
  }
  throw std::logic_error(fmt::format("no 64-bit division by {} up to {}", n, top));
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

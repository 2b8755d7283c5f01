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

#include "golden/bounds.hpp"
#include "golden/evaluate.hpp"

namespace epim {
namespace {

/// The core of one layer: its own PE array, buffer, accumulators and output width.
ChipCore core_for(const Config& config, const CompiledNetwork& net, const CompiledLayer& compiled, bool auto_acc) {
  ChipCore core;
  core.block = compiled.node + 1;
  core.hw = config.hw;
  core.layer = compiled.layer;
  core.data = compiled.data;
  const PeArray array = pe_array_for(core.hw, core.layer.epitome);
  core.hw.pe_rows = array.rows;
  core.hw.pe_cols = array.cols;
  core.hw.buffer_words = static_cast<int>((core.layer.kh + core.layer.stride) * row_words(core.layer, core.hw.lanes));
  core.hw.out_bits = compiled.node == net.network.output ? config.hw.out_bits : config.hw.act_bits;
  for (IntTensor* per_pe : {&core.data.crossbar_scale, &core.data.zero_point}) {
    IntTensor own({array.rows, array.cols});
    for (int t = 0; t < array.rows; ++t)
      for (int u = 0; u < array.cols; ++u) own(t, u) = (*per_pe)(t, u);
    *per_pe = std::move(own);
  }
  if (auto_acc) core.hw.acc_bits = accumulator_bound(core.hw, core.layer, core.data).bits;
  return core;
}

std::string range_text(const StreamType& t) { return fmt::format("{} .. {}", t.lo, t.hi); }

/// Values on the output stream of every block.
std::vector<StreamType> stream_types(const Network& network, const ChipGraph& graph, const std::vector<ChipCore>& cores,
                                     const Hardware& hw) {
  const std::int64_t half = std::int64_t{1} << (hw.act_bits - 1);
  std::vector<StreamType> types;
  for (const ChipBlock& block : graph.blocks) {
    StreamType type{hw.act_bits, 0, 0, 1};
    if (block.kind == BlockKind::input) {
      if (network.input_bits > hw.act_bits)
        throw InputError(network.input_where, "chip-input-bits",
                         fmt::format("the input has {} bits, a lane of the chip {} (hardware.act_bits)", network.input_bits,
                                     hw.act_bits));
      type.lo = network.input_signed ? -(std::int64_t{1} << (network.input_bits - 1)) : 0;
      type.hi = (std::int64_t{1} << (network.input_bits - (network.input_signed ? 1 : 0))) - 1;
      type.channels = network.input.stored;
      types.push_back(type);
      continue;
    }
    if (block.kind == BlockKind::output) {
      types.push_back(types[static_cast<std::size_t>(network.output) + 1]);
      continue;
    }
    const Node& node = network.nodes[static_cast<std::size_t>(block.node)];
    const auto in = [&](std::size_t i) { return types[static_cast<std::size_t>(node.input_ids[i]) + 1]; };
    type.channels = in(0).channels;
    switch (block.kind) {
      case BlockKind::core: {
        const auto core = std::find_if(cores.begin(), cores.end(), [&](const ChipCore& c) { return c.block == block.node + 1; });
        if (in(0).lo < hw.act_min() || in(0).hi > hw.act_max())
          throw InputError(node.where, "chip-activation-range",
                           fmt::format("node {}: its input {} holds {}, its core takes {} .. {} (act_bits {}, act_signed {})",
                                       node.name, node.inputs[0], range_text(in(0)), hw.act_min(), hw.act_max(), hw.act_bits,
                                       hw.act_signed));
        type.bits = core->hw.out_bits;
        type.lo = core->layer.clamp_lo;
        type.hi = core->layer.clamp_hi;
        type.channels = node.out.stored;
        break;
      }
      case BlockKind::add:
        if (in(0).channels != in(1).channels)
          throw InputError(node.where, "chip-add-period",
                           fmt::format("node {}: {} is stored with {} channels, {} with {}; a chip adds maps of one period "
                                       "(set wrap to copies or off)",
                                       node.name, node.inputs[0], in(0).channels, node.inputs[1], in(1).channels));
        type.lo = node.relu ? 0 : -half;
        type.hi = node.relu ? 2 * half - 1 : half - 1;
        break;
      case BlockKind::relu:
        type.lo = 0;
        type.hi = std::max<std::int64_t>(in(0).hi, 0);
        break;
      default:
        type.lo = in(0).lo;
        type.hi = in(0).hi;
    }
    types.push_back(type);
  }
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
  chip.module = identifier(config.name) + "_chip";
  const bool auto_acc = config.given.find("hardware.acc_bits") == config.given.end();
  std::vector<NodeCore> cores;
  for (const CompiledLayer& compiled : net.layers) {
    chip.cores.push_back(core_for(config, net, compiled, auto_acc));
    cores.push_back({compiled.node, chip.cores.back().hw, chip.cores.back().layer});
  }
  chip.graph = chip_graph(net.network, cores);
  chip.types = stream_types(net.network, chip.graph, chip.cores, config.hw);
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

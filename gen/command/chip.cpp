// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/command/chip.hpp"

#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/command/command.hpp"
#include "gen/base/hash.hpp"
#include "gen/network/walk.hpp"
#include "golden/parallel.hpp"
#include "golden/timing/chip_load.hpp"
#include "golden/timing/chip_timing.hpp"

namespace epim::command {
namespace {

constexpr int kStimulusImages = 2;  // of the testbench in a generated folder

std::string kind_text(const ChipDesign& chip, int block) {
  const ChipCore* core = chip.core_of(block);
  const ChipBlock& b = chip.graph.blocks[static_cast<std::size_t>(block)];
  if (!core) return name_of(b.kind);
  return fmt::format("core {}x{} PEs", core->hw.pe_rows, core->hw.pe_cols);
}

}  // namespace

void ChipOptions::add(CLI::App& verb) {
  verb.add_option("--top", top, "core: all layers on one core; network: the network as one chip, with the copies that its nodes ask for, docs/chip.md")
      ->check(CLI::IsMember({"core", "network"}))
      ->capture_default_str();
  verb.add_option("--fifo-depths", depths,
                  "FIFOs of the chip: full speed, and as small as that allows; paced: full speed, found quickly, deeper; smallest that never stop; counted, without what the blocks hold")
      ->check(CLI::IsMember({"full", "paced", "smallest", "counted"}))
      ->capture_default_str();
  verb.add_option("--fifo", fifos, "Depth of one FIFO of the chip, NAME=DEPTH (repeatable); names: epim gen --top network")
      ->allow_extra_args(false);
}

Config load_chip_config(const ConfigOptions& options) {
  ConfigOptions as_chip = options;
  as_chip.use = "chip";
  Config config = as_chip.load();
  if (!config.network) throw InputError({config.path, 0, 0}, "layer-or-network", "--top network needs a [network]; this configuration has a [layer]");
  return config;
}

PreparedChip prepare_chip(const ConfigOptions& options, const ChipOptions& chip) {
  PreparedChip p;
  p.config = load_chip_config(options);
  FifoDepthOverrides depths;
  for (const std::string& text : chip.fifos) depths.push_back(parse_fifo_depth(text));
  p.net = compile_network(p.config, {}, CorePolicy::own);
  p.chip = design_chip(p.config, p.net,
                       chip.depths == "smallest"  ? FifoRule::smallest
                       : chip.depths == "counted" ? FifoRule::counted
                       : chip.depths == "paced"   ? FifoRule::paced
                                                  : FifoRule::full,
                       depths);
  return p;
}

FileSet chip_files(const PreparedChip& p) {
  ChipStimulus stimulus;
  if (!p.config.network->images.empty() || p.net.seeded) {
    stimulus.images = load_images(p.config, p.net.network, kStimulusImages).images;
    stimulus.outputs = run_network_golden(p.net, stimulus.images, processors());
  }
  return emit_chip(p.chip, p.config, p.net, stimulus);
}

void gen_chip(const ConfigOptions& options, const ChipOptions& chip_options, const std::string& out, bool json) {
  const PreparedChip p = prepare_chip(options, chip_options);
  const FileSet files = chip_files(p);
  write_output_folder(out, files);
  if (json) {
    std::cout << files.at(kMarkerFile);
    return;
  }
  const ChipGraph& graph = p.chip.graph;
  CrossbarTotals crossbars;
  for (const ChipCore& core : p.chip.cores) crossbars.add(core.hw, core.layer);
  fmt::print("{}: {} files, hardware {}\n", out, files.size(), hash_text(hardware_hash(p.chip.common)));
  for (std::size_t b = 0; b < graph.blocks.size(); ++b)
    fmt::print("  {:<14} {}\n", graph.blocks[b].name, kind_text(p.chip, static_cast<int>(b)));
  const FifoDepths& depths = p.chip.analysis;
  const bool full = !depths.full_throughput.empty(), smallest = !depths.smallest.empty();
  fmt::print("  {:<24} {:>6} {:>6} {:>9} {:>8}\n", "FIFO", "depth", "full", "smallest", "counted");
  for (std::size_t f = 0; f < graph.streams.size(); ++f)
    fmt::print("  {:<24} {:>6} {:>6} {:>9} {:>8}\n", graph.stream_name(static_cast<int>(f)), graph.streams[f].depth,
               full ? fmt::to_string(depths.full_throughput[f]) : "-", smallest ? fmt::to_string(depths.smallest[f]) : "-", depths.deadlock_free[f]);
  const ChipTiming first = predict_chip(graph, 4);
  std::int64_t words = 0;
  for (const ChipStream& stream : graph.streams) words += stream.depth;
  const Slowest slowest = slowest_block(graph);
  fmt::print("  {} words in all FIFOs; predicted: {}; {:.1f} cycles per image at full depths (slowest block: {}, {:.1f})\n", words,
             first.deadlock ? "it stops" : fmt::format("first image in {} cycles, the fourth {} behind the third", first.first_latency, first.image_end[3] - first.image_end[2]),
             (full ? depths.rate : slowest.rate).per_image(), graph.blocks[static_cast<std::size_t>(slowest.block)].name, slowest.rate.per_image());
  fmt::print("  {} cores, {} crossbars of {}x{}; top module {} in {}/rtl\n", p.chip.cores.size(), crossbars.per_core, p.config.core.hw.xb_rows,
             p.config.core.hw.xb_cols, p.chip.module, out);
  if (p.chip.loaded()) {
    const auto program = static_cast<std::int64_t>(chip_load_words(p.chip).size());
    const ChipLoad load = predict_chip_load(program, static_cast<int>(p.chip.cores.size()));
    fmt::print("  program: {} words for the load port; predicted: loaded in {} cycles, pixels from cycle {} on\n", program, load.cycles(), load.open);
  }
  if (crossbars.pools > 0)
    fmt::print("  with a pool in each of the {} cores that read it; {} crossbars with one pool for the chip\n", crossbars.pools, crossbars.one_pool);
}

}  // namespace epim::command

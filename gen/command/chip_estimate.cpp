// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/command/chip_estimate.hpp"

#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/chip/chip_events.hpp"
#include "gen/cost/chip_mnsim.hpp"
#include "gen/cost/chip_result.hpp"
#include "gen/network/scale_check.hpp"
#include "gen/network/walk.hpp"
#include "golden/parallel.hpp"

namespace epim::command {
namespace {

constexpr int kImages = 3;  // of a stepped chip, where nobody asks for another number

/// The chip without its weights, FIFOs of two words.
PreparedChip outline(const ConfigOptions& options, const ChipOptions& chip) {
  if (!chip.fifos.empty()) throw InputError({"--fifo", 0, 0}, "bad-argument", "no FIFO has a depth without --stepped; legal: with it");
  PreparedChip p;
  p.config = load_chip_config(options);
  p.net = outline_network(p.config, CorePolicy::own);
  p.chip = design_chip(p.config, p.net, FifoRule::none);
  return p;
}

void print(const PreparedChip& p, const ChipEstimate& e, double clock) {
  const ChipDesign& chip = p.chip;
  const double total = static_cast<double>(e.energy.total);
  fmt::print("{:<24} {:>7} {:>9} {:>12} {:>7} {:>12} {:>7}\n", "core", "PEs", "crossbars", "cycles alone", "busy", "nJ an image", "share");
  for (std::size_t c = 0; c < e.cores.size(); ++c) {
    const ChipCoreEstimate& core = e.cores[c];
    const Hardware& hw = chip.cores[c].hw;
    fmt::print("{:<24} {:>7} {:>9} {:>12.1f} {:>6.1f}% {:>12.3f} {:>6.2f}%\n", chip.graph.blocks[static_cast<std::size_t>(chip.cores[c].block)].name,
               fmt::format("{}x{}", hw.pe_rows, hw.pe_cols), core.crossbars, core.alone.per_image(),
               100 * static_cast<double>(core.events.fire_cycles) / e.interval.per_image(), static_cast<double>(core.energy.total) * 1e-9,
               100 * static_cast<double>(core.energy.total) / total);
  }
  const double us = 1 / clock;
  fmt::print("\n{}: {} cores, {} crossbars of {}x{}\n", p.net.network.name, e.cores.size(), e.crossbars.per_core, chip.common.hw.xb_rows, chip.common.hw.xb_cols);
  if (e.crossbars.pools > 0) fmt::print("  {} crossbars with one pool for the chip\n", e.crossbars.one_pool);
  fmt::print("interval     {:.1f} cycles per image, {:.1f} images/s at {} MHz; slowest block: {}\n", e.interval.per_image(), 1e6 / (e.interval.per_image() * us), clock,
             chip.graph.blocks[static_cast<std::size_t>(e.slowest)].name);
}

void print_energy(const EnergyReport& energy, int images, const char* what) {
  const double n = images;
  fmt::print("energy       {:.4f} uJ per image, {}\n", static_cast<double>(energy.total) * 1e-12 / n, what);
  for (const auto& [component, attojoules] : energy.by_component)
    fmt::print("  {:<10} {:>16.1f} pJ {:>7.2f} %\n", component, static_cast<double>(attojoules) * 1e-6 / n, 100 * static_cast<double>(attojoules) / static_cast<double>(energy.total));
}

nlohmann::ordered_json json_of(const std::vector<MnsimStage>& stages) {
  nlohmann::ordered_json j = nlohmann::ordered_json::array();
  for (const MnsimStage& s : stages)
    j.push_back({{"replaced", s.what}, {"latency_ms", s.latency * 1e-6}, {"interval_ms", s.interval * 1e-6}, {"slowest_layer", s.slowest}, {"energy_mJ", s.energy_mj}});
  return j;
}

/// `first`: cycles to the first image.
void print_mnsim(const std::vector<MnsimStage>& stages, const ChipEstimate& e, std::int64_t first, double clock) {
  fmt::print("\n{:<44} {:>12} {:>12}  {}\n", "MNSIM 2.0, replaced by ours one after the other", "one image ms", "interval ms", "slowest");
  for (const MnsimStage& s : stages) fmt::print("  {:<42} {:>12.4f} {:>12.4f}  {}\n", s.what, s.latency * 1e-6, s.interval * 1e-6, s.slowest);
  fmt::print("  {:<42} {:>12.4f} {:>12.4f}\n", fmt::format("this chip at {} MHz", clock), static_cast<double>(first) / clock * 1e-3, e.interval.per_image() / clock * 1e-3);
}

}  // namespace

void estimate_chip_verb(const ChipEstimateArguments& o) {
  if (o.exact && !o.stepped) throw InputError({"--exact", 0, 0}, "bad-argument", "of a chip it counts events of a run; legal: with --stepped");
  if (o.images > 0 && !o.stepped) throw InputError({"--images", 0, 0}, "bad-argument", "without --stepped an image in the steady state is estimated; legal: with it");
  const EstimateData data = load_estimate_data(home());
  const PreparedChip p = o.stepped ? prepare_chip(o.config, o.chip) : outline(o.config, o.chip);
  const ChipEstimate e = estimate_chip(p.chip, data);
  nlohmann::ordered_json j = {{"network", p.net.network.name}, {"top", p.chip.module}, {"clock_MHz", o.clock}, {"chip", chip_json(p.chip, e)}};
  std::vector<MnsimStage> mnsim;
  if (o.mnsim) {
    for (const Node& node : p.net.network.nodes)
      if (node.pool) throw InputError(node.where, "mnsim-pool", fmt::format("node {} reads a weight pool, which MNSIM's model does not know, legal: without --mnsim", node.name));
    mnsim = mnsim_stages(p.net.network, p.config.core.hw, data.mnsim, o.clock);
    j["mnsim"] = json_of(mnsim);
  }
  if (!o.stepped) {
    if (o.json) {
      std::cout << j.dump(1) << "\n";
      return;
    }
    print(p, e, o.clock);
    fmt::print("first image  about {} cycles, {:.1f} us; --stepped says it exactly, and how deep FIFOs are\n", e.first_image, static_cast<double>(e.first_image) / o.clock);
    print_energy(e.energy, 1, "in the steady state; what the data decide by activity figures");
    if (o.mnsim) print_mnsim(mnsim, e, e.first_image, o.clock);
    return;
  }
  int images = o.images > 0 ? o.images : kImages;
  std::vector<EventCounts> events;
  if (o.exact) {
    const LabelledImages set = load_images(p.config, p.net.network, o.images);
    check_scales(p.net, set.images);
    images = static_cast<int>(set.images.size());
    events = run_chip_golden(p.chip, p.net, set.images, processors()).events;
  } else {
    events = estimated_events(e, images);
  }
  const ChipRunEstimate run = chip_run(p.chip, predict_chip(p.chip.graph, images), images, std::move(events), data.energy);
  if (o.json) {
    j["run"] = chip_run_json(p.chip, run);
    std::cout << j.dump(1) << "\n";
    return;
  }
  print(p, e, o.clock);
  const ChipTiming& t = run.timing;
  if (t.deadlock) fmt::print("it stops     in cycle {}, {} of {} images out\n", t.deadlock_cycle, t.images, images);
  fmt::print("first image  {} cycles, {:.1f} us\n", t.first_latency, static_cast<double>(t.first_latency) / o.clock);
  if (t.images > 1) fmt::print("image {:<6} {} cycles behind the one before\n", t.images, t.image_end[t.image_end.size() - 1] - t.image_end[t.image_end.size() - 2]);
  fmt::print("FIFOs        {} words in {}\n", fifo_words(p.chip.graph), p.chip.graph.streams.size());
  print_energy(run.all_energy, images, o.exact ? "counted by the golden model" : "what the data decide by activity figures");
  if (o.mnsim) print_mnsim(mnsim, e, t.first_latency, o.clock);
}

}  // namespace epim::command

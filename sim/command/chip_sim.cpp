// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/command/chip_sim.hpp"

#include <algorithm>
#include <iostream>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/base/hash.hpp"
#include "gen/chip/chip_events.hpp"
#include "gen/cost/chip_result.hpp"
#include "gen/network/scale_check.hpp"
#include "gen/network/walk.hpp"
#include "golden/graph/float_network.hpp"
#include "golden/parallel.hpp"
#include "golden/timing/chip_load.hpp"
#include "golden/timing/chip_timing.hpp"
#include "sim/chip_joined.hpp"
#include "sim/chip_run.hpp"

namespace epim::command {
namespace {

/// Chips with more crossbars are joined where nobody says how: one model of all takes too long to compile.
constexpr int kFlatCrossbars = 128;

int crossbars_of(const ChipDesign& chip) {
  int sum = 0;
  for (const ChipCore& c : chip.cores) sum += c.hw.crossbars(c.hw.pe_rows, c.hw.pe_cols);
  return sum;
}

nlohmann::ordered_json joined_json(const JoinedRun& run) {
  nlohmann::ordered_json j = {{"models", run.shapes}, {"build_seconds", run.build_seconds}, {"replay_seconds", run.replay_seconds}};
  for (const CoreReplay& c : run.cores)
    j["cores"].push_back({{"name", c.name}, {"words_in", c.words_in}, {"words_out", c.words_out}, {"cycles", c.cycles}, {"stepped", c.stepped},
                          {"seconds", c.seconds}, {"resumed", c.resumed}});
  return j;
}

}  // namespace

void sim_chip(const ConfigOptions& options, const ChipOptions& chip_options, const ChipSim& sim) {
  if (sim.model == "flat" && !sim.results.empty())
    throw InputError({"--results", 0, 0}, "joined-results", "one model of the whole chip keeps no results of cores; legal: --model joined");
  const PreparedChip p = prepare_chip(options, chip_options);
  const bool flat_cells = p.chip.common.storage == Storage::flat, loaded = p.chip.common.hw.load_stream, asked = sim.model == "joined" || sim.model == "together";
  if (asked && !flat_cells && !loaded)
    throw InputError({"--model", 0, 0}, "joined-storage", "cells in ROMs are compiled into a model; legal: storage = \"flat\", or --model flat");
  if (sim.model == "joined" && loaded)
    throw InputError({"--model", 0, 0}, "joined-loaded", "cores with a load port are stepped with each other; legal: --model together or flat, or load_stream = false");
  const ChipGraph& graph = p.chip.graph;
  const LabelledImages set = load_images(p.config, p.net.network, sim.images);
  check_scales(p.net, set.images);
  const std::size_t count = set.images.size();
  const EnergyTable table = load_energy_table(home() + "/golden/data/energy.toml");
  const bool joined = sim.model == "auto" ? crossbars_of(p.chip) > kFlatCrossbars && (flat_cells || loaded) : sim.model != "flat";
  const bool events = sim.events && !joined && !loaded;
  ChipWords words;
  ChipGolden evaluated;
  if (joined) {
    words = golden_words(p.chip, p.net, set.images, processors());
    evaluated.outputs = words.outputs;
  } else if (events) {
    evaluated = run_chip_golden(p.chip, p.net, set.images, processors());
  } else {
    evaluated.outputs = run_network_golden(p.net, set.images, processors());
  }
  const std::vector<IntTensor>& golden = evaluated.outputs;
  const ChipTiming predicted = predict_chip(graph, static_cast<int>(count));
  BuildOptions build;
  build.cache = cache();
  build.fast = predicted.cycles > 200000;  // an optimised model takes longer to compile than a short run
  ChipRunSettings settings;
  if (events) settings.events = &evaluated.events;
  settings.stalls = sim.stalls;
  if (sim.stalls.any() && !predicted.deadlock) settings.out_from = 4 * predicted.image_end.front();
  settings.reproduce = sim.reproduce;
  // Where golden proves that nothing can ever move again, the RTL, equal so far, is not watched for long.
  if (predicted.deadlock) settings.watchdog = 2000;
  Progress progress("simulating");
  JoinedRun apart;
  ChipRun run;
  if (joined) {
    JoinedSettings j;
    j.run = settings;
    j.build = build;
    j.folder = sim.results;
    j.jobs = sim.jobs > 0 ? sim.jobs : processors();
    j.together = sim.model == "together" || loaded;
    j.progress = [&](const std::string& what, double share) { progress.update(share, what); };
    apart = run_joined(p.chip, predicted, set.images, words, j);
    run = std::move(apart.chip);
  } else {
    fmt::print(stderr, "building the chip ({} cores)...\n", p.chip.cores.size());
    const BuiltChip built = build_chip(p.chip, build, nullptr, {.events = events});
    settings.progress = [&](double share) { progress.update(share); };
    run = run_chip(p.chip, built, set.images, golden, settings);
  }
  progress.clear();

  std::size_t right_float = 0, right_golden = 0, right_rtl = 0;
  const bool has_float = p.net.has_float;
  std::optional<FloatNetwork> real;
  if (has_float) real.emplace(p.net.network, p.net.weights);
  for (std::size_t i = 0; i < count && !set.labels.empty(); ++i) {
    if (has_float) {
      const FloatTensor f = real->run(set.images[i]);
      right_float += std::max_element(f.data.begin(), f.data.end()) - f.data.begin() == set.labels[i];
    }
    right_golden += argmax(golden[i]) == set.labels[i];
    right_rtl += argmax(run.outputs[i]) == set.labels[i];
  }
  std::optional<ChipRunEstimate> counted;
  if (events) counted = chip_run(p.chip, predicted, static_cast<int>(count), run.events, table, run.cycles);
  const Slowest slowest = slowest_block(graph);
  const auto program = static_cast<std::int64_t>(p.chip.loaded() ? chip_load_words(p.chip).size() : 0);
  const ChipLoad load = predict_chip_load(program, static_cast<int>(p.chip.cores.size()));
  const auto percent = [&](std::size_t n) { return 100.0 * static_cast<double>(n) / static_cast<double>(count); };
  const std::int64_t latency = run.image_end.front() + 1;
  // Steady state: the second half of the images.
  const std::size_t from = count / 2;
  const double measured = count > 1 ? static_cast<double>(run.image_end.back() - run.image_end[from > 0 ? from - 1 : 0]) /
                                          static_cast<double>(count - std::max<std::size_t>(from, 1))
                                    : static_cast<double>(run.cycles);
  const double foretold =
      count > 1 && !predicted.deadlock
          ? static_cast<double>(predicted.image_end.back() - predicted.image_end[from > 0 ? from - 1 : 0]) /
                static_cast<double>(count - std::max<std::size_t>(from, 1))
          : static_cast<double>(predicted.cycles);
  const std::string slow = graph.blocks[static_cast<std::size_t>(slowest.block)].name;
  if (sim.json) {
    nlohmann::ordered_json j = {{"network", p.net.network.name}, {"images", count}, {"identical_outputs", count}};
    if (!set.labels.empty())
      j["accuracy"] = {{"float", has_float ? nlohmann::ordered_json(percent(right_float)) : nullptr}, {"golden", percent(right_golden)}, {"rtl", percent(right_rtl)}};
    j["cycles"] = {{"rtl", run.cycles}, {"predicted", predicted.cycles}};
    j["first_image_cycles"] = {{"rtl", latency}, {"predicted", predicted.image_end.empty() ? 0 : predicted.image_end.front() + 1}};
    j["cycles_per_image"] = {{"rtl", measured}, {"predicted", foretold}, {"slowest_block_alone", slowest.rate.per_image()}};
    j["slowest_block"] = slow;
    if (p.chip.loaded()) j["load_cycles"] = {{"rtl", run.load_cycles}, {"predicted", load.open}, {"words", program}};
    j["stalls"] = sim.stalls.any();
    for (std::size_t f = 0; f < graph.streams.size(); ++f)
      j["fifos"].push_back({{"name", graph.stream_name(static_cast<int>(f))},
                            {"depth", graph.streams[f].depth},
                            {"high_water", run.high_water[f]},
                            {"words", run.words[f]}});
    std::uint64_t outputs = fnv1a("");
    for (const IntTensor& map : run.outputs) outputs = fnv1a(map.data, outputs);
    j["digests"] = {{"outputs", hash_text(outputs)}, {"beats", hash_text(fnv1a(run.beats, fnv1a("")))}};
    if (counted) j["chip"] = chip_json(p.chip, estimate_chip(p.chip, load_estimate_data(home())));
    if (counted) j["run"] = chip_run_json(p.chip, *counted);
    j["simulation_seconds"] = run.seconds;
    if (joined) j["joined"] = joined_json(apart);
    std::cout << j.dump(2) << "\n";
    return;
  }
  fmt::print("{:<24} {:>7} {:>8} {:>10} {:>10}\n", "FIFO", "depth", "most", "predicted", "words");
  for (std::size_t f = 0; f < graph.streams.size(); ++f)
    fmt::print("{:<24} {:>7} {:>8} {:>10} {:>10}\n", graph.stream_name(static_cast<int>(f)), graph.streams[f].depth, run.high_water[f],
               f < predicted.high_water.size() ? predicted.high_water[f] : 0, run.words[f]);
  fmt::print("\n{} images of {} through one chip of {} cores, back to back: every output, its cycle and the level of every\nFIFO in every cycle equal\n", count, p.net.network.name,
             p.chip.cores.size());
  if (!set.labels.empty())
    fmt::print("accuracy            float {}   golden {:.2f} %   RTL {:.2f} %\n",
               has_float ? fmt::format("{:.2f} %", percent(right_float)) : "not known", percent(right_golden), percent(right_rtl));
  fmt::print("identical outputs   {} of {}\n", count, count);
  if (p.chip.loaded())
    fmt::print("program             {} words in {} cycles, as predicted; pixels from cycle {} on (predicted {})\n", program, load.cycles(),
               run.load_cycles, load.open);
  fmt::print("first image         {} cycles{}\n", latency,
             sim.stalls.any() ? "" : fmt::format(" (predicted {})", predicted.image_end.empty() ? 0 : predicted.image_end.front() + 1));
  fmt::print("throughput          {:.1f} cycles per image{}; slowest block alone: {}, {:.1f}\n", measured,
             sim.stalls.any() ? "" : fmt::format(" (predicted {:.1f})", foretold), slow, slowest.rate.per_image());
  fmt::print("cycles              {}{}\n", run.cycles, sim.stalls.any() ? "" : fmt::format(" (predicted {})", predicted.cycles));
  if (joined) {
    std::int64_t stepped = 0, cycles = 0, resumed = 0;
    for (const CoreReplay& c : apart.cores) {
      stepped += c.stepped;
      cycles += c.cycles;
      resumed += c.resumed;
    }
    fmt::print("joined              {} models for {} cores; {} of {} core cycles stepped, in the others nothing could change{}\n", apart.shapes,
               p.chip.cores.size(), stepped, cycles, resumed > 0 ? fmt::format("; {} cores from {}", resumed, sim.results) : "");
    fmt::print("wall time           models and streams {:.1f} s, cores {:.1f} s\n", apart.build_seconds, apart.replay_seconds);
  }
  if (counted) {
    const EnergyReport& energy = counted->all_energy;
    const double total = static_cast<double>(energy.total);
    fmt::print("energy              {:.4f} uJ per image, every event of every core equal\n", total * 1e-12 / static_cast<double>(count));
    for (const auto& [component, attojoules] : energy.by_component)
      fmt::print("  {:<17} {:>16.1f} pJ {:>7.2f} %\n", component, static_cast<double>(attojoules) * 1e-6 / static_cast<double>(count), 100 * static_cast<double>(attojoules) / total);
  }
  fmt::print("simulation          {:.1f} s, {:.0f} kcycle/s\n", run.seconds, static_cast<double>(run.cycles) / run.seconds / 1e3);
}

}  // namespace epim::command

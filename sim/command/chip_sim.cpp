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
#include "sim/chip_dump.hpp"
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

/// What was simulated, beside what was predicted.
struct Outcome {
  explicit Outcome(const PreparedChip& p) : prepared(p) {}
  const PreparedChip& prepared;
  std::size_t images = 0;
  bool stalls = false, joined = false;
  ChipTiming predicted;
  ChipRun run;
  JoinedRun apart;  ///< of a joined chip, without `run`
  struct Accuracy {
    std::optional<double> real;  ///< of the float network
    double golden = 0, rtl = 0;  ///< percent
  };
  std::optional<Accuracy> accuracy;
  std::optional<ChipRunEstimate> counted;
  std::int64_t program = 0;  ///< words of the load port
  ChipLoad load;

  const ChipGraph& graph() const { return prepared.chip.graph; }
  std::int64_t latency() const { return run.image_end.front() + 1; }
  std::int64_t predicted_latency() const { return predicted.image_end.empty() ? 0 : predicted.image_end.front() + 1; }
};

/// Cycles per image in the steady state, which is that of the second half of the images.
double steady_cycles(const std::vector<std::int64_t>& image_end, std::int64_t cycles) {
  const std::size_t count = image_end.size(), from = count / 2;
  if (count < 2) return static_cast<double>(cycles);
  return static_cast<double>(image_end.back() - image_end[from - 1]) / static_cast<double>(count - from);
}

Outcome::Accuracy accuracy_of(const CompiledNetwork& net, const LabelledImages& set, const std::vector<IntTensor>& golden, const std::vector<IntTensor>& rtl) {
  std::size_t right_float = 0, right_golden = 0, right_rtl = 0;
  std::optional<FloatNetwork> real;
  if (net.has_float) real.emplace(net.network, net.weights);
  for (std::size_t i = 0; i < set.images.size(); ++i) {
    if (real) {
      const FloatTensor f = real->run(set.images[i]);
      right_float += std::max_element(f.data.begin(), f.data.end()) - f.data.begin() == set.labels[i];
    }
    right_golden += argmax(golden[i]) == set.labels[i];
    right_rtl += argmax(rtl[i]) == set.labels[i];
  }
  const auto percent = [&](std::size_t n) { return 100.0 * static_cast<double>(n) / static_cast<double>(set.images.size()); };
  return {real ? std::optional(percent(right_float)) : std::nullopt, percent(right_golden), percent(right_rtl)};
}

nlohmann::ordered_json json_of(const Outcome& o) {
  const ChipGraph& graph = o.graph();
  const ChipDesign& chip = o.prepared.chip;
  const ChipRun& run = o.run;
  const Slowest slowest = slowest_block(graph);
  nlohmann::ordered_json j = {{"network", o.prepared.net.network.name}, {"images", o.images}, {"identical_outputs", o.images}};
  if (o.accuracy)
    j["accuracy"] = {{"float", o.accuracy->real ? nlohmann::ordered_json(*o.accuracy->real) : nullptr}, {"golden", o.accuracy->golden}, {"rtl", o.accuracy->rtl}};
  j["cycles"] = {{"rtl", run.cycles}, {"predicted", o.predicted.cycles}};
  j["first_image_cycles"] = {{"rtl", o.latency()}, {"predicted", o.predicted_latency()}};
  j["cycles_per_image"] = {{"rtl", steady_cycles(run.image_end, run.cycles)}, {"predicted", steady_cycles(o.predicted.image_end, o.predicted.cycles)},
                           {"slowest_block_alone", slowest.rate.per_image()}};
  j["slowest_block"] = graph.blocks[static_cast<std::size_t>(slowest.block)].name;
  if (chip.loaded()) j["load_cycles"] = {{"rtl", run.load_cycles}, {"predicted", o.load.open}, {"words", o.program}};
  j["stalls"] = o.stalls;
  j["fifos"] = fifos_json(graph, run);
  std::uint64_t outputs = fnv1a("");
  for (const IntTensor& map : run.outputs) outputs = fnv1a(map.data, outputs);
  j["digests"] = {{"outputs", hash_text(outputs)}, {"beats", hash_text(fnv1a(run.beats, fnv1a("")))}};
  if (o.counted) j["chip"] = chip_json(chip, estimate_chip(chip, load_estimate_data(home())));
  if (o.counted) j["run"] = chip_run_json(chip, *o.counted);
  j["simulation_seconds"] = run.seconds;
  if (o.joined) j["joined"] = joined_json(o.apart);
  return j;
}

void print_joined(const JoinedRun& apart, std::size_t cores, const std::string& results) {
  std::int64_t stepped = 0, cycles = 0, resumed = 0;
  for (const CoreReplay& c : apart.cores) {
    stepped += c.stepped;
    cycles += c.cycles;
    resumed += c.resumed;
  }
  if (apart.cores.empty()) {
    fmt::print("joined              {} models for {} cores, stepped with each other\n", apart.shapes, cores);
    return;
  }
  fmt::print("joined              {} models for {} cores; {} of {} core cycles stepped, in the others nothing could change{}\n", apart.shapes, cores, stepped, cycles,
             resumed > 0 ? fmt::format("; {} cores from {}", resumed, results) : "");
  fmt::print("wall time           models and streams {:.1f} s, cores {:.1f} s\n", apart.build_seconds, apart.replay_seconds);
}

void print_energy(const EnergyReport& energy, std::size_t images) {
  const double total = static_cast<double>(energy.total), n = static_cast<double>(images);
  fmt::print("energy              {:.4f} uJ per image, every event of every core equal\n", total * 1e-12 / n);
  for (const auto& [component, attojoules] : energy.by_component)
    fmt::print("  {:<17} {:>16.1f} pJ {:>7.2f} %\n", component, static_cast<double>(attojoules) * 1e-6 / n, 100 * static_cast<double>(attojoules) / total);
}

void print(const Outcome& o, const std::string& results) {
  const ChipGraph& graph = o.graph();
  const ChipRun& run = o.run;
  const std::size_t cores = o.prepared.chip.cores.size();
  const Slowest slowest = slowest_block(graph);
  const auto beside = [&](const std::string& predicted) { return o.stalls ? "" : fmt::format(" (predicted {})", predicted); };
  fmt::print("{:<24} {:>7} {:>8} {:>10} {:>10}\n", "FIFO", "depth", "most", "predicted", "words");
  for (std::size_t f = 0; f < graph.streams.size(); ++f)
    fmt::print("{:<24} {:>7} {:>8} {:>10} {:>10}\n", graph.stream_name(static_cast<int>(f)), graph.streams[f].depth, run.high_water[f],
               f < o.predicted.high_water.size() ? o.predicted.high_water[f] : 0, run.words[f]);
  fmt::print("\n{} images of {} through one chip of {} cores, back to back: every output, its cycle and the level of every\nFIFO in every cycle equal\n", o.images,
             o.prepared.net.network.name, cores);
  if (o.accuracy)
    fmt::print("accuracy            float {}   golden {:.2f} %   RTL {:.2f} %\n", o.accuracy->real ? fmt::format("{:.2f} %", *o.accuracy->real) : "not known",
               o.accuracy->golden, o.accuracy->rtl);
  fmt::print("identical outputs   {} of {}\n", o.images, o.images);
  if (o.prepared.chip.loaded())
    fmt::print("program             {} words in {} cycles, as predicted; pixels from cycle {} on (predicted {})\n", o.program, o.load.cycles(), run.load_cycles, o.load.open);
  fmt::print("first image         {} cycles{}\n", o.latency(), beside(std::to_string(o.predicted_latency())));
  fmt::print("throughput          {:.1f} cycles per image{}; slowest block alone: {}, {:.1f}\n", steady_cycles(run.image_end, run.cycles),
             beside(fmt::format("{:.1f}", steady_cycles(o.predicted.image_end, o.predicted.cycles))), graph.blocks[static_cast<std::size_t>(slowest.block)].name,
             slowest.rate.per_image());
  fmt::print("cycles              {}{}\n", run.cycles, beside(std::to_string(o.predicted.cycles)));
  if (o.joined) print_joined(o.apart, cores, results);
  if (o.counted) print_energy(o.counted->all_energy, o.images);
  fmt::print("simulation          {:.1f} s, {:.0f} kcycle/s\n", run.seconds, static_cast<double>(run.cycles) / run.seconds / 1e3);
}

/// Whether the cores are models of their own. Throws InputError where what is asked cannot be.
bool joins(const ChipDesign& chip, const ChipSim& sim) {
  const bool flat_cells = chip.common.storage == Storage::flat, loaded = chip.common.hw.load_stream, asked = sim.model == "joined" || sim.model == "together";
  if (asked && !flat_cells && !loaded)
    throw InputError({"--model", 0, 0}, "joined-storage", "cells in ROMs are compiled into a model; legal: storage = \"flat\", or --model flat");
  if (sim.model == "joined" && loaded)
    throw InputError({"--model", 0, 0}, "joined-loaded", "cores with a load port are stepped with each other; legal: --model together or flat, or load_stream = false");
  if (sim.trace && asked)
    throw InputError({"--trace", 0, 0}, "joined-trace", "a chip in pieces has no waveform of its own; legal: --model flat");
  return sim.trace ? false : sim.model == "auto" ? crossbars_of(chip) > kFlatCrossbars && (flat_cells || loaded) : asked;
}

}  // namespace

void sim_chip(const ConfigOptions& options, const ChipOptions& chip_options, const ChipSim& sim) {
  if (sim.model == "flat" && !sim.results.empty())
    throw InputError({"--results", 0, 0}, "joined-results", "one model of the whole chip keeps no results of cores; legal: --model joined");
  const PreparedChip p = prepare_chip(options, chip_options);
  const bool joined = joins(p.chip, sim), loaded = p.chip.loaded(), events = sim.events && !joined && !loaded;
  const LabelledImages set = load_images(p.config, p.net.network, sim.images);
  check_scales(p.net, set.images);
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
  const auto count = static_cast<int>(set.images.size());
  Outcome o(p);
  o.images = set.images.size();
  o.stalls = sim.stalls.any();
  o.joined = joined;
  o.predicted = predict_chip(p.chip.graph, count);
  o.program = static_cast<std::int64_t>(loaded ? chip_load_words(p.chip).size() : 0);
  o.load = predict_chip_load(o.program, static_cast<int>(p.chip.cores.size()));

  BuildOptions build;
  build.cache = cache();
  build.trace = sim.trace.has_value();
  build.fast = o.predicted.cycles > 200000 && !sim.trace;  // an optimised model takes longer to compile than a short run
  ChipRunSettings settings;
  if (events) settings.events = &evaluated.events;
  settings.stalls = sim.stalls;
  if (o.stalls && !o.predicted.deadlock) settings.out_from = 4 * o.predicted.image_end.front();
  settings.reproduce = sim.reproduce;
  settings.trace = sim.trace;
  // Where golden proves that nothing can ever move again, the RTL, equal so far, is not watched for long.
  if (o.predicted.deadlock) settings.watchdog = 2000;
  Progress progress("simulating");
  if (joined) {
    JoinedSettings j;
    j.run = settings;
    j.build = build;
    j.folder = sim.results;
    j.jobs = sim.jobs > 0 ? sim.jobs : processors();
    j.together = sim.model == "together" || loaded;
    j.progress = [&](const std::string& what, double share) { progress.update(share, what); };
    o.apart = run_joined(p.chip, o.predicted, set.images, words, j);
    o.run = std::move(o.apart.chip);
  } else {
    fmt::print(stderr, "building the chip ({} cores)...\n", p.chip.cores.size());
    const BuiltChip built = build_chip(p.chip, build, nullptr, {.events = events});
    settings.foretold = o.predicted.deadlock ? 0 : o.predicted.cycles;
    settings.progress = [&](double share) { progress.update(share); };
    o.run = run_chip(p.chip, built, set.images, evaluated.outputs, settings);
  }
  progress.clear();
  if (!sim.dump.empty()) dump_chip(sim.dump, p.chip, p.net, set.images, evaluated.outputs, o.run);
  if (sim.trace) write_chip_waves(sim.trace->file, p.chip);

  if (!set.labels.empty()) o.accuracy = accuracy_of(p.net, set, evaluated.outputs, o.run.outputs);
  if (events) o.counted = chip_run(p.chip, o.predicted, count, o.run.events, load_energy_table(home() + "/golden/data/energy.toml"), o.run.cycles);
  if (sim.json) std::cout << json_of(o).dump(2) << "\n";
  else print(o, sim.results);
}

}  // namespace epim::command

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/chip_case.hpp"

#include "sim/chip_joined.hpp"
#include "sim/chip_run.hpp"
#include "sim/network_run.hpp"

namespace epim {

namespace {

/// A network as one chip, its FIFOs `deeper` words deeper, and the images for it: those that it names, else `seeded` seeded ones.
struct Prepared {
  Config config;
  CompiledNetwork net;
  ChipDesign chip;
  LabelledImages set;

  Prepared(const std::string& config_file, int seeded, int deeper)
      : config(load_config(config_file)), net(compile_network(config, {}, CorePolicy::own)), chip(design_chip(config, net)),
        set(load_images(config, net.network, net.seeded ? seeded : 0)) {
    for (ChipStream& s : chip.graph.streams) s.depth += deeper;
  }
};

}  // namespace

CaseResult run_chip_case(const std::string& config_file, const BuildOptions& build, const Sources* rtl, int deeper) {
  CaseResult result;
  result.name = "chip";
  record(result, [&] {
    const Prepared p(config_file, 12, deeper);
    const std::vector<IntTensor> golden = run_network_golden(p.net, p.set.images, 1);
    const BuiltChip built = build_chip(p.chip, build, rtl);
    ChipRunSettings settings;
    settings.watchdog = 20000;
    run_chip(p.chip, built, p.set.images, golden, settings);
    settings.stalls = {30, 30, true, 1};
    settings.out_from = 15000;
    run_chip(p.chip, built, p.set.images, golden, settings);
  });
  return result;
}

CaseResult run_frame_case(const std::string& config_file, const BuildOptions& build, const Sources* rtl, int deeper) {
  CaseResult result;
  result.name = "chip";
  record(result, [&] {
    const Prepared p(config_file, 12, deeper);
    const ChipWords words = golden_words(p.chip, p.net, p.set.images, 1);
    JoinedSettings settings;
    settings.build = build;
    settings.rtl = rtl;
    settings.together = true;
    settings.run.watchdog = 20000;
    const ChipTiming predicted = predict_chip(p.chip.graph, static_cast<int>(p.set.images.size()));
    run_joined(p.chip, predicted, p.set.images, words, settings);
    settings.run.stalls = {30, 30, true, 1};
    settings.run.out_from = 15000;
    run_joined(p.chip, predicted, p.set.images, words, settings);
  });
  return result;
}

CaseResult run_joined_case(const std::string& config_file, const BuildOptions& build, const Sources* rtl) {
  CaseResult result;
  result.name = "chip-joined";
  record(result, [&] {
    const Prepared p(config_file, 6, 0);
    const ChipWords words = golden_words(p.chip, p.net, p.set.images, 1);
    JoinedSettings settings;
    settings.build = build;
    settings.rtl = rtl;
    settings.run.watchdog = 20000;
    std::vector<ChipRun> joined;
    for (const Stalls& stalls : {Stalls{}, Stalls{30, 30, true, 1}})
      for (const bool together : {false, true}) {
        settings.run.stalls = stalls;
        settings.together = together;
        joined.push_back(run_joined(p.chip, predict_chip(p.chip.graph, static_cast<int>(p.set.images.size())), p.set.images, words, settings).chip);
      }
    // Last: a chip that is broken fails above.
    const BuiltChip built = build_chip(p.chip, build, rtl);
    for (std::size_t i = 0; i < joined.size(); ++i) {
      settings.run.stalls = i < 2 ? Stalls{} : Stalls{30, 30, true, 1};
      const ChipRun flat = run_chip(p.chip, built, p.set.images, words.outputs, settings.run);
      if (flat.beats != joined[i].beats || flat.outputs != joined[i].outputs || flat.high_water != joined[i].high_water || flat.words != joined[i].words)
        throw CheckFailed("joined", "the joined chip differs from the flat one");
    }
  });
  return result;
}

}  // namespace epim

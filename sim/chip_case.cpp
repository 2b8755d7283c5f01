// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/chip_case.hpp"

#include "sim/chip_joined.hpp"
#include "sim/chip_run.hpp"
#include "sim/network_run.hpp"

namespace epim {

CaseResult run_chip_case(const std::string& config_file, const BuildOptions& build, const Sources* rtl, int deeper) {
  CaseResult result;
  result.name = "chip";
  record(result, [&] {
    const Config config = load_config(config_file);
    const CompiledNetwork net = compile_network(config, {}, CorePolicy::own);
    ChipDesign chip = design_chip(config, net);
    for (ChipStream& s : chip.graph.streams) s.depth += deeper;
    const LabelledImages set = load_images(config, net.network, net.seeded ? 12 : 0);
    const std::vector<IntTensor> golden = run_network_golden(net, set.images, 1);
    const BuiltChip built = build_chip(chip, build, rtl);
    ChipRunSettings settings;
    settings.watchdog = 20000;
    run_chip(chip, built, set.images, golden, settings);
    settings.stalls = {30, 30, true, 1};
    settings.out_from = 15000;
    run_chip(chip, built, set.images, golden, settings);
  });
  return result;
}

CaseResult run_frame_case(const std::string& config_file, const BuildOptions& build, const Sources* rtl, int deeper) {
  CaseResult result;
  result.name = "chip";
  record(result, [&] {
    const Config config = load_config(config_file);
    const CompiledNetwork net = compile_network(config, {}, CorePolicy::own);
    ChipDesign chip = design_chip(config, net);
    for (ChipStream& s : chip.graph.streams) s.depth += deeper;
    const LabelledImages set = load_images(config, net.network, net.seeded ? 12 : 0);
    const ChipWords words = golden_words(chip, net, set.images, 1);
    JoinedSettings settings;
    settings.build = build;
    settings.rtl = rtl;
    settings.together = true;
    settings.run.watchdog = 20000;
    const ChipTiming predicted = predict_chip(chip.graph, static_cast<int>(set.images.size()));
    run_joined(chip, predicted, set.images, words, settings);
    settings.run.stalls = {30, 30, true, 1};
    settings.run.out_from = 15000;
    run_joined(chip, predicted, set.images, words, settings);
  });
  return result;
}

CaseResult run_joined_case(const std::string& config_file, const BuildOptions& build, const Sources* rtl) {
  CaseResult result;
  result.name = "chip-joined";
  record(result, [&] {
    const Config config = load_config(config_file);
    const CompiledNetwork net = compile_network(config, {}, CorePolicy::own);
    const ChipDesign chip = design_chip(config, net);
    const LabelledImages set = load_images(config, net.network, net.seeded ? 6 : 0);
    const ChipWords words = golden_words(chip, net, set.images, 1);
    JoinedSettings settings;
    settings.build = build;
    settings.rtl = rtl;
    settings.run.watchdog = 20000;
    std::vector<ChipRun> joined;
    for (const Stalls& stalls : {Stalls{}, Stalls{30, 30, true, 1}})
      for (const bool together : {false, true}) {
        settings.run.stalls = stalls;
        settings.together = together;
        joined.push_back(run_joined(chip, predict_chip(chip.graph, static_cast<int>(set.images.size())), set.images, words, settings).chip);
      }
    // Last: a chip that is broken fails above.
    const BuiltChip built = build_chip(chip, build, rtl);
    for (std::size_t i = 0; i < joined.size(); ++i) {
      settings.run.stalls = i < 2 ? Stalls{} : Stalls{30, 30, true, 1};
      const ChipRun flat = run_chip(chip, built, set.images, words.outputs, settings.run);
      if (flat.beats != joined[i].beats || flat.outputs != joined[i].outputs || flat.high_water != joined[i].high_water || flat.words != joined[i].words)
        throw CheckFailed("joined", "the joined chip differs from the flat one");
    }
  });
  return result;
}

}  // namespace epim

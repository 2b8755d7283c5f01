// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/chip_case.hpp"

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

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/command/command.hpp"
#include "sim/driver.hpp"

namespace epim::command {

void add_bench(CLI::App& app) {
  struct Options {
    std::vector<std::string> configs;
    bool json = false;
  };
  auto o = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("bench", "Simulation speed of the core: cycles and multiply-accumulates per second");
  verb->add_option("configs", o->configs, "[layer] configurations; default: configs/bench");
  verb->add_flag("--json", o->json, "As JSON on stdout");
  verb->callback([o] {
    std::vector<std::string> files = o->configs;
    if (files.empty())
      for (const char* n : {"xb64-w9", "xb64-w3", "xb256-w9", "xb256-w3"}) files.push_back(home() + "/configs/bench/" + n + ".toml");
    nlohmann::ordered_json j = nlohmann::ordered_json::array();
    if (!o->json)
      fmt::print("{:<12} {:>9} {:>10} {:>12} {:>14} {:>16} {:>14}\n", "config", "cycles", "gen s", "kcycle/s", "M MAC/s", "kcycle/s checked",
                 "M MAC/s");
    for (const std::string& file : files) {
      Config config = load_config(file);
      const Prepared p = prepare(config);
      const auto t0 = std::chrono::steady_clock::now();
      (void)emit(config, p.layers);
      const double gen = std::chrono::duration<double>(std::chrono::steady_clock::now() - t0).count();
      const Layer& layer = p.layers[0].layer;
      BuildOptions build;
      build.cache = cache();
      const Core core = build_core(config, {layer}, &p.layers[0].data, build);
      CoreDriver driver(core);
      RunOptions quick, checked;
      quick.check = false;
      const LayerRun bare = run_layer(driver, core, layer, p.layers[0].data, {p.input}, quick);
      const LayerRun full = run_layer(driver, core, layer, p.layers[0].data, {p.input}, checked);
      const double macs = static_cast<double>(layer.out_h()) * layer.out_w() * layer.cin * layer.cout * layer.kh * layer.kw;
      const auto rate = [&](const LayerRun& r) { return static_cast<double>(r.cycles) / r.seconds / 1e3; };
      if (o->json)
        j.push_back({{"config", config.name}, {"cycles", bare.cycles}, {"gen_seconds", gen}, {"kcycles_per_second", rate(bare)},
                     {"mmac_per_second", macs / bare.seconds / 1e6}, {"checked_kcycles_per_second", rate(full)},
                     {"checked_mmac_per_second", macs / full.seconds / 1e6}});
      else
        fmt::print("{:<12} {:>9} {:>10.3f} {:>12.1f} {:>14.1f} {:>16.1f} {:>14.1f}\n", config.name, bare.cycles, gen, rate(bare),
                   macs / bare.seconds / 1e6, rate(full), macs / full.seconds / 1e6);
    }
    if (o->json) std::cout << j.dump(2) << "\n";
  });
}

}  // namespace epim::command

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/command/command.hpp"
#include "sim/driver.hpp"

namespace epim::command {
namespace {

struct BenchArguments {
  std::vector<std::string> configs;
  int repeat = 3;
  bool json = false;
};

/// The body of module epim_crossbar replaced by registers: same ports, same latency, codes that still change with the
/// word lines, no cells and no counting. What the rest of the core does does not depend on the codes.
std::string stub_of(const std::string& text) {
  const std::string open = "`ifndef EPIM_CROSSBAR_BLACKBOX", close = "`endif";
  const std::size_t from = text.find(open), to = text.rfind(close);
  if (from == std::string::npos || to == std::string::npos || to < from) throw std::logic_error("epim_crossbar: no body found");
  return text.substr(0, from) + R"(
  logic fire_q;
  logic [Adcs*Slices*2*AdcBits-1:0] code_q;
  always_ff @(posedge clk_i) begin
    if (en_i) fire_q <= fire_i;
    if (en_i && fire_q) code_q <= {(Adcs*Slices*2){wl_i[AdcBits-1:0]}};
  end
  assign code_o = code_q;
  assign cell_reads_o = '0;
  assign adc_zero_o = '0;
  assign adc_saturated_o = '0;
)" + text.substr(to + close.size());
}

/// Processor seconds of the fastest of several runs.
double fastest(const Core& core, const Prepared& p, const RunOptions& options, int repeat, LayerRun& run) {
  CoreDriver driver(core);
  double least = 0;
  for (int i = 0; i < repeat; ++i) {
    run = run_layer(driver, core, p.layers[0].layer, p.layers[0].data, {p.input}, options);
    least = i == 0 ? run.cpu_seconds : std::min(least, run.cpu_seconds);
  }
  return least;
}

void bench(const BenchArguments& o) {
  std::vector<std::string> files = o.configs;
  if (files.empty())
    for (const char* n : {"layer-stem", "layer-1x1", "layer-3x3", "layer-wide", "xb256-w9", "xb256-w3", "xb64-w9", "xb64-w3"})
      files.push_back(home() + "/configs/bench/" + n + ".toml");
  nlohmann::ordered_json j = nlohmann::ordered_json::array();
  if (!o.json)
    fmt::print("{:<12} {:>6} {:>9} {:>8} {:>10} {:>9} {:>10} {:>9} {:>9} {:>9} {:>10}\n{:<12} {:>6} {:>9} {:>8} {:>10} {:>9} {:>10} {:>9}\n", "",
               "", "", "", "bare", "", "checked", "", "crossbar", "rest of", "score-", "config", "PEs", "cycles", "gen ms", "kcycle/s",
               "M MAC/s", "kcycle/s", "M MAC/s");
  Progress progress("bench");
  for (std::size_t i = 0; i < files.size(); ++i) {
    const Config config = load_config(files[i]);
    progress.update(static_cast<double>(i) / static_cast<double>(files.size()), config.name);
    const Prepared p = prepare(config);
    const auto t0 = std::chrono::steady_clock::now();
    (void)emit(config, p.core, p.layers);
    const double gen = std::chrono::duration<double>(std::chrono::steady_clock::now() - t0).count();
    const Layer& layer = p.layers[0].layer;
    BuildOptions build;
    build.cache = cache();
    const Core core = build_core(p.core, {layer}, &p.layers[0].data, build);
    Sources stubbed = elaborate(p.core, core.parameters, nullptr).blocks;
    for (auto& [name, text] : stubbed)
      if (name == "epim_crossbar.sv") text = stub_of(text);
    const Core hollow = build_core_from(p.core, {layer}, &p.layers[0].data, build, &stubbed);

    RunOptions quick, checked;
    quick.check = false;
    LayerRun run;
    const double without = fastest(hollow, p, quick, o.repeat, run);
    const double bare = fastest(core, p, quick, o.repeat, run);
    const double full = fastest(core, p, checked, o.repeat, run);
    const auto cycles = static_cast<double>(run.cycles), macs = static_cast<double>(layer.macs());
    const double crossbar = std::max(0.0, bare - without) / full, rest = std::min(without, bare) / full, board = 1 - crossbar - rest;
    progress.clear();
    if (o.json) {
      j.push_back({{"config", config.name}, {"pe_rows", p.core.hw.pe_rows}, {"pe_cols", p.core.hw.pe_cols}, {"cycles", run.cycles},
                   {"macs", layer.macs()}, {"gen_seconds", gen}, {"bare_seconds", bare}, {"stubbed_seconds", without},
                   {"checked_seconds", full}, {"kcycles_per_second", cycles / bare / 1e3}, {"mmac_per_second", macs / bare / 1e6},
                   {"checked_kcycles_per_second", cycles / full / 1e3}, {"checked_mmac_per_second", macs / full / 1e6},
                   {"share", {{"crossbar", crossbar}, {"rest_of_core", rest}, {"scoreboard", board}}}});
    } else {
      fmt::print("{:<12} {:>4}x{} {:>9} {:>8.1f} {:>10.1f} {:>9.0f} {:>10.1f} {:>9.0f} {:>8.0f}% {:>8.0f}% {:>9.0f}%\n", config.name,
                 p.core.hw.pe_rows, p.core.hw.pe_cols, run.cycles, gen * 1e3, cycles / bare / 1e3, macs / bare / 1e6, cycles / full / 1e3,
                 macs / full / 1e6, crossbar * 100, rest * 100, board * 100);
      std::fflush(stdout);
    }
  }
  if (o.json) std::cout << j.dump(2) << "\n";
}

}  // namespace

void add_bench(CLI::App& app) {
  auto o = std::make_shared<BenchArguments>();
  CLI::App* verb = app.add_subcommand("bench", "Simulation speed of the core: cycles and multiply-accumulates per second, and where the time goes");
  verb->add_option("configs", o->configs, "[layer] configurations; default: configs/bench");
  verb->add_option("--repeat", o->repeat, "Runs of each kind; the fastest counts")->check(CLI::Range(1, 1000))->capture_default_str();
  verb->add_flag("--json", o->json, "As JSON on stdout");
  verb->footer("Times are processor seconds of one thread. Shares of a checked run: crossbar = bare run minus a run whose crossbar\n"
               "macro is registers only; scoreboard = checked minus bare run, the golden model included; rest of the core,\n"
               "with the harness that drives it = what remains.\n"
               "Example: epim bench configs/bench/layer-wide.toml --repeat 5");
  verb->callback([o] { bench(*o); });
}

}  // namespace epim::command

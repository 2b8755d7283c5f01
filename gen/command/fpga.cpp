// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/command/command.hpp"
#include "gen/fpga/flow.hpp"
#include "gen/base/interrupt.hpp"
#include "gen/base/hash.hpp"

namespace epim::command {
namespace {

struct FpgaArguments {
  ConfigOptions config;
  FpgaOptions flow;
  std::string board = "hx8k", out;
  bool no_route = false, json = false;
};

nlohmann::ordered_json uses_json(const std::vector<FpgaUse>& uses) {
  nlohmann::ordered_json j = nlohmann::ordered_json::object();
  for (const FpgaUse& u : uses) j[u.name] = {{"used", u.used}, {"available", u.available}};
  return j;
}

void print_uses(const char* title, const std::vector<FpgaUse>& uses) {
  fmt::print("{:<28} {:>8} {:>10} {:>7}\n", title, "used", "available", "share");
  for (const FpgaUse& u : uses)
    fmt::print("  {:<26} {:>8.0f} {:>10.0f} {:>7}\n", u.name, u.used, u.available,
               u.available > 0 ? fmt::format("{:.1f} %", 100 * u.used / u.available) : "-");
}

void run_fpga(FpgaArguments& o) {
  const FpgaBoard& board = fpga_board(o.board);
  Config config = o.config.load();
  if (config.core.storage != Storage::ram) {
    // A flat cell memory is one array of flip-flops for a synthesiser.
    o.config.set.push_back("hardware.storage=ram");
    config = o.config.load();
  }
  check_output_folder(o.out);
  const Prepared p = prepare(config);
  o.flow.home = home();
  o.flow.route = !o.no_route;
  Progress bar("fpga");
  o.flow.progress = [&](double share, const std::string& what) { bar.update(share, what); };
  const InterruptGuard guard;  // a signal ends Yosys and nextpnr too
  FpgaResult r = fpga_flow(config, p.core, p.layers, board, o.flow);
  bar.clear();

  nlohmann::ordered_json j = {{"board", board.name}, {"device", board.device->name}, {"config", config.name},
                              {"hardware", hash_text(hardware_hash(p.core))}, {"self_test", o.flow.self_test},
                              {"clock_mhz", r.clock_mhz}, {"baud", o.flow.baud}, {"clocks_per_bit", r.clocks_per_bit},
                              {"yosys", r.yosys_version}, {"cells", r.cells}, {"netlist", uses_json(r.uses)}};
  if (!r.routed.empty()) {
    j["nextpnr"] = r.nextpnr_version;
    j["seed"] = r.seed;
    for (const SeedResult& s : r.tried) j["seeds"].push_back({{"seed", s.seed}, {"fmax_mhz", s.fmax_mhz}});
    j["routed"] = uses_json(r.routed);
    j["target_mhz"] = r.target_mhz;
    j["fmax_mhz"] = r.fmax_mhz;
    if (r.icetime_mhz > 0) j["icetime_mhz"] = r.icetime_mhz;
    j["critical_path"] = r.critical;
  }
  if (r.bitstream.empty()) j["not_routed"] = r.not_routed;
  else j["bitstream"] = r.bitstream;
  r.files["fpga.json"] = j.dump(2) + "\n";
  write_output_folder(o.out, r.files);

  if (o.json) {
    std::cout << j.dump(2) << "\n";
  } else {
    fmt::print("{}: {} on {}, {:.4g} MHz, {} baud{}\n", config.name, board.device->name, board.title, r.clock_mhz, o.flow.baud,
               o.flow.self_test ? ", with self-test" : "");
    print_uses("netlist (yosys)", r.uses);
    if (!r.routed.empty()) {
      print_uses("placed and routed (nextpnr)", r.routed);
      for (const SeedResult& s : r.tried)
        if (r.tried.size() > 1) fmt::print("  seed {:<4} {:>8.2f} MHz{}\n", s.seed, s.fmax_mhz, s.seed == r.seed ? "  kept" : "");
      fmt::print("fmax {:.2f} MHz (nextpnr){}, seed {}, slowest path from {}\n", r.fmax_mhz,
                 r.icetime_mhz > 0 ? fmt::format(", {:.2f} MHz (icetime)", r.icetime_mhz) : "", r.seed, r.critical);
    }
    if (r.bitstream.empty()) fmt::print("no bitstream: {}\n", r.not_routed);
    else fmt::print("bitstream {}/{}\n", o.out, r.bitstream);
  }
  if (r.fmax_mhz > 0 && r.fmax_mhz < r.clock_mhz)
    throw Failed(fmt::format("timing: {:.2f} MHz after routing, the clock has {:.4g} MHz", r.fmax_mhz, r.clock_mhz));
  if (o.flow.min_fmax_mhz > 0 && r.fmax_mhz < o.flow.min_fmax_mhz)
    throw Failed(fmt::format("timing: {:.2f} MHz after routing, --min-fmax asks for {:g} MHz", r.fmax_mhz, o.flow.min_fmax_mhz));
}

}  // namespace

void add_fpga(CLI::App& app) {
  auto o = std::make_shared<FpgaArguments>();
  std::string boards;
  for (const FpgaBoard& b : fpga_boards()) boards += fmt::format("\n  {:<12} {}", b.name, b.title);
  CLI::App* verb = app.add_subcommand("fpga", "Make an FPGA bitstream: a core behind a serial line, on a named board");
  o->config.add(*verb);
  verb->add_option("-b,--board", o->board, "Board, see below")->capture_default_str();
  verb->add_option("-o,--out", o->out, "Output folder: bitstream, RTL, constraints, fpga.json; replaced as a whole if epim made it")->required();
  verb->add_option("--baud", o->flow.baud, "Baud rate of the serial line")->check(CLI::Range(300, 12000000))->capture_default_str();
  verb->add_option("--clock", o->flow.clock_mhz, "Clock of the core in MHz, by the PLL (iCE40); default: the oscillator's")->check(CLI::Range(1.0, 400.0));
  verb->add_flag("--self-test", o->flow.self_test, "With epim_bist: runs the ROM layer after reset, lights an LED; needs hardware.tables = \"rom\"");
  verb->add_option("--target", o->flow.target_mhz, "Frequency in MHz that place and route aims at; default: the board's")->check(CLI::Range(1.0, 1000.0));
  verb->add_option("--min-fmax", o->flow.min_fmax_mhz, "Fail below this frequency in MHz")->check(CLI::Range(0.0, 1000.0));
  verb->add_option("--seed", o->flow.seed, "Seed of place and route")->check(CLI::Range(0, 1000000))->capture_default_str();
  verb->add_option("--seeds", o->flow.seeds, "Seeds to try from --seed on, until clock and --min-fmax are reached; the fastest is kept")
      ->check(CLI::Range(1, 1000))->capture_default_str();
  verb->add_flag("--no-route", o->no_route, "Stop after synthesis");
  verb->add_flag("--json", o->json, "Report as JSON on stdout");
  verb->footer("Boards:" + boards + "\n"
               "Examples:\n  epim fpga --config configs/fpga/digits_small.toml --board hx8k --out out/hx8k\n"
               "  epim fpga --config configs/fpga/digits_small.toml --board hx8k --min-fmax 70 --seeds 3 --out out/hx8k-70\n"
               "  epim fpga --config configs/fpga/digits_small.toml --board ulx3s --no-route --out out/ulx3s\n"
               "  iceprog -S out/hx8k/epim_board.bin   (Debian package fpga-icestorm)\n"
               "Pins, protocol, results: docs/fpga.md");
  verb->callback([o] { run_fpga(*o); });
}

}  // namespace epim::command

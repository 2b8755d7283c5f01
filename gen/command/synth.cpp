// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/command/chip.hpp"
#include "gen/command/command.hpp"
#include "gen/base/hash.hpp"
#include "gen/base/interrupt.hpp"
#include "gen/synth/area.hpp"

namespace epim::command {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct SynthArguments {
  std::vector<std::string> configs;
  std::string crossbar, liberty, out, csv, markdown, target = "asic", yosys = "yosys", sta = "sta", sdc;
  std::vector<std::string> set;
  double period = 20, macro_delay = 0;
  bool json = false, timing = false, generic = false, no_share = false, core_boxes = false;
  ChipOptions chip;
};

/// One synthesised configuration.
struct Point {
  std::string name;
  Hardware hw;
  std::string hash;
  AreaReport area;
  std::optional<TimingPath> timing;
  std::string library, yosys;
  double seconds = 0;
};

std::string size_text(const Hardware& hw) { return fmt::format("{}x{}", hw.xb_rows, hw.xb_cols); }
std::string array_text(const Hardware& hw) { return fmt::format("{}x{}", hw.pe_rows, hw.pe_cols); }

Json json_of(const Point& p) {
  Json j{{"config", p.name}, {"crossbar", size_text(p.hw)}, {"pe_array", array_text(p.hw)}, {"hardware", p.hash},
         {"yosys", p.yosys}, {"memory_bit_ge", kMemoryBitGe}};
  const auto row = [&](const AreaRow& r) {
    Json o{{"block", r.block}, {"instances", r.instances}, {"ge", r.ge}, {"registers", r.registers},
           {"memory_bits", r.memory_bits}, {"memory_ge", r.memory_ge()}};
    if (!p.library.empty()) o["um2"] = r.um2;
    return o;
  };
  if (!p.library.empty()) j["library"] = p.library;
  j["blocks"] = Json::array();
  for (const AreaRow& r : p.area.rows) j["blocks"].push_back(row(r));
  j["total"] = row(p.area.total);
  if (!p.area.additions.empty()) {
    j["additions"] = Json::array();
    for (const AdditionRow& a : p.area.additions)
      j["additions"].push_back({{"what", a.what}, {"lenient_ge", a.lenient_ge}, {"strict_ge", a.strict_ge},
                                {"lenient_bits", a.lenient_bits}, {"strict_bits", a.strict_bits}});
    j["share"] = {{"lenient_logic", p.area.lenient_logic()}, {"strict_logic", p.area.strict_logic()},
                  {"lenient_with_memories", p.area.lenient_all()}, {"strict_with_memories", p.area.strict_all()}};
  }
  if (p.timing)
    j["timing"] = {{"period_ns", p.timing->period_ns}, {"slack_ns", p.timing->slack_ns},
                   {"fmax_mhz", p.timing->fmax_mhz()}, {"startpoint", p.timing->startpoint},
                   {"endpoint", p.timing->endpoint}};
  return j;
}

std::string csv_of(const std::vector<Point>& points) {
  std::string s = "config,crossbar,pe_array,block,instances,ge,registers,memory_bits,memory_ge,um2,lenient_ge,strict_ge\n";
  for (const Point& p : points) {
    const std::string head = fmt::format("{},{},{}", p.name, size_text(p.hw), array_text(p.hw));
    const auto row = [&](const AreaRow& r) {
      s += fmt::format("{},{},{},{:.2f},{},{},{:.1f},{},,\n", head, r.block, r.instances, r.ge, r.registers, r.memory_bits,
                       r.memory_ge(), p.library.empty() ? "" : fmt::format("{:.1f}", r.um2));
    };
    for (const AreaRow& r : p.area.rows) row(r);
    row(p.area.total);
    for (const AdditionRow& a : p.area.additions)
      s += fmt::format("{},added: {},,,,,,,{:.2f},{:.2f}\n", head, a.what, a.lenient_ge + a.lenient_bits * kMemoryBitGe,
                       a.strict_ge + a.strict_bits * kMemoryBitGe);
  }
  return s;
}

void print(const Point& p) {
  fmt::print("{}: {} crossbars, {} PEs, {}\n", p.name, size_text(p.hw), array_text(p.hw), p.yosys);
  fmt::print("{:<22}{:>5} {:>12} {:>10} {:>12} {:>12}{}\n", "block", "n", "GE", "registers", "memory bits", "memory GE",
             p.library.empty() ? "" : fmt::format(" {:>14}", "um2"));
  const auto row = [&](const AreaRow& r) {
    fmt::print("{:<22}{:>5} {:>12.0f} {:>10} {:>12} {:>12.0f}{}\n", r.block, r.instances, r.ge, r.registers, r.memory_bits,
               r.memory_ge(), p.library.empty() ? "" : fmt::format(" {:>14.0f}", r.um2));
  };
  for (const AreaRow& r : p.area.rows) row(r);
  row(p.area.total);
  if (!p.area.additions.empty()) {
    fmt::print("\n{:<40}{:>14} {:>14}\n", "added by epitomes, GE with memories", "lenient", "strict");
    const auto line = [](const AdditionRow& a) {
      fmt::print("  {:<38}{:>14.0f} {:>14.0f}\n", a.what, a.lenient_ge + a.lenient_bits * kMemoryBitGe,
                 a.strict_ge + a.strict_bits * kMemoryBitGe);
    };
    for (const AdditionRow& a : p.area.additions) line(a);
    line(p.area.added);
    fmt::print("  {:<38}{:>12.1f} % {:>12.1f} %\n", "share of the digital area", 100 * p.area.lenient_all(), 100 * p.area.strict_all());
    fmt::print("  {:<38}{:>12.1f} % {:>12.1f} %\n", "share without memories", 100 * p.area.lenient_logic(), 100 * p.area.strict_logic());
  }
  if (p.timing)
    fmt::print("\ntiming, {}: {:.3f} ns ({:.1f} MHz) from {} to {}\n", p.library, p.timing->period_ns - p.timing->slack_ns,
               p.timing->fmax_mhz(), p.timing->startpoint, p.timing->endpoint);
  fmt::print("\n");
}

/// One row per configuration, for the docs.
std::string markdown_of(const std::vector<Point>& points) {
  bool timing = false;
  std::string library;
  for (const Point& p : points) timing |= p.timing.has_value(), library = p.library;
  std::string s = "| crossbar | PE array | logic GE | registers | memory bits | logic and memories GE |";
  std::string rule = "|---|---|---:|---:|---:|---:|";
  if (!library.empty()) s += " logic mm² (" + library + ") |", rule += "---:|";
  s += " added, lenient | added, strict | lenient, logic only | strict, logic only |";
  rule += "---:|---:|---:|---:|";
  if (timing) s += " fmax MHz | slowest path ends in |", rule += "---:|---|";
  s += "\n" + rule + "\n";
  for (const Point& p : points) {
    const AreaRow& t = p.area.total;
    s += fmt::format("| {} | {} | {:.0f} | {} | {} | {:.0f} |", size_text(p.hw), array_text(p.hw), t.ge, t.registers,
                     t.memory_bits, t.total_ge());
    if (!library.empty()) s += fmt::format(" {:.3f} |", t.um2 * 1e-6);
    s += fmt::format(" {:.1f} % | {:.1f} % | {:.1f} % | {:.1f} % |", 100 * p.area.lenient_all(), 100 * p.area.strict_all(),
                     100 * p.area.lenient_logic(), 100 * p.area.strict_logic());
    if (timing) s += fmt::format(" {:.1f} | `{}` |", p.timing->fmax_mhz(), p.timing->endpoint);
    s += "\n";
  }
  return s;
}

Point synthesise_one(const std::string& path, const SynthArguments& o, const std::function<void(double, const std::string&)>& progress) {
  ConfigOptions c;
  c.config = path;
  c.crossbar = o.crossbar;
  c.set = o.set;
  c.use = o.target == "generic" ? "synth-generic" : "synth";
  Config config = c.load();
  if (o.target == "generic") {
    c.set.push_back("hardware.storage=ram");
    config = c.load();
  }
  const std::string folder = (fs::path(o.out) / config.name).string();
  check_output_folder(folder);
  const Prepared prepared = prepare(config);
  const FileSet files = emit(config, prepared.core, prepared.layers);

  SynthOptions s;
  s.target = o.target == "asic" ? SynthTarget::asic : SynthTarget::generic;
  s.yosys = o.yosys;
  s.sta = o.sta;
  s.ge_liberty = home() + "/constraints/epim_ge.lib";
  s.liberty = o.liberty;
  s.sdc = o.timing ? (o.sdc.empty() ? home() + "/constraints/epim.sdc" : o.sdc) : "";
  s.period_ns = o.period;
  s.macro_delay_ns = o.macro_delay;
  s.generic_netlist = o.generic;
  s.reference = !o.no_share;
  s.progress = progress;
  const auto begin = std::chrono::steady_clock::now();
  SynthResult r = synthesise(elaborate(prepared.core, prepared.layers), s);

  Point p;
  p.name = config.name;
  p.hw = prepared.core.hw;
  p.hash = hash_text(hardware_hash(prepared.core));
  p.area = area_report(r);
  p.timing = r.timing;
  p.library = r.library.name;
  p.yosys = r.yosys_version;
  p.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  FileSet out = std::move(r.files);
  for (const auto& [name, text] : files)
    if (name != kMarkerFile) out["gen/" + name] = text;
  out["area.json"] = json_of(p).dump(2) + "\n";
  write_output_folder(folder, out);
  return p;
}

/// A network as one chip.
void synthesise_chip(const SynthArguments& o) {
  if (o.configs.size() > 1 || o.target != "asic" || !o.liberty.empty() || o.timing || o.generic || !o.csv.empty() || !o.markdown.empty())
    throw InputError({"--top", 0, 0}, "bad-argument", "a chip is one configuration in gate equivalents; legal: without --target, --liberty, --timing, --generic-netlist, --csv, --markdown");
  ConfigOptions c;
  c.config = o.configs.at(0);
  c.crossbar = o.crossbar;
  c.set = o.set;
  check_output_folder(o.out);
  const PreparedChip p = prepare_chip(c, o.chip);
  SynthOptions s;
  s.yosys = o.yosys;
  s.ge_liberty = home() + "/constraints/epim_ge.lib";
  s.reference = false;
  s.core_boxes = o.core_boxes;
  Progress bar("synth");
  s.progress = [&](double share, const std::string& what) { bar.update(share, what); };
  const InterruptGuard guard;
  SynthResult r = synthesise(elaborate_chip(p.chip), s);
  bar.clear();
  const std::vector<AreaRow> rows = chip_area(r);
  AreaRow total;
  total.block = "total";
  for (const AreaRow& row : rows) {
    total.instances += row.instances;
    total.ge += row.ge;
    total.registers += row.registers;
    total.memory_bits += row.memory_bits;
  }
  Json j{{"config", p.config.name}, {"top", r.top}, {"yosys", r.yosys_version}, {"memory_bit_ge", kMemoryBitGe}, {"core_boxes", o.core_boxes}};
  const auto json_row = [](const AreaRow& row) {
    return Json{{"block", row.block}, {"instances", row.instances}, {"ge", row.ge}, {"registers", row.registers}, {"memory_bits", row.memory_bits}, {"memory_ge", row.memory_ge()}};
  };
  for (const AreaRow& row : rows) j["blocks"].push_back(json_row(row));
  j["total"] = json_row(total);
  FileSet files = std::move(r.files);
  files["area.json"] = j.dump(2) + "\n";
  write_output_folder(o.out, files);
  if (o.json) {
    std::cout << j.dump(2) << "\n";
    return;
  }
  fmt::print("{}: {}\n{:<22}{:>5} {:>12} {:>10} {:>12} {:>12} {:>8}\n", r.top, r.yosys_version, "block", "n", "GE", "registers", "memory bits", "memory GE", "share");
  const auto line = [&](const AreaRow& row) {
    fmt::print("{:<22}{:>5} {:>12.0f} {:>10} {:>12} {:>12.0f} {:>7.2f}%\n", row.block, row.instances, row.ge, row.registers, row.memory_bits, row.memory_ge(),
               100 * row.total_ge() / total.total_ge());
  };
  for (const AreaRow& row : rows) line(row);
  line(total);
}

}  // namespace

void add_synth(CLI::App& app) {
  auto o = std::make_shared<SynthArguments>();
  CLI::App* verb = app.add_subcommand("synth", "Synthesise with Yosys: area per block, what epitomes add, timing");
  verb->add_option("-c,--config", o->configs, "Configuration files (TOML), one or more")->required();
  verb->add_option("--crossbar", o->crossbar, "Crossbar size, as --set hardware.crossbar=ROWSxCOLUMNS");
  verb->add_option("--set", o->set, "Override a key: section.key=value (repeatable)")->allow_extra_args(false);
  verb->add_option("-o,--out", o->out, "Folder for one folder per configuration: netlists, area.json, scripts")->required();
  verb->add_option("--target", o->target, "Crossbar: asic = black box, generic = memories and logic")
      ->check(CLI::IsMember({"asic", "generic"}));
  verb->add_option("--liberty", o->liberty, "Also map to this library and count um2");
  verb->add_flag("--timing", o->timing, "Slowest path with OpenSTA; needs --liberty");
  verb->add_option("--sdc", o->sdc, "Constraints for OpenSTA (default constraints/epim.sdc)");
  verb->add_option("--period", o->period, "Clock period in ns, for --liberty and --timing")->check(CLI::Range(0.01, 1e6));
  verb->add_option("--macro-delay", o->macro_delay, "Clock to output, and setup, of memories and crossbar macros in ns")
      ->check(CLI::Range(0.0, 1e6));
  verb->add_flag("--generic-netlist", o->generic, "Also write a netlist of Yosys' own gates, memories as flip-flops");
  verb->add_flag("--no-share", o->no_share, "Leave out what epitomes add: saves a fifth of the time");
  verb->add_option("--yosys", o->yosys, "Yosys program");
  verb->add_option("--sta", o->sta, "OpenSTA program");
  verb->add_option("--csv", o->csv, "Also write the table as CSV");
  verb->add_option("--markdown", o->markdown, "Also write one row per configuration as a Markdown table");
  o->chip.add(*verb);
  verb->add_flag("--core-boxes", o->core_boxes, "With --top network: what stands between the cores alone");
  verb->add_flag("--json", o->json, "As JSON on stdout");
  verb->footer("Examples:\n"
               "  epim synth --config configs/layer3.toml --out out/synth\n"
               "  epim synth --config configs/area/*.toml --csv out/area.csv --out out/area\n"
               "  epim synth --config configs/named/xb64.toml --timing --out out/synth \\\n"
               "      --liberty /usr/share/qflow/tech/osu035/osu035_stdcells.lib   (Debian package qflow-tech-osu035)\n"
               "What is counted and why: docs/area.md");
  verb->callback([o] {
    if (o->timing && o->liberty.empty())
      throw InputError({}, "bad-argument", "--timing needs --liberty FILE with delays; gate equivalents have none");
    if (o->chip.network()) return synthesise_chip(*o);
    if (o->core_boxes || !o->chip.fifos.empty()) throw InputError({o->core_boxes ? "--core-boxes" : "--fifo", 0, 0}, "bad-argument", "is about a chip; legal: with --top network");
    std::vector<Point> points;
    Json all = Json::array();
    Progress bar("synth");
    const InterruptGuard guard;  // a signal ends Yosys too
    for (std::size_t i = 0; i < o->configs.size(); ++i) {
      const auto progress = [&](double share, const std::string& what) {
        bar.update((static_cast<double>(i) + share) / static_cast<double>(o->configs.size()), o->configs[i] + " " + what);
      };
      points.push_back(synthesise_one(o->configs[i], *o, progress));
      bar.clear();
      if (o->json) all.push_back(json_of(points.back()));
      else print(points.back());
    }
    if (o->json) std::cout << all.dump(2) << "\n";
    if (!o->csv.empty()) write_file_atomically(o->csv, csv_of(points));
    if (!o->markdown.empty()) write_file_atomically(o->markdown, markdown_of(points));
  });
}

}  // namespace epim::command

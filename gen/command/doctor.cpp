// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/command/command.hpp"
#include "gen/base/process.hpp"

namespace epim::command {
namespace {

struct Tool {
  const char* name;
  const char* command;
  const char* package;
  const char* needed;  ///< for what
  const char* floor;   ///< version it is tested with
  bool required;
};
constexpr Tool kTools[] = {
    {"verilator", "verilator --version", "verilator", "sim, verify", "5.006", true},
    {"g++", "g++ --version | head -1", "g++", "sim, verify", "12.2", true},
    {"yosys", "yosys -V", "yosys", "portable subset tests, synthesis", "0.23", false},
    {"iverilog", "iverilog -V | head -1", "iverilog", "portable subset tests", "11.0", false},
    {"chromium", "chromium --version 2>/dev/null", "chromium", "tests of report pages", "156", false},
    {"sta", "sta -version", "opensta", "timing of netlists", "2.0.17", false},
    {"gtkwave", "gtkwave --version 2>/dev/null | head -1", "gtkwave", "looking at waveforms", "3.3", false},
};

}  // namespace

void add_doctor(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  CLI::App* verb = app.add_subcommand("doctor", "Show which tools are installed and what is missing");
  verb->add_flag("--json", *json, "As JSON on stdout");
  verb->callback([json] {
    nlohmann::ordered_json j = nlohmann::ordered_json::array();
    std::string missing;
    for (const Tool& t : kTools) {
      CommandResult r = run_command(fmt::format("command -v {} > /dev/null && {}", t.name, t.command));
      std::string version = r.code == 0 ? r.output.substr(0, r.output.find('\n')) : "not found";
      if (r.code != 0 && t.required) missing += std::string(missing.empty() ? "" : " ") + t.package;
      if (*json) j.push_back({{"tool", t.name}, {"found", version}, {"tested", t.floor}, {"package", t.package}, {"required", t.required}});
      else fmt::print("{:<10} {:<60.60} tested with {:<7} for {}{}\n", t.name, version, t.floor, t.needed,
                      r.code == 0 ? "" : fmt::format(" (Debian package {})", t.package));
    }
    if (*json) std::cout << j.dump(2) << "\n";
    if (!missing.empty()) throw MissingTool("install Debian package(s) " + missing + " (scripts/setup.sh run)");
  });
}

}  // namespace epim::command

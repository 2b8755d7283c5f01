// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What `epim report` is given: which kind of source a name is, and what it holds.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "gen/command/command.hpp"
#include "gen/command/run_setting.hpp"
#include "golden/events.hpp"

namespace epim::command {

/// How a network that says nothing about its cores is mapped.
struct ReportOptions {
  std::string crossbar = "256x256", design = "1024x256", wrap = "off";
  std::vector<std::string> set;
  int weight_bits = 9, act_bits = 9, lanes = 16;
  std::vector<std::string> given;  ///< those on the command line
  void add(CLI::App& verb);
  void note(const CLI::App& verb);
  bool has(const std::string& option) const;
};

struct NetworkOnCores {
  Network network;
  HardwareRequest base;
  DesignChoice design;
  int weight_bits = 9;
  std::optional<Config> config;     ///< with weights and images
  std::optional<RunCounters> run;
  std::vector<std::pair<std::string, std::string>> settings;  ///< as shown
};

struct ReportSource {
  std::string name;   ///< as given
  std::string kind;   ///< network, configuration, run, import, estimate, design, search, accuracy, study, training, chip
  std::string file;   ///< that was read
  std::string hash;   ///< of its bytes
  std::string title;
  std::optional<NetworkOnCores> network;
  nlohmann::ordered_json record, estimate, search, balance, accuracy, study, training, chip;  ///< null where the source has none
};

/// Throws InputError: unreadable-file; report-source (of no kind that a report is made from, or damaged), stale-run, and those of the readers.
ReportSource read_source(const std::string& name, const ReportOptions& options);

}  // namespace epim::command

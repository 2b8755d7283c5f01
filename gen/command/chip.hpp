// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// `--top network` of the verbs gen and check, and what sim shares with them.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "gen/chip/chip.hpp"
#include "gen/command/command.hpp"

namespace epim::command {

/// --top, --fifo-depths and --fifo.
struct ChipOptions {
  std::string top = "core", depths = "full";
  std::vector<std::string> fifos;
  void add(CLI::App& verb);
  bool network() const { return top == "network"; }
};

struct PreparedChip {
  Config config;
  CompiledNetwork net;
  ChipDesign chip;
};
/// The configuration of a chip. Throws InputError layer-or-network where it has no [network].
Config load_chip_config(const ConfigOptions& options);
/// Throws what load_chip_config and design_chip throw.
PreparedChip prepare_chip(const ConfigOptions& options, const ChipOptions& chip);
/// What `epim gen --top network` writes; the first images of the configuration become the folder's testbench.
FileSet chip_files(const PreparedChip& p);

void gen_chip(const ConfigOptions& options, const ChipOptions& chip, const std::string& out, bool json);

}  // namespace epim::command

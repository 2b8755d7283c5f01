// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// File lists for other tools, all from one list of files.
#pragma once
#include <string>
#include <vector>

namespace epim {

/// The SystemVerilog of an output folder. Paths are relative to the folder, '/' between parts.
struct Manifest {
  std::string name;                       ///< configuration name; characters outside [A-Za-z0-9_.-] become '_'
  std::string top;                        ///< top module
  std::vector<std::string> sources;       ///< compile order: packages first
  std::vector<std::string> data;          ///< memory images read by $readmemh
  std::string library = "core";           ///< between vendor and name in FuseSoC's identifier: core or chip
  std::string version = "0.1.0";
  std::string description = "Epitome processing-in-memory accelerator core";
};

/// `.f` list: one source per line behind `folder`, with `//` comments. Without a folder: for tools that run in the list's
/// folder, or read paths from there (`-F`). `$(NAME)/`: for tools that run anywhere and read environment variables.
std::string file_list(const Manifest& m, const std::string& folder = "");
/// FuseSoC core description, CAPI2, epim:LIBRARY:NAME:VERSION: fileset `rtl`, memory images copied to where tools run,
/// targets `default` and `lint`.
std::string fusesoc_core(const Manifest& m);
/// Bender.yml: package and sources.
std::string bender_yml(const Manifest& m);

}  // namespace epim

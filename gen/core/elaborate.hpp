// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A core as SystemVerilog: sources, ports of its top, memory images.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gen/base/output_folder.hpp"
#include "gen/config/config.hpp"
#include "gen/core/core_parameters.hpp"
#include "gen/core/program.hpp"

namespace epim {

/// A hand-written block of rtl/, compiled into the tool so that output folders are self-contained.
struct RtlSource {
  const char* name;
  const char* text;
  std::vector<std::string> uses;  ///< blocks that it instantiates
};
/// All blocks in compile order, packages first (the generated packages go after the first one).
const std::vector<RtlSource>& rtl_sources();

/// Folder of memory images in a generated folder.
inline constexpr const char* kMemDir = "mem/";

/// A port of a top, in the order of its text.
struct TopPort {
  std::string name;
  bool output = false;
  int bits = 1;
  bool operator==(const TopPort&) const = default;
};

/// The flat cell memory of PE (row, col): array `memory` inside instance `pe` of module epim_pe, named from the top on.
struct CellMemory {
  int row = 0, col = 0;
  std::string pe, memory;
};

/// What a tool reads to build a top.
struct Elaboration {
  std::string top;              ///< module
  std::vector<TopPort> ports;
  Sources blocks;               ///< packages and the blocks below the top, in compile order
  std::string text;             ///< of the top
  std::vector<CellMemory> cells;  ///< of a core with storage = "flat"
  FileSet images;               ///< that $readmemh reads; names below the top's MemDir. Empty: the top has none
  /// The blocks, then TOP.sv.
  Sources sources() const;
};

/// Texts of `instead` in the place of those of `blocks` that have the same name, and others of it that these instantiate.
void replace_texts(Sources& blocks, const Sources& instead);

struct ElaborateOptions {
  bool observed = false;          ///< epim_observed in place of epim_top: with ports that show nets of the core
  std::string mem_dir = kMemDir;  ///< default of MemDir, '/' at its end
  bool cores_outside = false;     ///< chips: the ports of every core are ports of the top, the cores are elsewhere
  bool events = false;            ///< of an observed chip: its cores count events, and mon_events_o shows the counters
};

/// epim_top, or epim_observed, of `core`: epim_core with every parameter. `p`: core_parameters of its layers; `rom`: the
/// program that the images hold, exactly where core.tables are ROM.
Elaboration elaborate(const CoreSpec& core, const CoreParameters& p, const LayerProgram* rom, const ElaborateOptions& options = {});

/// What an instance of epim_core takes besides its sizes.
struct CoreSettings {
  const LayerProgram* rom = nullptr;  ///< tables and cells from images; else written over the bus
  std::string images;                 ///< folder of the images in the top's MemDir, '/' at its end; empty: MemDir itself
  bool count = true, ram = false, endless = false;
  bool chain_end = true;              ///< of a core with a load port: none behind it
  std::uint64_t hash = 0;
};
/// Parameters of epim_core and their values as SystemVerilog, in order.
std::vector<std::pair<const char*, std::string>> core_parameter_values(const CoreParameters& p, const CoreSettings& settings);

/// Pins of an epim_core outside of a loaded chip: it ends its chain of load ports; not `loaded`: it has none.
std::string load_port_ties(bool loaded);

/// $readmemh images of a program, names below the folder of images: tables, channel parameters and slopes per joint lane,
/// cells per PE (flat order), or with `ram` per PE and ADC lane.
FileSet program_images(const CoreParameters& p, const LayerProgram& program, bool ram);

/// The top's parameter that names the folder of its images, as text in front of its ports. `"mem/"` is from the folder of
/// epim.f; tools that run elsewhere set it.
std::string mem_dir_parameter(const std::string& folder = kMemDir);

/// The packages, `tops` and all blocks below them, in compile order.
Sources block_files(const std::vector<std::string>& tops);

}  // namespace epim

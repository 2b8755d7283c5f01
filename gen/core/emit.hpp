// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The output folder of `epim gen`: SystemVerilog, images, manifests, register map, resolved configuration.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "gen/config/config.hpp"
#include "gen/core/core_parameters.hpp"
#include "gen/base/output_folder.hpp"
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

/// One layer of a core, ready to emit.
struct EmitLayer {
  Layer layer;
  LayerData data;
};

/// What an instance of epim_core takes besides its sizes.
struct CoreSettings {
  const LayerProgram* rom = nullptr;  ///< tables and cells from images; else written over the bus
  std::string images;                 ///< folder of the images in the top's MemDir, '/' at its end; empty: MemDir itself
  bool count = true, ram = false, endless = false;
  std::uint64_t hash = 0;
};
/// Parameters of epim_core and their values as SystemVerilog, in order.
std::vector<std::pair<const char*, std::string>> core_parameter_values(const CoreParameters& p, const CoreSettings& settings);

/// $readmemh images of a program under mem/: tables, channel parameters per joint lane, cells per PE (flat order), or
/// with `ram` per PE and ADC lane.
FileSet program_images(const CoreParameters& p, const LayerProgram& program, bool ram);

/// The top's parameter that names the folder of its images, as text in front of its ports. `"mem/"` is from the folder of
/// epim.f; tools that run elsewhere set it.
std::string mem_dir_parameter();

/// The packages, `tops` and all blocks below them, in compile order. Name -> text.
std::vector<std::pair<std::string, std::string>> block_files(const std::vector<std::string>& tops);

/// Module epim_top: epim_core with every parameter of this configuration.
/// `observed` adds the observation ports (module epim_observed, for verification).
std::string top_sv(const CoreParameters& p, const CoreSpec& core, const LayerProgram* rom, bool observed);

/// The SystemVerilog of a folder in compile order: packages, the blocks of a core, epim_top. Name -> text.
std::vector<std::pair<std::string, std::string>> rtl_files(const CoreParameters& p, const CoreSpec& core, const LayerProgram* rom);

/// Everything that `epim gen` writes of a configuration, whose core is `core`.
FileSet emit(const Config& config, const CoreSpec& core, const std::vector<EmitLayer>& layers);

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Compiles a core with Verilator, once per distinct hardware: results are kept in a cache by content hash.
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gen/core/elaborate.hpp"

namespace epim {

struct BuildOptions {
  std::string cache = "build/models";  ///< folder of compiled models
  bool fast = true;                    ///< optimise the compiled model (long runs) or the compile time (small tests)
  bool brief = false;                  ///< with `fast`, for a run of a second or two: optimise less
  bool trace = false;                  ///< waveforms
  std::string coverage;                ///< folder for the models' line and toggle counts; empty: not counted
  bool random_init = false;            ///< registers start with random values instead of zero
  std::vector<std::pair<std::string, std::string>> data;  ///< files beside the sources that $readmemh reads
  std::vector<CellMemory> cells;       ///< memories that the model gives access to (Model::cells)
  /// What $readmemh reads is given to every instance (Model::give_images); `registers` can be written, the state be read.
  bool bare = false;
  std::vector<CellMemory> registers;   ///< with `bare`: registers of PEs, or with an empty `pe` of the rest (Model::find_register)
};

/// Port of the top module to reach from C++.
struct BuildPort {
  std::string name;
  int bits;
};

/// In a source: the folder of `BuildOptions::data`.
inline constexpr const char* kDataFolder = "@DATA@";

/// The programs that make a model. Models are compiled for the processor at hand: a cache on a shared disk holds one
/// for every kind of processor.
struct ModelTools {
  std::string verilator;  ///< its version
  std::string compiler;   ///< version of g++ and what -march=native means here
  std::string quick;      ///< version of clang, where it is installed: it compiles models that are not optimised
};
/// Those of this machine. Throws MissingTool without verilator or a C++ compiler.
const ModelTools& model_tools();

/// Name of a model in the cache: a hash of everything that the shared object depends on.
std::string model_key(const ModelTools& tools, const Sources& sources, const std::string& top, const std::vector<BuildPort>& ports,
                      const BuildOptions& options);

/// Returns the path of the shared object for `top`; builds it where the cache has none. Throws MissingTool without verilator or a C++ compiler, std::runtime_error with the
/// tool's output where the build fails.
std::string build_model(const Sources& sources, const std::string& top, const std::vector<BuildPort>& ports,
                        const BuildOptions& options);
/// The same for a top whose MemDir is kDataFolder/mem/; with texts of `blocks` in the place of its own (replace_texts).
std::string build_elaborated(const Elaboration& e, const BuildOptions& options, const Sources* blocks = nullptr);

}  // namespace epim

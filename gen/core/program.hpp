// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Everything a core must be told before it runs a layer: table entries, parameters, cells, geometry.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "gen/core/core_parameters.hpp"
#include "gen/core/register_map.hpp"
#include "gen/core/tables.hpp"
#include "golden/layer.hpp"

namespace epim {

/// Memory kinds of the program port, as register prog_select encodes them.
enum class ProgramKind { ifat = 0, ifrt = 1, ofat = 2, channel = 3, scale = 4, cells = 5, slopes = 6, opt = 7, trims = 8 };
inline constexpr int program_kinds = static_cast<int>(ProgramKind::trims) + 1;

/// Consecutive entries of one memory.
struct ProgramBlock {
  ProgramKind kind = ProgramKind::ifat;
  int pe = 0;                  ///< row * pe_cols + column, for scale, cells and trims
  std::uint32_t address = 0;   ///< of the first entry
  std::vector<std::uint64_t> entries;
};

/// A layer as the control bus writes it.
struct LayerProgram {
  std::vector<ProgramBlock> blocks;
  std::array<std::uint32_t, kGeometryWords> geometry{};  ///< registers last_patch .. pad_value
  LayerTables tables;
};

/// Maps `data` onto the PE array and packs everything. Tables and cells hold what `p` has room for.
LayerProgram build_program(const CoreParameters& p, const Layer& layer, const LayerData& data, int frames = 1);

/// Reads the integer weights back out of a program's cells and tables: [cout][cin][kh][kw] of the virtual
/// convolution, as the RTL will see it, what is below a level left out (with Wrap::stored_once the channels that are stored).
/// Of a pool: a*P + e*D, through OPT and the scales M. Used to check the mapping; reads nothing but the program.
IntTensor rebuild_weights(const CoreParameters& p, const Layer& layer, const LayerProgram& program);

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Area per block, and the share of what epitomes add.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "gen/synth/flow.hpp"

namespace epim {

/// Gate equivalents that one bit of memory counts: a cell of six transistors by the rule of constraints/epim_ge.lib,
/// without decoders, sense amplifiers and wiring.
inline constexpr double kMemoryBitGe = 1.5;

/// A block with all its instances. Memories (epim_ram) count with the block that holds them.
struct AreaRow {
  std::string block;
  std::int64_t instances = 0;
  double ge = 0;                   ///< logic and registers, gate equivalents
  std::int64_t registers = 0;      ///< flip-flops
  std::int64_t memory_bits = 0;
  double um2 = 0;                  ///< logic and registers in the second library; 0 without one
  double memory_ge() const { return static_cast<double>(memory_bits) * kMemoryBitGe; }
  double total_ge() const { return ge + memory_ge(); }
};

/// What epitomes add, one line: a block as a whole, or its difference to the same block of a plain convolution.
struct AdditionRow {
  std::string what;
  double lenient_ge = 0, strict_ge = 0;                  ///< logic and registers
  std::int64_t lenient_bits = 0, strict_bits = 0;        ///< memory
};

struct AreaReport {
  std::vector<AreaRow> rows;       ///< blocks in the order of the data path
  AreaRow total;                   ///< sum of rows
  std::vector<AdditionRow> additions;
  AdditionRow added;               ///< sum of additions
  /// Shares of the digital area, 0..1: logic and registers only, and with memories.
  double lenient_logic() const { return added.lenient_ge / total.ge; }
  double strict_logic() const { return added.strict_ge / total.ge; }
  double lenient_all() const { return (added.lenient_ge + added.lenient_bits * kMemoryBitGe) / total.total_ge(); }
  double strict_all() const { return (added.strict_ge + added.strict_bits * kMemoryBitGe) / total.total_ge(); }
};

/// Counts `result`. The crossbar, black box or model, is not part of the digital area and has no row when it is a box.
/// Throws std::runtime_error when a cell of the netlist is neither in the library nor a known module.
AreaReport area_report(const SynthResult& result);

/// A chip by what its top holds: a row per kind of block, everything inside it counted with it (crossbars, as black boxes, are nothing),
/// the top's own logic last in alphabetical order as "between them". Black boxes have rows without area.
std::vector<AreaRow> chip_area(const SynthResult& result);

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The register map (gen/core/register_map.def) and the event list (golden/events.def) as other languages see them.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace epim {

/// First lines of a generated source.
inline constexpr const char* kSpdx =
    "// SPDX-FileCopyrightText: 2026 The epim authors\n// SPDX-License-Identifier: Apache-2.0\n";

enum class Access { RO, WO, RW };

struct Register {
  const char* name;      ///< snake case; UpperCamelCase in SystemVerilog, EPIM_UPPER in C
  std::uint32_t offset;  ///< bytes
  Access access;
  std::uint32_t reset;
  const char* meaning;
};

namespace reg {
#define REG(name, offset, access, reset, meaning) inline constexpr std::uint32_t name = offset;
#define CHIP(name, offset, access, reset, meaning) inline constexpr std::uint32_t name = offset;
#include "gen/core/register_map.def"
#undef REG
}  // namespace reg
/// Geometry registers: last_patch .. pad_value.
inline constexpr std::uint32_t kGeometryWords = (reg::pad_value - reg::last_patch) / 4 + 1;

/// All registers of a core, by offset.
const std::vector<Register>& register_map();
/// Those of a chip with a load port, in its first window; core k has its own in window k + 1.
const std::vector<Register>& chip_register_map();
inline constexpr std::uint32_t kRegisterWindow = 4096;

/// Package epim_regs_pkg: offsets, identity, reset values of the geometry registers.
std::string registers_sv();
/// Package epim_events_pkg: index of every event counter.
std::string events_sv();
/// C header: offsets, event indices, status bits.
std::string registers_c();
/// docs/registers.md.
std::string registers_markdown();

}  // namespace epim

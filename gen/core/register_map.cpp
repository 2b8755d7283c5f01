// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/core/register_map.hpp"

#include <cctype>

#include <fmt/format.h>

#include "golden/events.hpp"

namespace epim {
namespace {

constexpr std::uint32_t kGeometryFirst = reg::last_patch;

std::string camel(const std::string& snake) {
  std::string out;
  bool up = true;
  for (char c : snake) {
    if (c == '_') {
      up = true;
      continue;
    }
    out += up ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    up = false;
  }
  return out;
}
std::string upper(const std::string& snake) {
  std::string out;
  for (char c : snake) out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}
const char* name_of(Access a) { return a == Access::RO ? "RO" : a == Access::WO ? "WO" : "RW"; }

}  // namespace

const std::vector<Register>& register_map() {
  static const std::vector<Register> map = {
#define REG(name, offset, access, reset, meaning) {#name, offset, Access::access, reset, meaning},
#include "gen/core/register_map.def"
#undef REG
  };
  return map;
}

const std::vector<Register>& chip_register_map() {
  static const std::vector<Register> map = {
#define REG(name, offset, access, reset, meaning)
#define CHIP(name, offset, access, reset, meaning) {#name, offset, Access::access, reset, meaning},
#include "gen/core/register_map.def"
#undef REG
  };
  return map;
}

namespace {

/// What a geometry register holds: bits first_bit .. first_bit + bits - 1 of the register at `offset`.
struct Field {
  const char* name;
  std::uint32_t offset;
  int first_bit, bits;
};
const std::vector<Field>& geometry_fields() {
  static const std::vector<Field> fields = {
#define REG(name, offset, access, reset, meaning)
#define FIELD(register_name, name, first_bit, bits) {#name, reg::register_name, first_bit, bits},
#include "gen/core/register_map.def"
#undef REG
  };
  return fields;
}

}  // namespace

std::string registers_sv() {
  std::string s = kSpdx;
  s += "\n/// Register map of epim_core. Generated from gen/core/register_map.def.\n"
       "/* verilator lint_off UNUSEDPARAM */\npackage epim_regs_pkg;\n\n";
  for (const Register& r : register_map()) {
    s += fmt::format("  /// {} {}.\n  localparam int {} = 'h{:03X};\n", name_of(r.access), r.meaning, camel(r.name), r.offset);
    if (r.offset <= reg::version) s += fmt::format("  localparam int {}Reset = 'h{:08X};\n", camel(r.name), r.reset);
  }
  std::string words;
  for (const Register& r : register_map())
    if (r.offset >= kGeometryFirst && r.offset < kGeometryFirst + 4 * kGeometryWords)
      words = fmt::format("32'h{:08X}{}{}", r.reset, words.empty() ? "" : ", ", words);
  s += fmt::format("\n  /// Geometry registers at reset, last_patch in the low word.\n"
                   "  localparam int GeometryBits = {};\n  localparam logic [GeometryBits-1:0] GeometryReset = {{\n    {}\n  }};\n", 32 * kGeometryWords, words);
  s += "\n  /// First bit of every field of the geometry, last_patch from bit 0 on.\n";
  for (const Field& f : geometry_fields())
    s += fmt::format("  localparam int {}Lsb = {};\n", camel(f.name), 8 * (f.offset - kGeometryFirst) + static_cast<std::uint32_t>(f.first_bit));
  s += "\n  /// Registers of a chip with a load port.\n";
  for (const Register& r : chip_register_map()) {
    s += fmt::format("  /// {} {}.\n  localparam int {} = 'h{:03X};\n", name_of(r.access), r.meaning, camel(r.name), r.offset);
    if (r.offset <= reg::chip_version) s += fmt::format("  localparam int {}Reset = 'h{:08X};\n", camel(r.name), r.reset);
  }
  return s + "\nendpackage\n/* verilator lint_on UNUSEDPARAM */\n";
}

std::string events_sv() {
  std::string s = kSpdx;
  s += "\n/// Indices of the event counters. Generated from golden/events.def.\n"
       "/* verilator lint_off UNUSEDPARAM */\npackage epim_events_pkg;\n\n";
  for (std::size_t i = 0; i < event_count; ++i)
    s += fmt::format("  /// {} ({}).\n  localparam int {} = {};\n", event_list[i].meaning, event_list[i].unit,
                     camel(event_list[i].name), i);
  s += fmt::format("\n  localparam int Count = {};\n\nendpackage\n/* verilator lint_on UNUSEDPARAM */\n", event_count);
  return s;
}

std::string registers_c() {
  std::string s = "/* SPDX-FileCopyrightText: 2026 The epim authors\n * SPDX-License-Identifier: Apache-2.0 */\n"
                  "/* Register map of an epim core. Generated from gen/core/register_map.def and golden/events.def. */\n"
                  "#ifndef EPIM_REGS_H\n#define EPIM_REGS_H\n\n";
  for (const Register& r : register_map())
    s += fmt::format("/* {}: {} */\n#define EPIM_{} 0x{:03X}u\n", name_of(r.access), r.meaning, upper(r.name), r.offset);
  s += "\n/* Registers of a chip with a load port. Core k has its own from byte EPIM_CHIP_WINDOW * (k + 1) on. */\n";
  s += fmt::format("#define EPIM_CHIP_WINDOW 0x{:X}u\n", kRegisterWindow);
  for (const Register& r : chip_register_map())
    s += fmt::format("/* {}: {} */\n#define EPIM_{} 0x{:03X}u\n", name_of(r.access), r.meaning, upper(r.name), r.offset);
  s += "\n/* Event counter i is the 64-bit word at EPIM_EVENTS + 8*i. */\n";
  for (std::size_t i = 0; i < event_count; ++i)
    s += fmt::format("#define EPIM_EVENT_{} {}u\n", upper(event_list[i].name), i);
  return s + "\n#endif\n";
}

std::string registers_markdown() {
  std::string s = "<!-- SPDX-FileCopyrightText: 2026 The epim authors -->\n<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
                  "# Register map\n\nGenerated from `gen/core/register_map.def` and `golden/events.def`; do not edit. 32-bit "
                  "registers on AXI4-Lite, byte offsets, 12-bit address space. Unmapped addresses, partial strobes and "
                  "refused writes are answered SLVERR.\n\n| offset | name | access | reset | meaning |\n|---|---|---|---|---|\n";
  for (const Register& r : register_map())
    s += fmt::format("| 0x{:03X} | {} | {} | 0x{:08X} | {} |\n", r.offset, r.name, name_of(r.access), r.reset, r.meaning);
  s += "\n## Event counters\n\n| offset | event | unit | meaning |\n|---|---|---|---|\n";
  for (std::size_t i = 0; i < event_count; ++i)
    s += fmt::format("| 0x{:03X} | {} | {} | {} |\n", reg::events + 8 * i, event_list[i].name, event_list[i].unit,
                     event_list[i].meaning);
  s += "\n## Chips with a load port\n\n`load_stream = true` and `--top network` ([load.md](load.md)): the chip's registers in the first window of 4096 bytes, those "
       "above of core k, in the order of the chain, from byte 4096 * (k + 1) on.\n\n| offset | name | access | reset | meaning |\n|---|---|---|---|---|\n";
  for (const Register& r : chip_register_map())
    s += fmt::format("| 0x{:03X} | {} | {} | 0x{:08X} | {} |\n", r.offset, r.name, name_of(r.access), r.reset, r.meaning);
  return s;
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/core_link.hpp"

#include <array>

#include <fmt/format.h>

#include "gen/base/hash.hpp"
#include "gen/core/register_map.hpp"
#include "golden/diagnostic.hpp"

namespace epim {

void CoreLink::write_all(std::uint32_t address, std::span<const std::uint32_t> values, bool up) {
  for (std::uint32_t v : values) {
    write(address, v);
    if (up) address += 4;
  }
}

void CoreLink::write(std::uint32_t address, std::uint32_t value) {
  if (!try_write(address, value))
    throw CheckFailed("control bus", fmt::format("write of 0x{:08X} to register 0x{:03X} refused, status 0x{:04X}", value,
                                                 address, read(reg::status)));
}

std::uint64_t CoreLink::read64(std::uint32_t address) {
  const std::uint64_t low = read(address);
  return low | static_cast<std::uint64_t>(read(address + 4)) << 32;
}

void check_identity(CoreLink& core, std::uint64_t hash) {
  if (core.read(reg::id) != 0x4550494D) throw InputError({}, "wrong-register-image", "register id does not read \"EPIM\"");
  const std::uint64_t found = core.read64(reg::hash_lo);
  if (found != hash)
    throw InputError({}, "wrong-register-image",
                     fmt::format("the core was generated for configuration {}, the harness was given {}", hash_text(found),
                                 hash_text(hash)));
}

void load_program(CoreLink& core, const LayerProgram& program, bool rom, const std::function<bool(const ProgramBlock&)>& stored) {
  if (rom) {
    core.write(reg::frames, program.geometry[(reg::frames - reg::last_patch) / 4]);
    return;
  }
  std::vector<std::uint32_t> words;
  for (const ProgramBlock& block : program.blocks) {
    if (stored && stored(block)) continue;
    const std::array<std::uint32_t, 2> where = {static_cast<std::uint32_t>(block.kind) | static_cast<std::uint32_t>(block.pe) << 8,
                                                block.address};
    core.write_all(reg::prog_select, where, true);
    words.clear();
    for (std::uint64_t entry : block.entries) {
      words.push_back(static_cast<std::uint32_t>(entry));
      words.push_back(static_cast<std::uint32_t>(entry >> 32));
    }
    core.write_all(reg::prog_data, words, false);
  }
  core.write_all(reg::last_patch, program.geometry, true);
  core.write(reg::control, 4);
}

std::int64_t frame_words(const Hardware& hw, const Layer& layer) {
  return layer.row_words(hw.lanes) * layer.h;
}

std::int64_t lane_value(const Hardware& hw, const Layer& layer, const IntTensor& x, std::int64_t at, int lane,
                        std::int64_t noise) {
  const int blocks = (layer.stored_cin() + hw.lanes - 1) / hw.lanes;
  const int c = static_cast<int>(at % blocks) * hw.lanes + lane;
  const std::int64_t place = at / blocks;
  return c < layer.stored_cin() ? x(c, static_cast<int>(place / layer.w), static_cast<int>(place % layer.w)) : noise;
}

}  // namespace epim

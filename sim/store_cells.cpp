// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/store_cells.hpp"

namespace epim {

bool store_cells(Model& model, const CoreParameters& p, const ProgramBlock& block) {
  if (block.kind != ProgramKind::cells) return false;
  std::uint64_t* cells = model.cells(block.pe / p.hw.pe_cols, block.pe % p.hw.pe_cols);
  if (!cells) return false;
  // Address fields are rounded up to powers of two, words of the array are not (rtl/epim_crossbar.sv).
  const int chunk_bits = idx_width(p.chunks()), plane_bits = idx_width(p.planes()), lane_bits = idx_width(p.hw.adcs());
  for (std::size_t i = 0; i < block.entries.size(); ++i) {
    const std::size_t at = block.address + i;
    const auto field = [&](int lsb, int bits) { return at >> lsb & ((std::size_t{1} << bits) - 1); };
    const std::size_t chunk = field(0, chunk_bits), plane = field(chunk_bits, plane_bits),
                      lane = field(chunk_bits + plane_bits, lane_bits), step = at >> (chunk_bits + plane_bits + lane_bits);
    const auto chunks = static_cast<std::size_t>(p.chunks()), planes = static_cast<std::size_t>(p.planes()),
               lanes = static_cast<std::size_t>(p.hw.adcs());
    if (chunk < chunks && plane < planes && lane < lanes)
      cells[((step * lanes + lane) * planes + plane) * chunks + chunk] = block.entries[i];
  }
  return true;
}

}  // namespace epim

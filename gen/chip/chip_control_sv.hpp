// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What a chip with a load port has that one of images has not: registers, gates, the bus and the chain to its cores.
#pragma once
#include <string>
#include <vector>

#include "gen/chip/chip.hpp"

namespace epim {

/// A port of an AXI4-Lite slave.
struct SlavePin {
  const char* name;
  bool output;
  int bits;  ///< 0: no range
};
/// Those of the chip and of every core.
std::vector<SlavePin> axil_pins(int address_bits);

/// Control of the chip and the way to its cores; `pixels` is the block of the pixel stream. Gives nets halt, flow_rst_n (reset of
/// what lies between the cores), pixel_valid, map_valid, map_ready, map_last, length (a stream's length was wrong), core_ready, core_error.
std::string chip_control_text(const ChipDesign& chip, const std::string& pixels);

/// Pins of core `number` for its bus and its place in the chain.
std::string loaded_core_pins(int number);

}  // namespace epim

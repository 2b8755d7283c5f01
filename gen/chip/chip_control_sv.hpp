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

/// A pin of a core for its bus, its place in the chain and the chip's control.
struct CorePin {
  std::string pin;
  bool output;
  int bits;         ///< 1: no range
  std::string net;  ///< of the top
};
/// Those of core `number`: 17 of the bus, 8 of the chain, load_core_i, error_o, ready_o, halt_i.
std::vector<CorePin> loaded_core_pins(int number);
/// The first 26 of them as pins of an instance.
std::string loaded_core_text(int number);

/// What a core that is elsewhere gives and takes besides its streams, reset too, the first pin in the lowest bits: bits of one direction, and the nets
/// as a concatenation. Core k of the frame and the core alone have the same order.
int outside_bits(bool to_core);
std::string outside_nets(int number, bool to_core);
/// The same pins of the instance in a core alone, of ports bus_i and bus_o.
std::string outside_pins();

}  // namespace epim

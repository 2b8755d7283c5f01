// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// FPGA devices and boards that the flow knows: resources, tools, pins.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "gen/fpga/board.hpp"

namespace epim {

enum class FpgaFamily { ice40, ecp5, xc7 };

/// A kind of resource: how many a device has, and which cells of a Yosys netlist take how much of it.
struct FpgaResource {
  std::string name;
  double available;
  std::map<std::string, double> cells;
};

struct FpgaDevice {
  std::string name;
  FpgaFamily family;
  std::string synth;        ///< options of Yosys' synth command of the family
  std::string route;        ///< device options of nextpnr
  std::string icetime;      ///< device options of icetime (iCE40)
  std::vector<FpgaResource> resources;
};

struct FpgaBoard {
  std::string name, title;
  const FpgaDevice* device;
  double clock_mhz;         ///< of the oscillator
  double target_mhz;        ///< that place and route aims at
  ResetPin reset;
  std::string constraints;  ///< file of constraints/
};

const std::vector<FpgaBoard>& fpga_boards();
/// Throws InputError `unknown-board` with the known ones.
const FpgaBoard& fpga_board(const std::string& name);

/// Use of one resource by a netlist.
struct FpgaUse {
  std::string name;
  double used = 0, available = 0;
  bool fits() const { return used <= available; }
};
/// Lower bounds from the cell counts of a netlist: used = sum of the weights of the cells that take the resource.
std::vector<FpgaUse> fpga_use(const FpgaDevice& device, const std::map<std::string, std::int64_t>& cells);

}  // namespace epim

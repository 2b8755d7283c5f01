// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// From a configuration to an FPGA bitstream: board top, Yosys, nextpnr, icepack; or as far as the installed tools go.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gen/fpga/devices.hpp"

namespace epim {

struct FpgaOptions {
  int baud = 115200;
  bool self_test = false;
  bool route = true;           ///< place and route where the tools are there
  double clock_mhz = 0;        ///< of the core, by the device's PLL (iCE40); 0: the board's oscillator
  double target_mhz = 0;       ///< that place and route aims at; 0: the board's
  double min_fmax_mhz = 0;     ///< wanted after routing, beside the clock itself
  int seed = 1;                ///< of place and route
  int seeds = 1;               ///< tried one after the other from `seed` on, until the wanted frequency is reached
  std::string home;            ///< folder with constraints/
  std::string yosys = "yosys", nextpnr_ice40 = "nextpnr-ice40", nextpnr_ecp5 = "nextpnr-ecp5", icepack = "icepack",
              icetime = "icetime", ecppack = "ecppack";
  std::function<void(double, const std::string&)> progress = [](double, const std::string&) {};
};

/// One try of place and route.
struct SeedResult {
  int seed = 0;
  double fmax_mhz = 0;
};

struct FpgaResult {
  std::map<std::string, std::int64_t> cells;     ///< of the flat netlist, by type
  std::vector<FpgaUse> uses;                     ///< from `cells`
  std::vector<FpgaUse> routed;                   ///< as nextpnr counts; empty: not placed
  double fmax_mhz = 0;                           ///< after routing, by nextpnr; 0: not routed
  double icetime_mhz = 0;                        ///< of the same result, by icetime (iCE40); 0: not asked
  double target_mhz = 0;                         ///< that place and route aimed at
  int seed = 0;                                  ///< that this result is of
  std::vector<SeedResult> tried;                 ///< every seed tried, in order; the fastest was kept (the first of equals)
  double clock_mhz = 0;                          ///< that the board gives the core
  int clocks_per_bit = 0;
  std::string critical;                          ///< first and last net of the slowest path
  std::string not_routed;                        ///< why there is no bitstream; empty: there is one
  std::string bitstream;                         ///< file of the output folder
  std::string yosys_version, nextpnr_version;
  FileSet files;                                 ///< of the output folder
};

/// Dividers of an iCE40 PLL (SB_PLL40, simple feedback): out = in * (divf + 1) / (2^divq * (divr + 1)), VCO between 533
/// and 1066 MHz, phase detector between 10 and 133 MHz (Lattice FPGA-TN-02052). Exact or the nearest below.
struct Pll {
  int divr = 0, divf = 0, divq = 0, range = 1;
  double mhz = 0;
};
/// Throws InputError `clock-not-possible`.
Pll ice40_pll(double in_mhz, double out_mhz);

/// Throws MissingTool (yosys, nextpnr-ice40, fpga-icestorm), InputError `device-too-small` (which resource, by how
/// much; from cell counts, else from nextpnr), `self-test-needs-rom`, `baud-not-possible`, `clock-not-possible`,
/// std::runtime_error with the log's end where a tool fails otherwise.
FpgaResult fpga_flow(const Config& config, const CoreSpec& core, const std::vector<EmitLayer>& layers, const FpgaBoard& board, const FpgaOptions& options);

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/fpga/devices.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "golden/diagnostic.hpp"

namespace epim {
namespace {

const std::map<std::string, double> kIce40Ff = [] {
  std::map<std::string, double> m;
  for (const char* edge : {"", "N"})
    for (const char* kind : {"", "E", "SR", "R", "SS", "S", "ESR", "ER", "ESS", "ES"}) m[fmt::format("SB_DFF{}{}", edge, kind)] = 1;
  return m;
}();

// Counts of resources:
//   iCE40 HX8K   Lattice FPGA-DS-02029, iCE40 LP/HX family data sheet, table 2.1
//   iCE40 UP5K   Lattice FPGA-DS-02008, iCE40 UltraPlus family data sheet, table 2.1
//   LFE5U-85F    Lattice FPGA-DS-02012, ECP5 family data sheet, table 1.1 (84k LUTs; 41,820 slices of two)
//   XC7A35T      AMD DS180, 7 series overview, table 4
// What a cell takes: an iCE40 logic cell is one LUT, one carry and one flip-flop; an ECP5 carry cell two LUTs, its
// distributed RAM of 16x4 four LUTs (and the slice that writes them); a 7 series RAM64M four LUTs.
const FpgaDevice kHx8k = {"iCE40 HX8K", FpgaFamily::ice40, "-device hx -no-rw-check", "--hx8k --package ct256", "-d hx8k -P ct256",
                          {{"LUTs", 7680, {{"SB_LUT4", 1}}}, {"carries", 7680, {{"SB_CARRY", 1}}}, {"flip-flops", 7680, kIce40Ff},
                           {"block RAMs", 32, {{"SB_RAM40_4K", 1}}}, {"multipliers", 0, {{"SB_MAC16", 1}}}}};
const FpgaDevice kUp5k = {"iCE40 UP5K", FpgaFamily::ice40, "-device u -no-rw-check", "--up5k --package sg48", "-d up5k -P sg48",
                          {{"LUTs", 5280, {{"SB_LUT4", 1}}}, {"carries", 5280, {{"SB_CARRY", 1}}}, {"flip-flops", 5280, kIce40Ff},
                           {"block RAMs", 30, {{"SB_RAM40_4K", 1}}}, {"multipliers", 8, {{"SB_MAC16", 1}}},
                           {"large RAMs", 4, {{"SB_SPRAM256KA", 1}}}}};
const FpgaDevice kEcp5 = {"ECP5 LFE5U-85F", FpgaFamily::ecp5, "", "--85k --package CABGA381", "",
                          {{"LUTs", 83640, {{"LUT4", 1}, {"CCU2C", 2}, {"TRELLIS_DPR16X4", 6}}},
                           {"flip-flops", 83640, {{"TRELLIS_FF", 1}}}, {"block RAMs", 208, {{"DP16KD", 1}, {"PDPW16KD", 1}}},
                           {"multipliers", 156, {{"MULT18X18D", 1}}}}};
const FpgaDevice kArtix = {"Artix-7 XC7A35T", FpgaFamily::xc7, "-family xc7 -flatten", "", "",
                           {{"LUTs", 20800, {{"LUT1", 1}, {"LUT2", 1}, {"LUT3", 1}, {"LUT4", 1}, {"LUT5", 1}, {"LUT6", 1}, {"RAM32M", 4},
                                             {"RAM64M", 4}, {"RAM64X1D", 2}, {"RAM32X1D", 2}, {"RAM128X1D", 4}, {"SRL16E", 1}, {"SRLC32E", 1}}},
                            {"carry chains", 5200, {{"CARRY4", 1}}},
                            {"flip-flops", 41600, {{"FDRE", 1}, {"FDSE", 1}, {"FDCE", 1}, {"FDPE", 1}}},
                            {"block RAMs", 50, {{"RAMB36E1", 1}, {"RAMB18E1", 0.5}}}, {"multipliers", 90, {{"DSP48E1", 1}}}}};

}  // namespace

const std::vector<FpgaBoard>& fpga_boards() {
  static const std::vector<FpgaBoard> boards = {
      {"hx8k", "Lattice iCE40-HX8K breakout board", &kHx8k, 12, 80, ResetPin::none, "hx8k.pcf"},
      {"icebreaker", "1BitSquared iCEBreaker (iCE40 UP5K)", &kUp5k, 12, 30, ResetPin::active_low, "icebreaker.pcf"},
      {"ulx3s", "Radiona ULX3S with an LFE5U-85F", &kEcp5, 25, 80, ResetPin::active_high, "ulx3s.lpf"},
      {"arty_a7", "Digilent Arty A7-35T", &kArtix, 100, 100, ResetPin::active_low, "arty_a7.xdc"},
  };
  return boards;
}

const FpgaBoard& fpga_board(const std::string& name) {
  std::string known;
  for (const FpgaBoard& b : fpga_boards()) {
    if (b.name == name) return b;
    known += (known.empty() ? "" : ", ") + b.name;
  }
  throw InputError({"--board", 0, 0}, "unknown-board", fmt::format("\"{}\"; legal: {}", name, known));
}

std::vector<FpgaUse> fpga_use(const FpgaDevice& device, const std::map<std::string, std::int64_t>& cells) {
  std::vector<FpgaUse> uses;
  for (const FpgaResource& r : device.resources) {
    FpgaUse use{r.name, 0, r.available};
    for (const auto& [cell, count] : cells) {
      const auto weight = r.cells.find(cell);
      if (weight != r.cells.end()) use.used += weight->second * static_cast<double>(count);
    }
    use.used = std::ceil(use.used);
    uses.push_back(use);
  }
  return uses;
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Runs Yosys and OpenSTA on a generated core or chip and collects what they give.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gen/core/elaborate.hpp"
#include "gen/synth/liberty.hpp"
#include "gen/synth/netlist.hpp"

namespace epim {

/// What stands for the crossbar macro.
enum class SynthTarget {
  asic,     ///< a black box: digital periphery alone
  generic,  ///< its behavioural model, cells as memories, ADC as population count: FPGA or all-digital
};

struct SynthOptions {
  SynthTarget target = SynthTarget::asic;
  std::string yosys = "yosys", sta = "sta";  ///< programs
  std::string ge_liberty;                    ///< constraints/epim_ge.lib
  std::string liberty;                       ///< a second library, in um^2; empty: none
  std::string sdc;                           ///< constraints for OpenSTA; empty: no timing
  double period_ns = 20;                     ///< clock period for the mapping of `liberty` and for OpenSTA
  double macro_delay_ns = 0;                 ///< clock to output, and setup, of memories and crossbar macros
  bool generic_netlist = false;              ///< also a netlist of Yosys' own gates, memories as flip-flops
  bool reference = true;                     ///< also the blocks with the epitome part tied off
  bool core_boxes = false;                   ///< of a chip: its cores are black boxes
  std::function<void(double, const std::string&)> progress = [](double, const std::string&) {};
};

/// The slowest register to register (or port) path.
struct TimingPath {
  double slack_ns = 0, period_ns = 0;
  std::string startpoint, endpoint;   ///< instance paths
  std::string report;                 ///< as OpenSTA prints it
  double fmax_mhz() const { return 1000.0 / (period_ns - slack_ns); }
};

struct SynthResult {
  std::string top;                                ///< module
  std::vector<NetlistModule> ge, mapped;          ///< modules after mapping to the GE library, to `liberty`
  std::vector<NetlistModule> reference;           ///< blocks with the epitome part tied off, in GE cells
  Liberty ge_library, library;
  std::optional<TimingPath> timing;
  FileSet files;                                  ///< netlists, scripts, logs, to be written
  std::string yosys_version;
};

/// Name of the wires that are tied off to turn a block into that of a plain convolution, and the constant ("0", "~0").
/// Reasons: docs/area.md.
struct TieOff {
  const char* module;
  const char* wire;
  const char* value;
};
const std::vector<TieOff>& tie_offs();

/// Synthesises a core or a chip.
/// Errors: MissingTool (yosys, opensta), InputError (Liberty files, program that is not Yosys), std::runtime_error with the
/// log's end where a tool fails.
SynthResult synthesise(const Elaboration& core, const SynthOptions& options);

}  // namespace epim

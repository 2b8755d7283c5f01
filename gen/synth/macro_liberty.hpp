// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A Liberty file for macros that no library has: memories and the crossbar, so that paths end and begin at them.
#pragma once
#include <string>
#include <vector>

#include "gen/synth/netlist.hpp"

namespace epim {

/// One cell per module. Port clk_i is the clock; every output comes `delay_ns` after its rising edge, every other input
/// except rst_ni must be there `delay_ns` before it. Units: ns, pF. Area 0.
std::string macro_liberty(const std::vector<const NetlistModule*>& modules, double delay_ns);

}  // namespace epim

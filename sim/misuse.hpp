// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Misuse and protocol checks: what a core must refuse, flag, survive and keep stable at its interfaces.
///
/// Random and named layers only ever use a core correctly and reset it first. These checks do the opposite, on one
/// small writable core and one with ROM tables: refused register accesses, wrong frame lengths, broken table entries,
/// runs without a reset in between, aborts, and the rules of AXI4-Lite and AXI4-Stream handshakes.
#pragma once
#include <string>
#include <vector>

#include "sim/build.hpp"
#include "sim/regression.hpp"

namespace epim {

/// One result per check, in a fixed order; names start with "misuse-". `configurations` is 1 for each check.
/// Builds its cores in `build.cache`. `rtl`: sources of epim_core's blocks to check instead of the built-in ones.
/// `stop_at_first` leaves out what follows the first failure, `only` every other check than the one of this name. A failed check does not throw; MissingTool does, and a
/// core that does not build is a result with stage "build".
std::vector<CaseResult> run_misuse(const BuildOptions& build, const Sources* rtl = nullptr, bool stop_at_first = false, const std::string& only = "");
/// The names of the checks.
std::vector<std::string> misuse_names();

}  // namespace epim

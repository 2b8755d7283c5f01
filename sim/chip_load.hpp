// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Checks of a chip's load port and control: programs in, damaged, reloaded between images; hold, stop, misuse.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sim/build.hpp"
#include "sim/regression.hpp"

namespace epim {

/// Every check on the chip of `config_file`, a configuration with load_stream; damage, stalls and moments are drawn from `seed`. With
/// `stop_at_first` none after the first that fails.
std::vector<CaseResult> run_chip_load(const std::string& config_file, const BuildOptions& build, std::uint64_t seed, const Sources* rtl = nullptr,
                                      bool stop_at_first = false);

}  // namespace epim

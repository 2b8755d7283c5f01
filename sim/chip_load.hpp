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

struct ChipLoadOptions {
  const Sources* rtl = nullptr;  ///< in place of the blocks
  bool stop_at_first = false;    ///< no check after the first that fails
  bool cores_outside = false;    ///< every core is a model of its own, linked with the chip's frame
};
/// Every check on the chip of `config_file`, a configuration with load_stream; damage, stalls and moments are drawn from `seed`.
std::vector<CaseResult> run_chip_load(const std::string& config_file, const BuildOptions& build, std::uint64_t seed, const ChipLoadOptions& options = {});

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A chip as one case of the regression.
#pragma once
#include <string>

#include "sim/build.hpp"
#include "sim/regression.hpp"

namespace epim {

/// Runs all images of a [network] configuration, twelve seeded ones where it names none, through its chip, without stalls and with random ones; `rtl` in place of
/// the blocks, if given. FIFOs are `deeper` words deeper than full speed needs, so that words also follow each other without a gap. The stage is that of CheckFailed, "build" or "input".
CaseResult run_chip_case(const std::string& config_file, const BuildOptions& build, const Sources* rtl, int deeper = 0);

/// The same with every core as a model of its own beside the chip's frame: where blocks of the frame alone differ, the cores'
/// models are at hand.
CaseResult run_frame_case(const std::string& config_file, const BuildOptions& build, const Sources* rtl, int deeper = 0);

/// The same chip joined (sim/chip_joined.hpp), its cores replayed and its cores stepped along, without stalls and with random ones, and
/// flat: all three give the same outputs, beats, levels and words.
CaseResult run_joined_case(const std::string& config_file, const BuildOptions& build, const Sources* rtl);

}  // namespace epim

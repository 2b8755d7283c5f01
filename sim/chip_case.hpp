// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A chip as one case of the regression.
#pragma once
#include <string>

#include "sim/build.hpp"
#include "sim/regression.hpp"

namespace epim {

/// Runs all images of a [network] configuration, twelve seeded ones where it names none, through its chip, without stalls and with random ones; `rtl` in place of
/// the blocks, if given. The stage is that of CheckFailed, "build" or "input".
CaseResult run_chip_case(const std::string& config_file, const BuildOptions& build, const Sources* rtl);

}  // namespace epim

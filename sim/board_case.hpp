// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The board top as one case of the regression: what goes over its serial pins, and its LEDs.
#pragma once
#include <string>

#include "sim/build.hpp"
#include "sim/regression.hpp"

namespace epim {

/// Over the serial line at 4 clocks per bit: xb16 of `folder` loaded, run and compared with golden; a refused access, a
/// command cut short, a bad stop bit, a break. Then the self-test of rom-ram with the right signature and with a wrong one.
/// `rtl`: changed sources of the blocks, may be null. Stage: build, serial link, output, control bus, self-test, input.
CaseResult run_board_case(const std::string& folder, const BuildOptions& build, const Sources* rtl);

}  // namespace epim

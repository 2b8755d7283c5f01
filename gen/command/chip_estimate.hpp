// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// `epim estimate --top network`.
#pragma once
#include <string>

#include "gen/command/chip.hpp"

namespace epim::command {

struct ChipEstimateArguments {
  ConfigOptions config;
  ChipOptions chip;        ///< depths: only where `stepped`
  int images = 0;          ///< with `stepped`: 0: 3; with `exact` too those of the configuration, 0: all
  bool stepped = false;    ///< FIFOs are sized, and the whole chip is stepped
  bool exact = false;      ///< events by the golden model on the configuration's images
  bool mnsim = false;      ///< MNSIM's answer beside ours
  double clock = 100;      ///< MHz
  bool json = false;
};
void estimate_chip_verb(const ChipEstimateArguments& arguments);

}  // namespace epim::command

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A large chip in simulation: its cores as models of their own, one compiled model per shape, and everything else, the frame, as one.
///
/// The frame is stepped beside the golden model of the chip's time, with cores that do what is predicted; every core is stepped
/// through the inputs that the frame then gave it. docs/chip.md: why this is the flat chip where nothing differs.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/chip_core.hpp"
#include "sim/chip_run.hpp"
#include "sim/chip_words.hpp"

namespace epim {

struct JoinedSettings {
  ChipRunSettings run;     ///< as for the flat chip; `progress` and `cores` are not read
  BuildOptions build;
  std::string folder;      ///< a file per finished core; those whose key fits are not run again; empty: none
  int jobs = 1;            ///< threads
  bool together = false;   ///< cores are stepped with the frame, cycle by cycle, in place of their replays
  const Sources* rtl = nullptr;  ///< in place of the blocks
  /// What is going on, finished share; called from worker threads.
  std::function<void(const std::string&, double)> progress;
};

struct JoinedRun {
  ChipRun chip;                    ///< as of a flat one
  std::vector<CoreReplay> cores;   ///< empty with `together`
  std::size_t shapes = 0;          ///< compiled models of cores
  double build_seconds = 0;        ///< wall time until the last model and the frame's run were there
  double replay_seconds = 0;       ///< wall time of the cores
};

/// Throws ChipMismatch, or CheckFailed of run_chip: the first difference in the chip's time. `predicted`: for the order of the work.
JoinedRun run_joined(const ChipDesign& chip, const ChipTiming& predicted, const std::vector<IntTensor>& images, const ChipWords& words,
                     const JoinedSettings& settings);

}  // namespace epim

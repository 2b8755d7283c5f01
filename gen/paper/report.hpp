// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The paper's tables and figures beside ours, cell by cell.
#pragma once
#include <functional>
#include <string>

#include "gen/cost/network_estimate.hpp"
#include "gen/paper/paper_numbers.hpp"

namespace epim {

struct PaperInputs {
  PaperNumbers paper;
  Network resnet50, resnet101;
  EstimateData data;
  HardwareRequest base;               ///< of our own core: 256x256, lossless ADCs, 16 lanes
  std::string study;           ///< path of the quantisation study's result; may not exist
  std::string training_study;  ///< path of the summary of the training study (study/summary.py); may not exist
};

/// How many cells were printed by the paper, and what became of them.
struct PaperVerdicts {
  int reproduced = 0, missed = 0, impossible = 0;
};

/// docs/paper.md. `progress(share, what)` may be empty. The text is a function of the inputs.
std::string paper_markdown(const PaperInputs& inputs, PaperVerdicts& verdicts,
                           const std::function<void(double, const std::string&)>& progress);

}  // namespace epim

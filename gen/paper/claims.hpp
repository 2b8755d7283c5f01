// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The paper's claims one by one: printed, on our hardware models, and their direction in the training study on Fashion-MNIST.
#pragma once
#include <string>

#include "gen/paper/paper_numbers.hpp"

namespace epim {

/// What our models give for the numbers of the paper's claims.
struct ClaimNumbers {
  double speedup_mnsim = 0, speedup_rtl = 0;  ///< searched and wrapped over uniform, largest over the sizes
  double compression = 0;                     ///< crossbars of ResNet-50 FP32 over those of EPIM W3A9
};

/// A table with a row per claim, and below it a sentence for each. `study`: summary.json of study/summary.py; may not exist. Errors:
/// InputError study-format.
std::string claims_markdown(const PaperNumbers& paper, const ClaimNumbers& numbers, const std::string& study);

}  // namespace epim

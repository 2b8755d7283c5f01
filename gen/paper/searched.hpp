// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Designs that the exact search finds where the paper has searched ones.
#pragma once
#include <vector>

#include "gen/paper/report.hpp"
#include "gen/search/exact.hpp"

namespace epim {

/// A design with the model's own latency (not the additive bound): ms or Mcycles, mJ.
struct Found {
  double crossbars = 0, latency_ms = 0, energy_mj = 0;
  Network network;
};

/// The exact search over epitome sizes (candidates of SpaceOptions) and `wraps` at no more crossbars than `budget`, by our own
/// core (`rtl`) or by MNSIM with all quirks, the widths, activations and traffic of `workload`. Throws as `solve`.
Found search_design(const PaperInputs& inputs, const Network& network, MnsimWorkload workload, double budget, Objective objective,
                    const std::vector<Wrap>& wraps, bool rtl);

}  // namespace epim

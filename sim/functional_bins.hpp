// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Functional coverage: which situations the runs of a regression were in, derived from configuration and run.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gen/config/config.hpp"
#include "gen/core/core_parameters.hpp"
#include "golden/layer.hpp"
#include "sim/driver.hpp"

namespace epim {

/// Counts of named situations, "group.situation"; every known one is there, with 0 where no run had it.
class FunctionalBins {
 public:
  FunctionalBins();
  /// Counts a run of `layer` over `inputs` (one map per frame) under `stalled` streams or not.
  void sample(const CoreSpec& core, const CoreParameters& parameters, const Layer& layer, const LayerData& data,
              const std::vector<IntTensor>& inputs, const LayerRun& run, bool stalled);
  /// Counts a program that came beside a run; `hidden`: the run was longer.
  void sample_two_programs(bool hidden);
  void add(const FunctionalBins& other);
  const std::map<std::string, std::int64_t>& counts() const { return counts_; }

 private:
  void hit(const std::string& bin, bool yes);
  std::map<std::string, std::int64_t> counts_;
};

}  // namespace epim

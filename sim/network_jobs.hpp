// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A planned network on the RTL: one job per layer, in parallel, each result kept on disk as soon as it is there.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "gen/plan.hpp"
#include "gen/synthetic_network.hpp"
#include "sim/driver.hpp"

namespace epim {

/// Result of one layer. Everything but the wall times is a function of the inputs.
struct LayerJobResult {
  std::string name, key;             ///< key: hash of RTL, layer, data and input
  std::int64_t cycles = 0, first_fire = 0, last_fire = 0;
  std::uint64_t output_hash = 0;     ///< FNV-1a of the RTL's output values
  EventCounts events;
  Timing predicted;                  ///< without the beats
  double seconds = 0;                ///< simulation, harness and golden model included
  bool resumed = false;              ///< taken from disk
};

struct NetworkJobs {
  std::string folder;                ///< results; one file per layer
  int jobs = 2;
  BuildOptions build;
  bool keep_going = false;
  /// Called from worker threads: what happens, finished share (by predicted cycles).
  std::function<void(const std::string&, double)> progress;
};

/// Cores compiled (in parallel), for layers that still have to run.
struct BuiltCores {
  std::vector<Core> cores;
  double seconds = 0;
};
BuiltCores build_cores(const NetworkPlan& plan, const NetworkJobs& options);

/// Runs every layer on its core: outputs, beat cycles, events compared with the golden model; the longest first.
/// Layers whose result file fits their key are not run again. Throws CheckFailed at the first difference.
std::vector<LayerJobResult> run_jobs(const NetworkPlan& plan, const SynthesisedNetwork& net, const BuiltCores& cores,
                                     const NetworkJobs& options);

}  // namespace epim

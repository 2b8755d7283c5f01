// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A planned network on the RTL: one job per layer, in parallel, each result kept on disk as soon as it is there.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "gen/network/mapping.hpp"
#include "gen/network/synthetic_network.hpp"
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
  double load_seconds = 0;           ///< writing tables and cells over the control bus before
  bool resumed = false;              ///< taken from disk
};

struct NetworkJobs {
  std::string folder;                ///< results; one file per layer
  int jobs = 2;
  BuildOptions build;
  /// Cells of cores with up to so many PEs go over the control bus, those of others straight into the model's memory.
  /// Below 0: over the bus for one kind of core alone, that with the fewest cells to load.
  int bus_pes = -1;
  /// Called from worker threads: what happens, finished share (by predicted cycles).
  std::function<void(const std::string&, double)> progress;
};

/// The layers of a plan as jobs: cores (not compiled yet) and results, those found in the folder filled in.
struct PreparedJobs {
  std::vector<Core> cores;
  std::vector<LayerJobResult> results;
  std::vector<bool> over_bus;        ///< per core: cells are written over the control bus
  int built = 0;                     ///< cores that had to be compiled or taken from the cache
  double build_seconds = 0;          ///< wall time until the last of them was ready
  int finished() const;
};
/// A layer's result file counts if its key fits; any other is ignored and later replaced.
PreparedJobs prepare_jobs(const Mapping& plan, const SynthesisedNetwork& net, const NetworkJobs& options);

/// Compiles the cores of layers that still have to run and runs those layers, each as soon as its core is there:
/// outputs, beat cycles, events compared with the golden model. Builds come first, cores with the longest layers before
/// others; then the longest layers. A finished layer is on disk at once. Throws CheckFailed at the first difference,
/// Interrupted on a signal.
void run_jobs(const Mapping& plan, const SynthesisedNetwork& net, PreparedJobs& prepared, const NetworkJobs& options);

/// Which kinds of core get their cells over the control bus (NetworkJobs::bus_pes).
std::vector<bool> loaded_over_bus(const Mapping& plan, int bus_pes);

/// Seconds of thread time that loading and simulating a layer take, checks included: rough constants of one x86 core
/// of 2021 (Zen 3), for the order of jobs and the time left.
double predicted_seconds(const Hardware& hardware, const Timing& timing, bool over_bus);

}  // namespace epim

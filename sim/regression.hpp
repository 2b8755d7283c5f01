// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The core over many configurations: named ones from files, random ones from seeds.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gen/config/config.hpp"
#include "gen/core/synthetic.hpp"
#include "sim/driver.hpp"
#include "sim/functional_bins.hpp"

namespace epim {

/// One hardware and the layers to run on it.
struct Case {
  std::string name;
  std::string reproduce;           ///< command that runs this case alone
  CoreSpec core;
  std::vector<SyntheticLayer> layers;
};

/// The case of a configuration file with a [layer].
Case named_case(const std::string& path);
/// Hardware number `index` of a seed with `layers` random layers on it. The same numbers give the same case anywhere.
Case random_case(std::uint64_t seed, int index, int layers);
/// The configuration text of layer `layer` of a random case, to look at or to keep as a file.
std::string random_configuration(std::uint64_t seed, int index, int layer);

struct CaseResult {
  std::string name;
  int configurations = 0;          ///< layers that were run (each without stalls, and twice with)
  bool passed = false;
  std::string stage, message;      ///< of the first failure
  std::int64_t cycles = 0;
  FunctionalBins bins;             ///< what its runs did
  double seconds = 0, build_seconds = 0;
};

/// Runs `work` and records how it ended: passed, or what it threw, with the stage of a CheckFailed, "input" for an
/// InputError, "build" for anything else (a model that does not build). A MissingTool is thrown on.
void record(CaseResult& result, const std::function<void()>& work);

/// Builds the core and runs every layer: once without stalls (every stage, beat cycle and event compared), once with
/// random stalls, once with bursts and two frames back to back. Never throws for a failed check.
CaseResult run_case(const Case& item, const BuildOptions& build, const Sources* rtl = nullptr);

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/two_programs.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace epim {
namespace {

/// From the access to cycle 0.
constexpr std::int64_t start_cycles = 2;

std::vector<LoadWord> words_of(const Core& core, const SyntheticLayer& s) {
  return load_words(load_frames(build_program(core.parameters, s.layer, s.data, 1), 0));
}

/// The last word is on its way for a cycle when all have been taken.
std::int64_t cycles_of(const std::vector<LoadWord>& words) { return static_cast<std::int64_t>(words.size()) + 1; }

}  // namespace

TwoPrograms run_two_programs(CoreDriver& driver, const Core& core, const SyntheticLayer& first, const SyntheticLayer& second,
                             const RunOptions& options) {
  const std::array<const SyntheticLayer*, 2> layers = {&first, &second};
  const std::array<std::vector<LoadWord>, 2> words = {words_of(core, first), words_of(core, second)};
  TwoPrograms result;
  result.loads = {cycles_of(words[0]), cycles_of(words[1])};
  const std::string again = options.reproduce.empty() ? "" : "\n  reproduce: " + options.reproduce;

  driver.reset();
  const std::int64_t begin = driver.clocks();
  driver.queue_load(words[0]);
  std::int64_t may_start = begin + result.loads[0];
  for (std::size_t n = 0; n < 2; ++n) {
    const SyntheticLayer& s = *layers[n];
    while (driver.clocks() < may_start) driver.tick();
    RunOptions now = options;
    now.load_beside = &words[1 - n];
    now.registers = n == 1;
    const GoldenLayer golden(core.parameters.hw, s.layer, s.data);
    LayerRun& run = result.runs[n];
    run = driver.run(golden, {s.input}, now);
    if (run.begun != may_start + start_cycles)
      throw CheckFailed("timing", fmt::format("layer {}: cycle 0 of program {} is {} cycles after its start, expected {}{}", s.layer.name, n,
                                              run.begun - may_start, start_cycles, again));
    compare_run(run, core, s.layer, s.data, {s.input}, now);
    may_start = run.begun + std::max(run.predicted.cycles, result.loads[1 - n]);
    result.total = run.begun + run.cycles - begin;
  }
  const std::int64_t want = result.loads[0] + start_cycles + std::max(result.runs[0].predicted.cycles, result.loads[1]) + start_cycles +
                            result.runs[1].predicted.cycles;
  if (result.total != want)
    throw CheckFailed("timing", fmt::format("two programs take {} cycles, expected {}: loads {} and {}, runs {} and {}{}", result.total, want,
                                            result.loads[0], result.loads[1], result.runs[0].predicted.cycles, result.runs[1].predicted.cycles, again));
  return result;
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A network as one chip in simulation: images in back to back, every output word and its cycle compared.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gen/chip/chip.hpp"
#include "golden/timing/chip_timing.hpp"
#include "sim/build.hpp"
#include "sim/chip_host.hpp"
#include "sim/driver.hpp"

namespace epim {

/// A chip that simulates: shared object of module <name>_chip_observed.
struct BuiltChip {
  std::string object;
};
BuiltChip build_chip(const ChipDesign& chip, const BuildOptions& options, const Sources* rtl = nullptr);

struct ChipRunSettings {
  Stalls stalls;                   ///< of s_axis and m_axis
  std::int64_t out_from = 0;       ///< m_axis takes nothing before this cycle: every block and FIFO fills up
  std::int64_t watchdog = 100000;  ///< cycles in which no word moves anywhere
  std::string reproduce;           ///< command printed with a difference
  std::function<void(double)> progress;
};

struct ChipRun {
  std::vector<IntTensor> outputs;           ///< per image, from the RTL
  std::vector<std::int64_t> beats;          ///< cycle of every output word
  std::vector<std::int64_t> image_end;      ///< cycle of the last word of every image
  std::vector<int> high_water;              ///< per FIFO: most words it held
  std::vector<std::int64_t> words;          ///< per FIFO: words that went through
  std::int64_t cycles = 0;                  ///< last output word + 1
  std::int64_t load_cycles = 0;             ///< of a load port: from the first word to the first that pixels can be taken in
  double seconds = 0;
};

/// Streams `images` in and compares every word that comes out with `expected` (golden outputs per image) at once.
/// golden's SteppedChip runs beside it under the same stalls: ready of the pixels, valid of the output and the level of
/// every FIFO are compared in every cycle. Throws CheckFailed: output, timing, protocol (a waiting word changed), status
/// (error_o), deadlock (names the FIFOs that are full and empty). A chip with a load port is loaded before, every cycle as predicted.
ChipRun run_chip(const ChipDesign& chip, const BuiltChip& built, const std::vector<IntTensor>& images,
                 const std::vector<IntTensor>& expected, const ChipRunSettings& settings);
/// The same on a chip that stands at cycle 0 of a run, as `host` left it; the run goes on when it returns.
ChipRun run_chip(const ChipDesign& chip, ChipHost& host, const std::vector<IntTensor>& images,
                 const std::vector<IntTensor>& expected, const ChipRunSettings& settings);

}  // namespace epim

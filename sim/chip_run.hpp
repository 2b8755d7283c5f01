// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A network as one chip in simulation: images in back to back, every output word and its cycle compared.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gen/chip/chip.hpp"
#include "golden/timing/chip_timing.hpp"
#include "sim/build.hpp"
#include "sim/chip_host.hpp"
#include "sim/driver.hpp"
#include "sim/model.hpp"

namespace epim {

/// A chip that simulates: shared object of module <name>_chip_observed, or with `cores_outside` of <name>_chip_frame.
struct BuiltChip {
  std::string object;
  bool events = false;  ///< its cores count events
};
/// What of a chip is built.
struct ChipBuild {
  bool cores_outside = false;  ///< its frame alone (ElaborateOptions::cores_outside)
  bool events = false;         ///< its cores count events
};
BuiltChip build_chip(const ChipDesign& chip, const BuildOptions& options, const Sources* rtl = nullptr, const ChipBuild& what = {});

/// The cores of a chip whose model is its frame alone.
class OutsideCores {
 public:
  virtual ~OutsideCores() = default;
  /// Puts on the frame's ports what the cores say in this cycle; `time`: the prediction of it.
  virtual void drive(const SteppedChip& time) = 0;
  /// The frame has answered. Throws CheckFailed where it offers a core what it should not.
  virtual void answered(const SteppedChip& time, std::int64_t cycle) = 0;
  /// The rising edge.
  virtual void edge() {}
};

struct ChipRunSettings {
  Stalls stalls;                   ///< of s_axis and m_axis
  std::int64_t out_from = 0;       ///< m_axis takes nothing before this cycle: every block and FIFO fills up
  std::int64_t watchdog = 100000;  ///< cycles in which no word moves anywhere
  const std::vector<EventCounts>* events = nullptr;  ///< golden's, per core: compared with the counters; idle cycles are those of golden's time
  std::optional<TraceWindow> trace;  ///< cycle 0 is that of the run
  std::string reproduce;           ///< command printed with a difference
  std::function<void(double)> progress;  ///< finished share
  std::int64_t foretold = 0;       ///< cycles, for it; 0: output words count
  /// Of a frame: makes the cores, which say nothing until they are driven.
  std::function<std::unique_ptr<OutsideCores>(Model&)> cores;
  /// Of the frame of a chip with a load port: links its cores with the host for as long as what it gives lives.
  std::function<std::shared_ptr<void>(ChipHost&)> link;
};

struct ChipRun {
  std::vector<IntTensor> outputs;           ///< per image, from the RTL
  std::vector<std::int64_t> beats;          ///< cycle of every output word
  std::vector<std::int64_t> image_end;      ///< cycle of the last word of every image
  std::vector<int> high_water;              ///< per FIFO: most words it held
  std::vector<std::int64_t> words;          ///< per FIFO: words that went through
  std::vector<EventCounts> events;          ///< per core, where the chip counts them: from reset to the last output word
  std::int64_t cycles = 0;                  ///< last output word + 1
  std::int64_t load_cycles = 0;             ///< of a load port: from the first word to the first that pixels can be taken in
  double seconds = 0;
};

/// Streams `images` in and compares every word that comes out with `expected` (golden outputs per image) at once.
/// golden's SteppedChip runs beside it under the same stalls: ready of the pixels, valid of the output and the level of
/// every FIFO are compared in every cycle; with settings.events the counters of every core at the end. Throws CheckFailed: output, events, timing, protocol (a waiting word changed), status
/// (error_o), deadlock (names the FIFOs that are full and empty). A chip with a load port is loaded before, every cycle as predicted.
ChipRun run_chip(const ChipDesign& chip, const BuiltChip& built, const std::vector<IntTensor>& images,
                 const std::vector<IntTensor>& expected, const ChipRunSettings& settings);
/// The same on a chip that stands at cycle 0 of a run, as `host` left it; the run goes on when it returns.
ChipRun run_chip(const ChipDesign& chip, ChipHost& host, const std::vector<IntTensor>& images,
                 const std::vector<IntTensor>& expected, const ChipRunSettings& settings);

}  // namespace epim

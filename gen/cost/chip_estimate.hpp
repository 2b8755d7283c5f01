// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What a network costs as one chip (gen/chip/chip.hpp): cycles per image, first image, crossbars, events and energy.
#pragma once
#include <optional>
#include <vector>

#include "gen/chip/chip.hpp"
#include "gen/cost/network_estimate.hpp"
#include "golden/timing/chip_trace.hpp"

namespace epim {

/// One core of a chip, in the order of ChipDesign::cores.
struct ChipCoreEstimate {
  std::int64_t crossbars = 0;
  ImageRate alone;          ///< with nothing to wait for
  EventCounts events;       ///< of an image in the steady state
  EnergyReport energy;
};

struct ChipEstimate {
  std::vector<ChipCoreEstimate> cores;
  std::vector<ImageRate> alone;     ///< per block
  int slowest = -1;                 ///< block
  ImageRate interval;               ///< its rate: that of the chip where FIFOs are deep enough (FifoRule::full, paced)
  std::int64_t first_image = 0;     ///< cycles to the first image's last beat, row by row: close, not exact
  CrossbarTotals crossbars;
  EventCounts events;               ///< of all cores, of an image in the steady state
  EnergyReport energy;
};

/// Milliseconds: no block is stepped but pools, and cores whose images take turns. Exact, with the FIFO depths of FifoRule::full or paced: interval, and all events
/// that the data do not decide; idle cycles of an image are what its firing leaves of the interval, rounded. Throws InputError as estimate_rtl.
ChipEstimate estimate_chip(const ChipDesign& chip, const EstimateData& data);

/// A chip on some images, from the moment reset ends to the last output beat.
struct ChipRunEstimate {
  int images = 0;
  ChipTiming timing;                    ///< predict_chip
  std::vector<EventCounts> events;      ///< per core
  std::vector<EnergyReport> energy;     ///< per core
  EventCounts all_events;
  EnergyReport all_energy;
};

/// `events`: per core, of all images, without idle_cycles: run_chip_golden's, counters, or estimated_events. `cycles`: of the run, 0: as predicted.
ChipRunEstimate chip_run(const ChipDesign& chip, ChipTiming timing, int images, std::vector<EventCounts> events, const EnergyTable& table, std::int64_t cycles = 0);

/// What a report draws of a run: its first images, stepped again.
ChipTrace drawn_trace(const ChipGraph& graph, const ChipRunEstimate& run);

/// Events of `images` images by the estimate, for chip_run.
std::vector<EventCounts> estimated_events(const ChipEstimate& estimate, int images);

/// Words that all FIFOs hold.
std::int64_t fifo_words(const ChipGraph& graph);

}  // namespace epim

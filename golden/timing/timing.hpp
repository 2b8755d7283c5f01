// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The cycle of every output beat, without simulating cycles.
///
/// Three processes overlap: the input stream fills rows of a ring, the address controller loads one word per cycle into
/// one of two input register banks, the PE array fires a loaded bank for CSTEPS * P cycles (P = max(STEPS, groups of
/// the joint path)), and a finished output range is drained one group of JOINT_LANES columns per cycle. The model
/// follows these as recurrences over rows, activations and drain reads. Cycle 0 is the first cycle of the run; nothing
/// outside stalls. docs/timing.md derives every constant.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "golden/evaluate.hpp"
#include "golden/layer.hpp"

namespace epim {

/// What the PE array waits for. firing: it fires in at least 98 % of the cycles from its first to its last firing.
/// Otherwise the process without which, the others unchanged, that span would be shortest (docs/timing.md).
enum class Bound {
  firing,   ///< nothing (by construction the normal case)
  loading,  ///< one word per cycle into the input register, and its start anew at every output row
  arrival,  ///< one word per cycle from the input stream
  buffer,   ///< the ring of input rows: too few rows ahead
  drain,    ///< joint_lanes columns per cycle to the output
  joint,    ///< joint_lanes columns per cycle from the psums to the accumulators: longer than the input steps
};
const char* name_of(Bound bound);
/// The parameter that lifts a bound.
const char* remedy(Bound bound);

struct Timing {
  std::int64_t cycles = 0;       ///< cycles of the run: last beat, or last row given back, + 1
  std::int64_t fire_cycles = 0;  ///< cycles in which the array fires
  std::int64_t first_fire = 0, last_fire = 0;
  std::vector<std::int64_t> beats;  ///< cycle of every output beat, if asked for
  Bound bound = Bound::firing;
  std::int64_t idle_cycles() const { return cycles - fire_cycles; }
  /// Share of firing cycles from the first firing to the last.
  double busy() const {
    return last_fire < first_fire ? 0.0
                                  : static_cast<double>(fire_cycles) / static_cast<double>(last_fire - first_fire + 1);
  }
};

/// Cycles first .. last, both included, in which one activation or output range occupies a part of the core.
struct Interval {
  std::int64_t first = 0, last = 0;
  int index = 0;  ///< of the activation, or of the output range, within its output position
  bool operator==(const Interval&) const = default;
};

/// What the parts of a core do, in ascending order. Intervals of one part do not overlap; consecutive ones may touch.
struct Phases {
  std::vector<Interval> loading;   ///< words requested for an activation, one per cycle
  std::vector<Interval> array;     ///< the array fires; sums to Timing::fire_cycles. An activation that stands in between has several
  std::vector<Interval> draining;  ///< from the first accumulator read of a range to its last
};

/// The intervals behind predict_timing: the same recurrences, written down. Throws as predict_timing.
Phases predict_phases(const Hardware& hardware, const Layer& layer, int frames = 1);

/// Channels of each drain read of a range, in order: groups of at most JOINT_LANES columns, once per wrapped copy.
std::vector<int> drain_reads(const Hardware& hardware, const OutputRange& range);

/// What `timing` (of the same hardware, layer and frames) waits for: firing from 98 % busy on, else the one wait without
/// which the array would be done earliest. Follows the recurrences once per kind of wait.
Bound bound_of(const Hardware& hardware, const Layer& layer, int frames, const Timing& timing);

/// Times `frames` frames back to back. `hardware` must be resolved (joint_lanes, buffer_words > 0) and the layer valid.
/// Throws InputError `buffer-too-small` when the ring holds fewer rows than the kernel.
Timing predict_timing(const Hardware& hardware, const Layer& layer, int frames = 1, bool keep_beats = true);

}  // namespace epim

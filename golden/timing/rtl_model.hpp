// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What one layer costs on a core of ours, in microseconds of host time: the cycles of predict_timing and the events of
/// the golden evaluator, without following every cycle, drain read or value.
///
/// Exact: cycles, fire_cycles, first and last firing, and every event that the data do not decide. Estimated from
/// stated activity figures: word_line_drives, cell_reads, adc_zero, adc_saturated.
#pragma once
#include <string>
#include <vector>

#include "golden/events.hpp"
#include "golden/layer.hpp"
#include "golden/timing/timing.hpp"

namespace epim {

/// How busy the data keep the crossbars; all four are averages over whole networks. Measured values with their origin
/// are in golden/data/activity.toml.
struct Activity {
  double driven = 0.5;      ///< share of the input steps of a loaded word line in which it is driven (non-zero)
  double cell_level = 0.5;  ///< mean over lines, steps, columns and slices of input level x cell level, both polarities
  double zero = 0.0;        ///< share of conversions whose ideal sum is zero
  double saturated = 0.0;   ///< share of conversions that clip
};

/// Activity figures by the widths they were measured at.
struct ActivityRow {
  int weight_bits = 0, act_bits = 0, cell_bits = 0, dac_bits = 0;
  Activity activity;
  std::string source;  ///< the run that they come from
};

/// Reads golden/data/activity.toml. Throws InputError unreadable-file, toml-syntax, missing-key, wrong-type,
/// value-out-of-range, activity-table (no rows) with the position.
std::vector<ActivityRow> load_activity(const std::string& path);

/// The row of the same weight bits, activation bits, cells and DAC; failing that, the row with the smallest sum of
/// absolute differences of these four (first of equals). `rows` must not be empty.
const ActivityRow& activity_for(const std::vector<ActivityRow>& rows, const FixedHardware& hardware);
/// Whether a row was measured at exactly these widths.
bool measured_for(const ActivityRow& row, const FixedHardware& hardware);

/// One layer on one core.
struct RtlEstimate {
  Timing timing;        ///< equal to predict_timing(hardware, layer, frames, false)
  EventCounts events;   ///< of all frames; idle_cycles from the timing
  double line_steps = 0;  ///< what `driven` is a share of: word-line steps that could be driven
  double cell_steps = 0;  ///< what `cell_level` is a mean over: lines x steps x columns x slices
};

/// Events that the data decide.
bool depends_on_data(std::size_t event);

/// Timing without following it all: the recurrences of golden/timing/timing.hpp in real cycles; a period of output positions
/// or of rows that leaves the state of array and drain as it found it is skipped over. Equal to predict_timing in every
/// field but `beats` and `bound`, which stay empty and `firing` (bound_of tells). Errors as predict_timing.
Timing fast_timing(const Hardware& hardware, const Layer& layer, int frames = 1);

/// fast_timing and the events. With n_f activations of patch f in a frame (output positions), U_f in-map values loaded
/// by them, b = STEPS, CS_f = CSTEPS, S = slices, T x U the PE array:
/// and G_f the row groups that f reads (conversions and shift-adds are per read):
///   word_line_drives = driven * line_steps,      line_steps = b * U * sum_f U_f * CS_f
///   cell_reads       = cell_level * cell_steps,  cell_steps = b * S * sum_f U_f * beta2_f
///   adc_zero, adc_saturated = zero, saturated * adc_conversions, all rounded to the nearest integer
/// `hardware` must be resolved (adc_bits, joint_lanes, buffer_words > 0); the layer must be valid and fit the PE array.
RtlEstimate estimate_rtl(const Hardware& hardware, const Layer& layer, const Activity& activity, int frames = 1);

}  // namespace epim

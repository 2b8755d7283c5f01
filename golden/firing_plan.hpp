// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Where an epitome lies in the crossbars, and which patches fire for an output position.
#pragma once
#include <vector>

#include "golden/hardware.hpp"
#include "golden/layer.hpp"

namespace epim {

/// Physical row of epitome element (c, p, q): ((c/LANES)*P*Q + p*Q + q)*LANES + c%LANES. The rows of lanes that a
/// last partial block lacks stay empty. PE row = row / XB_ROWS.
int physical_row(const EpitomeShape& epitome, int lanes, int c, int p, int q);
/// Rows an epitome takes: ceil(e_in/LANES)*P*Q*LANES.
int physical_rows(const EpitomeShape& epitome, int lanes);
/// PE array an epitome needs: {ceil(physical_rows/XB_ROWS), ceil(e_out/XB_COLS)}.
struct PeArray {
  int rows = 1, cols = 1;
  bool operator==(const PeArray&) const = default;
};
PeArray pe_array_for(const FixedHardware& hardware, const EpitomeShape& epitome);
/// CSTEPS of a patch: column steps that hold one of its columns in any PE column. Column c lies in step
/// (c % XB_COLS) / ADCS of PE column c / XB_COLS.
int column_steps_of(const Hardware& hardware, const Patch& patch);
/// Row groups that a patch reads, ascending: g where some word line gR .. gR+R-1 of some PE row carries one of its words
/// (LANES lines each, also where the last channel block has fewer channels).
std::vector<int> row_groups_of(const FixedHardware& hardware, const Layer& layer, const Patch& patch);
/// PE rows whose ADCs convert for a patch, ascending: all of them; with a weight pool those in which the patch has a word, the ADCs
/// of the others rest.
std::vector<int> converting_rows_of(const Hardware& hardware, const Layer& layer, const Patch& patch);

/// One firing of the PE array within a round.
struct Firing {
  int patch = 0;        ///< index into Layer::patches: what is loaded and fired
  int range = 0;        ///< index into GoldenLayer::ranges()
  int range_start = 0, range_stop = 0;  ///< output channels that its range covers, all copies included
  bool opens = false, closes = false;   ///< first, last firing of its range
};

/// One set of accumulators within a round: columns [c_out, c_out + columns) give channels [start, stop).
/// Channel start + k reads accumulator k mod columns. With Wrap::copies (stop - start) = copies * columns; with
/// Wrap::stored_once only the first `columns` channels are emitted (stop = columns).
struct OutputRange {
  int start = 0, stop = 0;
  int c_out = 0, columns = 0;
  int copies = 1;               ///< output ranges of the sampler that these accumulators stand for
  int first_firing = 0, firings = 0;
};

/// The firings and accumulator sets of one round.
struct FiringPlan {
  std::vector<Firing> firings;
  std::vector<OutputRange> ranges;
  int stored_cout = 0;          ///< channels emitted per output position
};

/// Wrap::off: every patch fires. Otherwise consecutive output ranges whose patches have the same inputs
/// (dst_in, beta1, c_in, p, q) and the same columns (c_out, beta2) fire once. Wrap::stored_once asks that all ranges
/// are such copies. Throws InputError `wrap-not-possible` (stored_once and the ranges differ; says where).
FiringPlan plan_firings(const Layer& layer);

}  // namespace epim

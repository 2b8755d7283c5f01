// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A layer's weights as FastLayer's inner loops read them.
#pragma once
#include <cstdint>
#include <vector>

#include "golden/evaluate.hpp"
#include "golden/fast/kernels.hpp"

namespace epim::fast {

inline std::size_t at(int i) { return static_cast<std::size_t>(i); }
inline int rounded_up(int n, int unit) { return (n + unit - 1) / unit * unit; }

/// Neighbouring channels of one window tap.
struct Segment {
  int ky = 0, kx = 0, channel = 0, count = 0;
  std::ptrdiff_t offset = 0;  ///< from channel 0 of the window's first tap, in a map with channels last
};

/// The word lines of one PE row that a window of the epitome uses, in an order of their own: by tap, then by channel. The
/// sums over them do not depend on the order.
struct PackedRows {
  int pe_row = 0;
  int lines = 0;
  std::vector<std::int16_t> weights;  ///< [tile][pair of lines][tile_columns][2]
  int words() const { return rounded_up(lines, 64) / 64; }
  int pairs() const { return rounded_up(lines, 2) / 2; }

  std::vector<std::uint64_t> planes;  ///< of `clipping`
  struct Clipping {
    std::size_t planes;               ///< first of [cell_bits][words][group_columns]
    int column, shift;
    bool negative;
  };
  std::vector<Clipping> clipping;     ///< groups of columns of which one holds more than the ADC does, with all lines driven
  std::vector<std::uint64_t> cells;   ///< [slice][polarity][group][words][group_columns]: cells that are not zero; for events
};

/// One window of the epitome: the rows and columns that patches of one (p, q, c_in, c_out, beta1, beta2) select. Of a pool: one patch.
struct PackedWindow {
  Patch patch;                            ///< without its destination
  std::vector<PackedRows> rows;           ///< PE rows that it uses, ascending
  std::vector<std::int64_t> cell_levels;  ///< of every activation, in the order of patch_words: cells that it drives, over columns, slices, polarities; for events
};

/// Where a firing's inputs stand in a pixel.
struct PackedFiring {
  std::size_t window = 0;
  std::vector<std::vector<Segment>> segments;  ///< per PackedWindow::rows
};

struct PackedLayer {
  std::vector<PackedWindow> windows;
  std::vector<PackedFiring> firings;
  int most_lines = 0;    ///< of a PE row
  int most_columns = 0;  ///< of a window
  bool may_clip = false;
};

/// `cells`: with what events need.
PackedLayer pack(const Hardware& hardware, const Layer& layer, const LayerData& data, const FiringPlan& plan, bool cells);

/// A layer's input map with channels last, 16 bits each.
std::vector<std::int16_t> channels_last(const Layer& layer, const IntTensor& x);

}  // namespace epim::fast

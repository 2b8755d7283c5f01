// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Faulty bit lines, left out: the columns of an epitome move to free ones of their crossbars, and its patches with them.
///
/// A layer of E columns leaves XB_COLS - E mod XB_COLS bit lines of its last PE column free. With DeviceModel::spare_columns = N up to
/// N of them serve as spares: the columns of that PE column keep their order and move up by 0..N places so that the sum over columns
///   D = sum_rows (M * (weight that the stuck cells of the place make of it - weight))^2
/// is the least; of equal ones that with the fewest gaps. A patch whose columns no longer lie side by side becomes several, one per run
/// of columns: they cost firings and no hardware. Wrapped layers keep their columns together and move as a whole, where
/// one PE column holds them.
#pragma once
#include <optional>
#include <vector>

#include "golden/device/device_model.hpp"

namespace epim {

struct SpareColumns {
  Layer layer;                  ///< with its columns moved, Layer::spare_columns of them empty
  IntTensor epitome;
  std::vector<int> place;       ///< bit line of each column
  double before = 0, after = 0; ///< D
};

/// Nothing where the device has no spares, no column is free, or none is better than where it is.
std::optional<SpareColumns> use_spare_columns(const DeviceModel& device, const Hardware& hardware, const Layer& layer, const LayerData& data,
                                              int layer_number = 0);

/// Spare columns, then cells: changes patches and epitome of `layer` and `data` where spares are used. Throws as program_cells.
void program_layer(const DeviceModel& device, const Hardware& hardware, Layer& layer, LayerData& data, int layer_number = 0);

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What is not ideal about cells and ADCs, and the integers that follow: docs/device.md. Everything is off by default.
///
/// A cell that is programmed to level L of 0..top, top = 2^CELL_BITS - 1, becomes, one effect after the other,
///   g = L + (top - L)/on_off_ratio                                     leak of the limited on/off ratio
///   g += top*sigma*z | g *= 1 + sigma*z | g *= exp(sigma*z) | g += top*(exp(sigma*z) - 1)    programming error
///   g *= (t/t0)^-(nu + sigma_nu*z')                                    drift, where t > t0
///   g *= attenuation[row][column]                                      of its place in the crossbar
///   g = top | top/on_off_ratio                                         where the cell is stuck
///   word = clamp(floor(g*2^F + 1/2), 0, 2^(CELL_BITS+F) - 1).
/// An ADC has K = 2^12*(1 + gain_sigma*z), O = offset_sigma*z and N of read_noise, rounded (golden/layer.hpp, AdcTrim).
/// Every draw is a function of (seed, layer, PE row, PE column, polarity, slice, row, column) and of what it is for: it depends
/// on no order, no thread and no other cell. z: standard normal, by the inverse of its distribution function.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "golden/layer.hpp"

namespace epim {

/// A cell that does not change when it is programmed.
struct StuckCell {
  int layer = 0;                ///< its number in execution order
  int pe_row = 0, pe_column = 0;
  bool negative = false;        ///< polarity of its crossbar
  int slice = 0, row = 0, column = 0;
  bool on = false;
  bool operator==(const StuckCell&) const = default;
};

/// Factor of every place of a crossbar: [rows][columns], either 1 for "the same everywhere".
struct AttenuationTable {
  int rows = 0, columns = 0;
  std::vector<double> factors;
  bool operator==(const AttenuationTable&) const = default;
};

struct DeviceModel {
  std::int64_t seed = 1;
  double on_off_ratio = 0;          ///< conductance of the highest over that of the lowest level; 0: without bound
  double program_sigma = 0;         ///< of programming; a share of the highest level, or of the cell's
  bool program_lognormal = false, program_proportional = false;
  double drift_time = 0;            ///< seconds since programming; 0: no drift
  double drift_reference = 1;       ///< t0 in seconds
  double drift_exponent = 0, drift_exponent_sigma = 0;
  double stuck = 0;                 ///< share of the cells, half of it on, half off, beside the four below
  double stuck_on_positive = 0, stuck_on_negative = 0, stuck_off_positive = 0, stuck_off_negative = 0;  ///< shares of the cells
  double gain_sigma = 0;            ///< share of the gain
  double offset_sigma = 0;          ///< levels
  double read_noise = 0;            ///< levels
  std::int64_t spare_columns = 0;   ///< free bit lines of a layer's crossbars that may replace faulty ones (golden/device/spare_columns.hpp)
  AttenuationTable attenuation;     ///< empty: 1 everywhere
  std::vector<StuckCell> faults;    ///< a list, beside the rates
  bool operator==(const DeviceModel&) const = default;

  /// Anything but the seed and what is meant for faults differs from an ideal device.
  bool any() const;
};

/// Refuses a device that the core has no hardware for, and faults and tables that do not fit it. Throws InputError
/// device-not-built, device-fault, device-attenuation.
void check_device(const DeviceModel& device, const FixedHardware& hardware);

/// Cells that rates or the list say are stuck, by AnalogData::place: 1 on, -1 off, 0 neither.
std::vector<std::int8_t> stuck_cells(const DeviceModel& device, const Hardware& hardware, int layer_number = 0);

/// Cells and ADCs of layer number `layer_number` on its core; null where the device is ideal. Throws as check_device.
std::shared_ptr<const AnalogData> program_cells(const DeviceModel& device, const Hardware& hardware, const Layer& layer, const LayerData& data,
                                                int layer_number = 0);

/// Reads [rows][columns], [rows][1], [1][columns] of factors from an .npy. Throws InputError: those of read_npy, device-attenuation.
AttenuationTable read_attenuation(const std::string& path);
/// Reads lines `layer,pe_row,pe_column,polarity,slice,row,column,state`, polarity positive or negative, state on or off; empty lines
/// and lines that begin with # are left out. Throws InputError unreadable-file, device-fault with the line.
std::vector<StuckCell> read_faults(const std::string& path);

}  // namespace epim

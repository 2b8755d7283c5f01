// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Formats of the maps for which the file has none, from the values that they take on images.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "gen/import/plan.hpp"
#include "golden/files/npz.hpp"

namespace epim::importer {

/// Images as the evaluator takes them.
using Images = std::vector<std::map<std::string, Value>>;

enum class CalibrationMethod {
  minmax,      ///< the largest magnitude
  percentile,  ///< the magnitude that 99.99 % of the values do not exceed
  mse,         ///< the largest magnitude that is kept, chosen for the least squared error
};
CalibrationMethod calibration_method(const std::string& name);  ///< throws InputError bad-argument
const char* name_of(CalibrationMethod method);

struct CalibrationOptions {
  CalibrationMethod method = CalibrationMethod::minmax;
  int act_bits = 9;
};

/// What was seen of a map.
struct Range {
  double least = 0, most = 0;  ///< of all values
  double kept = 0;             ///< magnitude that the format holds
};

/// Bits of an output of the network that no layer reads, and how much larger than seen its values may be.
constexpr int output_bits = 16;
constexpr double output_headroom = 2;

/// Fills in the formats of `plan` that are not the file's, and gives what was seen of each map (key: its name).
///   bits      act_bits; 16, signed, for outputs that no layer reads
///   sign      signed where a value is negative
///   scale     kept/(2^bits - 1), signed kept/(2^(bits-1) - 1); outputs: twice that; an input of whole numbers that the
///             format holds: 1; a mean of n places of a map with the file's format: step of that map / n, where 9 bits
///             hold what was seen
/// `progress` is told the share that is done. Throws InputError at the graph's file: no-images, not-a-number.
std::map<std::string, Range> calibrate(Plan& plan, const Graph& graph, const Images& images, const CalibrationOptions& options, int jobs,
                                       const std::function<void(double)>& progress = {});

/// Images of a file, the first `limit` of them (0: all): .npy, its first axis being the images; .npz, of which `wanted` (first
/// found) is taken, else what images_of takes; IDX, plain or gzip. Throws InputError at the file: those of images_of, read_npz and read_idx.
Images read_images(const Graph& graph, const std::string& path, const std::vector<std::string>& wanted, std::size_t limit = 0);

}  // namespace epim::importer

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Answers of MNSIM 2.0 in a file, and how far the `mnsim` model is from them.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "gen/cost/mnsim.hpp"

namespace epim {

/// One run of MNSIM.
struct MnsimCase {
  std::string name;
  std::string network;                    ///< name of a network, or a path
  MnsimWorkload workload;
  JsonValue overrides;                    ///< keys of SimConfig.ini that differ from the shipped file
  std::map<std::string, double> total;    ///< pe_count, tile_count, latency_ms, energy_mJ, area_mm2, ...
  struct Layer {
    std::string type, name;
    std::map<std::string, double> values; ///< pe_count, tile_count, begin_ns, finish_ns, energy_nJ, xbar_energy_nJ, ...
  };
  std::vector<Layer> layers;
  Position where;
};

/// Reads a list of cases: an array, or an object with `cases`. A case has `case`, `overrides` (may be absent), `total` and
/// `layers` (objects, or arrays [type, PEs, tiles, begin, finish, energy, crossbar, ADC, DAC, buffer, digital, pooling]).
/// `network` and `workload` {weight_bits, act_bits, slices, classes} say what was run; where
/// they are absent the case's name does: NETWORK-w9a9-1000, NETWORK-16slices-a32-10class: weight bits, activation bits,
/// slices, classes. Throws InputError: those of read_json, missing-key, wrong-type, mnsim-case-name.
std::vector<MnsimCase> load_mnsim_cases(const std::string& path);

/// Largest relative differences |ours/theirs - 1| (|ours| where theirs is 0, in units of the total).
struct MnsimDifference {
  double latency = 0;        ///< total latency, and every layer's begin and finish against it
  double layer_latency = 0;  ///< every layer's finish - begin
  double energy = 0;         ///< total
  double layer_energy = 0;   ///< every layer's total and components, against that layer's total
  double area = 0;
  bool structure = true;     ///< PEs, tiles, buffer sizes and the number of layers are equal
  std::string first;         ///< first difference of the structure, in words
};
MnsimDifference compare(const MnsimResult& ours, const MnsimCase& theirs);

}  // namespace epim

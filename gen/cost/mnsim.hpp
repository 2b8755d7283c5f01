// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Latency, energy and area of a whole network by the model of MNSIM 2.0 (Zhu et al., commit ca39ccb), written from its
/// published formulas and constants and extended by epitomes: an epitome repeats a whole output position (compute,
/// merge, transfer) once per activation (own choice; the paper only names MNSIM as its base).
#pragma once
#include <string>
#include <vector>

#include "gen/cost/mnsim_mapping.hpp"

namespace epim {

/// nJ per component.
struct MnsimEnergy {
  double crossbar = 0, adc = 0, dac = 0, buffer = 0, digital = 0, pooling = 0;
  double total() const { return crossbar + adc + dac + digital + buffer + pooling; }
  MnsimEnergy& operator+=(const MnsimEnergy& o);
};

/// um2 per component.
struct MnsimArea {
  double crossbar = 0, adc = 0, dac = 0, digital = 0, buffer = 0, pooling = 0;
  double total() const { return crossbar + adc + dac + digital + buffer + pooling; }
};

struct MnsimLayerResult {
  MnsimLayer layer;
  double begin = 0, finish = 0;  ///< ns: first begin and last finish of an output position
  double busy = 0;               ///< ns: sum over the output positions of finish - begin
  double links = 0;              ///< ns: the part of busy that grows with the distance between tiles
  double step = 0;               ///< ns of one inner output position: what bounds a layer that never waits
  MnsimEnergy energy;
  double area = 0;               ///< um2
};

struct MnsimResult {
  std::vector<MnsimLayerResult> layers;
  double latency = 0;  ///< ns: last finish of all layers
  MnsimEnergy energy;
  MnsimArea area;
  int tiles = 0, pes = 0;
  double input_buffer_kb = 0, output_buffer_kb = 0;
  /// By name. Throws InputError unknown-layer.
  const MnsimLayerResult& layer(const std::string& name) const;
  double latency_ms() const { return latency * 1e-6; }
  double energy_mj() const { return energy.total() * 1e-6; }
  double area_mm2() const { return area.total() * 1e-6; }
};

/// Evaluates one network. Per output position p of layer l (in raster order):
///   start(l,p)  = max(finish(l,p-1), max over input layers i of finish(i, last position of i that p needs))
///   finish(l,p) = start(l,p) + activations * (tile + merge + transfer)
/// and latency = max finish. tile = input buffer write + read + n*(DAC + crossbar + ADC) + digital + joint + output
/// buffer write, n = ceil(A/DAC bits)*ceil(rows/DACs)*ceil(columns/ADCs). Energy of a layer: sum over modules of
/// power * summed busy time. Units ns, W, nJ, um2. Throws InputError as map_to_mnsim, and mnsim-converter,
/// mnsim-buffer for a choice or buffer that the data file does not hold.
MnsimResult evaluate_mnsim(const Network& network, const MnsimWorkload& workload, const MnsimData& data,
                           const MnsimQuirks& quirks = {});

}  // namespace epim

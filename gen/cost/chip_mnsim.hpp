// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// MNSIM's pipelined answer for the network of a chip, and which of its assumptions make the difference.
#pragma once
#include <string>
#include <vector>

#include "gen/cost/mnsim.hpp"
#include "golden/hardware.hpp"

namespace epim {

/// MNSIM's model with some of its assumptions replaced by ours.
struct MnsimStage {
  std::string what;        ///< replaced here, on top of the stages before
  double latency = 0;      ///< ns, of one image
  double interval = 0;     ///< ns between images: what its slowest layer works for one. MNSIM itself names no interval
  std::string slowest;
  double energy_mj = 0;
};

/// Stages, each with all of those before:
///   as it is        cells and crossbars of `hardware`, converters and buffers of MNSIM
///   links           of any bandwidth
///   buffers         accesses take no time (in our core they are part of the pipeline, a word per cycle)
///   converters      as many ADCs per crossbar as ours, a DAC per row
///   clock           a conversion takes one cycle of `clock_mhz`; registers, shifting and joining are in its pipeline and take none
/// Weights of `hardware` but where a node says otherwise. MNSIM knows no copies: a node counts once. Throws InputError as evaluate_mnsim.
std::vector<MnsimStage> mnsim_stages(const Network& network, const FixedHardware& hardware, const MnsimData& data, double clock_mhz);

}  // namespace epim

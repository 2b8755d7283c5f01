// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Emulation of the uniform-precision rows of the paper's Table 1 with the `mnsim` model and shipped constants.
#pragma once
#include <string>
#include <vector>

#include "gen/cost/mnsim.hpp"
#include "gen/paper/paper_numbers.hpp"

namespace epim {

/// Which layers are epitomes in the emulation. The paper does not say which it replaced.
enum class Table1Layers {
  counted,  ///< those of replaced_by_uniform, the set that explains the printed crossbar counts
  timed,    ///< layer2: 3x3; layer3: downsample, 3x3, last 1x1; layer4: first 1x1 except block 0, 3x3, last 1x1.
            ///< Own choice, closer to the printed latencies; crossbar counts differ by at most 1.2 %
};

/// Gives the layers of the set their 1024x256 epitome, clears all other epitomes, infers shapes.
void apply_table1_layers(Network& resnet, Table1Layers layers);

struct Table1Estimate {
  Table1Row printed;
  double latency_ms = 0, energy_mj = 0;
  double latency_error() const { return latency_ms / *printed.latency_ms - 1; }  ///< relative
  double energy_error() const { return energy_mj / *printed.energy_mj - 1; }
};

struct Table1Emulation {
  std::vector<Table1Estimate> rows;
  double latency_rms = 0, energy_rms = 0;  ///< root mean square of the relative errors
};

/// What Table 1's conventions are in the emulation: ceil((W-1)/2) slices of 2-bit cells (FP32: 16), a classifier with 10
/// outputs (MNSIM's data set), one whole output position per activation with ceil(R/1024)*ceil(C/256) activations.
MnsimWorkload table1_workload(int weight_bits, int act_bits, Traffic traffic = Traffic::whole_position);

/// What Figure 4's are: W9A9, the same, activations counted per patch.
MnsimWorkload figure4_workload(Traffic traffic = Traffic::whole_position);

/// Untuned emulation: constants and configuration of `data` as they are, all quirks of MNSIM, ceil((W-1)/2) slices of
/// 2-bit cells (FP32: 16), A activation bits (FP32: 32), a classifier with 10 outputs (MNSIM's data set), and one whole
/// output position per activation with ceil(R/1024)*ceil(C/256) activations (rule `rows`).
/// `rows`: uniform_rows of the paper. `resnet50`, `resnet101`: the shipped networks. Errors as evaluate_mnsim.
Table1Emulation emulate_table1(const std::vector<Table1Row>& rows, Network resnet50, Network resnet101, const MnsimData& data, Table1Layers layers,
                               Traffic traffic = Traffic::whole_position);

}  // namespace epim

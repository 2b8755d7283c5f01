// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What the cores of a chip do on images, by the golden model.
#pragma once
#include <vector>

#include "gen/chip/chip.hpp"

namespace epim {

struct ChipGolden {
  std::vector<IntTensor> outputs;    ///< per image
  std::vector<EventCounts> events;   ///< per ChipDesign::cores, of all images; idle_cycles, which follow from the time, are 0
};

/// `net`: the network of the chip, with its integers. Outputs are those of run_network_golden; a copy's events are those of a core that
/// gives its rows.
ChipGolden run_chip_golden(const ChipDesign& chip, const CompiledNetwork& net, const std::vector<IntTensor>& images, int threads);

}  // namespace epim

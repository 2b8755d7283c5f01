// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What stands in for the cores of a chip's frame.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "sim/chip_core.hpp"
#include "sim/chip_host.hpp"
#include "sim/chip_run.hpp"
#include "sim/chip_words.hpp"

namespace epim {

/// Cores that do what the golden model says: words of `words`, handshakes of the prediction, which is written down in `schedules`.
/// What the frame offers a core must be the word that the core's replay is given, in the same cycle.
std::unique_ptr<OutsideCores> predicted_cores(const ChipDesign& chip, Model& frame, const ChipWords& words, std::vector<CoreSchedule>& schedules);

/// The cores' own models, stepped with the frame.
std::unique_ptr<OutsideCores> stepped_cores(const ChipDesign& chip, Model& frame, std::vector<std::unique_ptr<CoreModel>> models);

/// The same of a chip with a load port, with its bus, chain and control: the cores live with the host's clock, from reset on, as long as
/// the result does. `objects`: the compiled model of every core.
std::shared_ptr<void> link_cores(const ChipDesign& chip, ChipHost& host, const std::vector<std::string>& objects);

}  // namespace epim

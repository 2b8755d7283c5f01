// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A chip's costs as JSON: what `sim` and `estimate` with --top network write, and `report` draws.
#pragma once
#include <nlohmann/json.hpp>

#include "gen/cost/chip_estimate.hpp"

namespace epim {

/// {"crossbar", "lanes", "crossbars", "interval", "slowest_block", "cores": [one per core, an image in the steady state], "image": events and energy of one}.
nlohmann::ordered_json chip_json(const ChipDesign& chip, const ChipEstimate& estimate);

/// {"images", "cycles", "first_image_cycles", "fifo_words", "fifos", "cores": [energy and events of all images], "events", "energy", "trace"}.
nlohmann::ordered_json chip_run_json(const ChipDesign& chip, const ChipRunEstimate& run);

}  // namespace epim

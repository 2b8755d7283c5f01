// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Cycles per image of a core alone, in microseconds of host time.
#pragma once
#include "golden/layer.hpp"
#include "golden/timing/chip_timing.hpp"

namespace epim {

/// What alone_rate steps to: the cycles that two more images take, from fast_timing, where they are the same twice; stepped where
/// they are not.
ImageRate steady_rate(const Hardware& hardware, const Layer& layer);

/// alone_rate of a core.
ImageRate stepped_rate(const Hardware& hardware, const Layer& layer);

/// alone_rate of a pool.
ImageRate stepped_rate(const ChipBlock& pool);

}  // namespace epim

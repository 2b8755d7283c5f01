// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The range of a core's ADCs from images that are none of those it will classify.
#pragma once
#include "gen/network/compile.hpp"

namespace epim {

/// Images of NetworkSource::adc_calibration that are looked at.
inline constexpr int adc_calibration_images = 64;

/// The least hardware.adc_step, one for all layers, with which the network, on ideal cells and ADCs, clips at most the share
/// adc_calibration_clip of its conversions of the calibration images; at most the step of the full range. Throws as compile_network.
int calibrated_adc_step(const Config& config, const QuantiseOptions& options, CorePolicy policy);

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The files that let an outsider check a layer run without this project.
#pragma once
#include <string>
#include <vector>

#include "sim/driver.hpp"

namespace epim {

/// A .npy file of int64.
std::string npy_text(const IntTensor& t);

/// Writes `<dir>/<layer name>/`: layer.json, x.npy, epitome.npy, crossbar_scale.npy, zero_point.npy, channel_scale.npy,
/// channel_bias.npy, channel_slope.npy (of a layer with slopes), y_golden.npy, y_rtl.npy, events_golden.json,
/// events_rtl.json, beats.csv. One frame: y_golden is evaluated again, for the whole frame, and expanded to all Cout
/// channels where the result is stored once.
/// docs/dump-format.md describes every file.
void dump_layer(const std::string& dir, const Hardware& hw, const Layer& layer, const LayerData& data, const IntTensor& input,
                const LayerRun& run);

}  // namespace epim

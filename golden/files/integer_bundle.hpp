// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A quantised network on disk: an .npz with the integers of every layer, as the core takes them.
///
/// Arrays (format 1; NODE is a layer's name):
///   format                 [1]  1
///   hardware/KEY           [1]  what the integers depend on: xb_rows, xb_cols, lanes, act_bits, act_signed (0, 1)
///   NODE/weight_bits       [1]  width of the codes, sign included; 1: -1 and 1
///   NODE/epitome           [e_out][e_in][P][Q]  codes, int16
///   NODE/crossbar_scale    [pe_rows][pe_cols]   M
///   NODE/zero_point        [pe_rows][pe_cols]   Z
///   NODE/channel_scale     [cout]  G
///   NODE/channel_bias      [cout]  B
///   NODE/channel_slope     [cout]  A, absent where the layer has no slopes
///   NODE/permutation       [patches][V]  of a weight pool, int16: pi; absent in other layers. Its epitome holds P, then D
///   NODE/shift             [1]  SH
///   NODE/clamp             [2]  lowest and highest output
///   NODE/scale             [pe_rows][pe_cols]   S, float64: real value of one code step. For the reader; not needed
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "golden/files/npz.hpp"
#include "golden/quantise.hpp"

namespace epim {

/// One layer for a bundle.
struct IntegerBundleLayer {
  const Layer* layer = nullptr;
  int weight_bits = 0;
  const LayerData* data = nullptr;
  const QuantisedEpitome* quantised = nullptr;
};

/// The arrays of a bundle; M and Z are cut to the PEs that the layer takes.
std::vector<std::pair<std::string, NpyArray>> integer_bundle(const FixedHardware& hardware,
                                                             const std::vector<IntegerBundleLayer>& layers);

/// Checks `format` and that the bundle was made for this crossbar size, lane count and activation format.
/// Throws InputError `bundle-format`, `bundle-hardware`, `missing-array`, and those of NpyArray::ints.
void check_integer_bundle(const NpzFile& bundle, const FixedHardware& hardware);

/// A layer's integers for a core with hardware.pe_rows x pe_cols PEs and codes of hardware.weight_bits or fewer; sets
/// layer.shift, layer.clamp_lo, clamp_hi and layer.slopes. The widths of M, Z, G, B and A are left to GoldenLayer.
/// Throws InputError at `bundle.path`: `missing-array`, `npy-type`, `bundle-shape`, `bundle-range` (codes wider than
/// NODE/weight_bits), `contradictory-bits` (wider than the core), `pe-array-too-small`, `bundle-pool` (a permutation without a pool),
/// of a pool what check_pool_data refuses.
LayerData read_integer_layer(const NpzFile& bundle, const Hardware& hardware, Layer& layer);

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The network nodes that hold no weights, on integer maps.
#pragma once
#include <vector>

#include "golden/files/npz.hpp"
#include "golden/graph/arithmetic.hpp"
#include "golden/graph/network.hpp"
#include "golden/tensor.hpp"

namespace epim {

/// Formats of all maps and what the nodes between the cores compute.
struct NetworkArithmetic {
  std::vector<MapFormat> formats;       ///< map_formats
  std::vector<NodeArithmetic> nodes;    ///< empty ones for nodes with weights
};
/// `weights`: slopes of prelu nodes that no core computes; may be null.
NetworkArithmetic network_arithmetic(const Network& network, const FixedHardware& hardware, SignedMaps signed_maps,
                                     const NpzFile* weights = nullptr);

/// Evaluates node `n`, which has no weights, on its stored input maps [stored channels][H][W]; virtual channel v of a wrapped
/// map is stored channel v mod its period. With x', the code minus its zero point, and r a Requantiser:
///   add, concat         y = r(x)
///   mul                 y = r(a'*b')
///   relu, clip, max and global max pool, resize, flatten   y = r(x), after the maximum or the copying
///   leaky_relu, prelu   v = x'*G; y = clamp((((v < 0 ? v*A >> 12 : v) + half) >> SH) + z_y)
///   function            y = table[x]
///   avg pools           y = r(sum of x' over the window) with G of its divisor
IntTensor evaluate_host_node(const Network& network, int n, const std::vector<const IntTensor*>& in, const NetworkArithmetic& arithmetic);

}  // namespace epim

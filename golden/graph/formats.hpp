// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The integers of every map of a network: bits, sign, scale, zero point, and which codes occur.
#pragma once
#include <cstdint>
#include <vector>

#include "golden/graph/network.hpp"
#include "golden/hardware.hpp"

namespace epim {

/// real = scale*(code - zero); codes lo .. hi occur.
struct MapFormat {
  int bits = 8;
  bool is_signed = false;   ///< two's complement
  double scale = 0;         ///< 0: not known
  int zero = 0;
  std::int64_t lo = 0, hi = 0;
  std::int64_t least() const { return is_signed ? -(std::int64_t{1} << (bits - 1)) : 0; }
  std::int64_t greatest() const { return (std::int64_t{1} << (is_signed ? bits - 1 : bits)) - 1; }
  bool operator==(const MapFormat&) const = default;
};

/// How wide a map may be that no core reads.
enum class SignedMaps {
  as_activations,  ///< as wide as one that a core reads
  one_bit_more,    ///< an additional bit, for additions on the host
};

/// Formats of all maps: [0] the network's input, [n + 1] the output of node n. A node's own (act_bits, act_signed,
/// zero_point) where it has one; else, with A = act_bits of the hardware:
///   conv, fc, batch_norm   with lo = 0 (ReLU): unsigned A bits, on signed hardware signed A bits; else signed A bits, one
///                          more with SignedMaps::one_bit_more where no core reads it before an addition or ReLU
///   add                    the same without the additional bit
///   concat                 that of its operands where they agree, else signed or unsigned A bits
///   sigmoid, hard_sigmoid, softmax  unsigned A bits, scale 2^-A;   tanh: signed A bits, scale 2^-(A-1)
///   hard_swish, silu       signed A bits, scale of the input
///   mul                    that of the larger operand, the first of equals
///   pools, relu, clip, leaky_relu, prelu, resize, flatten: that of the input, within what they can give
/// Outputs of the network that are conv or fc have out_bits. Scale: act_scale, else the input's; of add and concat the
/// largest of their operands'. Throws InputError at the node: zero-point-range, clamp-range, missing-act-scale (mul of a
/// map by one that leaves -1 .. 1).
std::vector<MapFormat> map_formats(const Network& network, const FixedHardware& hardware, SignedMaps signed_maps);

/// Format `id` of the above (-1 = the network's input).
inline const MapFormat& format_of(const std::vector<MapFormat>& formats, int id) { return formats[static_cast<std::size_t>(id + 1)]; }

/// Layers that read this map run in the hardware's own format.
bool is_hardware_format(const Network& network, const MapFormat& format, const FixedHardware& hardware);

/// Scales of all maps as above, 0 where not known.
std::vector<double> map_scales(const Network& network);

/// A node without weights and without a format of its own counts in the steps of its input (add, concat: the largest step
/// of its operands): an act_scale that says otherwise would be ignored. Throws InputError act-scale-not-used at the node.
void check_scales_used(const Network& network);

}  // namespace epim

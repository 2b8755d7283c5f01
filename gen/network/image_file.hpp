// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// An image as the integers a network takes.
#pragma once
#include <string>

#include "golden/graph/network.hpp"
#include "golden/tensor.hpp"

namespace epim {

/// Reads the network's input map [C][H][W]; the format is found by the first bytes, not by the name.
///   PNG (grey, palette, RGB; 1 to 16 bits), PGM and PPM (P2, P3, P5, P6): pixel value v of 0..M becomes
///     unsigned input: floor(v * 2^bits / (M + 1))      signed: the same minus 2^(bits-1)
///   so that 8-bit pixels are taken as they are by an 8-bit input. Channels in the order R, G, B; no mean is subtracted
///   (fold it into the first layer's weights and bias).
///   .npy: integers, shape [C][H][W] (or [H][W] for one channel), taken as they are.
/// Size and channels must be those of the network: nothing is resized, no colours are converted.
/// Throws InputError: unreadable-file, corrupt-image, image-format, tensor-shape, activation-range, and those of
/// parse_npy.
IntTensor read_image(const std::string& path, const Network& network);

}  // namespace epim

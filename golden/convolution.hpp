// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Integer convolution as the textbook has it: what every other path must equal.
#pragma once
#include "golden/layer.hpp"

namespace epim {

/// y[o][oy][ox] = sum over v, ky, kx of w[o][v][ky][kx] * x[v mod c][oy*sy+ky*dy-top][ox*sx+kx*dx-left],
/// s the stride, d the dilation, the pad value outside the map; c = layer.stored_cin(). x is [stored_cin][H][W], w [Cout][Cin][Kh][Kw], the result
/// [Cout][out_h][out_w], not requantised. 64-bit arithmetic. Throws InputError `tensor-shape`.
IntTensor convolve(const IntTensor& x, const IntTensor& w, const Layer& layer);

}  // namespace epim

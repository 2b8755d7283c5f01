// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Activation scales that cannot be meant: a map of the float network would not survive them.
#pragma once
#include <vector>

#include "gen/network/compile.hpp"

namespace epim {

/// Evaluates the float network on the first of `images` (at most 4) and looks at every map of a node with weights: values y
/// that are not zero after ReLU, and q = clamp(round(y/s), lo, hi), s the node's act_scale and lo..hi the layer's clamp. Nothing
/// with integers instead of float weights, or where the network says that its scales are trained. Own choice of what cannot be meant: more than half of the values come out as less
/// than a quarter by the clamp (a few outliers may), or all of them as 0. Throws InputError scale-loses-map at the first such node.
void check_scales(const CompiledNetwork& net, const std::vector<IntTensor>& images);

}  // namespace epim

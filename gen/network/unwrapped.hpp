// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The same integers without output channel wrapping, to compare with.
#pragma once
#include <vector>

#include "gen/network/synthetic_network.hpp"

namespace epim {

/// Adds to `plan` and `net`, whose layers wrap, every layer that differs in `off`, the plan of the same network without
/// wrapping: same weights, scales and clamps, inputs and expected outputs expanded to all channels (virtual channel v is
/// stored channel v mod the period). An added layer shares the core of its wrapped twin. Returns for every layer of
/// the wrapped plan the index of the layer that stands for it without wrapping: its own where nothing differs.
std::vector<std::size_t> append_unwrapped(Mapping& plan, SynthesisedNetwork& net, const Mapping& off);

/// y[v] = x[v mod C] for v < channels, x of C channels.
IntTensor expand_channels(const IntTensor& x, int channels);

}  // namespace epim

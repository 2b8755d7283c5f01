// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Seeded weights for a network that has none, and the maps they give.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "gen/plan.hpp"
#include "golden/events.hpp"

namespace epim {

/// A planned network with integers and, for one input, every map: the golden model's answer.
struct SynthesisedNetwork {
  std::vector<LayerData> data;        ///< per planned layer
  std::vector<IntTensor> inputs;      ///< per planned layer, as streamed (rewritten by space-to-depth where planned)
  std::vector<IntTensor> outputs;     ///< per planned layer [stored_cout][h][w]
  std::vector<EventCounts> events;    ///< per planned layer, all but idle_cycles
  IntTensor result;                   ///< output of the network
};

/// Weights: He-normal (standard deviation sqrt(2/fan-in) of the virtual convolution), symmetric codes with one scale per
/// crossbar. Batch norm: statistics of every channel are taken from the golden accumulators of this input at up to
/// 64 output positions, gamma uniform in 0.75..1.25 (a quarter of that where a residual addition follows), beta
/// uniform in -0.25..0.25; one standard deviation of a ReLU output is a sixth of the activation range. No layer is
/// dead or saturated, and the choice is a function of the seed and the input. Sets shift and clamp of the
/// plan's layers and the accumulator width of its cores. Own choice throughout.
/// `progress(layer)` may be empty.
SynthesisedNetwork synthesise_network(NetworkPlan& plan, const IntTensor& image, std::uint64_t seed, int threads,
                                      const std::function<void(std::size_t)>& progress);

/// Uniform random image in the network's input range.
IntTensor synthetic_image(const Network& network, std::uint64_t seed);

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Integers for a planned network, from seeded or given weights, and the maps they give.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "gen/network/mapping.hpp"
#include "golden/events.hpp"
#include "golden/device/device_model.hpp"
#include "golden/files/npz.hpp"

namespace epim {

/// A planned network with integers and, for one input, every map: the golden model's answer.
struct SynthesisedNetwork {
  std::vector<LayerData> data;        ///< per planned layer
  std::vector<IntTensor> inputs;      ///< per planned layer, as streamed (rewritten by space-to-depth where planned)
  std::vector<IntTensor> outputs;     ///< per planned layer [stored_cout][h][w]
  std::vector<EventCounts> events;    ///< per planned layer, all but idle_cycles; where asked for
  std::vector<IntTensor> results;     ///< outputs of the network
};

/// Where the weights come from.
struct WeightSource {
  std::uint64_t seed = 1;
  const NpzFile* bundle = nullptr;    ///< float weights and batch norm (docs/networks.md); null: seeded
  bool count_events = false;          ///< fill SynthesisedNetwork::events
  const DeviceModel* device = nullptr;  ///< programs cells and ADCs; null: ideal ones
};

/// Quantises every layer (symmetric, one scale per crossbar) and runs the golden model on `image`.
/// Seeded weights: He-normal (standard deviation sqrt(2/fan-in) of the virtual convolution). Batch norm: statistics of
/// every channel are taken from the golden accumulators of this input at up to 64 output positions, gamma uniform in
/// 0.75..1.25 (a quarter of that where a residual addition follows), beta uniform in -0.25..0.25; one standard
/// deviation of a ReLU output is a sixth of the activation range. No layer is dead or saturated, and the choice is a
/// function of the seed and the input. Own choice throughout.
/// Layers with a pool: seeded_pool (gen/core/synthetic.hpp); given weights are projected on it (golden/pool_projection.hpp).
/// Given weights: real values per integer step are the nodes' act_scale; where the network leaves them out, those of
/// calibrate_scales. A layer without ReLU that is not the output keeps one bit more than an activation, signed.
/// With a device the cells of every layer are programmed once its integers are known; spare columns move its patches in `plan`.
/// Sets the shift of the plan's layers and the accumulator width of its cores. Throws InputError with the node's
/// place in the network file: those of check_bundle, quantise and to_integer.
/// `progress(layer)` may be empty.
SynthesisedNetwork synthesise_network(Mapping& plan, const IntTensor& image, const WeightSource& source, int threads,
                                      const std::function<void(std::size_t)>& progress);

/// Every array that a network needs is in the bundle, with the shape that the network's epitomes ask for. Throws
/// InputError at the node: those of golden/graph/node_weights.hpp.
void check_bundle(const Network& network, const NpzFile& bundle);

/// Fills act_scale of every node with weights that has none. Nodes joined by additions, pools and ReLU count in the
/// same steps; such a group takes a scale that one of its nodes names, else the largest |value| of its maps in a
/// float run on `image`, divided by the largest code of the narrowest of them
/// that a core gives (the network's output: at most 2^(out_bits-1) - 1). Own choice.
void calibrate_scales(Network& network, const NpzFile& bundle, const IntTensor& image, const FixedHardware& hardware,
                      SignedMaps signed_maps);

/// Uniform random image in the network's input range.
IntTensor synthetic_image(const Network& network, std::uint64_t seed);

}  // namespace epim

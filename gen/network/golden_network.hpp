// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A compiled network on the golden model, an image at a time.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "gen/network/compile.hpp"
#include "golden/fast/fast_layer.hpp"

namespace epim {

/// ADC conversions of one image in a layer.
std::int64_t conversions_of(const CompiledLayer& layer);

class GoldenNetwork {
 public:
  /// `count_events`: run() may be asked for events. `net` must outlive this. Throws what GoldenLayer throws.
  GoldenNetwork(const CompiledNetwork& net, bool count_events);

  /// What each layer did, in the order of CompiledNetwork::layers.
  struct Counts {
    std::vector<std::int64_t> clipped;  ///< conversions that an ADC clipped
    std::vector<EventCounts> events;    ///< all but idle_cycles
  };
  /// The network's first output. `observe(node, map)` sees every node's map and may be empty; `counts` may be null. Several
  /// threads may call this at once. `frame`: the number of the image in a run.
  IntTensor run(const IntTensor& image, int threads, const std::function<void(int, const IntTensor&)>& observe = {}, Counts* counts = nullptr,
                std::int64_t frame = 0) const;

  /// The map of node `n` from its operands; nodes with weights by all their layers.
  IntTensor run_node(int n, const std::vector<const IntTensor*>& in, int threads, Counts* counts = nullptr, std::int64_t frame = 0) const;

 private:
  const CompiledNetwork& net_;
  bool count_events_;
  std::vector<std::optional<LayerEvaluator>> layers_;
  std::vector<std::size_t> first_layer_;  ///< of a node with weights
  std::vector<int> last_reader_;          ///< of a node's map; as many as there are nodes where the network's user is one
};

}  // namespace epim

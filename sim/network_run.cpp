// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/network_run.hpp"

namespace epim {

NetworkRun run_network(const Core& core, const CompiledNetwork& net, const std::vector<IntTensor>& images,
                       const RunOptions& options, const std::function<void(std::size_t, double)>& progress) {
  NetworkRun result;
  result.layers.resize(net.layers.size());
  result.inputs.resize(net.layers.size());
  CoreDriver driver(core);
  result.outputs = walk_network(net, images, [&](std::size_t l, const std::vector<IntTensor>& in) {
    if (progress) progress(l, 0);
    result.inputs[l] = in;
    result.layers[l] = run_layer(driver, core, net.layers[l].layer, net.layers[l].data, in, options);
    return result.layers[l].outputs;
  });
  return result;
}

}  // namespace epim

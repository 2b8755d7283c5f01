// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/chip/chip_events.hpp"

#include <optional>

#include "gen/network/golden_network.hpp"
#include "golden/parallel.hpp"

namespace epim {

ChipGolden run_chip_golden(const ChipDesign& chip, const CompiledNetwork& net, const std::vector<IntTensor>& images, int threads) {
  const GoldenNetwork network(net, true);
  std::vector<std::optional<LayerEvaluator>> copies(chip.cores.size());
  const auto node_of = [&](std::size_t c) { return chip.graph.blocks[static_cast<std::size_t>(chip.cores[c].block)].node; };
  const auto source_of = [&](std::size_t c) { return net.network.nodes[static_cast<std::size_t>(node_of(c))].input_ids.at(0); };
  for (std::size_t c = 0; c < chip.cores.size(); ++c)
    if (chip.graph.blocks[static_cast<std::size_t>(chip.cores[c].block)].copies > 1)
      copies[c].emplace(chip.cores[c].hw, chip.cores[c].layer, chip.cores[c].data, true);

  ChipGolden all;
  all.outputs.resize(images.size());
  all.events.resize(chip.cores.size());
  std::vector<std::vector<EventCounts>> of_image(images.size(), std::vector<EventCounts>(chip.cores.size()));
  const bool few = images.size() < static_cast<std::size_t>(threads);
  const int inner = few ? threads : 1;
  parallel(images.size(), few ? 1 : threads, [&](std::size_t i) {
    const auto frame = static_cast<std::int64_t>(i);
    GoldenNetwork::Counts counts;
    const auto run_copies = [&](int source, const IntTensor& map) {
      for (std::size_t c = 0; c < copies.size(); ++c)
        if (copies[c] && source_of(c) == source) copies[c]->run(map, &of_image[i][c], inner, nullptr, frame);
    };
    run_copies(-1, images[i]);
    all.outputs[i] = network.run(images[i], inner, run_copies, &counts, frame);
    for (std::size_t c = 0; c < copies.size(); ++c)
      if (!copies[c]) of_image[i][c] = counts.events.at(static_cast<std::size_t>(net.layer_of_node(node_of(c))));
  });
  for (const std::vector<EventCounts>& events : of_image)
    for (std::size_t c = 0; c < events.size(); ++c) all.events[c] += events[c];
  return all;
}

}  // namespace epim

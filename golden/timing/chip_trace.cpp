// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/timing/chip_trace.hpp"

#include <algorithm>

namespace epim {
namespace {

/// Two bins become one.
template <class T, class Join>
void halve(std::vector<T>& bins, Join join) {
  for (std::size_t i = 0; 2 * i < bins.size(); ++i) bins[i] = 2 * i + 1 < bins.size() ? join(bins[2 * i], bins[2 * i + 1]) : bins[2 * i];
  bins.resize((bins.size() + 1) / 2);
}

}  // namespace

ChipTrace trace_chip(const ChipGraph& graph, int images, int bins, std::int64_t limit) {
  ChipTrace t;
  SteppedChip chip(graph);
  const std::size_t last = graph.blocks.size() - 1;
  const std::int64_t words = graph.blocks.back().in.words();
  std::int64_t left = graph.blocks.front().out.words() * images, filled = 0, beats = 0;
  std::vector<std::int64_t> fired(graph.blocks.size(), 0);
  t.fired.resize(graph.blocks.size());
  t.level.resize(graph.streams.size());
  while (static_cast<int>(t.image_end.size()) < images && t.cycles < limit) {
    if (filled == 0) {
      if (t.level.front().size() == 2 * static_cast<std::size_t>(bins)) {
        t.bin_cycles *= 2;
        for (auto& list : t.fired) halve(list, [](std::int64_t a, std::int64_t b) { return a + b; });
        for (auto& list : t.level) halve(list, [](int a, int b) { return std::max(a, b); });
      }
      for (std::size_t b = 0; b < graph.blocks.size(); ++b)
        if (graph.blocks[b].kind == BlockKind::core) t.fired[b].push_back(0);
      for (auto& list : t.level) list.push_back(0);
    }
    for (std::size_t s = 0; s < t.level.size(); ++s) t.level[s].back() = std::max(t.level[s].back(), chip.counts()[s]);
    const bool offered = left > 0, accepted = offered && chip.in_ready();
    chip.step(offered, true);
    left -= accepted;
    for (std::size_t b = 0; b < graph.blocks.size(); ++b) {
      if (t.fired[b].empty()) continue;
      const std::int64_t now = chip.activity(b).fire_cycles;
      t.fired[b].back() += now - fired[b];
      fired[b] = now;
    }
    if (chip.activity(last).words_in != beats && ++beats % words == 0) t.image_end.push_back(t.cycles);
    ++t.cycles;
    filled = (filled + 1) % t.bin_cycles;
  }
  return t;
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/cost/chip_estimate.hpp"

#include <algorithm>
#include <cmath>

#include "golden/timing/steady_rate.hpp"

namespace epim {
namespace {

void add(EnergyReport& total, const EnergyReport& one) {
  total.total += one.total;
  for (std::size_t i = 0; i < event_count; ++i) total.by_event[i] += one.by_event[i];
  if (total.by_component.empty()) {
    total.by_component = one.by_component;
    return;
  }
  for (std::size_t i = 0; i < one.by_component.size(); ++i) total.by_component[i].second += one.by_component[i].second;
}

using Rows = std::vector<double>;  ///< cycle in which the last word of every row of a map is sent

/// Of a block's map, if nothing waits for room: a row takes its share of the block's cycles, once its window is there. `ready(row)`: when that is.
template <class Ready>
Rows rows_of(const ChipBlock& block, double row_cycles, const Ready& ready) {
  Rows rows;
  double before = 0;
  for (int row = 0; row < block.out.height; ++row) rows.push_back(before = std::max(ready(row), before) + row_cycles);
  return rows;
}

/// What passes between a block's last row and what rows_of says of it, alone, with a word offered in every cycle: its pipeline.
double pipeline_of(const ChipBlock& block, double row_cycles) {
  if (block.kind != BlockKind::core) return 0;
  const Rows rows = rows_of(block, row_cycles, [&](int row) { return static_cast<double>(words_needed(block, (row + 1) * block.out.row_words() - 1)); });
  return static_cast<double>(fast_timing(block.hw, block.layer).cycles) - rows.back();
}

Rows rows_sent(const ChipGraph& graph, int b, const ImageRate& alone, const std::vector<Rows>& sent) {
  const ChipBlock& block = graph.blocks[static_cast<std::size_t>(b)];
  const std::vector<int> in = graph.entering(b);
  const auto ready = [&](int row) {
    double last = 0;
    for (int i : in) {
      const ChipStream& s = graph.streams[static_cast<std::size_t>(i)];
      const WordMap& map = graph.blocks[static_cast<std::size_t>(s.from)].out;
      const std::int64_t words = words_needed(block, (row + 1) * block.out.row_words() - 1, s.port);
      if (words > 0) last = std::max(last, sent[static_cast<std::size_t>(s.from)][static_cast<std::size_t>(std::min<std::int64_t>((words - 1) / map.row_words(), map.height - 1))] + 1);
    }
    return last;
  };
  // A join passes words as they come; the others work on a row.
  const bool works = block.kind == BlockKind::core || block.is_pool() || block.kind == BlockKind::input;
  const double row_cycles = works ? alone.per_image() / block.out.height : 0;
  Rows rows = rows_of(block, row_cycles, ready);
  const double late = works ? pipeline_of(block, row_cycles) : block.stages;
  for (double& row : rows) row += late;
  return rows;
}

}  // namespace

std::int64_t fifo_words(const ChipGraph& graph) {
  std::int64_t words = 0;
  for (const ChipStream& s : graph.streams) words += s.depth;
  return words;
}

ChipEstimate estimate_chip(const ChipDesign& chip, const EstimateData& data) {
  ChipEstimate e;
  const ChipGraph& graph = chip.graph;
  for (std::size_t b = 0; b < graph.blocks.size(); ++b) {
    const ChipBlock& block = graph.blocks[b];
    e.alone.push_back(block.kind == BlockKind::core ? steady_rate(block.hw, block.layer)
                      : block.is_pool()             ? stepped_rate(block)
                                                    : ImageRate{block.out.words(), 1});
    if (e.slowest >= 0 && !(e.interval < e.alone.back())) continue;
    e.slowest = static_cast<int>(b);
    e.interval = e.alone.back();
  }
  for (const ChipCore& core : chip.cores) {
    ChipCoreEstimate c;
    CrossbarTotals own;
    own.add(core.hw, core.layer);
    c.crossbars = own.per_core;
    e.crossbars.add(core.hw, core.layer);
    c.alone = e.alone[static_cast<std::size_t>(core.block)];
    c.events = estimate_rtl(core.hw, core.layer, activity_for(data.activity, core.hw).activity).events;
    c.events.idle_cycles = std::llround(e.interval.per_image()) - c.events.fire_cycles;
    c.energy = energy(c.events, data.energy, core.hw);
    e.events += c.events;
    add(e.energy, c.energy);
    e.cores.push_back(std::move(c));
  }
  std::vector<Rows> sent;
  for (std::size_t b = 0; b < graph.blocks.size(); ++b) sent.push_back(rows_sent(graph, static_cast<int>(b), e.alone[b], sent));
  e.first_image = std::llround(sent.back().back());
  return e;
}

std::vector<EventCounts> estimated_events(const ChipEstimate& estimate, int images) {
  std::vector<EventCounts> all;
  for (const ChipCoreEstimate& c : estimate.cores) {
    EventCounts e;
    for (std::size_t i = 0; i < event_count; ++i) e.at(i) = images * c.events.at(i);
    all.push_back(e);
  }
  return all;
}

ChipRunEstimate chip_run(const ChipDesign& chip, ChipTiming timing, int images, std::vector<EventCounts> events, const EnergyTable& table, std::int64_t cycles) {
  ChipRunEstimate run;
  run.images = images;
  run.timing = std::move(timing);
  run.events = std::move(events);
  for (std::size_t c = 0; c < chip.cores.size(); ++c) {
    EventCounts& e = run.events.at(c);
    e.idle_cycles = (cycles > 0 ? cycles : run.timing.cycles) - e.fire_cycles;
    run.energy.push_back(energy(e, table, chip.cores[c].hw));
    run.all_events += e;
    add(run.all_energy, run.energy.back());
  }
  return run;
}

ChipTrace drawn_trace(const ChipGraph& graph, const ChipRunEstimate& run) {
  constexpr int kDrawnImages = 3, kBins = 256;
  return trace_chip(graph, std::min(run.images, kDrawnImages), kBins, run.timing.deadlock ? run.timing.deadlock_cycle + 1 : run.timing.cycles);
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "gen/report/mapped_network.hpp"
#include "golden/evaluate.hpp"

namespace epim::report {
namespace {

constexpr std::int64_t kBins = 96;        // of a layer
constexpr std::size_t kActivations = 12;  // shown cycle by cycle, if the window below holds them
constexpr std::int64_t kWindow = 4000;    // cycles of that picture at most

/// Thousandths of every bin in which one of the intervals is on.
Json shares(const std::vector<Interval>& intervals, std::int64_t cycles, std::int64_t bins) {
  std::vector<std::int64_t> busy(static_cast<std::size_t>(bins));
  const auto begin = [&](std::int64_t bin) { return bin * cycles / bins; };
  for (const Interval& i : intervals) {
    // The bin of cycle c is the last one that does not begin behind it.
    std::int64_t bin = std::min(bins - 1, i.first * bins / cycles);
    while (bin + 1 < bins && begin(bin + 1) <= i.first) ++bin;
    while (begin(bin) > i.first) --bin;
    for (; bin < bins && begin(bin) <= i.last; ++bin)
      busy[static_cast<std::size_t>(bin)] += std::min(i.last + 1, begin(bin + 1)) - std::max(i.first, begin(bin));
  }
  Json j = Json::array();
  for (std::int64_t b = 0; b < bins; ++b) {
    const std::int64_t length = begin(b + 1) - begin(b);
    j.push_back((busy[static_cast<std::size_t>(b)] * 1000 + length / 2) / length);
  }
  return j;
}

/// Cycles in which the array fires for the first `count` activations.
std::int64_t firing_cycles(const Hardware& core, const Layer& layer, std::size_t count) {
  const Hardware hw = hardware_for(core, layer);
  const FiringPlan plan = plan_firings(layer);
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Patch& patch = layer.patches[static_cast<std::size_t>(plan.firings[i % plan.firings.size()].patch)];
    sum += std::int64_t{column_steps_of(hw, patch)} * hw.column_firing(static_cast<int>(row_groups_of(hw, layer, patch).size()));
  }
  return sum;
}

/// Those that touch first .. last, cut to it: [first, last, index].
Json inside(const std::vector<Interval>& intervals, std::int64_t first, std::int64_t last) {
  Json j = Json::array();
  for (const Interval& i : intervals)
    if (i.last >= first && i.first <= last) j.push_back({std::max(first, i.first), std::min(last, i.last), i.index});
  return j;
}

}  // namespace

Json timeline_section(const MappedNetwork& m, const std::vector<Phases>& phases) {
  Json layers = Json::array();
  for (std::size_t l = 0; l < phases.size(); ++l) {
    const Phases& p = phases[l];
    const std::int64_t cycles = m.estimate.layers[l].rtl.timing.cycles, bins = std::min(kBins, cycles);
    Json one = {{"layer", m.plan.layers[l].layer.name}, {"cycles", cycles}, {"bins", bins},
                {"array", shares(p.array, cycles, bins)}, {"loading", shares(p.loading, cycles, bins)}, {"draining", shares(p.draining, cycles, bins)}};
    const std::int64_t first = p.loading.front().first;
    const std::size_t shown = std::min(kActivations, p.loading.size());
    std::int64_t last = p.loading[shown - 1].last, left = firing_cycles(m.core_of(l), m.plan.layers[l].layer, shown);
    for (const Interval& i : p.array) {
      if (left <= 0) break;
      left -= i.last - i.first + 1;
      last = std::max(last, i.last);
    }
    last = std::min({last, first + kWindow - 1, cycles - 1});
    one["first"] = {{"cycles", {first, last}}, {"array", inside(p.array, first, last)}, {"loading", inside(p.loading, first, last)}, {"draining", inside(p.draining, first, last)}};
    layers.push_back(std::move(one));
  }
  return {{"layers", std::move(layers)}};
}

}  // namespace epim::report

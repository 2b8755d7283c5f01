// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/search/exact.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>

namespace epim {
namespace {

constexpr WideInt unreachable = static_cast<WideInt>(~static_cast<unsigned __int128>(0) >> 1);

/// Items that no other item of the layer beats in both, ascending crossbars; of equals the first.
std::vector<KnapsackItem> undominated(std::vector<KnapsackItem> items) {
  std::stable_sort(items.begin(), items.end(), [](const KnapsackItem& a, const KnapsackItem& b) {
    return a.crossbars != b.crossbars ? a.crossbars < b.crossbars : a.cost < b.cost;
  });
  std::vector<KnapsackItem> kept;
  for (const KnapsackItem& i : items)
    if (kept.empty() || i.cost < kept.back().cost) kept.push_back(i);
  return kept;
}

/// w1 * latency + w2 * energy, or one of the two first and the other to decide between equals.
struct Weights {
  std::int64_t latency = 0, energy = 0;
  bool lexicographic = false;  ///< the larger weight first
  WideInt operator()(const Cost& c) const {
    if (!lexicographic) return WideInt{latency} * c.latency + WideInt{energy} * c.energy;
    constexpr WideInt first = WideInt{1} << 62;
    return latency > energy ? c.latency * first + c.energy : c.energy * first + c.latency;
  }
};
constexpr Weights latency_first{1, 0, true}, energy_first{0, 1, true};

std::vector<std::vector<KnapsackItem>> items_of(const CostTable& t, const CostTable::Sizing& s, const Weights& w) {
  std::vector<std::vector<KnapsackItem>> items(s.cost.size());
  for (std::size_t l = 0; l < items.size(); ++l)
    for (std::size_t c = 0; c < s.cost[l].size(); ++c)
      if (t.fits(s, l, c)) items[l].push_back({s.cost[l][c].crossbars, w(s.cost[l][c]), static_cast<int>(c)});
  return items;
}

Cost cost_in(const CostTable::Sizing& s, const Selection& selection) {
  Cost c = s.fixed;
  for (std::size_t l = 0; l < selection.size(); ++l) c += s.cost[l][static_cast<std::size_t>(selection[l])];
  return c;
}

/// Optimum of one sizing; nothing where no selection fits budget and sizing.
std::optional<Solution> best_in(const CostTable& t, const CostTable::Sizing& s, const Weights& w, std::int64_t budget) {
  const Knapsack k(items_of(t, s, w), budget - s.fixed.crossbars);
  if (k.front().empty()) return std::nullopt;
  Solution out;
  out.selection = k.selection(k.front().size() - 1);
  out.cost = cost_in(s, out.selection);
  return out;
}

/// What larger buffers cost must not fall, or a sizing larger than needed would look cheaper than it is.
void check_monotone(const CostTable& t) {
  for (const auto& a : t.sizings)
    for (const auto& b : t.sizings) {
      if (b.rank[0] < a.rank[0] || b.rank[1] < a.rank[1]) continue;
      bool falls = b.fixed.energy < a.fixed.energy || b.fixed.latency < a.fixed.latency;
      for (std::size_t l = 0; l < a.cost.size() && !falls; ++l)
        for (std::size_t c = 0; c < a.cost[l].size(); ++c)
          falls |= t.fits(a, l, c) && (b.cost[l][c].energy < a.cost[l][c].energy || b.cost[l][c].latency < a.cost[l][c].latency);
      if (falls)
        throw InputError({}, "search-buffers", "a larger on-chip buffer costs less energy in the model's data, so an optimum cannot "
                                               "be proven; legal: SRAM tables whose energy grows with the size, or fixed buffer sizes");
    }
}

void keep_better(std::optional<Solution>& best, const Solution& found, Objective o) {
  if (!best || value_of(found.cost, o) < value_of(best->cost, o)) best = found;
}

/// Least product in one sizing; `best` is what is known already.
void search_product(const CostTable& t, const CostTable::Sizing& s, std::int64_t budget, std::optional<Solution>& best) {
  struct End {
    Cost cost;
    long double w1, w2, value;  ///< supporting line w1*latency + w2*energy >= value
  };
  const auto a = best_in(t, s, latency_first, budget), b = best_in(t, s, energy_first, budget);
  if (!a) return;
  keep_better(best, *a, Objective::edp);
  keep_better(best, *b, Objective::edp);
  std::vector<std::pair<End, End>> open{{{a->cost, 1, 0, static_cast<long double>(a->cost.latency)},
                                         {b->cost, 0, 1, static_cast<long double>(b->cost.energy)}}};
  while (!open.empty()) {
    const auto [p, q] = open.back();
    open.pop_back();
    if (p.cost.latency >= q.cost.latency || p.cost.energy <= q.cost.energy) continue;  // one point
    const long double det = p.w1 * q.w2 - p.w2 * q.w1;
    if (det > 0) {
      const long double corner_latency = (p.value * q.w2 - p.w2 * q.value) / det;
      const long double corner_energy = (p.w1 * q.value - p.value * q.w1) / det;
      constexpr long double rounding = 1 - 1e-12L;
      if (corner_latency * corner_energy * rounding >= static_cast<long double>(value_of(best->cost, Objective::edp))) continue;
    }
    const Weights w{p.cost.energy - q.cost.energy, q.cost.latency - p.cost.latency};
    const auto m = best_in(t, s, w, budget);
    if (w(m->cost) >= w(p.cost)) continue;  // nothing below the line through both ends
    keep_better(best, *m, Objective::edp);
    const End middle{m->cost, static_cast<long double>(w.latency), static_cast<long double>(w.energy),
                     static_cast<long double>(w(m->cost))};
    open.push_back({p, middle});
    open.push_back({middle, q});
  }
}

}  // namespace

Knapsack::Knapsack(const std::vector<std::vector<KnapsackItem>>& layers, std::int64_t budget) {
  // Weights above each layer's lightest item: the table is as long as there is slack.
  std::vector<std::vector<KnapsackItem>> items;
  std::int64_t least = 0, most = 0;
  for (const auto& layer : layers) {
    if (layer.empty()) return;
    items.push_back(undominated(layer));
    const std::int64_t lightest = items.back().front().crossbars;
    least += lightest;
    for (KnapsackItem& i : items.back()) i.crossbars -= lightest;
    most += items.back().back().crossbars;
  }
  if (budget < least) return;
  const std::int64_t slack = std::min(budget - least, most);
  std::vector<WideInt> best(static_cast<std::size_t>(slack) + 1, unreachable);
  std::vector<std::pair<std::int32_t, std::int32_t>> who(best.size());
  std::vector<Label> labels{{0, 0, 0, 0}};
  for (const auto& layer : items) {
    std::fill(best.begin(), best.end(), unreachable);
    for (std::size_t l = 0; l < labels.size(); ++l)
      for (const KnapsackItem& i : layer) {
        const std::int64_t at = labels[l].crossbars + i.crossbars;
        if (at > slack) break;
        const WideInt cost = labels[l].cost + i.cost;
        if (cost < best[static_cast<std::size_t>(at)]) {
          best[static_cast<std::size_t>(at)] = cost;
          who[static_cast<std::size_t>(at)] = {static_cast<std::int32_t>(l), i.candidate};
        }
      }
    labels.clear();
    WideInt cheapest = unreachable;
    for (std::int64_t x = 0; x <= slack; ++x) {
      const auto at = static_cast<std::size_t>(x);
      if (best[at] >= cheapest) continue;
      cheapest = best[at];
      labels.push_back({x, best[at], who[at].first, who[at].second});
    }
    stages_.push_back(labels);
  }
  for (const Label& l : labels) front_.push_back({l.crossbars + least, l.cost});
}

Selection Knapsack::selection(std::size_t i) const {
  Selection s(stages_.size());
  for (std::size_t n = stages_.size(); n-- > 0;) {
    const Label& l = stages_[n].at(i);
    s[n] = l.candidate;
    i = static_cast<std::size_t>(l.from);
  }
  return s;
}

void refuse_budget(std::int64_t budget, std::int64_t least) {
  throw InputError({"--budget", 0, 0}, "budget-too-small",
                   fmt::format("{} crossbars hold no design; the smallest of these candidates takes {}, legal: at least {}", budget,
                               least, least));
}

std::int64_t least_crossbars(const CostTable& t) {
  const CostTable::Sizing& s = t.sizings.back();  // all candidates fit
  std::int64_t sum = s.fixed.crossbars;
  for (const auto& layer : s.cost)
    sum += std::min_element(layer.begin(), layer.end(), [](const Cost& a, const Cost& b) { return a.crossbars < b.crossbars; })->crossbars;
  return sum;
}

Solution solve(const CostTable& t, Objective objective, std::int64_t budget) {
  check_monotone(t);
  std::optional<Solution> best;
  for (const CostTable::Sizing& s : t.sizings) {
    if (objective == Objective::edp) {
      search_product(t, s, budget, best);
    } else if (const auto found = best_in(t, s, objective == Objective::latency ? latency_first : energy_first, budget)) {
      const Weights& w = objective == Objective::latency ? latency_first : energy_first;
      if (!best || w(found->cost) < w(best->cost)) best = found;
    }
  }
  if (!best) refuse_budget(budget, least_crossbars(t));
  best->cost = t.additive(best->selection);  // in its own sizing
  return *best;
}

std::vector<Solution> pareto_front(const CostTable& t, Objective objective, std::int64_t budget, int edp_points,
                                   const std::function<void(double)>& progress) {
  check_monotone(t);
  const std::int64_t least = least_crossbars(t);
  if (budget < least) refuse_budget(budget, least);
  std::vector<Solution> all;
  if (objective == Objective::edp) {
    for (int i = 0; i < edp_points; ++i) {
      all.push_back(solve(t, objective, least + (budget - least) * i / std::max(1, edp_points - 1)));
      if (progress) progress((i + 1.0) / edp_points);
    }
  } else {
    for (const CostTable::Sizing& s : t.sizings) {
      const Knapsack k(items_of(t, s, objective == Objective::latency ? latency_first : energy_first), budget - s.fixed.crossbars);
      for (std::size_t i = 0; i < k.front().size(); ++i) {
        Solution point;
        point.selection = k.selection(i);
        point.cost = t.additive(point.selection);
        all.push_back(std::move(point));
      }
    }
  }
  std::stable_sort(all.begin(), all.end(), [&](const Solution& a, const Solution& b) {
    return a.cost.crossbars != b.cost.crossbars ? a.cost.crossbars < b.cost.crossbars : value_of(a.cost, objective) < value_of(b.cost, objective);
  });
  std::vector<Solution> front;
  for (Solution& s : all)
    if (front.empty() || value_of(s.cost, objective) < value_of(front.back().cost, objective)) front.push_back(std::move(s));
  return front;
}

std::int64_t bottleneck(const std::vector<std::vector<BottleneckItem>>& layers, std::int64_t budget) {
  std::vector<std::int64_t> values;
  for (const auto& layer : layers)
    for (const BottleneckItem& i : layer) values.push_back(i.value);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  // Least crossbars when no value exceeds a limit; does not grow with the limit.
  const auto least = [&](std::int64_t limit) {
    std::int64_t sum = 0;
    for (const auto& layer : layers) {
      std::int64_t lightest = std::numeric_limits<std::int64_t>::max();
      for (const BottleneckItem& i : layer)
        if (i.value <= limit) lightest = std::min(lightest, i.crossbars);
      if (lightest == std::numeric_limits<std::int64_t>::max()) return lightest;
      sum += lightest;
    }
    return sum;
  };
  const auto at = std::partition_point(values.begin(), values.end(), [&](std::int64_t v) { return least(v) > budget; });
  if (at == values.end()) refuse_budget(budget, least(values.back()));
  return *at;
}

}  // namespace epim

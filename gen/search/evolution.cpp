// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/search/evolution.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/core/synthetic.hpp"
#include "golden/files/json_document.hpp"

namespace epim {
namespace {

/// Random numbers of one iteration; iteration -1 is the first population.
Random numbers_of(std::uint64_t seed, int iteration) {
  return Random(seed * 0x9e3779b97f4a7c15ull + static_cast<std::uint64_t>(iteration + 1));
}

}  // namespace

Evolution::Evolution(const CostModel& model, Objective objective, std::int64_t budget, Evaluate evaluate,
                     const EvolutionOptions& options)
    : model_(model), objective_(objective), budget_(budget), evaluate_(std::move(evaluate)), options_(options) {
  const std::int64_t least = least_crossbars(model.table());
  if (budget < least) refuse_budget(budget, least);
}

void Evolution::start() {
  Random random = numbers_of(options_.seed, -1);
  state_ = {};
  for (int i = 0; i < options_.population; ++i) {
    Selection s;
    for (const SearchLayer& l : model_.layers())
      s.push_back(static_cast<int>(random.uniform(0, static_cast<std::int64_t>(l.candidates.size()) - 1)));
    state_.population.push_back(std::move(s));
  }
  rank();
}

void Evolution::resume(EvolutionState state) {
  state_ = std::move(state);
  const std::int64_t evaluations = state_.evaluations;
  rank();
  state_.evaluations = evaluations;  // these were counted before the interruption
}

bool Evolution::better(const Individual& a, const Individual& b) const {
  const bool fits_a = a.cost.crossbars <= budget_, fits_b = b.cost.crossbars <= budget_;
  if (fits_a != fits_b) return fits_a;
  if (fits_a) {
    const WideInt x = value_of(a.cost, objective_), y = value_of(b.cost, objective_);
    if (x != y) return x < y;
  } else if (a.cost.crossbars != b.cost.crossbars) {
    return a.cost.crossbars < b.cost.crossbars;
  }
  return a.selection < b.selection;
}

void Evolution::rank() {
  std::map<Selection, Cost> known;
  for (const Individual& i : ranked_) known.emplace(i.selection, i.cost);
  ranked_.clear();
  for (const Selection& s : state_.population) {
    const auto at = known.find(s);
    Individual individual{s, at != known.end() ? at->second : Cost{}};
    if (at == known.end()) {
      // Only what is within the budget is shown to the evaluation tool (line 5).
      const Cost counted = model_.table().additive(s);
      individual.cost = counted.crossbars <= budget_ ? evaluate_(s) : counted;
      state_.evaluations += counted.crossbars <= budget_;
      known.emplace(s, individual.cost);
    }
    ranked_.push_back(std::move(individual));
  }
  std::sort(ranked_.begin(), ranked_.end(), [&](const Individual& a, const Individual& b) { return better(a, b); });
  ranked_.erase(std::unique(ranked_.begin(), ranked_.end(), [](const Individual& a, const Individual& b) { return a.selection == b.selection; }),
                ranked_.end());
}

Selection Evolution::child_of(const Selection& parent, Random& random) const {
  Selection child = parent;
  const auto layers = static_cast<std::int64_t>(child.size());
  const std::int64_t changes = random.uniform(1, options_.mutated_layers);
  for (std::int64_t i = 0; i < changes; ++i) {
    const auto l = static_cast<std::size_t>(random.uniform(0, layers - 1));
    const auto n = static_cast<std::int64_t>(model_.layers()[l].candidates.size());
    if (n < 2) continue;
    const auto other = random.uniform(0, n - 2);
    child[l] = static_cast<int>(other + (other >= child[l]));
  }
  return child;
}

void Evolution::step() {
  Random random = numbers_of(options_.seed, state_.iteration);
  const std::size_t parents = std::min(ranked_.size(), static_cast<std::size_t>(std::max(1, options_.population / 2)));
  std::vector<Selection> next;
  for (std::size_t p = 0; p < parents; ++p) next.push_back(ranked_[p].selection);
  for (std::size_t c = 0; next.size() < static_cast<std::size_t>(options_.population); ++c) {
    Selection base = ranked_[c % parents].selection;
    if (random.chance(options_.crossover)) {
      const Selection& mate = ranked_[static_cast<std::size_t>(random.uniform(0, static_cast<std::int64_t>(parents) - 1))].selection;
      for (std::size_t l = 0; l < base.size(); ++l)
        if (random.chance(50)) base[l] = mate[l];
    }
    next.push_back(child_of(base, random));
  }
  state_.population = std::move(next);
  ++state_.iteration;
  rank();
  state_.history.push_back(ranked_.front().cost);
}

const Selection& Evolution::best() const {
  if (ranked_.front().cost.crossbars > budget_)
    throw InputError({"--budget", 0, 0}, "evolution-found-nothing",
                     fmt::format("no design within {} crossbars after {} iterations (least seen: {}); legal: more --iterations or a larger budget",
                                 budget_, state_.iteration, ranked_.front().cost.crossbars));
  return ranked_.front().selection;
}

const Cost& Evolution::best_cost() const {
  best();
  return ranked_.front().cost;
}

std::string evolution_state_text(const EvolutionState& s, const std::string& identity) {
  nlohmann::ordered_json j = {{"schema", 1}, {"identity", identity}, {"iteration", s.iteration}, {"evaluations", s.evaluations}};
  j["history"] = nlohmann::ordered_json::array();
  for (const Cost& c : s.history) j["history"].push_back({c.crossbars, c.latency, c.energy});
  j["population"] = s.population;
  return j.dump() + "\n";
}

EvolutionState read_evolution_state(const std::string& path, const std::string& identity, const std::vector<SearchLayer>& layers) {
  const JsonValue doc = read_json(path);
  const std::string what = "the checkpoint";
  json_object(doc, what);
  json_refuse_unknown_keys(doc, what, {"schema", "identity", "iteration", "evaluations", "history", "population"});
  const JsonValue& id = json_required(doc, "identity", what);
  if (json_string(id, "identity") != identity)
    throw InputError(id.where, "checkpoint-mismatch",
                     fmt::format("belongs to search {}, this one is {}; legal: the same network, options and seed, or another file", id.text, identity));
  constexpr std::int64_t most = std::int64_t{1} << 62;
  EvolutionState s;
  s.iteration = static_cast<int>(json_integer(json_required(doc, "iteration", what), "iteration", 0, 1 << 30));
  s.evaluations = json_integer(json_required(doc, "evaluations", what), "evaluations", 0, most);
  for (const JsonValue& h : json_array(json_required(doc, "history", what), "history")) {
    const auto& v = json_array(h, "history");
    if (v.size() != 3) throw InputError(h.where, "checkpoint-mismatch", "a cost has 3 numbers; delete the file to start anew");
    s.history.push_back({json_integer(v[0], "crossbars", 0, most), json_integer(v[1], "latency", 0, most), json_integer(v[2], "energy", 0, most)});
  }
  const JsonValue& population = json_required(doc, "population", what);
  for (const JsonValue& p : json_array(population, "population")) {
    Selection selection;
    for (const JsonValue& v : json_array(p, "population")) {
      const std::size_t l = selection.size();
      if (l >= layers.size()) break;
      selection.push_back(static_cast<int>(json_integer(v, "population", 0, static_cast<std::int64_t>(layers[l].candidates.size()) - 1)));
    }
    if (selection.size() != layers.size() || p.items.size() != layers.size())
      throw InputError(p.where, "checkpoint-mismatch",
                       fmt::format("{} layers in an individual, {} are searched; delete the file to start anew", p.items.size(), layers.size()));
    s.population.push_back(std::move(selection));
  }
  if (s.population.empty()) throw InputError(population.where, "checkpoint-mismatch", "no population; delete the file to start anew");
  return s;
}

Solution refine(const CostModel& model, Objective objective, std::int64_t budget, const Selection& start,
                const std::function<void(int)>& progress) {
  Solution at{start, model.evaluate(start)};
  const std::size_t layers = start.size();
  for (int round = 0;; ++round) {
    if (progress) progress(round);
    Solution best = at;
    const WideInt here = value_of(at.cost, objective);
    const auto consider = [&](const Selection& s) -> Cost {
      const Cost c = model.evaluate(s);
      if (c.crossbars <= budget && value_of(c, objective) < value_of(best.cost, objective)) best = {s, c};
      return c;
    };
    // What one layer changes: weights above the lightest candidate, costs above the present ones.
    std::vector<std::vector<KnapsackItem>> items(layers);
    std::int64_t others = at.cost.crossbars;  // of what is not searched
    WideInt largest = 1;
    for (std::size_t l = 0; l < layers; ++l) {
      const auto& sums = model.table().sizings.back().cost[l];
      others -= sums[static_cast<std::size_t>(at.selection[l])].crossbars;
      for (int c = 0; c < static_cast<int>(sums.size()); ++c) {
        WideInt difference = 0;
        if (c != at.selection[l]) {
          Selection s = at.selection;
          s[l] = c;
          difference = value_of(consider(s), objective) - here;
          largest = std::max(largest, difference < 0 ? -difference : difference);
        }
        items[l].push_back({sums[static_cast<std::size_t>(c)].crossbars, difference, c});
      }
    }
    // Differences hold one at a time; the price keeps the step short enough for their sum to mean something.
    for (WideInt price = 0; price <= largest; price = price == 0 ? std::max<WideInt>(1, largest / 65536) : price * 2) {
      auto priced = items;
      for (std::size_t l = 0; l < layers; ++l)
        for (KnapsackItem& i : priced[l])
          if (i.candidate != at.selection[l]) i.cost += price;
      const Knapsack k(priced, budget - others);
      if (k.front().empty()) break;
      const Selection s = k.selection(k.front().size() - 1);
      if (s == at.selection) break;
      consider(s);
    }
    if (value_of(best.cost, objective) >= here) return at;
    at = best;
  }
}

std::vector<Selection> refining_starts(const CostModel& model, std::int64_t budget, const Selection& found) {
  std::vector<Selection> starts{found};
  const auto add = [&](Selection s) {
    if (model.table().additive(s).crossbars <= budget && std::find(starts.begin(), starts.end(), s) == starts.end())
      starts.push_back(std::move(s));
  };
  for (Objective o : {Objective::latency, Objective::energy, Objective::edp}) add(solve(model.table(), o, budget).selection);
  std::size_t most = 0;
  for (const SearchLayer& l : model.layers()) most = std::max(most, l.candidates.size());
  for (std::size_t k = 0; k < most; ++k) {
    Selection s;
    for (const SearchLayer& l : model.layers()) s.push_back(static_cast<int>(std::min(k, l.candidates.size() - 1)));
    add(std::move(s));
  }
  return starts;
}

}  // namespace epim

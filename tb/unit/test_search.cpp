// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Design search: exact against enumeration, evolution against exact, cost tables against the models.
#include "tb/unit/catch.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>

#include "gen/config/config.hpp"
#include "gen/network/mapping.hpp"
#include "gen/search/evolution.hpp"
#include "gen/search/exact.hpp"
#include "gen/core/synthetic.hpp"
#include "tb/unit/files.hpp"

using namespace epim;

namespace {

/// Layers without a network, with random costs; energy grows with the sizing.
class RandomModel : public CostModel {
 public:
  RandomModel(std::uint64_t seed, int layers, int candidates, std::int64_t largest) {
    Random r(seed);
    const int inputs = static_cast<int>(r.uniform(1, 3)), outputs = static_cast<int>(r.uniform(1, 2));
    std::vector<std::vector<Cost>> cost;
    for (int l = 0; l < layers; ++l) {
      layers_.push_back({l, {}});
      table_.need.emplace_back();
      cost.emplace_back();
      const auto n = r.uniform(1, candidates);
      for (std::int64_t c = 0; c < n; ++c) {
        layers_.back().candidates.emplace_back();
        // One candidate of every layer needs the least sizing, as in the models.
        table_.need.back().push_back(c == 0 ? std::array{0, 0} : std::array{static_cast<int>(r.uniform(0, inputs - 1)), static_cast<int>(r.uniform(0, outputs - 1))});
        cost.back().push_back({2 * r.uniform(0, 12), r.uniform(1, largest), r.uniform(1, largest)});
      }
    }
    const Cost fixed{r.uniform(0, 5), r.uniform(1, largest), r.uniform(1, largest)};
    for (int i = 0; i < inputs; ++i)
      for (int o = 0; o < outputs; ++o) {
        table_.sizings.push_back({{i, o}, fixed, cost});
        for (auto& layer : table_.sizings.back().cost)
          for (Cost& c : layer) c.energy += (i + o) * (c.energy / 3);
      }
  }
  using CostModel::evaluate;
  Cost evaluate(const Network&) const override { return {}; }
  std::int64_t latency_bound(std::int64_t) const override { return 0; }
};

void each_selection(const CostModel& m, const std::function<void(const Selection&, const Cost&)>& f) {
  Selection s(m.layers().size(), 0);
  while (true) {
    f(s, m.table().additive(s));
    std::size_t l = 0;
    while (l < s.size() && ++s[l] == static_cast<int>(m.layers()[l].candidates.size())) s[l++] = 0;
    if (l == s.size()) return;
  }
}

std::optional<Cost> enumerated(const CostModel& m, Objective o, std::int64_t budget) {
  std::optional<Cost> best;
  each_selection(m, [&](const Selection&, const Cost& c) {
    if (c.crossbars <= budget && (!best || value_of(c, o) < value_of(*best, o))) best = c;
  });
  return best;
}

Cost by_table(const CostModel& m, const Selection& s) { return m.table().additive(s); }

CountOptions count_of(const Network& net, CountRule rule, CountGeometry g = {}) { return {rule, g, uniform_bits(net, 9)}; }

std::unique_ptr<CostModel> mnsim(const Network& net, SpaceOptions space = {}) {
  MnsimData data = load_mnsim_data(kRoot + "/gen/cost/data/mnsim.toml");
  data.config.device_level = 4;
  MnsimWorkload w;
  w.node_weight_bits = uniform_bits(net, 9);
  return mnsim_cost_model(net, search_layers(net, space), count_of(net, CountRule::paper), w, data, {});
}

}  // namespace

TEST_CASE("exact search finds what enumeration finds", "[search]") {
  int infeasible = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    Random r(seed * 77);
    const RandomModel m(seed, static_cast<int>(r.uniform(1, 6)), 4, seed % 3 == 0 ? 4 : 1000);
    for (int n = 0; n < 4; ++n) {
      const std::int64_t budget = r.uniform(0, 90);
      for (Objective o : {Objective::latency, Objective::energy, Objective::edp}) {
        CAPTURE(budget, objective_name(o));
        const auto want = enumerated(m, o, budget);
        if (!want) {
          ++infeasible;
          REQUIRE(least_crossbars(m.table()) > budget);
          REQUIRE_THROWS_AS(solve(m.table(), o, budget), InputError);
          continue;
        }
        const Solution got = solve(m.table(), o, budget);
        REQUIRE(got.cost == by_table(m, got.selection));
        REQUIRE(got.cost.crossbars <= budget);
        REQUIRE(static_cast<std::int64_t>(value_of(got.cost, o)) == static_cast<std::int64_t>(value_of(*want, o)));
      }
    }
  }
  CHECK(infeasible > 50);
}

TEST_CASE("Pareto front holds the optimum of every budget", "[search]") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    const RandomModel m(seed, 4, 4, seed % 2 ? 6 : 500);
    for (Objective o : {Objective::latency, Objective::energy}) {
      const auto front = pareto_front(m.table(), o, 200);
      for (std::size_t i = 1; i < front.size(); ++i) {
        REQUIRE(front[i].cost.crossbars > front[i - 1].cost.crossbars);
        REQUIRE(value_of(front[i].cost, o) < value_of(front[i - 1].cost, o));
      }
      REQUIRE(front.front().cost.crossbars == least_crossbars(m.table()));
      for (std::int64_t budget = front.front().cost.crossbars; budget <= 110; ++budget) {
        const auto at = std::find_if(front.rbegin(), front.rend(), [&](const Solution& s) { return s.cost.crossbars <= budget; });
        REQUIRE(static_cast<std::int64_t>(value_of(at->cost, o)) == static_cast<std::int64_t>(value_of(*enumerated(m, o, budget), o)));
      }
    }
  }
}

TEST_CASE("bottleneck bound is the least largest value", "[search]") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    const RandomModel m(seed, 4, 4, 30);
    std::vector<std::vector<BottleneckItem>> items;
    for (const auto& layer : m.table().sizings.front().cost) {
      items.emplace_back();
      for (const Cost& c : layer) items.back().push_back({c.crossbars, c.latency});
    }
    const std::int64_t budget = static_cast<std::int64_t>(seed % 60);
    std::optional<std::int64_t> want;
    each_selection(m, [&](const Selection& s, const Cost&) {
      std::int64_t crossbars = 0, largest = 0;
      for (std::size_t l = 0; l < s.size(); ++l) {
        crossbars += items[l][static_cast<std::size_t>(s[l])].crossbars;
        largest = std::max(largest, items[l][static_cast<std::size_t>(s[l])].value);
      }
      if (crossbars <= budget && (!want || largest < *want)) want = largest;
    });
    if (want) REQUIRE(bottleneck(items, budget) == *want);
    else REQUIRE_THROWS_AS(bottleneck(items, budget), InputError);
  }
}

TEST_CASE("a budget below every design is refused with the least one", "[search]") {
  const RandomModel m(3, 5, 4, 100);
  const std::int64_t least = least_crossbars(m.table());
  REQUIRE(least > 0);
  CHECK_NOTHROW(solve(m.table(), Objective::edp, least));
  CHECK_THROWS_WITH(solve(m.table(), Objective::edp, least - 1), Catch::Contains("budget-too-small") && Catch::Contains("at least " + std::to_string(least)));
}

TEST_CASE("evolution keeps the budget, is never better than exact, and resumes to the same result", "[search]") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    const RandomModel m(seed + 500, 12, 5, 10000);
    const std::int64_t budget = least_crossbars(m.table()) + 21;  // the sums step by 2
    for (Objective o : {Objective::latency, Objective::energy, Objective::edp}) {
      EvolutionOptions options;
      options.population = 20;
      options.iterations = 40;
      options.seed = seed;
      options.crossover = seed % 2 ? 0 : 50;
      const auto evaluate = [&](const Selection& s) { return by_table(m, s); };
      Evolution whole(m, o, budget, evaluate, options);
      whole.start();
      while (!whole.done()) whole.step();
      REQUIRE(whole.best_cost() == by_table(m, whole.best()));
      REQUIRE(whole.best_cost().crossbars <= budget);
      REQUIRE(value_of(whole.best_cost(), o) >= value_of(solve(m.table(), o, budget).cost, o));

      const auto file = std::filesystem::temp_directory_path() / ("epim-checkpoint-" + std::to_string(seed) + ".json");
      Evolution first(m, o, budget, evaluate, options);
      first.start();
      for (std::uint64_t i = 0; i < 3 * seed; ++i) first.step();
      std::ofstream(file) << evolution_state_text(first.state(), "a");
      Evolution second(m, o, budget, evaluate, options);
      second.resume(read_evolution_state(file.string(), "a", m.layers()));
      while (!second.done()) second.step();
      REQUIRE(evolution_state_text(second.state(), "a") == evolution_state_text(whole.state(), "a"));
      REQUIRE_THROWS_WITH(read_evolution_state(file.string(), "b", m.layers()), Catch::Contains("checkpoint-mismatch"));
      std::filesystem::remove(file);
    }
  }
}

TEST_CASE("mnsim: energy of the table is the model's, latency of the table and its bound enclose it", "[search]") {
  const Network net = model("resnet18");
  const auto m = mnsim(net);
  Random r(4);
  for (int n = 0; n < 25; ++n) {
    Selection s;
    for (const SearchLayer& l : m->layers()) s.push_back(static_cast<int>(r.uniform(0, static_cast<std::int64_t>(l.candidates.size()) - 1)));
    CAPTURE(n);
    const Cost table = by_table(*m, s), own = m->evaluate(s);
    REQUIRE(table.crossbars == own.crossbars);
    REQUIRE(table.energy == own.energy);
    REQUIRE(m->latency_bound(own.crossbars) <= own.latency);
  }
  CHECK_FALSE(m->not_additive(Objective::latency).empty());
  CHECK(m->not_additive(Objective::energy).empty());
}

TEST_CASE("rtl: cycles and energy of the table are those of the planned cores", "[search]") {
  const Network net = model("digits_residual");
  SpaceOptions space;
  space.sizes = {{0, 0}, {128, 16}, {256, 32}};
  space.all_convolutions = true;
  space.lanes = 8;
  HardwareRequest hw;
  hw.weight_bits = 5;
  hw.act_bits = 8;
  const CountOptions count{CountRule::physical, {64, 64, 2, 8}, uniform_bits(net, 5)};
  const ActivityRow activity{5, 8, 2, 1, {}, "test"};
  const EnergyTable energies = load_energy_table(kRoot + "/golden/data/energy.toml");
  const auto m = rtl_cost_model(net, search_layers(net, space), count, hw, {activity}, energies);
  CHECK(m->not_additive(Objective::latency).empty());
  Random r(9);
  for (int n = 0; n < 20; ++n) {
    Selection s;
    for (const SearchLayer& l : m->layers()) s.push_back(static_cast<int>(r.uniform(0, static_cast<std::int64_t>(l.candidates.size()) - 1)));
    CAPTURE(n);
    const Cost own = m->evaluate(s);
    REQUIRE(by_table(*m, s) == own);
    // As many crossbars as the cores that are generated for it.
    DesignChoice choice;
    choice.file = selection_design(net, m->layers(), s);
    const Mapping plan = map_network(net, hw, choice);
    std::int64_t crossbars = 0;
    for (const MappedLayer& l : plan.layers) {
      const Hardware& core = plan.cores[static_cast<std::size_t>(l.core)].hw;
      crossbars += 2 * core.slices() * core.pe_rows * core.pe_cols;
    }
    REQUIRE(own.crossbars == crossbars);
  }
  // A consumer of a map that is stored once reads less: the table then is no sum of the model, the bound still holds.
  space.wraps = {Wrap::off, Wrap::copies, Wrap::stored_once};
  const auto once = rtl_cost_model(net, search_layers(net, space), count, hw, {activity}, energies);
  CHECK_FALSE(once->not_additive(Objective::latency).empty());
  for (int n = 0; n < 20; ++n) {
    Selection s;
    for (const SearchLayer& l : once->layers()) s.push_back(static_cast<int>(r.uniform(0, static_cast<std::int64_t>(l.candidates.size()) - 1)));
    const Cost own = once->evaluate(s);
    REQUIRE(own.crossbars == by_table(*once, s).crossbars);
    REQUIRE(own.latency <= by_table(*once, s).latency);
    REQUIRE(once->latency_bound(own.crossbars) <= own.latency);
  }
}

TEST_CASE("refining never makes a design worse and keeps the budget", "[search]") {
  const auto m = mnsim(model("resnet18"));
  const std::int64_t budget = least_crossbars(m->table()) + 60;
  for (Objective o : {Objective::latency, Objective::edp}) {
    const Solution start = solve(m->table(), o, budget), refined = refine(*m, o, budget, start.selection);
    CHECK(refined.cost == m->evaluate(refined.selection));
    CHECK(refined.cost.crossbars <= budget);
    CHECK(value_of(refined.cost, o) <= value_of(m->evaluate(start.selection), o));
  }
}

TEST_CASE("candidates: sizes that hold a layer leave it plain; what cannot be mapped is left out or refused", "[search]") {
  const Network net = model("resnet50");
  SpaceOptions space;
  const auto layers = search_layers(net, space);
  CHECK(layers.size() == 48);
  for (const SearchLayer& l : layers) {
    const Node& node = net.nodes[static_cast<std::size_t>(l.node)];
    for (const Candidate& c : l.candidates) {
      if (!c.epitome) continue;
      CHECK(replaced_by_uniform(node, c.size.rows, c.size.cols));
      CHECK((c.wrap == Wrap::off || c.epitome->e_out < node.cout));
    }
  }
  space.sizes = {{128, 256}};
  CHECK_THROWS_WITH(search_layers(net, space), Catch::Contains("empty-candidates") && Catch::Contains("layer1.0.conv2") && Catch::Contains("256 rows"));
  space.sizes = {};
  CHECK_THROWS_WITH(search_layers(net, space), Catch::Contains("empty-candidates"));
}

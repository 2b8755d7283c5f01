// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Copies for the nodes of a chip: fewest crossbars, least interval, front, against trying everything; rates against stepping.
#include "tb/unit/catch.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include <unistd.h>

#include <fmt/format.h>

#include "gen/chip/chip.hpp"
#include "gen/search/balance.hpp"
#include "golden/timing/row_copies.hpp"
#include "golden/timing/steady_rate.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using namespace epim::testing;

namespace {

BalanceTable random_balance_table(std::uint32_t seed) {
  std::mt19937 rng(seed);
  const auto pick = [&](int lo, int hi) { return static_cast<int>(rng() % static_cast<unsigned>(hi - lo + 1)) + lo; };
  BalanceTable t;
  t.floor = {pick(1, 30), pick(1, 2)};
  t.floor_map = "x";
  for (int n = pick(1, 4); n > 0; --n) {
    t.nodes.push_back({n, {}});
    for (int i = pick(1, 5); i > 0; --i) t.nodes.back().items.push_back({"", -1, pick(1, 4), pick(0, 6), {pick(1, 40), pick(1, 2)}});
  }
  return t;
}

/// Every design of a table.
std::vector<Balance> every_balance(const BalanceTable& t) {
  std::vector<Balance> all{{{}, 0, t.floor}};
  for (const BalanceNode& node : t.nodes) {
    std::vector<Balance> longer;
    for (const Balance& b : all)
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        Balance next = b;
        next.items.push_back(i);
        next.crossbars += node.items[i].crossbars;
        next.interval = std::max(next.interval, node.items[i].rate);
        longer.push_back(std::move(next));
      }
    all = std::move(longer);
  }
  return all;
}

int copies_in(const BalanceTable& t, const Balance& b) {
  int sum = 0;
  for (std::size_t n = 0; n < t.nodes.size(); ++n) sum += t.nodes[n].items[b.items[n]].copies;
  return sum;
}

}  // namespace

TEST_CASE("balance: what trying everything finds", "[balance]") {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    const BalanceTable t = random_balance_table(seed);
    const std::vector<Balance> all = every_balance(t);
    for (int twice = 1; twice < 84; ++twice) {
      const ImageRate interval{twice, 2};
      const Balance* best = nullptr;
      for (const Balance& b : all) {
        if (interval < b.interval) continue;
        if (!best || b.crossbars < best->crossbars || (b.crossbars == best->crossbars && copies_in(t, b) < copies_in(t, *best))) best = &b;
      }
      const auto found = fewest_crossbars(t, interval);
      REQUIRE(found.has_value() == (best != nullptr));
      REQUIRE((interval < shortest_interval(t)) == !found);
      if (!best) continue;
      REQUIRE(found->crossbars == best->crossbars);
      REQUIRE(copies_in(t, *found) == copies_in(t, *best));
      REQUIRE_FALSE(interval < found->interval);
    }
    std::map<std::int64_t, ImageRate> least;  // by budget
    for (std::int64_t budget = 0; budget <= 24; ++budget) {
      const Balance* best = nullptr;
      for (const Balance& b : all)
        if (b.crossbars <= budget && (!best || b.interval < best->interval || (b.interval == best->interval && b.crossbars < best->crossbars))) best = &b;
      if (!best) {
        REQUIRE_RULE(least_interval(t, budget), "budget-too-small");
        continue;
      }
      const Balance found = least_interval(t, budget);
      REQUIRE(found.interval == best->interval);
      REQUIRE(found.crossbars == best->crossbars);
      least[best->crossbars] = best->interval;
    }
    const std::vector<Balance> front = balance_front(t);
    REQUIRE(front.size() == least.size());
    std::size_t i = 0;
    for (const auto& [crossbars, interval] : least) {
      REQUIRE(front[i].crossbars == crossbars);
      REQUIRE(front[i].interval == interval);
      ++i;
    }
  }
}

TEST_CASE("balance: the rate of a core is what it steps to, copies as well", "[balance]") {
  property("steady_rate == stepped_rate", [](std::uint32_t seed) {
    Case c = random_case(seed);
    random_serial(c.hw, seed);
    c.hw.joint_lanes = 1 + static_cast<int>(seed % static_cast<unsigned>(std::min(c.hw.lanes, c.hw.adcs())));
    const int copies = 1 + static_cast<int>(seed / 3 % static_cast<unsigned>(c.layer.out_h()));
    const Layer layer = copy_of(c.layer, copies, static_cast<int>(seed / 5 % static_cast<unsigned>(copies)));
    c.hw.buffer_words = static_cast<int>(layer.row_words(c.hw.lanes)) * (layer.window_h() + layer.stride.y);
    RC_ASSERT(steady_rate(c.hw, layer) == stepped_rate(c.hw, layer));
  });
}

TEST_CASE("balance: the chip of a found design takes the interval that it was found with", "[balance]") {
  const Config config = load_config(std::string(EPIM_SOURCE_DIR) + "/tb/chip/copies.toml");
  Network net = load_network(std::string(EPIM_SOURCE_DIR) + "/tb/chip/copies.json");
  const Network written = net;  // which has copies of its own
  for (Node& node : net.nodes) node.copies = 1;
  const std::vector<SearchLayer> layers = search_layers(net, {{{0, 0}, {36, 4}}, {Wrap::off}, true, 4});
  REQUIRE(layers.size() > 1);
  const BalanceTable table = balance_table(net, layers, config.core.hw);
  const std::vector<Balance> front = balance_front(table);
  REQUIRE(front.size() > 2);
  CHECK(front.back().interval == shortest_interval(table));
  for (const Balance& b : {front.front(), front[front.size() / 2], front.back()}) {
    INFO(b.crossbars << " crossbars, " << b.interval.per_image() << " cycles");
    const Network chosen = balanced(net, layers, table, b);
    check_balance(chosen, config.core.hw, table, b);
    // The same design on its way through a file, as a chip.
    const auto file = std::filesystem::temp_directory_path() / fmt::format("epim-balance-{}.json", ::getpid());
    std::ofstream(file) << design_text(balance_design(written, layers, table, b));
    const Config with = with_overrides(config, {"network.design=" + file.string()});
    const ChipDesign chip = design_chip(with, compile_network(with, {}, CorePolicy::own));
    std::filesystem::remove(file);
    CHECK(chip.analysis.reaches_slowest);
    CHECK(chip.analysis.rate == b.interval);
    std::int64_t crossbars = 0;
    for (const ChipCore& core : chip.cores) crossbars += core.hw.crossbars(core.hw.pe_rows, core.hw.pe_cols);
    CHECK(crossbars == b.crossbars);
  }
  BalanceTable wrong = table;
  for (BalanceNode& node : wrong.nodes)
    for (BalanceItem& item : node.items) ++item.rate.cycles;
  CHECK_THROWS_AS(check_balance(balanced(net, layers, table, front.front()), config.core.hw, wrong, front.front()), std::logic_error);
}

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The exact knapsack against trying everything, trace files, and the assignment of bits to the digits network.
#include <limits>

#include "gen/compile.hpp"
#include "golden/estimate/knapsack.hpp"
#include "golden/mixed_precision.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using epim::testing::property;

namespace {

using Groups = std::vector<std::vector<KnapsackOption>>;

/// Tries every choice, sums in the order of the groups.
std::optional<KnapsackSolution> enumerate(const Groups& groups, std::int64_t budget) {
  std::optional<KnapsackSolution> best;
  std::vector<int> at(groups.size(), 0);
  for (;;) {
    KnapsackSolution s;
    s.chosen = at;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const KnapsackOption& o = groups[g][static_cast<std::size_t>(at[g])];
      s.weight += o.weight;
      s.cost += o.cost;
    }
    if (s.weight <= budget && (!best || s.cost < best->cost || (s.cost == best->cost && s.weight < best->weight))) best = s;
    std::size_t g = 0;
    while (g < groups.size() && ++at[g] == static_cast<int>(groups[g].size())) at[g++] = 0;
    if (g == groups.size()) return best;
  }
}

const char* two_traces = R"({"schema": 1, "network": "n", "layers": [
  {"node": "a", "trace": 2.5, "standard_error": 0.1},
  {"node": "b", "trace": 0}], "made": {"by": "hand"}})";

Config digits(int weight_bits) {
  return parse_config("schema = 1\nname = \"d\"\n[hardware]\ncrossbar = \"64x64\"\nact_bits = 8\nout_bits = 16\nweight_bits = " +
                          std::to_string(weight_bits) + "\n[network]\nfile = \"" EPIM_SOURCE_DIR "/models/digits/network.json\"\n",
                      "digits");
}

}  // namespace

TEST_CASE("the exact knapsack equals trying everything", "[knapsack]") {
  int feasible = 0, tight = 0;
  property("exact", [&] {
    Groups groups(static_cast<std::size_t>(*rc::gen::inRange(1, 6)));
    const bool even = *rc::gen::arbitrary<bool>();  // costs that tie, or costs whose sums round
    for (auto& g : groups)
      for (int k = *rc::gen::inRange(1, 5); k > 0; --k)
        g.push_back({*rc::gen::inRange<std::int64_t>(0, 12), even ? *rc::gen::inRange(0, 4) : *rc::gen::inRange(1, 1 << 30) / 3.0e8});
    std::int64_t budget = *rc::gen::inRange<std::int64_t>(-1, 2);  // around what some choice takes
    for (const auto& g : groups) budget += g[*rc::gen::inRange<std::size_t>(0, g.size())].weight;
    const auto found = solve_knapsack(groups, budget);
    const auto best = enumerate(groups, budget);
    RC_ASSERT(found.has_value() == best.has_value());
    if (!best) return;
    ++feasible;
    tight += best->weight == budget;
    RC_ASSERT(found->cost == best->cost);
    RC_ASSERT(found->weight == best->weight);
    std::int64_t weight = 0;
    double cost = 0;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const KnapsackOption& o = groups[g].at(static_cast<std::size_t>(found->chosen[g]));
      weight += o.weight;
      cost += o.cost;
    }
    RC_ASSERT(weight == found->weight && cost == found->cost);
  });
  REQUIRE(feasible > 20);
  REQUIRE(tight > 10);
}

TEST_CASE("trace files are read and refused by place", "[mixed]") {
  const HessianTraces t = parse_traces(two_traces, "t.json");
  REQUIRE(t.network == "n");
  REQUIRE(t.of("a").trace == 2.5);
  REQUIRE(t.of("b").standard_error == 0);
  REQUIRE_RULE(t.of("c"), "missing-trace");
  const auto with = [](const std::string& layers) { return R"({"schema": 1, "network": "n", "layers": [)" + layers + "]}"; };
  REQUIRE_RULE(parse_traces(with(R"({"node": "a", "trace": -1})"), "t"), "value-out-of-range");
  REQUIRE_RULE(parse_traces(with(R"({"node": "a"})"), "t"), "missing-key");
  REQUIRE_RULE(parse_traces(with(R"({"node": "a", "trace": "1"})"), "t"), "wrong-type");
  REQUIRE_RULE(parse_traces(with(R"({"node": "a", "trace": 1, "x": 1})"), "t"), "unknown-key");
  REQUIRE_RULE(parse_traces(with(R"({"node": "a", "trace": 1}, {"node": "a", "trace": 1})"), "t"), "duplicate-layer");
  REQUIRE_RULE(parse_traces(R"({"schema": 2, "network": "n", "layers": []})", "t"), "unsupported-schema");
}

TEST_CASE("sets of widths", "[mixed]") {
  REQUIRE(parse_bit_set("5,3", "--choose") == std::vector<int>{3, 5});
  REQUIRE_RULE(parse_bit_set("", "--choose"), "empty-bit-set");
  for (const char* text : {",", "3,", "1", "10", "3;5", "x", "3,,5"}) REQUIRE_RULE(parse_bit_set(text, "--choose"), "bit-width");
  REQUIRE_RULE(parse_bit_set("3,5,3", "--choose"), "duplicate-bits");
}

TEST_CASE("bits of the digits network: every budget equals trying everything", "[mixed]") {
  Config config = digits(9);
  const CompiledNetwork net = lay_out_network(config);
  HessianTraces traces;
  traces.network = "digits";
  for (const CompiledLayer& l : net.layers) traces.layers.push_back({l.layer.name, 1.0 + 3.0 * static_cast<double>(l.node), 0, {}});
  QuantiseOptions options;
  options.mode = RangeMode::overlap;
  std::vector<LayerBits> layers;
  for (const CompiledLayer& l : net.layers)
    layers.push_back(bit_options(net.network, l.node, l.layer, float_epitome(net, l), config.hw, {2, 3, 5, 7}, traces, CountRule::physical, options));
  Groups groups;
  std::int64_t least = 0, most = 0;
  for (const LayerBits& l : layers) {
    groups.push_back({});
    for (const BitOption& o : l.options) groups.back().push_back({o.crossbars, o.cost});
    least += l.options.front().crossbars;
    most += l.options.back().crossbars;
    // trace/n * error, by hand
    const CompiledLayer& c = net.layers.at(static_cast<std::size_t>(net.layer_of_node(l.node)));
    Hardware hw = config.hw;
    hw.weight_bits = 3;
    const QuantisedEpitome q = quantise(hw, c.layer, float_epitome(net, c), options);
    REQUIRE(l.options[1].cost == l.trace / static_cast<double>(q.codes.size()) * q.error);
  }
  for (std::int64_t budget = least; budget <= most; ++budget) {
    const BitAssignment a = assign_bits(net.network, layers, budget);
    const auto best = enumerate(groups, budget);
    REQUIRE(a.cost == best->cost);
    REQUIRE(a.crossbars <= budget);
  }
  REQUIRE_RULE(assign_bits(net.network, layers, least - 1), "budget-too-small");
}

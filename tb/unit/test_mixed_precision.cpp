// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Widths under a budget against trying everything, trace files, and the assignment of bits to the digits network.
#include <cmath>

#include "gen/network/compile.hpp"
#include "gen/search/mixed_precision.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using epim::testing::property;

namespace {

using WideCost = __int128;

/// In units of 2^-60 of ldexp(1, scale): exact for the costs of these tests.
WideCost exact(double cost, int scale) { return static_cast<WideCost>(std::ldexp(cost, 60 - scale)); }

struct Best {
  bool feasible = false;
  WideCost cost = 0;
  std::int64_t crossbars = 0;
};

/// Tries every choice of widths.
Best enumerate(const std::vector<LayerBits>& layers, std::int64_t budget, int scale) {
  Best best;
  std::vector<std::size_t> at(layers.size(), 0);
  for (;;) {
    Best s{true, 0, 0};
    for (std::size_t l = 0; l < layers.size(); ++l) {
      s.crossbars += layers[l].options[at[l]].crossbars;
      s.cost += exact(layers[l].options[at[l]].cost, scale);
    }
    if (s.crossbars <= budget && (!best.feasible || s.cost < best.cost || (s.cost == best.cost && s.crossbars < best.crossbars))) best = s;
    std::size_t l = 0;
    while (l < layers.size() && ++at[l] == layers[l].options.size()) at[l++] = 0;
    if (l == layers.size()) return best;
  }
}

/// Exact cost of what was chosen.
WideCost chosen_cost(const BitAssignment& a, int scale) {
  WideCost sum = 0;
  for (const LayerBits& l : a.layers) sum += exact(l.choice().cost, scale);
  return sum;
}

Network digits_network() { return load_network(EPIM_SOURCE_DIR "/models/digits/network.json"); }

const char* two_traces = R"({"schema": 1, "network": "n", "layers": [
  {"node": "a", "trace": 2.5, "standard_error": 0.1},
  {"node": "b", "trace": 0}], "made": {"by": "hand"}})";

Config digits(int weight_bits) {
  return parse_config("schema = 1\nname = \"d\"\n[hardware]\ncrossbar = \"64x64\"\nact_bits = 8\nout_bits = 16\nweight_bits = " +
                          std::to_string(weight_bits) + "\n[network]\nfile = \"" EPIM_SOURCE_DIR "/models/digits/network.json\"\n",
                      "digits");
}

}  // namespace

TEST_CASE("the widths under a budget equal the best of trying everything", "[mixed]") {
  const Network network = digits_network();
  int feasible = 0, tight = 0;
  property("exact", [&] {
    std::vector<LayerBits> layers(static_cast<std::size_t>(*rc::gen::inRange(1, 6)));
    const bool even = *rc::gen::arbitrary<bool>();  // costs that tie, or of very different size
    std::int64_t budget = *rc::gen::inRange<std::int64_t>(-1, 2);  // around what some choice takes
    for (LayerBits& l : layers) {
      for (int k = *rc::gen::inRange(1, 5); k > 0; --k) {
        BitOption o;
        o.bits = 2 + k;
        o.crossbars = *rc::gen::inRange<std::int64_t>(0, 12);
        o.cost = even ? *rc::gen::inRange(0, 4) : std::ldexp(*rc::gen::inRange(1, 1 << 20), *rc::gen::inRange(-40, 0));
        l.options.push_back(o);
      }
      budget += l.options[*rc::gen::inRange<std::size_t>(0, l.options.size())].crossbars;
    }
    const Best best = enumerate(layers, budget, 0);
    if (!best.feasible) {
      REQUIRE_RULE(assign_bits(network, layers, budget), "budget-too-small");
      return;
    }
    const BitAssignment a = assign_bits(network, layers, budget);
    ++feasible;
    tight += best.crossbars == budget;
    RC_ASSERT(chosen_cost(a, 0) == best.cost);
    RC_ASSERT(a.crossbars == best.crossbars);
    std::int64_t crossbars = 0;
    for (const LayerBits& l : a.layers) crossbars += l.choice().crossbars;
    RC_ASSERT(crossbars == a.crossbars);
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
  const Config config = digits(9);
  const CompiledNetwork net = lay_out_network(config);
  HessianTraces traces;
  traces.network = "digits";
  for (const CompiledLayer& l : net.layers) traces.layers.push_back({l.layer.name, 1.0 + 3.0 * static_cast<double>(l.node), 0, {}});
  QuantiseOptions options;
  options.mode = RangeMode::overlap;
  std::vector<LayerBits> layers;
  for (const CompiledLayer& l : net.layers)
    layers.push_back(bit_options(net.network, l.node, l.layer, float_epitome(net, l), net.core->hw, {2, 3, 5, 7}, traces, CountRule::physical, options));
  std::int64_t least = 0, most = 0;
  for (const LayerBits& l : layers) {
    least += l.options.front().crossbars;
    most += l.options.back().crossbars;
    // trace/n * error, by hand
    const CompiledLayer& c = net.layers.at(static_cast<std::size_t>(net.layer_of_node(l.node)));
    Hardware hw = net.core->hw;
    hw.weight_bits = 3;
    const QuantisedEpitome q = quantise(hw, c.layer, float_epitome(net, c), options);
    REQUIRE(l.options[1].cost == l.trace / static_cast<double>(q.codes.size()) * q.error);
  }
  for (std::int64_t budget = least; budget <= most; ++budget) {
    const BitAssignment a = assign_bits(net.network, layers, budget);
    const Best best = enumerate(layers, budget, -40);  // 2^-100: every bit of these costs
    REQUIRE(chosen_cost(a, -40) == best.cost);
    REQUIRE(a.crossbars <= budget);
  }
  REQUIRE_RULE(assign_bits(net.network, layers, least - 1), "budget-too-small");
}

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// One mapping: what the three policies have in common and where they differ; networks without weights.
#include <algorithm>
#include <random>
#include <set>

#include <fmt/format.h>

#include "gen/chip/chip.hpp"
#include "gen/network/mapping.hpp"
#include "gen/network/synthetic_network.hpp"
#include "gen/network/walk.hpp"
#include "golden/evaluate.hpp"
#include "golden/graph/host_nodes.hpp"
#include "tb/unit/catch.hpp"

namespace epim {
namespace {

const std::string kChip = std::string(EPIM_SOURCE_DIR) + "/tb/chip/seeded.toml";

/// 16x8 crossbars, W3A4.
HardwareRequest small_core() {
  HardwareRequest hw;
  hw.xb_rows = 16;
  hw.xb_cols = 8;
  hw.cols_per_adc = 2;
  hw.lanes = 4;
  hw.joint_lanes = 2;
  hw.weight_bits = 3;
  hw.act_bits = 4;
  hw.out_bits = 8;
  return hw;
}

Network seeded() { return load_network(std::string(EPIM_SOURCE_DIR) + "/tb/chip/seeded.json"); }

TEST_CASE("three policies map the same network", "[mapping]") {
  const Network network = seeded();
  const Mapping shared = map_network(network, small_core(), {}, CorePolicy::shared);
  const Mapping grouped = map_network(network, small_core(), {}, CorePolicy::grouped);
  const Mapping own = map_network(network, small_core(), {}, CorePolicy::own);
  REQUIRE(shared.cores.size() == 1);
  REQUIRE(own.cores.size() == own.layers.size());
  for (const Mapping* m : {&shared, &grouped, &own}) {
    std::set<int> nodes;
    for (std::size_t l = 0; l < m->layers.size(); ++l) {
      const MappedLayer& mapped = m->layers[l];
      const Hardware& hw = m->cores[static_cast<std::size_t>(mapped.core)].hw;
      const std::vector<int>& of_core = m->cores[static_cast<std::size_t>(mapped.core)].layers;
      nodes.insert(mapped.node);
      CAPTURE(mapped.layer.name);
      CHECK(std::count(of_core.begin(), of_core.end(), static_cast<int>(l)) == 1);
      const PeArray array = pe_array_for(hw, mapped.layer.epitome);
      CHECK(array.rows <= hw.pe_rows);
      CHECK(array.cols <= hw.pe_cols);
      CHECK(mapped.layer.kh * mapped.layer.row_words(hw.lanes) <= hw.buffer_words);
      CHECK(mapped.out.format.lo == mapped.layer.clamp_lo);
      CHECK(mapped.out.format.hi == mapped.layer.clamp_hi);
      CHECK(mapped.in.format.hi <= hardware_for(hw, mapped.layer).act_max());
    }
    CHECK(nodes.size() == 4);
  }
  // Only grouped cores get layers in another form: the strided 1x1 convolution reads every second pixel.
  const auto form = [](const Mapping& m) {
    return std::count_if(m.layers.begin(), m.layers.end(), [](const MappedLayer& l) { return l.subsample > 1 || l.space_to_depth > 1; });
  };
  CHECK(form(shared) == 0);
  CHECK(form(own) == 0);
  CHECK(form(grouped) == 1);
}

TEST_CASE("every policy makes the checks of a core", "[mapping]") {
  const Network network = seeded();
  HardwareRequest hw = small_core();
  hw.dim_bits = 7;
  Network wide = network;
  wide.input.width = 200;
  infer_shapes(wide);
  for (CorePolicy policy : {CorePolicy::shared, CorePolicy::grouped, CorePolicy::own})
    CHECK_THROWS_WITH(map_network(wide, hw, {}, policy), Catch::Contains("dimension-bits"));
  hw = small_core();
  hw.acc_bits = 4;
  for (CorePolicy policy : {CorePolicy::shared, CorePolicy::grouped, CorePolicy::own}) {
    Mapping mapping = map_network(network, hw, {}, policy);
    CHECK_THROWS_WITH(synthesise_network(mapping, synthetic_image(network, 1), {1, nullptr}, 1, {}),
                      Catch::Contains("accumulator-overflow"));
  }
}

TEST_CASE("a ReLU layer of a signed core sends what a signed core takes", "[mapping]") {
  HardwareRequest hw = small_core();
  hw.act_signed = true;
  hw.act_bits = 5;  // the input has 4 bits without sign
  const Network network = parse_network(R"({"schema": 1, "name": "n",
 "input": {"name": "x", "channels": 2, "height": 6, "width": 6, "bits": 4, "scale": 1},
 "nodes": [{"name": "a", "op": "conv", "inputs": ["x"], "cout": 8, "kernel": [3, 3], "padding": 1, "relu": true},
           {"name": "b", "op": "conv", "inputs": ["a"], "cout": 8, "kernel": [3, 3], "padding": 1, "relu": true},
           {"name": "f", "op": "fc", "inputs": ["b"], "cout": 5}], "output": "f"})", "n.json");
  for (CorePolicy policy : {CorePolicy::shared, CorePolicy::grouped, CorePolicy::own}) {
    Mapping mapping = map_network(network, hw, {}, policy);
    CHECK(mapping.layers[0].layer.clamp_hi == 15);
    CHECK(mapping.layers[0].layer.clamp_hi == hw.act_max());
    // Every layer's golden model refuses an input beyond its activations.
    const SynthesisedNetwork net = synthesise_network(mapping, synthetic_image(network, 1), {1, nullptr}, 1, {});
    CHECK(*std::max_element(net.inputs[1].data.begin(), net.inputs[1].data.end()) <= 15);
  }
}

/// A random residual network: convolutions with ReLU, some without before an addition, pools, host ReLUs, wrapped maps.
Network random_network(std::mt19937& rng) {
  const auto pick = [&](int lo, int hi) { return lo + static_cast<int>(rng() % static_cast<unsigned>(hi - lo + 1)); };
  std::string nodes, last = "x";
  const auto node = [&](const std::string& name, const std::string& rest) {
    nodes += fmt::format("{}{{\"name\": \"{}\", {}}}", nodes.empty() ? "" : ",\n", name, rest);
  };
  const auto conv = [&](const std::string& name, const std::string& from, bool relu) {
    const std::string wrapped = pick(0, 2) == 0 ? R"(, "epitome": {"e_out": 4, "e_in": 4, "p": 1, "q": 1}, "wrap": "stored_once")" : "";
    node(name, fmt::format(R"("op": "conv", "inputs": ["{}"], "cout": 8, "kernel": 1, "relu": {}{})", from, relu, wrapped));
  };
  const int stages = pick(1, 3);
  for (int s = 0; s < stages; ++s) {
    const std::string a = fmt::format("a{}", s), b = fmt::format("b{}", s), sum = fmt::format("s{}", s);
    conv(a, last, true);
    conv(b, a, pick(0, 1) == 1);
    const bool relu = pick(0, 1) == 1;
    node(sum, fmt::format(R"("op": "add", "inputs": ["{}", "{}"], "relu": {})", a, b, relu));
    last = sum;
    if (!relu) {
      last = fmt::format("r{}", s);
      node(last, fmt::format(R"("op": "relu", "inputs": ["{}"])", sum));
    }
    const int pool = pick(0, 2);
    if (pool == 0 || s > 0) continue;
    node("pool", fmt::format(R"("op": "{}", "inputs": ["{}"], "kernel": 2, "stride": 2)", pool == 1 ? "max_pool" : "avg_pool", last));
    last = "pool";
  }
  node("f", fmt::format(R"("op": "fc", "inputs": ["{}"], "cout": 5)", last));
  return parse_network(fmt::format(R"({{"schema": 1, "name": "n", "input": {{"name": "x", "channels": 4, "height": 4, "width": 4, "bits": 3, "scale": 1}},
 "nodes": [{}], "output": "f"}})", nodes), "n.json");
}

TEST_CASE("the values on every stream are those of its type", "[mapping]") {
  std::mt19937 rng(11);
  int most = 0, least = 0;
  for (int i = 0; i < 60; ++i) {
    CAPTURE(i);
    const Network network = random_network(rng);
    HardwareRequest hw = small_core();
    hw.act_signed = rng() % 2 == 0;
    hw.act_bits = 4 + static_cast<int>(rng() % 2);
    for (CorePolicy policy : {CorePolicy::shared, CorePolicy::grouped, CorePolicy::own}) {
      CAPTURE(static_cast<int>(policy), hw.act_signed, hw.act_bits);
      Mapping mapping = map_network(network, hw, {}, policy);
      const SynthesisedNetwork net = synthesise_network(mapping, synthetic_image(network, rng()), {rng(), nullptr}, 1, {});
      for (std::size_t l = 0; l < mapping.layers.size(); ++l) {
        const MappedLayer& mapped = mapping.layers[l];
        CAPTURE(mapped.layer.name);
        const auto within = [](const IntTensor& x, const StreamType& type) {
          return x.shape[0] == type.channels && std::all_of(x.data.begin(), x.data.end(), [&](std::int64_t v) { return v >= type.format.lo && v <= type.format.hi; });
        };
        CHECK(within(net.inputs[l], mapped.in));
        CHECK(within(net.outputs[l], mapped.out));
        // What a core takes: the types say so before anything runs.
        const Hardware layer_hw = hardware_for(mapping.cores[static_cast<std::size_t>(mapped.core)].hw, mapped.layer);
        CHECK(mapped.in.format.lo >= layer_hw.act_min());
        CHECK(mapped.in.format.hi <= layer_hw.act_max());
        most += std::count(net.inputs[l].data.begin(), net.inputs[l].data.end(), mapped.in.format.hi) > 0;
        least += mapped.out.is_signed() && std::any_of(net.outputs[l].data.begin(), net.outputs[l].data.end(), [](std::int64_t v) { return v < 0; });
      }
    }
  }
  CHECK(most > 50);  // the bounds are reached
  CHECK(least > 50);
}

TEST_CASE("what an addition clamps to", "[mapping]") {
  HardwareRequest hw = small_core();
  for (bool relu : {false, true}) {
    const auto text = [&](const char* output) {
      return fmt::format(R"({{"schema": 1, "name": "n", "input": {{"name": "x", "channels": 2, "height": 6, "width": 6, "bits": 1, "scale": 1}},
 "nodes": [{{"name": "s", "op": "add", "inputs": ["x", "x"], "relu": {}}}, {{"name": "f", "op": "fc", "inputs": ["s"], "cout": 5}}], "output": "{}"}})",
                         relu, output);
    };
    for (int bits = 2; bits <= 9; ++bits)
      for (bool is_signed : {false, true})
        for (bool is_output : {false, true}) {
          hw.act_bits = bits;
          hw.act_signed = is_signed;
          CAPTURE(bits, is_signed, is_output, relu);
          const std::int64_t half = 1 << (bits - 1);
          const MapFormat f = map_formats(parse_network(text(is_output ? "s" : "f"), "n.json"), hw, SignedMaps::one_bit_more).at(1);
          CHECK(f.lo == (relu ? 0 : -half));
          CHECK(f.hi == (!relu ? half - 1 : is_output ? 2 * half - 1 : hw.act_max()));
        }
  }
}

TEST_CASE("a ReLU sum of a signed core is what a signed core takes", "[mapping]") {
  HardwareRequest hw = small_core();
  hw.act_signed = true;
  hw.act_bits = 5;
  const Network network = parse_network(R"({"schema": 1, "name": "n",
 "input": {"name": "x", "channels": 2, "height": 6, "width": 6, "bits": 4, "scale": 1},
 "nodes": [{"name": "a", "op": "conv", "inputs": ["x"], "cout": 8, "kernel": [3, 3], "padding": 1, "relu": true},
           {"name": "b", "op": "conv", "inputs": ["x"], "cout": 8, "kernel": [1, 1], "relu": true},
           {"name": "s", "op": "add", "inputs": ["a", "b"], "relu": true},
           {"name": "t", "op": "add", "inputs": ["s", "a"], "relu": true},
           {"name": "f", "op": "fc", "inputs": ["t"], "cout": 5}], "output": "f"})", "n.json");
  for (CorePolicy policy : {CorePolicy::shared, CorePolicy::grouped, CorePolicy::own}) {
    Mapping mapping = map_network(network, hw, {}, policy);
    CHECK(mapping.layers[2].in.format.lo == 0);
    CHECK(mapping.layers[2].in.format.hi == 15);
    std::int64_t most = 0;
    for (std::uint64_t seed = 1; seed < 9; ++seed) {
      Mapping again = mapping;
      const SynthesisedNetwork net = synthesise_network(again, synthetic_image(network, seed), {seed, nullptr}, 1, {});
      most = std::max(most, *std::max_element(net.inputs[2].data.begin(), net.inputs[2].data.end()));
    }
    CHECK(most == 15);  // some sums lie beyond
  }
}

TEST_CASE("maps of different periods are added channel by channel", "[mapping]") {
  const Network network = parse_network(R"({"schema": 1, "name": "n",
 "input": {"name": "x", "channels": 2, "height": 2, "width": 2, "bits": 4, "scale": 1},
 "nodes": [
  {"name": "a", "op": "conv", "inputs": ["x"], "cout": 12, "kernel": [1, 1], "epitome": {"e_out": 4, "e_in": 2, "p": 1, "q": 1}, "wrap": "stored_once"},
  {"name": "b", "op": "conv", "inputs": ["x"], "cout": 12, "kernel": [1, 1], "epitome": {"e_out": 6, "e_in": 2, "p": 1, "q": 1}, "wrap": "stored_once"},
  {"name": "s", "op": "add", "inputs": ["a", "b"], "relu": true},
  {"name": "f", "op": "fc", "inputs": ["s"], "cout": 3}], "output": "f"})", "n.json");
  IntTensor a({4, 2, 2}), b({6, 2, 2});
  for (int c = 0; c < 4; ++c)
    for (int i = 0; i < 4; ++i) a(c, i / 2, i % 2) = c + 1;
  for (int c = 0; c < 6; ++c)
    for (int i = 0; i < 4; ++i) b(c, i / 2, i % 2) = 10 * c;
  FixedHardware hw = small_core();
  hw.act_bits = 8;
  const IntTensor y = evaluate_host_node(network, 2, {&a, &b}, network_arithmetic(network, hw, SignedMaps::as_activations));
  REQUIRE(y.shape == std::vector<int>{12, 2, 2});
  const int expected[12] = {1, 12, 23, 34, 41, 52, 3, 14, 21, 32, 43, 54};
  for (int c = 0; c < 12; ++c) CHECK(y(c, 1, 0) == expected[c]);
  // And the whole network runs: its last layer reads all twelve channels.
  for (CorePolicy policy : {CorePolicy::shared, CorePolicy::grouped}) {
    Mapping mapping = map_network(network, small_core(), {}, policy);
    const SynthesisedNetwork net = synthesise_network(mapping, synthetic_image(network, 1), {1, nullptr}, 1, {});
    CHECK(net.inputs.back().shape[0] == 12);
  }
}

TEST_CASE("a network without weights is filled alike on one core and as a chip", "[mapping]") {
  const Config one = load_config(kChip), chip = load_config(kChip);
  const CompiledNetwork shared = compile_network(one), own = compile_network(chip, {}, CorePolicy::own);
  CHECK(shared.seeded);
  CHECK(own.seeded);
  const LabelledImages images = load_images(one, shared.network, 3);
  REQUIRE(images.images.size() == 3);
  const std::vector<IntTensor> y = run_network_golden(shared, images.images, 1);
  CHECK(y == run_network_golden(own, images.images, 1));
  // No layer is dead: the images differ at the output.
  CHECK_FALSE(y[0] == y[1]);
  const ChipDesign design = design_chip(chip, own);
  CHECK(design.cores.size() == 4);
  CHECK_FALSE(design.common.hw.pe_rows);  // a chip has no array of its own
}

}  // namespace
}  // namespace epim

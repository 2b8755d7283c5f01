// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Networks as users write them: whole networks in integers against their float meaning, for each policy of cores.
#include <cmath>
#include <random>

#include <fmt/format.h>

#include "gen/network/mapping.hpp"
#include "gen/network/synthetic_network.hpp"
#include "golden/files/json_document.hpp"
#include "golden/graph/float_network.hpp"
#include "golden/graph/node_weights.hpp"
#include "golden/graph/operators.hpp"
#include "tb/unit/catch.hpp"
#include "tb/unit/files.hpp"

namespace epim {
namespace {

HardwareRequest core_of(int act_bits) {
  HardwareRequest hw;
  hw.act_bits = act_bits;
  hw.xb_rows = hw.xb_cols = 64;
  hw.lanes = 4;
  hw.out_bits = 16;
  hw.channel_scale_bits = 20;
  hw.channel_bias_bits = 40;
  return hw;
}

/// Weights that keep maps at about 1, biases, and slopes.
NpzFile random_weights(const Network& net, std::mt19937& rng) {
  NpzFile file;
  file.path = "random";
  std::normal_distribution<float> normal;
  const auto add = [&](const std::string& name, std::vector<int> shape, float deviation) {
    FloatTensor t(std::move(shape));
    for (float& v : t.data) v = deviation * normal(rng);
    file.arrays.push_back({name, NpyArray::from(t)});
  };
  for (const Node& n : net.nodes) {
    if (n.op == Op::conv || n.op == Op::fc) {
      const EpitomeShape e = n.weight_shape();
      add(n.name + "/weight", {e.e_out, e.e_in, e.p, e.q}, 1 / std::sqrt(static_cast<float>(e.e_in * n.kh * n.kw)));
      add(n.name + "/bias", {n.cout}, 0.2f);
    }
    if (!n.slopes.empty()) add(n.slopes, {n.out.channels}, 0.5f);
  }
  return file;
}

struct Feature {
  const char* name;
  const char* input;   ///< of the network: format
  const char* nodes;   ///< the last one is the output
  int act_bits;
};

const std::vector<Feature> features = {
    {"image of 8 bits before 4", R"("bits": 8, "scale": 0.004)",
     R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 8, "kernel": 3, "padding": 1, "relu": true}, {"name": "y", "op": "fc", "inputs": ["a"], "cout": 3})", 4},
    {"signed image, ReLU", R"("bits": 8, "signed": true, "scale": 0.01)",
     R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 8, "kernel": 3, "padding": 1, "relu": true}, {"name": "y", "op": "fc", "inputs": ["a"], "cout": 3})", 8},
    {"zero points", R"("bits": 8, "scale": 0.01, "zero_point": 100)",
     R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 8, "kernel": 3, "padding": 1, "act_bits": 8, "act_signed": false, "zero_point": 120, "act_scale": 0.03},
        {"name": "y", "op": "conv", "inputs": ["a"], "cout": 3, "kernel": 3, "padding": 1})", 8},
    {"residual without ReLU", R"("bits": 8, "signed": true, "scale": 0.01)",
     R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 8, "kernel": 3, "padding": 1, "relu": true}, {"name": "b", "op": "conv", "inputs": ["a"], "cout": 8, "kernel": 1},
        {"name": "s", "op": "add", "inputs": ["a", "b"], "act_bits": 9, "act_signed": true, "act_scale": 0.015}, {"name": "y", "op": "conv", "inputs": ["s"], "cout": 4, "kernel": 1})", 9},
    {"depthwise", R"("bits": 8, "signed": true, "scale": 0.01)",
     R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 3, "kernel": 3, "groups": 3, "relu": true}, {"name": "y", "op": "conv", "inputs": ["a"], "cout": 4, "kernel": 1})", 9},
    {"groups that share words", R"("bits": 8, "signed": true, "scale": 0.01)",
     R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 12, "kernel": 1}, {"name": "b", "op": "conv", "inputs": ["a"], "cout": 18, "kernel": 3, "groups": 6, "relu": true},
        {"name": "y", "op": "conv", "inputs": ["b"], "cout": 4, "kernel": 1})", 9},
    {"dilation and stride of two axes", R"("bits": 8, "signed": true, "scale": 0.01)",
     R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 8, "kernel": [3, 2], "dilation": [2, 1], "stride": [1, 2], "padding": [2, 1], "relu6": true}, {"name": "y", "op": "fc", "inputs": ["a"], "cout": 3})", 9},
    {"padding beyond the kernel, same", R"("bits": 8, "signed": true, "scale": 0.01)",
     R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 8, "kernel": 1, "padding": [1, 2, 0, 3], "relu": true}, {"name": "y", "op": "conv", "inputs": ["a"], "cout": 3, "kernel": 2, "stride": 3, "padding": "same"})", 9},
    {"two scales at an addition, three operands", R"("bits": 8, "signed": true, "scale": 0.01)",
     R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 4, "kernel": 1, "relu": true, "act_scale": 0.01}, {"name": "b", "op": "conv", "inputs": ["x"], "cout": 4, "kernel": 1, "act_scale": 0.017},
        {"name": "s", "op": "add", "inputs": ["a", "b", "a"], "relu": true, "act_bits": 9, "act_scale": 0.02}, {"name": "y", "op": "conv", "inputs": ["s"], "cout": 3, "kernel": 1})", 9},
    {"concatenation", R"("bits": 8, "signed": true, "scale": 0.01)",
     R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 5, "kernel": 1, "relu": true}, {"name": "b", "op": "conv", "inputs": ["x"], "cout": 4, "kernel": 1},
        {"name": "c", "op": "concat", "inputs": ["a", "b", "x"]}, {"name": "y", "op": "conv", "inputs": ["c"], "cout": 3, "kernel": 1})", 9},
    {"slopes", R"("bits": 8, "signed": true, "scale": 0.01)",
     R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 6, "kernel": 3, "activation": "leaky_relu", "slope": 0.2}, {"name": "b", "op": "conv", "inputs": ["a"], "cout": 6, "kernel": 1},
        {"name": "p", "op": "prelu", "inputs": ["b"]}, {"name": "y", "op": "conv", "inputs": ["p"], "cout": 3, "kernel": 1})", 9},
    {"squeeze and excitation", R"("bits": 8, "signed": true, "scale": 0.01)",
     R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 6, "kernel": 3, "relu": true}, {"name": "g", "op": "global_avg_pool", "inputs": ["a"]}, {"name": "e", "op": "conv", "inputs": ["g"], "cout": 6, "kernel": 1},
        {"name": "h", "op": "hard_sigmoid", "inputs": ["e"]}, {"name": "m", "op": "mul", "inputs": ["a", "h"]}, {"name": "y", "op": "fc", "inputs": ["m"], "cout": 3})", 9},
    {"tables", R"("bits": 8, "signed": true, "scale": 0.01)",
     R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 6, "kernel": 3}, {"name": "t", "op": "tanh", "inputs": ["a"]}, {"name": "b", "op": "conv", "inputs": ["t"], "cout": 6, "kernel": 1},
        {"name": "w", "op": "silu", "inputs": ["b"]}, {"name": "y", "op": "conv", "inputs": ["w"], "cout": 3, "kernel": 1})", 9},
    {"softmax and a constant factor", R"("bits": 8, "signed": true, "scale": 0.01)",
     R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 6, "kernel": 3}, {"name": "m", "op": "mul", "inputs": ["a"], "value": 2.5}, {"name": "s", "op": "softmax", "inputs": ["m"]},
        {"name": "y", "op": "conv", "inputs": ["s"], "cout": 3, "kernel": 1})", 9},
    {"pools", R"("bits": 8, "signed": true, "scale": 0.01)",
     R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 6, "kernel": 1}, {"name": "p", "op": "max_pool", "inputs": ["a"], "kernel": 3, "stride": 2, "ceil_mode": true},
        {"name": "q", "op": "avg_pool", "inputs": ["p"], "kernel": 2, "stride": 1, "padding": 1, "count_include_pad": false}, {"name": "y", "op": "conv", "inputs": ["q"], "cout": 3, "kernel": 1})", 9},
    {"resize and batch norm alone", R"("bits": 8, "signed": true, "scale": 0.01)",
     R"({"name": "u", "op": "resize", "inputs": ["x"]}, {"name": "n", "op": "batch_norm", "inputs": ["u"], "relu": true, "act_scale": 0.004}, {"name": "y", "op": "conv", "inputs": ["n"], "cout": 3, "kernel": 2})", 9},
};

}  // namespace

TEST_CASE("integers of whole networks follow their float meaning", "[features]") {
  std::random_device device;
  const unsigned seed = device();
  CAPTURE(seed);
  for (const Feature& feature : features) {
    CAPTURE(feature.name);
    const Network network = parse_network(
        fmt::format(R"({{"schema": 1, "name": "n", "input": {{"name": "x", "channels": 3, "height": 7, "width": 6, {}}}, "nodes": [{}], "output": "y"}})",
                    feature.input, feature.nodes),
        "n.json");
    std::mt19937 rng(seed);
    const NpzFile weights = random_weights(network, rng);
    const IntTensor image = synthetic_image(network, rng());
    for (CorePolicy policy : {CorePolicy::shared, CorePolicy::grouped, CorePolicy::own}) {
      CAPTURE(static_cast<int>(policy));
      Mapping mapping = map_network(network, core_of(feature.act_bits), {}, policy);
      const SynthesisedNetwork net = synthesise_network(mapping, image, {1, &weights}, 1, {});
      const FloatTensor real = run_float(mapping.network, weights, image);
      const MapFormat& out = mapping.formats.back();
      const IntTensor& y = net.results.at(0);
      REQUIRE(y.size() == real.size());
      double signal = 0, noise = 0;
      for (std::size_t i = 0; i < y.size(); ++i) {
        const double value = out.scale * static_cast<double>(y.data[i] - out.zero), wanted = static_cast<double>(real.data[i]);
        signal += wanted * wanted;
        noise += (value - wanted) * (value - wanted);
      }
      // Six decibels a bit, less the noise of every map on the way and what sums saturate; a wrong operator leaves 5 or less.
      CHECK(10 * std::log10(signal / noise) > (feature.act_bits == 4 ? 6 : 9));
    }
  }
}

TEST_CASE("the schema knows every operator and key of the reader", "[features]") {
  const JsonValue schema = read_json(std::string(EPIM_SOURCE_DIR) + "/models/network.schema.json");
  const JsonValue* defs = schema.find("$defs");
  REQUIRE(defs != nullptr);
  for (const OperatorName& o : operator_names()) {
    CAPTURE(o.name);
    const JsonValue* found = nullptr;
    for (const JsonMember& d : defs->members) {
      const JsonValue* properties = d.value.find("properties");
      const JsonValue* op = properties ? properties->find("op") : nullptr;
      if (!op) continue;
      const JsonValue* one = op->find("const");
      const JsonValue* several = op->find("enum");
      if (one && one->text == o.name) found = properties;
      if (several)
        for (const JsonValue& item : several->items)
          if (item.text == o.name) found = properties;
    }
    REQUIRE(found != nullptr);
    std::vector<std::string> keys;
    for (const JsonMember& m : found->members) keys.push_back(m.key);
    std::vector<std::string> wanted;
    for (std::string_view k : keys_of(o.op, o.function)) wanted.emplace_back(k);
    std::sort(keys.begin(), keys.end());
    std::sort(wanted.begin(), wanted.end());
    CHECK(keys == wanted);
  }
}

}  // namespace epim

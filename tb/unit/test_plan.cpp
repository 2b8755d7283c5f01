// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// How a network is laid out on cores: grouping, space-to-depth, several columns, several cores; wrapping against none.
#include <algorithm>
#include "tb/unit/catch.hpp"

#include "gen/network/mapping.hpp"
#include "gen/network/unwrapped.hpp"
#include "golden/convolution.hpp"
#include "golden/graph/crossbar_count.hpp"
#include "golden/timing/timing.hpp"
#include "tb/unit/random_case.hpp"
#include "tb/unit/files.hpp"

namespace epim {
namespace {

using testing::property;

HardwareRequest base() {
  HardwareRequest hw;
  hw.xb_rows = hw.xb_cols = 256;
  hw.cols_per_adc = 8;
  hw.lanes = 16;
  hw.joint_lanes = 4;
  hw.weight_bits = hw.act_bits = 9;
  hw.out_bits = 12;
  hw.channel_bias_bits = 40;
  return hw;
}


const MappedLayer& layer_named(const Mapping& plan, const std::string& name) {
  for (const MappedLayer& l : plan.layers)
    if (l.layer.name == name) return l;
  throw std::logic_error("no layer " + name);
}

TEST_CASE("space-to-depth gives the same convolution", "[plan]") {
  property("random strided convolutions", [](std::uint32_t seed) {
    std::mt19937 rng(seed);
    const auto pick = [&](int lo, int hi) { return static_cast<int>(rng() % static_cast<unsigned>(hi - lo + 1)) + lo; };
    Layer layer;
    layer.cin = pick(1, 4);
    layer.cout = pick(1, 3);
    layer.kh = pick(1, 7);
    layer.kw = pick(1, 7);
    layer.stride = pick(2, 4);
    layer.pad = {pick(0, layer.kh - 1), pick(0, layer.kw - 1), pick(0, layer.kh - 1), pick(0, layer.kw - 1)};
    layer.h = pick(layer.kh, 15);
    layer.w = pick(layer.kw, 15);
    layer.epitome = {layer.cout, layer.cin, layer.kh, layer.kw};
    IntTensor w({layer.cout, layer.cin, layer.kh, layer.kw}), x({layer.cin, layer.h, layer.w});
    for (auto& v : w.data) v = pick(-9, 9);
    for (auto& v : x.data) v = pick(-9, 9);
    const Layer rewritten = space_to_depth_layer(layer);
    RC_ASSERT(rewritten.stride == 1);
    RC_ASSERT(rewritten.out_h() == layer.out_h());
    RC_ASSERT(rewritten.out_w() == layer.out_w());
    RC_ASSERT(rewritten.pad.top >= 0 && rewritten.pad.left >= 0 && rewritten.pad.bottom >= 0 && rewritten.pad.right >= 0);
    RC_ASSERT(convolve(space_to_depth(x, layer.stride.y, rewritten), space_to_depth_weights(w, layer), rewritten) == convolve(x, w, layer));
  });
}

TEST_CASE("ResNet-50's stem fills lanes and one PE row", "[plan]") {
  const Mapping plan = map_network(model("resnet50"), base(), {true, 1024, 256});
  const MappedLayer& stem = layer_named(plan, "conv1");
  REQUIRE(stem.space_to_depth == 2);
  REQUIRE(stem.layer.cin == 12);
  REQUIRE(stem.layer.kh == 4);
  REQUIRE(stem.layer.stride == 1);
  REQUIRE(plan.cores[static_cast<std::size_t>(stem.core)].hw.pe_rows == 1);
}

TEST_CASE("layers of one PE array share a core that is large enough for each", "[plan]") {
  for (const char* name : {"resnet18", "resnet34", "resnet50", "resnet101", "vgg16"}) {
    const Mapping plan = map_network(model(name), base(), {true, 1024, 256});
    std::vector<int> seen(plan.layers.size());
    for (std::size_t c = 0; c < plan.cores.size(); ++c) {
      const Hardware& hw = plan.cores[c].hw;
      for (std::size_t other = 0; other < c; ++other)
        REQUIRE((hw.pe_rows != plan.cores[other].hw.pe_rows || hw.pe_cols != plan.cores[other].hw.pe_cols));
      for (int l : plan.cores[c].layers) {
        const MappedLayer& planned = plan.layers[static_cast<std::size_t>(l)];
        ++seen[static_cast<std::size_t>(l)];
        REQUIRE(planned.core == static_cast<int>(c));
        const PeArray array = pe_array_for(hw, planned.layer.epitome);
        REQUIRE(array.rows == hw.pe_rows);
        REQUIRE(array.cols == hw.pe_cols);
        REQUIRE_NOTHROW(predict_timing(hw, planned.layer, 1, false));
      }
    }
    REQUIRE(std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; }));
  }
}

TEST_CASE("a strided 1x1 convolution is streamed the pixels it reads", "[plan]") {
  const Network network = parse_network(R"({"schema": 1, "name": "n",
 "input": {"name": "x", "channels": 4, "height": 7, "width": 8, "bits": 4},
 "nodes": [{"name": "c", "op": "conv", "inputs": ["x"], "cout": 3, "kernel": 1, "stride": 3}], "output": "c"})", "n.json");
  const Mapping plan = map_network(network, base(), {});
  const MappedLayer& l = plan.layers.at(0);
  REQUIRE(l.subsample == 3);
  REQUIRE(l.layer.stride == 1);
  const IntTensor x = synthetic_image(network, 1);
  IntTensor w({3, 4, 1, 1});
  for (std::size_t i = 0; i < w.size(); ++i) w.data[i] = static_cast<std::int64_t>(i) - 5;
  REQUIRE(convolve(streamed_map(x, l), w, l.layer) == convolve(x, w, layer_of(network.nodes[0])));
}

TEST_CASE("crossbars of a plan are those of the physical count", "[plan]") {
  const Mapping plan = map_network(model("resnet50"), base(), {true, 1024, 256});
  const NetworkCount count = count_network(plan.network, uniform_bits(plan.network, 9), CountRule::physical, {256, 256, 2, 16});
  for (const LayerCount& c : count.layers) {
    int crossbars = 0;
    bool rewritten = false;
    for (const MappedLayer& l : plan.layers) {
      if (l.node != c.node) continue;
      const Hardware& hw = plan.cores[static_cast<std::size_t>(l.core)].hw;
      crossbars += hw.crossbars(hw.pe_rows, hw.pe_cols);
      rewritten |= l.space_to_depth > 1;
    }
    if (!rewritten) REQUIRE(crossbars == c.crossbars);
  }
}

TEST_CASE("a wide layer gets several PE columns, a huge one several cores", "[plan]") {
  const Mapping resnet = map_network(model("resnet50"), base(), {true, 1024, 256});
  const MappedLayer& several = layer_named(resnet, "layer3.0.downsample");
  REQUIRE(several.parts == 1);
  REQUIRE(resnet.cores[static_cast<std::size_t>(several.core)].hw.pe_rows == 2);
  REQUIRE(resnet.cores[static_cast<std::size_t>(several.core)].hw.pe_cols == 4);
  // 2048 channels in words of 16 leave in 128 cycles, 72 are fired.
  const MappedLayer& wide = layer_named(resnet, "layer4.0.downsample.part1");
  REQUIRE(wide.parts == 2);
  REQUIRE(wide.first_channel == 1024);
  REQUIRE(resnet.cores[static_cast<std::size_t>(wide.core)].hw.pe_rows == 4);
  REQUIRE(resnet.cores[static_cast<std::size_t>(wide.core)].hw.pe_cols == 4);

  const Network vgg = model("vgg16");
  const Mapping plan = map_network(vgg, base(), {true, 1024, 256});
  for (const char* name : {"fc6", "fc7"}) {
    int next = 0, parts = 0;
    for (const MappedLayer& l : plan.layers) {
      if (plan.network.nodes[static_cast<std::size_t>(l.node)].name != name) continue;
      const Hardware& hw = plan.cores[static_cast<std::size_t>(l.core)].hw;
      REQUIRE(l.parts > 1);
      REQUIRE(l.part == parts++);
      REQUIRE(l.first_channel == next);
      REQUIRE((hw.pe_rows * hw.pe_cols <= 64 || hw.pe_cols == 1));
      next += l.layer.cout;
    }
    REQUIRE(parts == layer_named(plan, std::string(name) + ".part0").parts);
    REQUIRE(next == 4096);
  }
}

constexpr const char* kWrapped = R"({"schema": 1, "name": "w",
 "input": {"name": "x", "channels": 8, "height": 6, "width": 6, "bits": 4},
 "nodes": [
  {"name": "a", "op": "conv", "inputs": ["x"], "cout": 16, "kernel": 3, "padding": 1, "relu": true,
   "epitome": {"e_out": 8, "e_in": 8, "p": 3, "q": 3}},
  {"name": "p", "op": "max_pool", "inputs": ["a"], "kernel": 2, "stride": 2},
  {"name": "b", "op": "conv", "inputs": ["p"], "cout": 16, "kernel": 3, "padding": 1,
   "epitome": {"e_out": 8, "e_in": 8, "p": 4, "q": 4}},
  {"name": "s", "op": "add", "inputs": ["b", "p"], "relu": true},
  {"name": "f", "op": "fc", "inputs": ["s"], "cout": 5}],
 "output": "f"})";

HardwareRequest tiny() {
  HardwareRequest hw = base();
  hw.xb_rows = 32;
  hw.xb_cols = 8;
  hw.cols_per_adc = 2;
  hw.lanes = 4;
  hw.joint_lanes = 2;
  hw.weight_bits = 3;
  hw.act_bits = 4;
  hw.out_bits = 8;
  return hw;
}

TEST_CASE("a wrapped network and the same without give equal maps", "[plan]") {
  const Network network = parse_network(kWrapped, "w.json");
  const IntTensor image = synthetic_image(network, 3);
  for (Wrap wrap : {Wrap::stored_once, Wrap::copies}) {
    DesignChoice design;
    design.wrap = wrap;
    Mapping plan = map_network(network, tiny(), design);
    SynthesisedNetwork net = synthesise_network(plan, image, {5, nullptr}, 1, {});
    const std::size_t count = plan.layers.size();
    const auto twin = append_unwrapped(plan, net, map_network(network, tiny(), {}));
    REQUIRE(plan.layers.size() > count);
    for (std::size_t l = 0; l < count; ++l) {
      const MappedLayer& plain = plan.layers[twin[l]];
      REQUIRE(plain.layer.wrap == Wrap::off);
      REQUIRE(plain.layer.in_period == 0);
      // The golden model computes the unwrapped layer afresh: it must give what was expanded.
      EventCounts events;
      const GoldenLayer golden(plan.cores[static_cast<std::size_t>(plain.core)].hw, plain.layer, net.data[twin[l]]);
      REQUIRE(golden.run(net.inputs[twin[l]], events) == net.outputs[twin[l]]);
      REQUIRE(net.outputs[twin[l]] == expand_channels(net.outputs[l], plain.layer.cout));
    }
  }
}

TEST_CASE("a layer in parts gives the map of the whole layer", "[plan]") {
  const Network network = parse_network(R"({"schema": 1, "name": "n",
 "input": {"name": "x", "channels": 12, "height": 3, "width": 3, "bits": 4, "scale": 0.1},
 "nodes": [{"name": "f", "op": "fc", "inputs": ["x"], "cout": 43, "act_scale": 0.05}], "output": "f"})", "n.json");
  std::mt19937 rng(7);
  FloatTensor w({43, 12, 3, 3}), scale({43}), bias({43});
  // Equal extremes in every block of 8 channels, so that parts choose the scales that the whole chooses.
  for (std::size_t i = 0; i < w.size(); ++i) w.data[i] = static_cast<float>(rng() % 7) / 3.0f - 1.0f;
  for (auto& v : scale.data) v = 0.05f;
  for (auto& v : bias.data) v = static_cast<float>(rng() % 100) / 100.0f;
  NpzFile bundle;
  bundle.path = "memory";
  bundle.arrays = {{"f/epitome", NpyArray::from(w)}, {"f/bn_scale", NpyArray::from(scale)}, {"f/bn_bias", NpyArray::from(bias)}};
  const IntTensor image = synthetic_image(network, 1);
  DesignChoice whole, split;
  split.max_pes = 5;
  Mapping a = map_network(network, tiny(), whole), b = map_network(network, tiny(), split);
  REQUIRE(a.layers.size() == 1);
  REQUIRE(b.layers.size() == 6);
  REQUIRE(b.layers.back().layer.cout == 3);
  const WeightSource source{1, &bundle};
  REQUIRE(synthesise_network(a, image, source, 1, {}).results[0] == synthesise_network(b, image, source, 1, {}).results[0]);
}

}  // namespace
}  // namespace epim

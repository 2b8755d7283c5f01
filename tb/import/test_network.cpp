// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// From a graph to the nodes, formats and integers of a network, on values worked by hand.
#include <cmath>
#include <functional>

#include "gen/config/config.hpp"
#include "gen/import/calibrate.hpp"
#include "gen/import/fidelity.hpp"
#include "gen/import/integer_fidelity.hpp"
#include "gen/import/network_folder.hpp"
#include "gen/import/plan.hpp"
#include "gen/import/write_onnx.hpp"
#include "golden/graph/network.hpp"
#include "tb/import/check.hpp"

using namespace import_test;
using epim::importer::CalibrationMethod;
using epim::importer::CalibrationOptions;
using epim::importer::Evaluator;
using epim::MapFormat;
using epim::importer::Images;
using epim::importer::IntegerFidelity;
using epim::importer::MapFidelity;
using epim::importer::NetworkWeights;
using epim::importer::Plan;
using epim::importer::PlannedNode;
using epim::importer::Range;

namespace {

struct Imported {
  Plan plan;
  NetworkWeights weights;
  std::map<std::string, Range> ranges;
  epim::Network network;
  IntegerFidelity fidelity;
  std::string onnx;
  const PlannedNode& node(const std::string& name) const {
    for (const PlannedNode& n : plan.nodes)
      if (n.name == name) return n;
    throw std::runtime_error("no node " + name);
  }
  std::vector<float> array(const std::string& name) const {
    for (const auto& [key, a] : weights.arrays)
      if (key == name) return a.floats().data;
    return {};
  }
};

/// All that `epim import` does, in memory. `images`: values of the input, one after the other.
/// `spoil` may change the weights before they are compiled.
Imported imported(const Graph& file, const std::vector<Value>& images, CalibrationOptions options = {}, const std::function<void(epim::NpzFile&)>& spoil = {}) {
  Graph g = file;
  epim::importer::prepare(g, {});
  g = epim::importer::normalise(g, 1);
  const Evaluator values(g, 1);
  Imported r;
  r.plan = epim::importer::plan_network(g, values);
  Images all;
  for (const Value& v : images) all.push_back({{g.inputs[0].name, v}});
  r.ranges = epim::importer::calibrate(r.plan, g, all, options, 1);
  epim::importer::equalise_channels(r.plan, g, values, 2);
  r.weights = epim::importer::network_weights(r.plan, g, values, r.plan.remarks, 2);
  const epim::Config config = epim::parse_config(epim::importer::config_text(r.plan, "test", r.weights, 9, false), "test/config.toml");
  epim::NpzFile bundle;
  bundle.arrays = r.weights.arrays;
  if (spoil) spoil(bundle);
  r.network = epim::parse_network(epim::importer::network_text(r.plan, "test"), "test/network.json");
  epim::CompiledNetwork net = epim::lay_out_network(config, r.network, bundle);
  epim::quantise_network(config, net);
  r.fidelity = epim::importer::check_integers(r.plan, g, net, all, epim::importer::input_codes(r.plan, g, all), all.size(), {}, 1);
  r.onnx = epim::importer::onnx_bytes(r.plan, net, "test");
  return r;
}
Imported imported(const Builder& b, const std::vector<Value>& images, CalibrationOptions options = {}) { return imported(b.graph(), images, options); }

/// No element of any map is off, but for some on rounding boundaries.
bool exact(const Imported& r) {
  bool judged = false;
  for (const MapFidelity& m : r.fidelity.maps) {
    judged = judged || m.judged;
    if (m.one_step != 0 || m.more != 0) return false;
  }
  return judged;
}

const std::string qonnx = "qonnx.custom_op.general";

std::string quant(Builder& b, const std::string& x, float scale, float zero, int bits, int is_signed, int narrow = 0, const char* rounding = "ROUND", const char* name = "") {
  return b.op("Quant", {x, b.number(scale), b.number(zero), b.number(static_cast<float>(bits))},
              {at("signed", is_signed), at("narrow", narrow), at("rounding_mode", rounding)}, qonnx, name);
}

std::vector<Value> noises(const Dims& dims, int count, float lo = -2, float hi = 2) {
  std::vector<Value> v;
  for (int k = 0; k < count; ++k) v.push_back(noise(dims, static_cast<unsigned>(k) + 1, lo, hi));
  return v;
}

}  // namespace

TEST_CASE("network: pointwise functions go into the layer, names become legal", "[network]") {
  Builder b;
  const std::string x = b.input("image", {1, 1, 2, 2});
  const std::string w = b.floats({2, 1, 1, 1}, {1, -2});
  const std::string c = b.op("Conv", {x, w}, {}, "", "/block/conv");
  const std::string r = b.op("Relu", {c}, {}, "", "/block/relu");
  const std::string d = b.op("Conv", {r, b.floats({1, 2, 1, 1}, {1, 1})}, {}, "", "block.conv");
  b.output(b.op("LeakyRelu", {d}, {at("alpha", 0.25)}, "", "leaky"));
  const Imported i = imported(b, {Value::of(std::vector<float>{1, -1, 0.5f, 2}, {1, 1, 2, 2})});
  REQUIRE(i.plan.nodes.size() == 2);
  CHECK(i.plan.nodes[0].name == "block.conv");
  CHECK(i.plan.nodes[1].name == "block.conv_2");
  CHECK(i.plan.nodes[0].lo == 0);
  CHECK(i.plan.nodes[1].slope == 0.25);
  CHECK(i.network.nodes[0].relu());
  // Seen: input -1..2, signed; behind the Relu 0..2, unsigned; the output 16 bits, twice what was seen.
  CHECK(i.plan.input_format == MapFormat{9, true, 2.0 / 255, 0});
  CHECK(i.plan.nodes[0].format == MapFormat{9, false, 2.0 / 511, 0});
  CHECK(i.plan.nodes[1].format == MapFormat{16, true, 4.0 / 32767, 0});
}

TEST_CASE("network: a QDQ layer keeps its scales, zero points and codes", "[network]") {
  Builder b;
  const auto u8_ = [&](int z) { return b.constant({}, std::vector<std::uint8_t>{static_cast<std::uint8_t>(z)}, u8); };
  const auto through = [&](const std::string& x, float s, int z) {
    const std::string zero = u8_(z), scale = b.number(s);
    return b.op("DequantizeLinear", {b.op("QuantizeLinear", {x, scale, zero}), scale, zero});
  };
  const std::string x = through(b.input("image", {1, 1, 2, 2}), 0.5f, 128);
  const std::string codes = b.constant({2, 1, 1, 1}, std::vector<std::int8_t>{3, -128}, i8);
  const std::string w = b.op("DequantizeLinear", {codes, b.floats({2}, {0.25f, 0.5f}), b.constant({2}, std::vector<std::int8_t>{1, 0}, i8)}, {at("axis", 0)});
  const std::string bias = b.op("DequantizeLinear", {b.constant({2}, std::vector<std::int32_t>{8, -4}, i32), b.floats({2}, {0.125f, 0.25f})}, {at("axis", 0)});
  b.output(through(b.op("Conv", {x, w, bias}, {}, "", "conv"), 1.5f, 3));
  const Imported i = imported(b, noises({1, 1, 2, 2}, 8, -60, 60));
  REQUIRE(i.plan.nodes.size() == 1);
  CHECK(i.plan.input_format == MapFormat{8, false, 0.5, 128});
  CHECK(i.plan.nodes[0].format == MapFormat{8, false, 1.5, 3});
  CHECK(i.array("conv/codes") == std::vector<float>{2, -128});  // codes - zero point
  CHECK(i.array("conv/weight_scale") == std::vector<float>{0.25f, 0.5f});
  CHECK(i.array("conv/bias") == std::vector<float>{1, -1});
  CHECK_FALSE(i.plan.any_calibrated());
  CHECK(exact(i));
}

TEST_CASE("network: zero points of QONNX, and a layer that is wrong is found out", "[network]") {
  Builder b;
  b.domain(qonnx, 1);
  const std::string x = quant(b, b.input("image", {1, 2, 4, 4}), 0.3f, 100, 8, 0);
  const std::string w = quant(b, b.floats({2, 2, 1, 1}, {1, -1, 0.3f, 2}), 0.17f, 0, 4, 1, 1);
  const std::string c = quant(b, b.op("Conv", {x, w, b.floats({2}, {0.5f, 1})}, {at("pads", Ints{1, 1, 1, 1})}, "", "conv"), 0.41f, 9, 5, 0);
  b.output(b.op("MaxPool", {c}, {at("kernel_shape", Ints{2, 2}), at("strides", Ints{2, 2})}, "", "pool"));
  const std::vector<Value> images = noises({1, 2, 4, 4}, 8, -20, 20);
  const Imported i = imported(b, images);
  CHECK(i.plan.input_format == MapFormat{8, false, static_cast<double>(0.3f), 100});
  CHECK(i.node("pool").format == MapFormat{5, false, static_cast<double>(0.41f), 9});
  CHECK(exact(i));
  // 1 in place of 0.5 and 1: a bit more than one step in one channel of two.
  const auto spoilt = [&](float bias) {
    return imported(b.graph(), images, {}, [&](epim::NpzFile& f) {
      for (auto& [name, array] : f.arrays)
        if (name == "conv/bias") {
          epim::FloatTensor t({2});
          t.data = {bias, 1};
          array = epim::NpyArray::from(t);
        }
    }).fidelity;
  };
  CHECK(spoilt(0.5f).good());
  const IntegerFidelity one = spoilt(0.7f), more = spoilt(1.5f);
  CHECK_FALSE(one.good());
  CHECK((one.maps[0].one_step > 0 && one.maps[0].more == 0));
  CHECK_FALSE(more.good());
  CHECK((more.maps[0].more > 0 && more.maps[0].worst == 3));
  CHECK(more.maps[1].worst == 0);  // the pool alone, on the graph's integers, is right
  CHECK(more.maps[1].whole_worst > 0);
}

TEST_CASE("network: what a quantiser repeats is no node, another format is one", "[network]") {
  Builder b;
  b.domain(qonnx, 1);
  const std::string x = quant(b, b.input("image", {1, 2, 4, 4}), 0.25f, 0, 8, 1);
  const std::string p = quant(b, b.op("MaxPool", {x}, {at("kernel_shape", Ints{2, 2}), at("strides", Ints{2, 2})}, "", "pool"), 0.25f, 0, 8, 1);
  const std::string again = quant(b, p, 0.25f, 0, 8, 1);
  const std::string coarse = quant(b, again, 0.5f, 0, 4, 1, 0, "ROUND", "coarse");
  const std::string w = quant(b, b.floats({1, 2, 1, 1}, {1, -1}), 0.5f, 0, 4, 1, 1);
  b.output(quant(b, b.op("Conv", {coarse, w}, {}, "", "conv"), 0.375f, 0, 9, 1));
  const Imported i = imported(b, noises({1, 2, 4, 4}, 8, -5, 5));
  REQUIRE(i.plan.nodes.size() == 3);
  CHECK(i.node("pool").format == MapFormat{8, true, 0.25, 0});
  CHECK(i.node("coarse").op == "clip");
  CHECK(i.node("coarse").format == MapFormat{4, true, 0.5, 0});
  CHECK(i.fidelity.good());
}

TEST_CASE("network: narrow, floor, ceil and Trunc are exact", "[network]") {
  for (const char* rounding : {"ROUND", "FLOOR", "CEIL"}) {
    INFO(rounding);
    Builder b;
    b.domain(qonnx, 1);
    const std::string x = quant(b, b.input("image", {1, 2, 4, 4}), 0.3f, 0, 6, 1);
    const std::string w = quant(b, b.floats({4, 2, 1, 1}, {1, -1, 0.3f, 2, -2, 0.7f, 0.1f, 0.2f}), 0.17f, 0, 4, 1, 1);
    b.output(quant(b, b.op("Conv", {x, w}, {}, "", "conv"), 0.41f, 0, 4, 1, 1, rounding));
    const Imported i = imported(b, noises({1, 2, 4, 4}, 16, -5, 5));
    CHECK(exact(i));
    CHECK(i.network.nodes[0].lo == Approx(-7 * 0.41).margin(1e-6));
    CHECK(i.network.nodes[0].hi > 1e29);  // the format's own end
  }
  for (const int version : {1, 2}) {
    INFO(version);
    Builder b;
    b.domain(qonnx, version);
    const std::string x = quant(b, b.input("image", {1, 2, 4, 4}), 0.5f, 0, 4, 0);
    const std::string p = b.op("AveragePool", {x}, {at("kernel_shape", Ints{2, 2}), at("strides", Ints{2, 2})}, "", "pool");
    const std::string sum = b.op("Mul", {p, b.number(4)}, {}, "", "sum");
    std::vector<std::string> in{sum, b.number(0.5f), b.number(0), b.number(6)};
    if (version == 2) in.push_back(b.number(2));
    in.push_back(b.number(4));
    std::vector<Attribute> attributes{at("rounding_mode", "FLOOR")};
    if (version == 2) attributes.push_back(at("signed", 0));
    const std::string t = b.op("Trunc", in, attributes, qonnx, "trunc");
    const std::string w = quant(b, b.floats({1, 2, 1, 1}, {1, -1}), 0.5f, 0, 4, 1, 1);
    b.output(b.op("Conv", {t, w}, {}, "", "conv"));
    const Imported i = imported(b, noises({1, 2, 4, 4}, 16, -1, 9));
    CHECK(i.node("pool").exact_mean);
    CHECK(i.node("pool").format.scale == 0.125);
    CHECK(i.node("sum").format == MapFormat{4, false, version == 1 ? 0.5 : 2.0, 0});
    CHECK(exact(i));
  }
}

TEST_CASE("network: BatchNormalization behind quantised weights, also of negative scale", "[network]") {
  Builder b;
  b.domain(qonnx, 1);
  const std::string x = quant(b, b.input("image", {1, 1, 4, 4}), 0.3f, 0, 8, 1);
  const std::string w = quant(b, b.floats({2, 1, 1, 1}, {1, -0.6f}), 0.2f, 0, 4, 1, 1);
  const std::string c = b.op("Conv", {x, w, b.floats({2}, {0.5f, 0.25f})}, {}, "", "conv");
  const std::string n = b.op("BatchNormalization", {c, b.floats({2}, {-1.5f, 0.5f}), b.floats({2}, {0.1f, 0.2f}), b.floats({2}, {0, 0}), b.floats({2}, {1, 1})}, {at("epsilon", 0.0)});
  b.output(quant(b, b.op("Relu", {n}), 0.13f, 0, 4, 0));
  const Imported i = imported(b, noises({1, 1, 4, 4}, 16, -5, 5));
  REQUIRE(i.plan.nodes.size() == 1);
  CHECK(i.array("conv/bn_scale")[0] == Approx(-1.5));
  CHECK(exact(i));
}

TEST_CASE("network: calibration", "[network]") {
  const auto one = [](const std::vector<float>& data, CalibrationMethod method) {
    Builder b;
    b.output(b.op("Conv", {b.input("image", {1, 1, 1, static_cast<std::int64_t>(data.size())}), b.floats({1, 1, 1, 1}, {1})}));
    return imported(b, {Value::of(data, {1, 1, 1, static_cast<std::int64_t>(data.size())})}, {method, 8}).plan.input_format;
  };
  CHECK(one({0.5f, 1.5f, 3}, CalibrationMethod::minmax) == MapFormat{8, false, 3.0 / 255, 0});
  CHECK(one({0.5f, -1.5f, 1}, CalibrationMethod::minmax) == MapFormat{8, true, 1.5 / 127, 0});
  CHECK(one({0, 17, 200}, CalibrationMethod::minmax) == MapFormat{8, false, 1, 0});  // whole numbers as they are
  CHECK(one({0, 0, 0}, CalibrationMethod::minmax).scale > 0);
  // One value in 20000 is far out: the percentile drops it, the least squared error cuts it to where it costs as much as it saves.
  std::vector<float> data = random_floats(20000, 3);
  data[7] = 40;
  CHECK(one(data, CalibrationMethod::minmax).scale == Approx(40.0 / 127));
  CHECK(one(data, CalibrationMethod::percentile).scale == Approx(1.0 / 127).epsilon(0.01));
  data[7] = 3;
  CHECK(one(data, CalibrationMethod::mse).scale < 2.9 / 127);
  CHECK(one(data, CalibrationMethod::mse).scale > 1.0 / 127);
}

TEST_CASE("network: what has no place in a network is refused by name", "[network]") {
  const auto refused = [](const Builder& b) { return refusal([&] { imported(b, {}); }); };
  Builder wide(21);
  const std::string zero = wide.constant({}, std::vector<std::int16_t>{0}, 5), scale = wide.number(0.1f);
  const std::string m = wide.op("DequantizeLinear", {wide.op("QuantizeLinear", {wide.op("Relu", {wide.input("image", {1, 1, 4, 4})}), scale, zero}), scale, zero});
  wide.output(wide.op("Conv", {m, wide.floats({1, 1, 1, 1}, {1})}, {}, "", "layer"));
  std::string said = refused(wide);
  CHECK(said.find("'layer'") != std::string::npos);
  CHECK(said.find("of 16 bits") != std::string::npos);
  Builder bipolar;
  bipolar.domain(qonnx, 1);
  const std::string s = bipolar.op("BipolarQuant", {bipolar.input("image", {1, 1, 4, 4}), bipolar.number(1)}, {}, qonnx, "sign");
  bipolar.output(bipolar.op("Conv", {s, bipolar.floats({1, 1, 1, 1}, {1})}));
  said = refused(bipolar);
  CHECK(said.find("'sign'") != std::string::npos);
  Builder pad;
  const std::string p = pad.op("Pad", {pad.input("image", {1, 1, 4, 4}), pad.ints({0, 0, 1, 1, 0, 0, 1, 1}), pad.number(2)}, {}, "", "border");
  pad.output(pad.op("Conv", {p, pad.floats({1, 1, 1, 1}, {1})}));
  said = refused(pad);
  CHECK(said.find("'border'") != std::string::npos);
  CHECK(said.find("padding with 2") != std::string::npos);
  Builder plain;
  plain.output(plain.op("Conv", {plain.input("image", {1, 1, 4, 4}), plain.floats({1, 1, 1, 1}, {1})}));
  CHECK(refused(plain).find("no-images") != std::string::npos);
}

TEST_CASE("network: padding that no layer takes, and an addition of a 1x1 map", "[network]") {
  Builder b;
  const std::string x = b.input("image", {1, 2, 4, 4});
  const std::string c = b.op("Relu", {b.op("Conv", {x, b.floats({2, 2, 1, 1}, {1, 0.5f, -1, 1})}, {}, "", "conv")});
  const std::string p = b.op("Pad", {c, b.ints({0, 0, 1, 0, 0, 0, 0, 1}), b.number(0)}, {}, "", "border");
  b.output(b.op("Add", {p, b.op("GlobalAveragePool", {c})}, {}, "", "sum"));
  const Imported i = imported(b, noises({1, 2, 4, 4}, 8));
  CHECK(i.node("border").op == "conv");
  CHECK(i.network.nodes[static_cast<std::size_t>(i.network.find("border"))].groups == 2);
  CHECK(i.node("sum.spread").op == "resize");
  for (const MapFidelity& m : i.fidelity.maps) CHECK(m.decibels() > 40);
}

TEST_CASE("network: padding of channels is a layer that copies, exactly", "[network]") {
  for (const Ints& pads : {Ints{0, 0, 0, 0, 0, 3, 0, 0}, Ints{0, 1, 1, 0, 0, 2, 0, 2}}) {
    Builder b;
    b.domain(qonnx, 1);
    const std::string x = quant(b, b.input("image", {1, 2, 6, 6}), 0.25f, 5, 6, 1);
    const std::string pool = b.op("MaxPool", {x}, {at("kernel_shape", Ints{2, 2}), at("strides", Ints{2, 2})}, "", "pool");
    const std::string p = b.op("Pad", {pool, b.ints(pads), b.number(0)}, {}, "", "more");
    b.output(quant(b, b.op("Add", {p, p}, {}, "", "sum"), 0.5f, 0, 7, 1));
    const Imported i = imported(b, noises({1, 2, 6, 6}, 8, -9, 7));
    CHECK(i.node("more").op == "conv");
    CHECK(i.node("more").format == i.node("pool").format);
    CHECK(i.network.nodes[static_cast<std::size_t>(i.network.find("more"))].groups == 1);
    CHECK(exact(i));
    for (const MapFidelity& m : i.fidelity.maps) CHECK(m.boundary == 0);
  }
  Builder none;
  const std::string x = none.op("Pad", {none.input("image", {1, 1, 4, 4}), none.ints({0, 0, 0, 0, 0, 0, 0, 0}), none.number(3)});
  none.output(none.op("Conv", {x, none.floats({1, 1, 1, 1}, {1})}));
  CHECK(imported(none, noises({1, 1, 4, 4}, 1)).plan.nodes.size() == 1);
}

TEST_CASE("network: every output channel of real weights uses all codes", "[network]") {
  Builder b;
  std::vector<float> w = random_floats(36, 5, 0.5f, 1);
  for (std::size_t i = 0; i < 36; ++i) w[i] *= std::pow(0.1f, static_cast<float>(i / 9));  // 1, 0.1, 0.01, 0.001
  for (std::size_t i = 27; i < 36; ++i) w[i] *= 0.1f;
  const std::vector<float> bias{1, -2, 3, -4};
  const std::string x = b.op("Conv", {b.input("image", {1, 4, 6, 6}), b.floats({4, 1, 3, 3}, w), b.floats({4}, bias)}, {at("group", 4)}, "", "layer");
  b.output(x);
  const Imported i = imported(b, noises({1, 4, 6, 6}, 3));
  const std::vector<float> held = i.array("layer/weight"), s = i.array("layer/bn_scale"), shifted = i.array("layer/bn_bias");
  REQUIRE(held.size() == 36);
  for (std::size_t k = 0; k < 36; ++k) CHECK(held[k] * s[k / 9] == Approx(w[k]).epsilon(1e-6));
  CHECK(shifted == bias);
  CHECK(i.array("layer/bias").empty());
  const auto most = [](const std::vector<float>& v, std::size_t channel) { return *std::max_element(v.begin() + static_cast<std::ptrdiff_t>(channel * 9), v.begin() + static_cast<std::ptrdiff_t>(channel * 9 + 9)); };
  CHECK(most(held, 2) == Approx(most(w, 0)));
  CHECK(most(held, 3) < 0.5f * most(w, 0));  // 1e-4 of the largest counts as 1e-3
  CHECK(i.node("layer").bias.empty());
}

TEST_CASE("network: a sigmoid in float32 is off by half a unit in the last place of 1, also where it is small", "[network]") {
  const auto relative = [](const char* function, float answer) {
    Builder b;
    b.output(b.op(function, {b.op("Conv", {b.input("image", {1, 1, 1, 1}), b.floats({1, 1, 1, 1}, {1})})}));
    const Graph g = epim::importer::normalise(prepared(b), 1);
    epim::NpzFile reference;
    epim::FloatTensor t({1, 1, 1, 1});
    t.data = {answer};
    reference.arrays.emplace_back("output0", epim::NpyArray::from(t));
    return epim::importer::check_fidelity(g, {{{"image", Value::of(std::vector<float>{-12}, {1, 1, 1, 1})}}}, reference, 1).outputs[0].exact;
  };
  const double y = 1 / (1 + std::exp(12.0));  // 6.1e-6
  CHECK(relative("Sigmoid", static_cast<float>(y + 5e-8)) < 1e-5);
  CHECK(relative("Sigmoid", static_cast<float>(y + 7e-8)) > 1e-4);
  CHECK(relative("Relu", 5e-8f) > 0.9);
}

TEST_CASE("network: the written ONNX file comes back as the same integers", "[network]") {
  Builder b;
  const std::string x = b.input("image", {1, 3, 6, 6});
  const std::string c = b.op("PRelu", {b.op("Conv", {x, b.floats({4, 3, 3, 3}, random_floats(108, 5)), b.floats({4}, random_floats(4, 6))}, {at("pads", Ints{1, 1, 1, 1})}, "", "conv"),
                                       b.floats({4, 1, 1}, {0.1f, 0.2f, -0.3f, 0.5f})});
  const std::string d = b.op("Conv", {c, b.floats({4, 1, 3, 3}, random_floats(36, 7))}, {at("group", 4), at("pads", Ints{1, 1, 1, 1})}, "", "depthwise");
  const std::string m = b.op("Mul", {d, b.op("Sigmoid", {b.op("GlobalAveragePool", {d})})});
  b.output(b.op("Gemm", {b.op("Flatten", {b.op("Concat", {m, c}, {at("axis", 1)})}), b.floats({288, 5}, random_floats(1440, 8))}, {}, "", "fc"));
  const std::vector<Value> images = noises({1, 3, 6, 6}, 4);
  const Imported first = imported(b, images);
  for (const MapFidelity& f : first.fidelity.maps) CHECK(f.decibels() > 25);
  const Imported second = imported(Builder::parse(first.onnx), images);
  CHECK_FALSE(second.plan.any_calibrated());
  CHECK(second.plan.input_format.bits == first.plan.input_format.bits);
  REQUIRE(second.plan.nodes.size() == first.plan.nodes.size());
  for (std::size_t k = 0; k < first.plan.nodes.size(); ++k) {
    CHECK(second.plan.nodes[k].format.bits == first.plan.nodes[k].format.bits);
    CHECK(second.plan.nodes[k].format.scale == Approx(first.plan.nodes[k].format.scale));
  }
  CHECK(second.fidelity.good());
}

TEST_CASE("network: a Sum or Concat of one map is that map; a Concat of more than 64 is refused", "[network]") {
  Builder b;
  std::string x = b.op("Conv", {b.input("image", {1, 1, 2, 2}), b.floats({2, 1, 1, 1}, {1, -2})}, {}, "", "first");
  x = b.op("Concat", {b.op("Sum", {x})}, {at("axis", 1)}, "", "joined");
  b.output(b.op("Conv", {x, b.floats({1, 2, 1, 1}, {1, 1})}, {}, "", "last"));
  const Imported i = imported(b, {Value::of(std::vector<float>{1, -1, 0.5f, 2}, {1, 1, 2, 2})});
  REQUIRE(i.network.nodes.size() == 2);
  CHECK(i.network.nodes[1].inputs == std::vector<std::string>{"first"});

  Builder many;
  const std::string image = many.input("image", {1, 1, 2, 2});
  x = many.op("Concat", std::vector<std::string>(65, many.op("Relu", {image})), {at("axis", 1)}, "", "joined");
  many.output(many.op("Conv", {x, many.floats({1, 65, 1, 1}, random_floats(65, 1))}, {}, "", "last"));
  CHECK_THROWS_WITH(imported(many, {Value::of(std::vector<float>{1, -1, 0.5f, 2}, {1, 1, 2, 2})}), Catch::Contains("joins 65 maps"));
}

TEST_CASE("network: weights whose zero point is beyond all integers are taken as real ones", "[network]") {
  Builder b;
  b.domain(qonnx, 1);
  const std::string w = quant(b, b.floats({1, 1, 1, 1}, {1}), 1, 1e30f, 8, 1);
  b.output(b.op("Conv", {b.input("image", {1, 1, 2, 2}), w}, {}, "", "first"));
  Graph g = b.graph();
  const std::string said = refusal([&] {
    epim::importer::prepare(g, {});
    g = epim::importer::normalise(g, 1);
  });
  if (!said.empty()) FAIL(said);
  const Evaluator values(g, 1);
  std::string why;
  CHECK(!epim::importer::weight_codes(g, values, g.nodes.back().inputs[1], why));
  CHECK(why.find("a core holds 9 bits") != std::string::npos);
}

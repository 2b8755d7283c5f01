// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// Integers of the nodes between cores, against values worked by hand; formats and scales; what is rewritten on reading.
#include <cmath>
#include <random>

#include <fmt/format.h>

#include "golden/graph/float_network.hpp"
#include "golden/graph/host_nodes.hpp"
#include "golden/graph/node_weights.hpp"
#include "tb/unit/catch.hpp"

namespace epim {
namespace {

FixedHardware eight_bits() {
  FixedHardware hw;
  hw.act_bits = 8;
  hw.out_bits = 16;
  return hw;
}

/// A network of `nodes` on an input x of 2 channels, 2x2, 8 bits, scale 1/8.
Network network_of(const std::string& nodes, const std::string& output, const std::string& input = R"("bits": 8, "scale": 0.125)") {
  return parse_network(fmt::format(R"({{"schema": 1, "name": "n", "input": {{"name": "x", "channels": 2, "height": 2, "width": 2, {}}},
"nodes": [{}], "output": {}}})",
                                   input, nodes, output),
                       "n.json");
}

IntTensor map_of(std::vector<std::int64_t> values, int channels = 2, int height = 2, int width = 2) {
  IntTensor t({channels, height, width});
  t.data = std::move(values);
  return t;
}

/// Output of the last node, its operands being `in`.
std::vector<std::int64_t> last(const Network& net, const std::vector<IntTensor>& in, const NpzFile* weights = nullptr) {
  std::vector<const IntTensor*> pointers;
  for (const IntTensor& t : in) pointers.push_back(&t);
  return evaluate_host_node(net, static_cast<int>(net.nodes.size()) - 1, pointers,
                            network_arithmetic(net, eight_bits(), SignedMaps::as_activations, weights))
      .data;
}

using Values = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("multipliers are the largest that fit, and the least where they are dyadic", "[host]") {
  const Multipliers one = multipliers_for({1.0});
  CHECK(one.value == Values{1});
  CHECK(one.shift == 0);
  const Multipliers dyadic = multipliers_for({0.75, 0.5});
  CHECK(dyadic.value == Values{3, 2});
  CHECK(dyadic.shift == 2);
  const Multipliers fifth = multipliers_for({0.2});
  CHECK(fifth.shift == 26);  // 0.2 * 2^26 = 13421772.8 < 2^24
  CHECK(fifth.value == Values{13421773});
  CHECK(fifth.error == Approx(0.2 / 13421772.8).epsilon(1e-6));
  CHECK(fifth.error < std::ldexp(1.0, -24));
  const Multipliers large = multipliers_for({1000.5});
  CHECK(large.value == Values{2001});
  CHECK(large.shift == 1);
}

TEST_CASE("an addition rescales each operand and rounds once", "[host]") {
  // x has scale 1/8, zero point 0; p has scale 1/16 and zero point 10; sum 1/4 with zero point 5.
  const Network net = network_of(R"({"name": "p", "op": "clip", "inputs": ["x"], "act_bits": 8, "act_scale": 0.0625, "zero_point": 10},
 {"name": "s", "op": "add", "inputs": ["x", "p"], "act_bits": 8, "act_signed": false, "act_scale": 0.25, "zero_point": 5})",
                                 R"("s")");
  // y = clamp((x*2 + (p - 10)*1 + 2 >> 2) + 5, 0, 255)
  const Values y = last(net, {map_of({0, 1, 2, 3, 200, 255, 7, 0}), map_of({10, 10, 11, 13, 255, 255, 0, 0})});
  CHECK(y == Values{5, 6, 6, 7, 166, 194, 6, 3});
}

TEST_CASE("concatenation brings operands to one scale", "[host]") {
  const Network net = network_of(R"({"name": "p", "op": "clip", "inputs": ["x"], "act_bits": 8, "act_scale": 0.25},
 {"name": "c", "op": "concat", "inputs": ["x", "p"]})",
                                 R"("c")");
  CHECK(format_of(map_formats(net, eight_bits(), SignedMaps::as_activations), 1).scale == 0.25);
  const Values y = last(net, {map_of({0, 1, 2, 3, 4, 5, 6, 255}), map_of({0, 1, 2, 3, 4, 5, 6, 255})});
  CHECK(y == Values{0, 1, 1, 2, 2, 3, 3, 128, 0, 1, 2, 3, 4, 5, 6, 255});
}

TEST_CASE("a gate multiplies, one place for all", "[host]") {
  const Network net = network_of(R"({"name": "g", "op": "global_avg_pool", "inputs": ["x"]},
 {"name": "f", "op": "sigmoid", "inputs": ["g"]}, {"name": "m", "op": "mul", "inputs": ["x", "f"]})",
                                 R"("m")");
  const auto formats = map_formats(net, eight_bits(), SignedMaps::as_activations);
  CHECK(format_of(formats, 1).scale == std::ldexp(1.0, -8));
  CHECK(format_of(formats, 2).scale == 0.125);
  // y = x*gate + 128 >> 8
  CHECK(last(net, {map_of({0, 10, 100, 255, 1, 2, 3, 4}), map_of({128, 255}, 2, 1, 1)}) == Values{0, 5, 50, 128, 1, 2, 3, 4});
}

TEST_CASE("tables are the function at every code", "[host]") {
  const Network net = network_of(R"({"name": "f", "op": "tanh", "inputs": ["x"]})", R"("f")", R"("bits": 8, "signed": true, "scale": 0.03125)");
  const NetworkArithmetic a = network_arithmetic(net, eight_bits(), SignedMaps::as_activations);
  REQUIRE(a.nodes[0].table.size() == 256);
  const Values y = last(net, {map_of({-128, -32, -1, 0, 1, 32, 64, 127})});
  // 128*tanh(x/32), at most 127: tanh(1) = 0.76159, tanh(2) = 0.96403, tanh(3.96875) = 0.99929, tanh(-4) = -0.99933
  CHECK(y == Values{-128, -97, -4, 0, 4, 97, 123, 127});
}

TEST_CASE("a softmax shares a place between its channels", "[host]") {
  // Steps of ln 2: E = 2^24 * 2^-d. Places (3, 1), (5, 5), (0, 9), (200, 0): shares 4/5, 1/2, 1/513, 1 of 256.
  const std::string input = R"("bits": 8, "scale": 0.6931471805599453)", relu = R"(, {"name": "r", "op": "relu", "inputs": ["s"]})";
  const Network net = network_of(R"({"name": "s", "op": "softmax", "inputs": ["x"]})" + relu, R"("r")", input);
  REQUIRE(net.nodes[0].op == Op::softmax);
  CHECK(net.host.empty());
  const NetworkArithmetic a = network_arithmetic(net, eight_bits(), SignedMaps::as_activations);
  CHECK(a.formats[1].scale == std::ldexp(1.0, -8));
  CHECK(a.formats[1].greatest() == 255);
  CHECK(a.nodes[0].table.size() == 256);
  CHECK(a.nodes[0].table[3] == 1 << 21);
  const IntTensor x = map_of({3, 5, 0, 200, 1, 5, 9, 0});
  CHECK(evaluate_host_node(net, 0, {&x}, a).data == Values{205, 128, 0, 255, 51, 128, 255, 0});
  // A format of its own, also at the end: shares of 1/100 from 3 on, a step that is no power of two.
  const Network own = network_of(R"({"name": "s", "op": "softmax", "inputs": ["x"], "act_bits": 8, "act_scale": 0.01, "zero_point": 3})", R"("s")", input);
  CHECK(last(own, {x}) == Values{83, 53, 3, 103, 23, 53, 103, 3});
  // Channels that a wrapped layer stored once count as often as they stand there.
  Network wrapped = net;
  wrapped.nodes[0].in = {4, 2, 2, 2};
  wrapped.nodes[0].out = {4, 2, 2, 4};
  CHECK(evaluate_host_node(wrapped, 0, {&x}, a).data == Values{102, 64, 0, 128, 26, 64, 128, 0, 102, 64, 0, 128, 26, 64, 128, 0});
  // The real numbers.
  std::vector<float> real;
  run_float(net, {}, x, [&](int n, const FloatTensor& y) {
    if (n == 0) real = y.data;
  });
  for (std::size_t i = 0; i < 8; ++i) CHECK(real[i] == Approx(Values{4, 1, 1, 1, 1, 1, 512, 0}[i] / std::vector<double>{5, 2, 513, 1, 5, 2, 513, 1}[i]).margin(1e-6));
}

TEST_CASE("a product with one operand takes its constants from the node or the weights", "[host]") {
  const std::string conv = R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 2, "kernel": 1, "act_scale": 0.5})";
  NpzFile file;
  file.path = "w.npz";
  FloatTensor w({2, 2, 1, 1}), two({2});
  w.data = {1, 2, 3, 4};
  two.data = {10, 20};
  file.arrays = {{"a.weight", NpyArray::from(w)}, {"a.bias", NpyArray::from(two)}};
  const auto weights = [&](const std::string& node, const NpzFile& f, std::vector<std::string>* remarks = nullptr) {
    const Network net = network_of(conv + ", " + node, R"("m")");
    REQUIRE(net.nodes.size() == 1);
    return weights_of(net.nodes[0], f, remarks);
  };
  std::vector<std::string> remarks;
  const NodeWeights nothing = weights(R"({"name": "m", "op": "mul", "inputs": ["a"]})", file, &remarks);
  CHECK(nothing.scale == std::vector<float>{1, 1});
  CHECK(nothing.bias == std::vector<float>{10, 20});
  REQUIRE(remarks.size() == 1);
  CHECK(remarks[0].find("no-norm: node a: w.npz holds no array m/scale") != std::string::npos);
  const NodeWeights half = weights(R"({"name": "m", "op": "mul", "inputs": ["a"], "value": 0.5})", file);
  CHECK(half.scale == std::vector<float>{0.5f, 0.5f});
  CHECK(half.bias == std::vector<float>{5, 10});
  const NodeWeights sum = weights(R"({"name": "m", "op": "add", "inputs": ["a"], "value": -3, "relu": true})", file);
  CHECK(sum.scale == std::vector<float>{1, 1});
  CHECK(sum.bias == std::vector<float>{7, 17});
  NpzFile scaled = file;
  two.data = {2, -1};
  scaled.arrays.push_back({"m/scale", NpyArray::from(two)});
  const NodeWeights each = weights(R"({"name": "m", "op": "mul", "inputs": ["a"]})", scaled);
  CHECK(each.scale == std::vector<float>{2, -1});
  CHECK(each.bias == std::vector<float>{20, -20});
}

TEST_CASE("slopes between cores", "[host]") {
  const Network leaky = network_of(R"({"name": "l", "op": "leaky_relu", "inputs": ["x"], "slope": 0.25})", R"("l")",
                                   R"("bits": 8, "signed": true, "scale": 1)");
  // A = 1024 of 4096: floor(x/4) below 0
  CHECK(last(leaky, {map_of({-128, -5, -4, -1, 0, 1, 50, 127})}) == Values{-32, -2, -1, -1, 0, 1, 50, 127});
  const Network prelu = network_of(R"({"name": "l", "op": "prelu", "inputs": ["x"]})", R"("l")", R"("bits": 8, "signed": true, "scale": 1)");
  NpzFile weights;
  FloatTensor slopes({2});
  slopes.data = {0.5f, -1.0f};
  weights.arrays.push_back({"l/slope", NpyArray::from(slopes)});
  CHECK(last(prelu, {map_of({-128, -5, 3, 0, -128, -5, 3, 0})}, &weights) == Values{-64, -3, 3, 0, 127, 5, 3, 0});
}

TEST_CASE("means count what their padding says", "[host]") {
  const auto pool = [](const std::string& more) {
    return parse_network(R"({"schema": 1, "name": "n", "input": {"name": "x", "channels": 1, "height": 3, "width": 3, "bits": 8, "scale": 1},
"nodes": [{"name": "p", "op": "avg_pool", "inputs": ["x"], "kernel": 2, "stride": 2)" + more + R"(}], "output": "p"})", "n.json");
  };
  const IntTensor x = map_of({10, 20, 30, 40, 50, 60, 70, 80, 90}, 1, 3, 3);
  CHECK(last(pool(""), {x}) == Values{30});
  // Windows at -1: one, two, two, four places of the map; the padding counts as zeros.
  CHECK(last(pool(R"(, "padding": 1)"), {x}) == Values{3, 13, 28, 70});  // 10/4 -> 3 (2.5 up), 50/4 = 12.5, 110/4 = 27.5, 280/4
  CHECK(last(pool(R"(, "padding": 1, "count_include_pad": false)"), {x}) == Values{10, 25, 55, 70});
  // ceil_mode: the last window has a column of the map alone; what lies beyond is never counted.
  CHECK(last(pool(R"(, "ceil_mode": true)"), {x}) == Values{30, 45, 75, 90});
}

TEST_CASE("resize copies, flatten keeps the order", "[host]") {
  const Network up = network_of(R"({"name": "u", "op": "resize", "inputs": ["x"], "factor": [1, 2]})", R"("u")");
  CHECK(last(up, {map_of({1, 2, 3, 4, 5, 6, 7, 8})}) == Values{1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8});
  const Network flat = network_of(R"({"name": "u", "op": "flatten", "inputs": ["x"]})", R"("u")");
  CHECK(flat.nodes[0].out == MapShape{8, 1, 1, 8});
  CHECK(last(flat, {map_of({1, 2, 3, 4, 5, 6, 7, 8})}) == Values{1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("random nodes follow their real meaning to half a step", "[host]") {
  std::random_device device;
  const unsigned seed = device();
  CAPTURE(seed);
  std::mt19937 rng(seed);
  const auto uniform = [&](double lo, double hi) { return std::uniform_real_distribution<>(lo, hi)(rng); };
  for (int round = 0; round < 300; ++round) {
    const double sx = uniform(0.01, 0.2), sp = uniform(0.01, 0.2), sy = uniform(0.05, 0.3);
    const int zx = static_cast<int>(rng() % 200), zp = static_cast<int>(rng() % 200), zy = static_cast<int>(rng() % 200);
    const char* const ops[] = {"add", "mul", "concat", "max_pool", "avg_pool", "hard_swish"};
    const std::string op = ops[round % 6];
    const bool two = round % 6 < 3;
    const Network net = network_of(
        fmt::format(R"({{"name": "p", "op": "clip", "inputs": ["x"], "act_bits": 8, "act_scale": {}, "zero_point": {}}},
 {{"name": "y", "op": "{}", "inputs": ["x"{}], {} "act_bits": 8, "act_signed": false, "act_scale": {}, "zero_point": {}}})",
                    sp, zp, op, two ? R"(, "p")" : "", op.find("pool") != std::string::npos ? R"("kernel": 2,)" : "", sy, zy),
        two ? R"("y")" : R"(["y", "p"])", fmt::format(R"("bits": 8, "scale": {}, "zero_point": {})", sx, zx));
    REQUIRE(net.nodes.size() == 2);
    IntTensor a({2, 2, 2}), b({2, 2, 2});
    for (auto& v : a.data) v = static_cast<std::int64_t>(rng() % 256);
    for (auto& v : b.data) v = static_cast<std::int64_t>(rng() % 256);
    const auto arithmetic = network_arithmetic(net, eight_bits(), SignedMaps::as_activations);
    std::vector<const IntTensor*> in = {&a};
    if (two) in.push_back(&b);
    const int n = net.find("y");
    const IntTensor y = evaluate_host_node(net, n, in, arithmetic);
    const auto real_a = [&](std::size_t i) { return sx * static_cast<double>(a.data[i] - zx); };
    const auto real_b = [&](std::size_t i) { return sp * static_cast<double>(b.data[i] - zp); };
    for (std::size_t i = 0; i < y.size(); ++i) {
      double real = 0;
      switch (round % 6) {
        case 0: real = real_a(i) + real_b(i); break;
        case 1: real = real_a(i) * real_b(i); break;
        case 2: real = i < 8 ? real_a(i) : real_b(i - 8); break;
        case 3: real = std::max({real_a(4 * i), real_a(4 * i + 1), real_a(4 * i + 2), real_a(4 * i + 3)}); break;
        case 4: real = (real_a(4 * i) + real_a(4 * i + 1) + real_a(4 * i + 2) + real_a(4 * i + 3)) / 4; break;
        default: real = real_a(i) * std::min(std::max(real_a(i) / 6 + 0.5, 0.0), 1.0);
      }
      const double code = std::min(std::max(real / sy + zy, 0.0), 255.0);
      CAPTURE(op, i, real);
      REQUIRE(std::abs(static_cast<double>(y.data[i]) - code) <= 0.5 + 1e-3);
    }
  }
}

TEST_CASE("what reading a network rewrites", "[host]") {
  const std::string conv = R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 4, "kernel": 1, "act_scale": 0.5})";
  const auto names = [](const Network& net) {
    std::string all;
    for (const Node& n : net.nodes) all += n.name + " ";
    return all;
  };
  const Network dropped = network_of(conv + R"(, {"name": "d", "op": "dropout", "inputs": ["a"]}, {"name": "r", "op": "relu", "inputs": ["d"]})", R"("r")");
  CHECK(names(dropped) == "a r ");
  CHECK(dropped.nodes[1].inputs[0] == "a");
  const Network fc = network_of(conv + R"(, {"name": "d", "op": "flatten", "inputs": ["a"]}, {"name": "f", "op": "fc", "inputs": ["d"], "cout": 3})", R"("f")");
  CHECK(names(fc) == "a f ");
  CHECK(fc.nodes[1].kh == 2);
  const Network soft = network_of(conv + R"(, {"name": "s", "op": "softmax", "inputs": ["a"]})", R"("s")");
  CHECK(names(soft) == "a ");
  CHECK(soft.host == std::vector<std::string>{"softmax of a"});
  // An identity with a format of its own requantises.
  CHECK(names(network_of(conv + R"(, {"name": "i", "op": "identity", "inputs": ["a"], "act_bits": 4, "act_scale": 1})", R"("i")")) == "a i ");
  const Network slope = network_of(conv + R"(, {"name": "l", "op": "prelu", "inputs": ["a"]})", R"("l")");
  CHECK(names(slope) == "a ");
  CHECK(slope.nodes[0].slopes == "l/slope");
  // Two readers, or a ReLU before it: the map between is seen.
  CHECK(names(network_of(conv + R"(, {"name": "l", "op": "leaky_relu", "inputs": ["a"]}, {"name": "s", "op": "add", "inputs": ["a", "l"]})", R"("s")")) == "a l s ");
  const Network norm = network_of(conv + R"(, {"name": "b", "op": "batch_norm", "inputs": ["a"], "relu": true})", R"("b")");
  CHECK(names(norm) == "a ");
  CHECK(norm.nodes[0].relu());
  CHECK(norm.nodes[0].norms == std::vector<ChannelConstants>{{"b", ChannelConstants::Kind::norm, std::nullopt}});
  const Network outputs = network_of(conv + R"(, {"name": "r", "op": "relu", "inputs": ["a"]})", R"(["r", "a"])");
  CHECK(outputs.outputs == std::vector<int>{1, 0});
}

TEST_CASE("weights under several names", "[host]") {
  const std::string conv = R"({"name": "a", "op": "conv", "inputs": ["x"], "cout": 2, "kernel": 1, "act_scale": 0.5})";
  const auto array = [](std::vector<int> shape, std::vector<float> values) {
    FloatTensor t(std::move(shape));
    t.data = std::move(values);
    return NpyArray::from(t);
  };
  const NpyArray w = array({2, 2, 1, 1}, {1, 2, 3, 4});
  NpzFile file;
  file.path = "w.npz";
  file.arrays = {{"a.weight", w}, {"a.bias", array({2}, {10, 20})}};
  const Network plain = network_of(conv, R"("a")");
  CHECK(weights_of(plain.nodes[0], file).bias == std::vector<float>{10, 20});
  CHECK(weights_of(plain.nodes[0], file).scale == std::vector<float>{1, 1});
  // A norm over the bias: gamma 2, var 3 with eps 1: s = 1; beta 5, mean 4.
  file.arrays.push_back({"b.running_mean", array({2}, {4, 4})});
  file.arrays.push_back({"b.running_var", array({2}, {3, 3})});
  file.arrays.push_back({"b.weight", array({2}, {2, 4})});
  file.arrays.push_back({"b.bias", array({2}, {5, 6})});
  file.arrays.push_back({"b.eps", array({1}, {1})});
  const Network norm = network_of(conv + R"(, {"name": "b", "op": "batch_norm", "inputs": ["a"]})", R"("b")");
  const NodeWeights both = weights_of(norm.nodes[0], file);
  CHECK(both.scale == std::vector<float>{1, 2});
  CHECK(both.bias == std::vector<float>{11, 38});  // 1*10 + (5 - 4), 2*20 + (6 - 8)
  CHECK(arrays_of(norm.nodes[0], file).size() == 7);
  // Codes keep their scale.
  NpzFile codes;
  codes.arrays = {{"a/codes", w}, {"a/weight_scale", array({2}, {0.5f, 0.25f})}};
  const NodeWeights given = weights_of(plain.nodes[0], codes);
  CHECK(given.quantised);
  CHECK(given.code_bits == 4);  // 4 and a sign
  CHECK(given.scale == std::vector<float>{0.5f, 0.25f});
  CHECK_THROWS_AS(weights_of(plain.nodes[0], NpzFile{}), InputError);
}

}  // namespace epim

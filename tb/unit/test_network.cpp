// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// JSON positions, network reading, shape inference, uniform epitomes.
#include "tb/unit/catch.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "golden/files/json_document.hpp"
#include "golden/graph/network.hpp"

using namespace epim;

namespace {

std::string model_file(const std::string& name) {
  return (std::filesystem::path(__FILE__).parent_path() / "../../models" / name / "network.json").lexically_normal();
}

/// A network of the given node lines (the first stands on line 4) on an 8x6x5 input.
std::string text_of(const std::string& nodes, const std::string& output) {
  return "{\"schema\": 1, \"name\": \"t\",\n"
         " \"input\": {\"name\": \"x\", \"channels\": 8, \"height\": 6, \"width\": 5},\n"
         " \"nodes\": [\n" + nodes + "\n ],\n \"output\": \"" + output + "\"}\n";
}

struct Refusal {
  std::string rule, text;
  int line = 0, column = 0;
};

template <class F> Refusal refusal(F&& f) {
  try {
    f();
  } catch (const InputError& e) {
    CHECK(e.where().file == "net.json");
    return {e.rule(), e.text(), e.where().line, e.where().column};
  }
  FAIL("accepted");
  return {};
}

Refusal refused_network(const std::string& text) { return refusal([&] { parse_network(text, "net.json"); }); }

const char* conv_a = R"({"name":"a","op":"conv","inputs":["x"],"cout":8,"kernel":3,"padding":1})";

}  // namespace

TEST_CASE("json values and keys know where they stand", "[json]") {
  const JsonValue v =
      parse_json("\n {\"a\" : [1, -2.5,\n  \"q\\\"[,\"],\n\"b\":{ \"c\":true}, \"\\u0061b\":null }", "f");
  CHECK(v.where.line == 2);
  CHECK(v.where.column == 2);
  const JsonValue& a = *v.find("a");
  REQUIRE(a.items.size() == 3);
  CHECK(a.items[0].integer == 1);
  CHECK(a.items[1].real == -2.5);
  CHECK(a.items[1].where.column == 13);
  CHECK(a.items[2].text == "q\"[,");
  CHECK(a.items[2].where.line == 3);
  CHECK(a.items[2].where.column == 3);
  CHECK(v.members[1].where.line == 4);
  CHECK(v.members[1].where.column == 1);
  CHECK(v.find("b")->find("c")->where.column == 11);
  CHECK(v.find("b")->find("c")->boolean);
  CHECK(v.find("ab")->kind == JsonValue::Kind::null);
  CHECK(v.find("zz") == nullptr);
}

TEST_CASE("bad json is refused with its place", "[json]") {
  const auto bad = [](const std::string& text) { return refusal([&] { parse_json(text, "net.json"); }); };
  struct Case {
    std::string text, rule;
    int line, column;
  };
  const std::vector<Case> cases = {
      {"{\"a\": 1,\n \"a\": 2}", "json-duplicate-key", 2, 2},
      {"[1, 2,\n 18446744073709551615]", "json-number-range", 2, 2},
      {"[1,\n 1e999]", "json-number-range", 2, 2},
      {"[1 2]", "json-syntax", 1, 4},
      {"{\"a\":\n}", "json-syntax", 2, 1},
      {"", "json-syntax", 1, 1},
      {"[nul]", "json-syntax", 1, 5},
      {"[1] x", "json-syntax", 1, 5},
      {std::string(65, '['), "json-too-deep", 1, 65},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const Refusal r = bad(c.text);
    CHECK(r.rule == c.rule);
    CHECK(r.line == c.line);
    CHECK(r.column == c.column);
  }
  // Every truncation of a valid text is refused, none crashes.
  const std::string good = R"({"a":[1,{"b":"c\n"},-3.5e2,true],"d":null})";
  for (std::size_t n = 0; n < good.size(); ++n) {
    CAPTURE(n);
    CHECK(bad(good.substr(0, n)).rule == "json-syntax");
  }
  CHECK_THROWS_AS(read_json("/nonexistent/net.json"), InputError);
  CHECK_THROWS_AS(read_json("/tmp"), InputError);
}

TEST_CASE("a network is read with shapes and in order", "[network]") {
  // 'sum' stands before what it reads: the reader sorts.
  const Network net = parse_network(
      text_of(R"({"name":"sum","op":"add","inputs":["p","d"],"relu":true,"act_scale":0.5},
{"name":"c","op":"conv","inputs":["x"],"cout":10,"kernel":[3,2],"stride":2,"padding":[1,0,2,1],
 "epitome":{"e_out":4,"e_in":8,"p":4,"q":3},"wrap":"stored_once","batch_norm":true},
{"name":"p","op":"max_pool","inputs":["c"],"kernel":2,"stride":1,"padding":[0,0,1,1]},
{"name":"d","op":"relu","inputs":["c"]},
{"name":"f","op":"fc","inputs":["sum"],"cout":7})",
              "f"),
      "net.json");
  REQUIRE(net.nodes.size() == 5);
  std::vector<std::string> order;
  for (const Node& n : net.nodes) order.push_back(n.name);
  CHECK(order == std::vector<std::string>{"c", "p", "d", "sum", "f"});
  const Node& c = net.nodes[0];
  CHECK(c.in == MapShape{8, 6, 5, 8});
  CHECK(c.out == MapShape{10, 4, 3, 4});  // (6+1+2-3)/2+1, (5+0+1-2)/2+1; 10 virtual channels stored as 4
  CHECK(c.pad == Padding{1, 0, 2, 1});
  CHECK(c.batch_norm);
  CHECK_FALSE(c.relu());
  CHECK(c.where.line == 5);
  CHECK(net.nodes[1].out == MapShape{10, 4, 3, 4});
  const Node& sum = net.nodes[3];
  CHECK(sum.input_ids == std::vector<int>{1, 2});
  CHECK(sum.out == MapShape{10, 4, 3, 4});
  CHECK(sum.relu());
  CHECK(sum.act_scale == 0.5);
  const Node& f = net.nodes[4];
  CHECK(f.kh == 4);
  CHECK(f.kw == 3);
  CHECK(f.out == MapShape{7, 1, 1, 7});
  CHECK(net.output() == 4);
  const Layer layer = layer_of(f);
  CHECK(layer.in_period == 4);
  CHECK(layer.cin == 10);
  CHECK(layer.epitome == EpitomeShape{7, 10, 4, 3});
  CHECK(layer.out_h() == 1);
  CHECK(layer_of(c).out_w() == 3);
  CHECK(layer_of(c).in_period == 0);
}

TEST_CASE("an add of differently stored maps stores every channel", "[network]") {
  const Network net = parse_network(
      text_of(R"({"name":"c","op":"conv","inputs":["x"],"cout":8,"kernel":1,
 "epitome":{"e_out":4,"e_in":8,"p":1,"q":1},"wrap":"stored_once"},
{"name":"s","op":"add","inputs":["c","x"]})",
              "s"),
      "net.json");
  CHECK(net.nodes[0].out.stored == 4);
  CHECK(net.nodes[1].out.stored == 8);
}

TEST_CASE("malformed networks are refused by name and place", "[network]") {
  struct Case {
    std::string nodes, output, rule, mentions;
    int line, column;
  };
  const std::string a = std::string(conv_a) + ",\n";
  const std::vector<Case> cases = {
      {a + R"({"name":"b","op":"convolution","inputs":["a"]})", "b", "unknown-op", "'b'", 5, 18},
      {a + R"({"name":"b","op":"relu","inputs":["c"]})", "b", "unknown-input", "'c'", 5, 35},
      {a + R"({"name":"b","op":"relu","inputs":["a"],"cout":8})", "b", "unknown-key", "\"cout\"", 5, 40},
      {a + R"({"name":"b","op":"conv","inputs":["a"],"cout":"8","kernel":1})", "b", "wrong-type", "'b'", 5, 47},
      {a + R"({"name":"b","op":"conv","inputs":["a"],"cout":0,"kernel":1})", "b", "value-out-of-range", "'b'", 5, 47},
      {a + R"({"name":"b","op":"conv","inputs":["a"],"cout":8})", "b", "missing-key", "\"kernel\"", 5, 1},
      {a + R"({"name":"b","op":"conv","inputs":["a"],"cout":8,"kernel":3,"groups":3})", "b", "groups-divide-channels",
       "'b'", 5, 1},
      {a + R"({"name":"b","op":"fc","inputs":["a"],"cout":8,"groups":2})", "b", "grouped-convolution", "'b'", 5, 56},
      {a + R"({"name":"b","op":"conv","inputs":["a"],"cout":8,"kernel":3,"dilation":[1,9]})", "b",
       "kernel-exceeds-map", "'b'", 5, 1},
      {a + R"({"name":"b","op":"conv_transpose","inputs":["a"]})", "b", "unsupported-operator", "resize", 5, 18},
      {a + R"({"name":"b","op":"log_softmax","inputs":["a"]},
{"name":"c","op":"relu","inputs":["b"]})",
       "c", "host-operator", "log_softmax", 5, 1},
      {a + R"({"name":"b","op":"conv","inputs":["a"],"cout":8,"kernel":1,"activation":"tanh"})", "b", "unknown-choice",
       "a node of its own", 5, 73},
      {a + R"({"name":"b","op":"clip","inputs":["a"],"lo":2,"hi":1})", "b", "clamp-range", "lo 2", 5, 1},
      {a + R"({"name":"b","op":"relu","inputs":["a"],"zero_point":2})", "b", "missing-key", "act_bits", 5, 53},
      {a + R"({"name":"b","op":"conv","inputs":["a"],"cout":8,"kernel":1,"padding":"sane"})", "b", "unknown-choice",
       "same", 5, 70},
      {a + R"({"name":"b","op":"concat","inputs":["a","p"]},
{"name":"p","op":"max_pool","inputs":["a"],"kernel":2})",
       "b", "shape-mismatch", "joins", 5, 1},
      {a + R"({"name":"p","op":"max_pool","inputs":["a"],"kernel":2},
{"name":"b","op":"mul","inputs":["a","p"]})",
       "b", "shape-mismatch", "multiplies", 6, 1},
      {a + R"({"name":"b","op":"conv","inputs":["a"],"cout":8,"kernel":7})", "b", "kernel-exceeds-map", "'b'", 5, 1},
      {a + R"({"name":"b","op":"add","inputs":["a"]})", "b", "wrong-input-count", "'b'", 5, 33},
      {a + R"({"name":"b","op":"mul","inputs":["a","a"],"value":2})", "b", "wrong-input-count", "a value beside 2 inputs", 5, 51},
      {a + R"({"name":"b","op":"max_pool","inputs":["a"],"kernel":2,"padding":2})", "b", "value-out-of-range", "'b'", 5,
       65},
      {a + R"({"name":"b","op":"max_pool","inputs":["a"],"kernel":2},
{"name":"s","op":"add","inputs":["a","b"]})",
       "s", "shape-mismatch", "8x6x5", 6, 1},
      {a + R"({"name":"a","op":"relu","inputs":["x"]})", "a", "duplicate-node", "'a'", 5, 9},
      {a + R"({"name":"x","op":"relu","inputs":["a"]})", "a", "duplicate-node", "'x'", 5, 9},
      {a + R"({"name":"b","op":"relu","inputs":["a"]})", "y", "unknown-output", "'y'", 7, 12},
      {a + R"({"name":"b","op":"conv","inputs":["a"],"cout":8,"kernel":1,"role":"stems"})", "b", "unknown-choice",
       "stem", 5, 67},
      {R"({"name":"p","op":"relu","inputs":["x"]},
{"name":"q","op":"add","inputs":["p","r"]},
{"name":"r","op":"relu","inputs":["q"]})",
       "r", "network-cycle", "q reads r reads q", 5, 1},
      {R"({"name":"p","op":"relu","inputs":["p"]})", "p", "network-cycle", "'p'", 4, 1},
      {R"({"name":"c","op":"conv","inputs":["x"],"cout":8,"kernel":3,"epitome":{"e_out":9,"e_in":8,"p":3,"q":3}})", "c",
       "epitome-exceeds-convolution", "'c'", 4, 1},
      {R"({"name":"c","op":"conv","inputs":["x"],"cout":8,"kernel":3,"epitome":{"e_out":8,"e_in":8,"p":2,"q":3}})", "c",
       "epitome-exceeds-convolution", "'c'", 4, 1},
      {R"({"name":"c","op":"conv","inputs":["x"],"cout":8,"kernel":3,"wrap":"copies"})", "c", "wrap-without-epitome",
       "'c'", 4, 1},
      {R"({"name":"c","op":"conv","inputs":["x"],"cout":8,"kernel":1,"wrap":"copies",
"epitome":{"e_out":8,"e_in":8,"p":1,"q":1}})",
       "c", "wrap-without-copies", "'c'", 4, 1},
      {R"({"name":"c","op":"conv","inputs":["x"],"cout":8,"kernel":1,"wrap":"copies",
"epitome":{"e_out":4,"e_in":8,"p":2,"q":2,"sampler":"distinct"}})",
       "c", "wrap-distinct-sampler", "'c'", 4, 1},
      {"", "c", "missing-key", "no nodes", 3, 11},
  };
  for (const Case& c : cases) {
    CAPTURE(c.nodes);
    const Refusal r = refused_network(text_of(c.nodes, c.output));
    CHECK(r.rule == c.rule);
    CHECK(r.line == c.line);
    CHECK(r.column == c.column);
    CHECK(r.text.find(c.mentions) != std::string::npos);
  }
  std::string wrong_schema = text_of(conv_a, "a");
  wrong_schema[wrong_schema.find('1')] = '2';
  CHECK(refused_network(wrong_schema).rule == "unsupported-schema");
  // What leads to no output is left out, and said.
  const Network unused = parse_network(text_of(a + R"({"name":"b","op":"relu","inputs":["a"]})", "a"), "n");
  CHECK(unused.nodes.size() == 1);
  REQUIRE(unused.remarks.size() == 1);
  CHECK(unused.remarks[0].find("unused-node: node 'b'") != std::string::npos);
  // Groups and dilation of 1 are the plain convolution.
  CHECK_NOTHROW(parse_network(
      text_of(R"({"name":"b","op":"conv","inputs":["x"],"cout":8,"kernel":3,"groups":1,"dilation":1})", "b"), "n"));
}

TEST_CASE("the shipped networks have their published sizes", "[network]") {
  struct Expected {
    std::string name;
    int convs, adds;
    std::int64_t weights, macs;  // convolution and classifier weights; multiplications per image
  };
  // Weights: published parameter counts without batch norm and classifier bias (torchvision: ResNet-18 11,689,512,
  // ResNet-34 21,797,672, ResNet-50 25,557,032, ResNet-101 44,549,160, VGG-16 138,357,544 less 13,416 biases).
  const std::vector<Expected> all = {{"resnet18", 20, 8, 11689512 - 9600 - 1000, 1814073344},
                                     {"resnet34", 36, 16, 21797672 - 17024 - 1000, 3663761408},
                                     {"resnet50", 53, 16, 25557032 - 53120 - 1000, 4089184256},
                                     {"resnet101", 104, 33, 44549160 - 105344 - 1000, 7801405440},
                                     {"vgg16", 13, 0, 138357544 - 13416, 15470264320}};
  for (const Expected& e : all) {
    CAPTURE(e.name);
    const Network net = load_network(model_file(e.name));
    int convs = 0, adds = 0;
    std::int64_t weights = 0, macs = 0;
    for (const Node& n : net.nodes) {
      convs += n.op == Op::conv;
      adds += n.op == Op::add;
      if (!n.has_weights()) continue;
      const std::int64_t w = std::int64_t{n.cout} * n.in.channels * n.kh * n.kw;
      weights += w;
      macs += w * n.out.height * n.out.width;
    }
    CHECK(convs == e.convs);
    CHECK(adds == e.adds);
    CHECK(weights == e.weights);
    CHECK(macs == e.macs);
    CHECK(net.nodes[static_cast<std::size_t>(net.output())].out == MapShape{1000, 1, 1, 1000});
  }
}

TEST_CASE("the digits networks load", "[network]") {
  const Network digits = load_network(model_file("digits"));
  CHECK(digits.nodes[static_cast<std::size_t>(digits.find("conv4"))].out == MapShape{64, 2, 2, 16});
  CHECK(layer_of(digits.nodes[static_cast<std::size_t>(digits.output())]).in_period == 16);
  CHECK(digits.float_accuracy > 0.9);
  const Network residual = load_network(model_file("digits_residual"));
  CHECK(std::any_of(residual.nodes.begin(), residual.nodes.end(), [](const Node& n) { return n.op == Op::add; }));
}

TEST_CASE("uniform 1024x256 gives the epitomes of the replaced layers", "[network]") {
  Network net = load_network(model_file("resnet50"));
  const auto shape = [&](const std::string& name) {
    return net.nodes[static_cast<std::size_t>(net.find(name))].epitome;
  };
  apply_uniform(net, 1024, 256);
  CHECK(shape("layer2.1.conv2") == EpitomeShape{128, 64, 4, 4});
  CHECK(shape("layer2.0.conv3") == EpitomeShape{256, 128, 1, 1});
  CHECK(shape("layer3.0.conv2") == EpitomeShape{256, 64, 4, 4});
  CHECK(shape("layer3.5.conv3") == EpitomeShape{256, 256, 1, 1});
  CHECK(shape("layer4.0.conv1") == EpitomeShape{256, 1024, 1, 1});
  CHECK(shape("layer4.2.conv1") == EpitomeShape{256, 1024, 1, 1});
  CHECK(shape("layer4.1.conv2") == EpitomeShape{256, 64, 4, 4});
  CHECK(shape("layer4.1.conv3") == EpitomeShape{256, 512, 1, 1});
  for (const char* kept : {"conv1", "layer1.0.conv2", "layer1.0.conv3", "layer3.1.conv1", "layer4.0.downsample", "fc"})
    CHECK_FALSE(shape(kept));
  const auto replaced = [](const Network& n) {
    return std::count_if(n.nodes.begin(), n.nodes.end(), [](const Node& x) { return x.epitome.has_value(); });
  };
  CHECK(replaced(net) == 29);
  Network deep = load_network(model_file("resnet101"));
  apply_uniform(deep, 1024, 256);
  CHECK(replaced(deep) == 63);
  // A design whose rows hold the whole input of a 3x3 keeps its window.
  apply_uniform(net, 4608, 128);
  CHECK(shape("layer4.1.conv2") == EpitomeShape{128, 512, 3, 3});
  // Applying a design again forgets the previous one.
  apply_uniform(net, 1 << 20, 1 << 20);
  CHECK(replaced(net) == 0);
  try {
    apply_uniform(net, 15, 256);
    FAIL("accepted");
  } catch (const InputError& e) {
    CHECK(e.rule() == "uniform-rows-too-few");
    CHECK(e.where().line > 0);
  }
}

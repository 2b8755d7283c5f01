// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The canonical form gives what the file's form gives, and looks as docs/import.md says.
#include "gen/import/describe.hpp"
#include "tb/import/check.hpp"

using namespace import_test;

namespace {

std::string conv(Builder& b, const std::string& x, std::int64_t in, std::int64_t out, std::int64_t k,
                 std::vector<Attribute> attributes = {}, bool bias = true) {
  static unsigned seed = 0;
  std::vector<std::string> inputs{x,
                                  b.floats({out, in, k, k}, random_floats(static_cast<std::size_t>(out * in * k * k), ++seed))};
  if (bias) inputs.push_back(b.floats({out}, random_floats(static_cast<std::size_t>(out), ++seed)));
  return b.op("Conv", inputs, attributes);
}
std::string norm(Builder& b, const std::string& x, std::int64_t channels, unsigned seed) {
  const auto n = static_cast<std::size_t>(channels);
  return b.op("BatchNormalization",
              {x, b.floats({channels}, random_floats(n, seed)), b.floats({channels}, random_floats(n, seed + 1)),
               b.floats({channels}, random_floats(n, seed + 2)), b.floats({channels}, random_floats(n, seed + 3, .5f, 2))});
}

}  // namespace

TEST_CASE("normalise: BatchNormalization goes into the layer before it, over its bias; elsewhere it is an Affine",
          "[normalise]") {
  Builder b;
  std::string x = norm(b, b.input("x", {1, 3, 5, 6}), 3, 1);  // before the first layer
  x = norm(b, conv(b, x, 3, 4, 3), 4, 5);
  x = b.op("Relu", {x});
  const std::string y = conv(b, x, 4, 4, 1);
  x = b.op("Add", {norm(b, y, 4, 9), y});  // read twice: stays
  b.output(norm(b, x, 4, 13));             // behind an addition
  CHECK(operators(same_when_normalised(b)) == "Affine Conv Relu Conv Affine Add Affine");
}

TEST_CASE("normalise: constants that are added and multiplied go into the layer before them", "[normalise]") {
  Builder b;
  std::string x = conv(b, b.input("x", {1, 3, 5, 6}), 3, 4, 3, {at("group", 1)}, false);
  x = b.op("Mul", {b.floats({4, 1, 1}, {1, -2, 3, .5f}), x});
  x = b.op("Add", {x, b.floats({1, 4, 1, 1}, {1, 2, 3, 4})});
  x = b.op("Sub", {b.number(1), x});
  x = b.op("Div", {x, b.number(3)});
  b.output(x);
  CHECK(operators(same_when_normalised(b)) == "Conv");
}

TEST_CASE("normalise: MatMul and Add are one Gemm; Gemm's factors are gone", "[normalise]") {
  Builder b;
  std::string x = b.op("MatMul", {b.input("x", {1, 6}), b.floats({6, 4}, random_floats(24, 1))});
  x = b.op("Add", {b.floats({4}, {1, 2, 3, 4}), x});
  x = b.op("Relu", {x});
  b.output(b.op("Gemm", {x, b.floats({4, 3}, random_floats(12, 2)), b.floats({1, 3}, {1, 2, 3})},
                {at("alpha", .5), at("beta", -2.0)}));
  const Graph g = same_when_normalised(b);
  CHECK(operators(g) == "Gemm Relu Gemm");
  CHECK(g.maps.at(g.nodes[0].inputs[1]).dims == Dims{4, 6, 1, 1});
}

TEST_CASE("normalise: the order of Flatten decides the order of weights", "[normalise]") {
  for (const int how : {0, 1, 2, 3, 4}) {
    INFO(how);
    Builder b;
    std::string x = conv(b, b.input("x", {1, 3, 4, 5}), 3, 2, 1);
    if (how == 1 || how == 2) x = b.op("Transpose", {x}, {at("perm", Ints{0, 2, 3, 1})});
    if (how == 3) x = b.op("Transpose", {x}, {at("perm", Ints{0, 3, 1, 2})});
    if (how == 0) x = b.op("Flatten", {x});
    else if (how == 4)
      x = b.op(
          "Reshape",
          {x,
           b.op("Concat",
                {b.op("Unsqueeze", {b.op("Gather", {b.op("Shape", {x}), b.constant<std::int64_t>({}, {0}, i64)}), b.ints({0})}),
                 b.ints({-1})},
                {at("axis", 0)})});
    else x = b.op("Reshape", {x, b.ints({0, -1})});
    if (how == 2) x = b.op("Relu", {b.op("Dropout", {x})});
    b.output(b.op("Gemm", {x, b.floats({7, 40}, random_floats(280, 3)), b.floats({7}, random_floats(7, 4))}, {at("transB", 1)}));
    const Graph g = same_when_normalised(b);
    CHECK(operators(g) == (how == 2 ? "Conv Relu Gemm" : "Conv Gemm"));
    CHECK(g.maps.at(g.nodes.back().inputs[1]).dims == Dims{7, 2, 4, 5});
  }
}

TEST_CASE("normalise: files in NHWC", "[normalise]") {
  Builder b;
  std::string x = b.input("image", {1, 6, 7, 3});
  x = b.op("Sub", {x, b.floats({3}, {.1f, .2f, .3f})});
  x = b.op("Transpose", {x}, {at("perm", Ints{0, 3, 1, 2})});
  x = conv(b, x, 3, 4, 3, {at("auto_pad", "SAME_UPPER"), at("strides", Ints{2, 2})});
  x = b.op("Transpose", {x}, {at("perm", Ints{0, 2, 3, 1})});
  x = b.op("PRelu", {x, b.floats({1, 1, 4}, {.1f, .2f, .3f, .4f})});
  x = b.op("Add", {x, b.floats({1, 1, 1, 4}, {1, 2, 3, 4})});
  std::string gate = b.op("ReduceMean", {x}, {at("axes", Ints{1, 2}), at("keepdims", 1)});
  gate = b.op("Sigmoid", {b.op("MatMul", {gate, b.floats({4, 4}, random_floats(16, 5))})});
  x = b.op("Mul", {x, gate});
  const std::string y = b.op("Pad", {x, b.ints({0, 0, 1, 0, 0, 1, 0, 2})});
  x = b.op("Concat", {y, y}, {at("axis", 3)});
  x = b.op("Transpose", {x}, {at("perm", Ints{0, 3, 1, 2})});
  x = b.op("MaxPool", {x}, {at("kernel_shape", Ints{2, 2})});
  x = b.op("Transpose", {x}, {at("perm", Ints{0, 2, 3, 1})});
  b.output(b.op("Reshape", {x, b.ints({1, -1, 12})}));
  const Graph g = same_when_normalised(b);
  CHECK(operators(g) == "Affine Conv PRelu Affine GlobalAveragePool Gemm Sigmoid Mul Pad Concat MaxPool");
  CHECK(epim::importer::text_of(*g.inputs[0].view) == "[N,H,W,C]");
  REQUIRE(g.outputs[0].view.has_value());
  CHECK(epim::importer::text_of(*g.outputs[0].view) == "[1,H*W,C]");
}

TEST_CASE("normalise: one axis becomes two", "[normalise]") {
  for (const bool last : {false, true}) {
    Builder b;
    std::string x = b.input("x", last ? Ints{1, 20, 3} : Ints{1, 3, 20});
    if (last) x = b.op("Transpose", {x}, {at("perm", Ints{0, 2, 1})});
    x = b.op("Conv", {x, b.floats({4, 3, 5}, random_floats(60, 1))}, {at("pads", Ints{2, 1}), at("strides", Ints{2})});
    x = b.op("PRelu", {x, b.floats({4, 1}, {.1f, .2f, .3f, .4f})});
    x = b.op("MaxPool", {x}, {at("kernel_shape", Ints{3}), at("ceil_mode", 1), at("strides", Ints{2})});
    x = norm(b, x, 4, 3);
    b.output(b.op("Flatten", {b.op("GlobalAveragePool", {x})}));
    const Graph g = same_when_normalised(b);
    CHECK(operators(g) == "Conv PRelu MaxPool Affine GlobalAveragePool");
    CHECK(g.maps.at(g.nodes[0].outputs[0]).dims == Dims{1, 4, 1, 10});
  }
}

TEST_CASE("normalise: padding goes into what follows where that is the same", "[normalise]") {
  const auto with = [](const std::string& reader, std::vector<Attribute> attributes, bool relu, float value) {
    Builder b;
    std::string x = b.input("x", {1, 2, 6, 7});
    if (relu) x = b.op("Relu", {x});
    x = b.op("Pad", {x, b.ints({0, 0, 1, 0, 0, 0, 1, 1}), b.number(value)});
    attributes.push_back(at("kernel_shape", Ints{3, 3}));
    b.output(reader == "Conv" ? conv(b, x, 2, 3, 3, attributes) : b.op(reader, {x}, attributes));
    return operators(same_when_normalised(b));
  };
  CHECK(with("Conv", {at("pads", Ints{1, 1, 0, 0})}, false, 0) == "Conv");
  CHECK(with("Conv", {}, false, 1) == "Pad Conv");
  CHECK(with("AveragePool", {}, false, 0) == "AveragePool");
  CHECK(with("AveragePool", {at("pads", Ints{1, 1, 0, 0})}, false, 0) == "Pad AveragePool");
  CHECK(with("AveragePool", {at("pads", Ints{1, 1, 0, 0}), at("count_include_pad", 1)}, false, 0) == "AveragePool");
  CHECK(with("AveragePool", {at("ceil_mode", 1), at("strides", Ints{2, 2})}, false, 0) == "Pad AveragePool");
  CHECK(with("MaxPool", {}, false, 0) == "Pad MaxPool");
  CHECK(with("MaxPool", {}, true, 0) == "Relu MaxPool");
  CHECK(with("MaxPool", {}, true, .5f) == "Relu Pad MaxPool");
  CHECK(with("MaxPool", {}, false, -INFINITY) == "MaxPool");
}

TEST_CASE("normalise: functions are known in every spelling", "[normalise]") {
  const auto named = [](const std::function<std::string(Builder&, const std::string&)>& f) {
    Builder b(14);
    b.output(f(b, b.op("Tanh", {b.input("x", {1, 3, 4, 4})})));
    return operators(same_when_normalised(b)).substr(5);
  };
  CHECK(named([](Builder& b, const std::string& x) { return b.op("Mul", {x, b.op("Sigmoid", {x})}); }) == "Silu");
  CHECK(named([](Builder& b, const std::string& x) { return b.op("Mul", {b.op("Sigmoid", {x}), x}); }) == "Silu");
  CHECK(named([](Builder& b, const std::string& x) {
          return b.op("Mul", {x, b.op("HardSigmoid", {x}, {at("alpha", 1.0 / 6)})});
        }) == "HardSwish");
  CHECK(named([](Builder& b, const std::string& x) { return b.op("Mul", {x, b.op("HardSigmoid", {x})}); }) == "HardSigmoid Mul");
  const auto ramp = [](Builder& b, const std::string& x) {
    return b.op("Clip", {b.op("Add", {x, b.number(3)}), b.number(0), b.number(6)});
  };
  CHECK(named([&](Builder& b, const std::string& x) { return b.op("Div", {ramp(b, x), b.number(6)}); }) == "HardSigmoid");
  CHECK(named([&](Builder& b, const std::string& x) {
          return b.op("Mul", {x, b.op("Div", {ramp(b, x), b.number(6)})});
        }) == "HardSwish");
  CHECK(named([&](Builder& b, const std::string& x) {
          return b.op("Div", {b.op("Mul", {x, ramp(b, x)}), b.number(6)});
        }) == "HardSwish");
  CHECK(named([&](Builder& b, const std::string& x) {
          return b.op("Mul", {b.op("Mul", {x, ramp(b, x)}), b.number(1.f / 6)});
        }) == "HardSwish");
  CHECK(named([](Builder& b, const std::string& x) { return b.op("Min", {b.op("Relu", {x}), b.number(6)}); }) == "Clip");
  CHECK(named([](Builder& b, const std::string& x) { return b.op("Clip", {x, b.number(0)}); }) == "Relu");
  CHECK(named([](Builder& b, const std::string& x) { return b.op("Max", {x, b.number(0)}); }) == "Relu");
  CHECK(named([](Builder& b, const std::string& x) {
          return b.op("ReduceMean", {x}, {at("axes", Ints{2, 3})});
        }) == "GlobalAveragePool");
  CHECK(named([](Builder& b, const std::string& x) {
          return b.op("AveragePool", {x}, {at("kernel_shape", Ints{4, 4})});
        }) == "GlobalAveragePool");
  CHECK(named([](Builder& b, const std::string& x) {
          return b.op("ReduceMax", {x}, {at("axes", Ints{-1, -2})});
        }) == "GlobalMaxPool");
  CHECK(named([](Builder& b, const std::string& x) { return b.op("Sum", {x, x, x}); }) == "Add Add");
  CHECK(named([](Builder& b, const std::string& x) {
          return b.op("Add", {b.op("GlobalMaxPool", {x}), x});
        }) == "GlobalMaxPool Add");
  CHECK(named([](Builder& b, const std::string& x) { return b.op("Sub", {x, b.op("Sigmoid", {x})}); }) == "Sigmoid Affine Add");
}

TEST_CASE("normalise: what does nothing is gone, what comes last is left to the host", "[normalise]") {
  Builder b;
  std::string x = conv(b, b.op("Identity", {b.input("x", {1, 3, 4, 4})}), 3, 5, 4);
  x = b.op("Dropout", {b.op("Squeeze", {x, b.ints({2, 3})})});
  x = b.op("Cast", {b.op("Reshape", {x, b.ints({1, 5, 1, 1})})}, {at("to", 1)});
  x = b.op("Flatten", {x});
  b.output(b.op("ArgMax", {b.op("Softmax", {x}, {at("axis", 1)}, "", "prob")}, {at("axis", 1)}));
  const Graph g = same_when_normalised(b);
  CHECK(operators(g) == "Conv (View) (Softmax) (ArgMax)");
  REQUIRE(g.remarks.size() == 1);
  CHECK(g.remarks[0].find("'prob'") != std::string::npos);
}

TEST_CASE("normalise: a layer may give an axis that its input does not name more than one place", "[normalise]") {
  for (const bool pool : {false, true}) {
    Builder b;  // one channel in, five out: the Reshape before the layer names no channels
    std::string x = b.op("Reshape", {b.input("x", {1, 3, 2, 1}), b.ints({-1, 1, 3, 2})});
    x = b.op("Conv", {x, b.floats({5, 1, 3, 2}, random_floats(30, 1))});
    if (pool) x = b.op("GlobalMaxPool", {x});
    b.output(b.op("Reshape", {x, b.ints({-1, 1, 1, 5})}));
    CHECK(operators(same_when_normalised(b)).starts_with("Conv"));
  }
}

TEST_CASE("normalise: a mask of Dropout is in the way only where it is read; weights may be made of one number", "[normalise]") {
  for (const bool read : {false, true}) {
    Builder b;
    const std::string c = b.op("Conv", {b.input("x", {1, 4, 4, 4}), b.op("ConstantOfShape", {b.ints({4200, 4, 16, 16})})}, {at("pads", Ints{6, 6, 6, 6})});  // more than 2^22 elements
    const std::string d = b.op("Dropout", {c}, {}, "", "drop", 2);
    const std::string last = b.op("Conv", {d, b.floats({1, 4200, 1, 1}, random_floats(4200, 1))}, {}, "", "last");
    b.output(last);
    if (read) b.output(b.op("Identity", {"drop_out1"}));
    const std::string said = refusal([&] { epim::importer::normalise(prepared(b), 1); });
    CHECK((said.find("its mask is used") != std::string::npos) == read);
    CHECK(said.empty() == !read);
  }
}

TEST_CASE("normalise: layers behind what only the host can do are refused, by the node that is the cause", "[normalise]") {
  Builder b;
  std::string x = b.input("x", {1, 4, 6, 6});
  x = b.op("Reshape", {x, b.ints({1, 2, 2, 6, 6})}, {}, "", "split");
  x = b.op("Transpose", {x}, {at("perm", Ints{0, 2, 1, 3, 4})});
  x = b.op("Reshape", {x, b.ints({1, 4, 6, 6})});
  b.output(conv(b, x, 4, 4, 3));
  const std::string said = refusal([&] { epim::importer::normalise(prepared(b), 1); });
  INFO(said);
  CHECK(said.find("unsupported-operators: node 'Conv") != std::string::npos);
  CHECK(said.find("stands behind node 'split' (Reshape), which is left to the host") != std::string::npos);
}

TEST_CASE("normalise: maps that do not fit, several images at once, infinite weights are refused by name", "[normalise]") {
  Builder attention;
  const std::string x = attention.input("x", {1, 4, 6, 6});
  const std::string gate = conv(attention, x, 4, 1, 1);
  attention.output(conv(attention, attention.op("Mul", {x, gate}, {}, "", "gated"), 4, 4, 1));
  CHECK(refusal([&] { epim::importer::normalise(prepared(attention), 1); }).find("maps [1,4,6,6] and [1,1,6,6] are multiplied") !=
        std::string::npos);
  Builder batch;
  batch.output(conv(batch, batch.input("x", {4, 3, 6, 6}), 3, 4, 1));
  CHECK(refusal([&] { epim::importer::normalise(prepared(batch), 1); }) ==
        "test.onnx: input-shape: input 'x' holds 4 images at once, legal: 1; give its sizes by --input-shape x=1,...");
  CHECK(refusal([&] { epim::importer::normalise(prepared(batch, {{"x", {1, 3, 6, 6}}}), 1); }) == "");
  Builder overflow;  // each number is finite, their product is not
  const std::string scaled = overflow.op("DequantizeLinear", {overflow.constant({1, 1, 1, 1}, std::vector<std::int8_t>{100}, i8), overflow.number(1e37f)});
  overflow.output(overflow.op("Conv", {overflow.input("x", {1, 1, 2, 2}), scaled}, {}, "", "stem"));
  CHECK(refusal([&] { epim::importer::normalise(prepared(overflow), 1); }).find("not-a-number: node 'stem' (Conv)") != std::string::npos);
  Builder infinite;
  infinite.output(
      infinite.op("Conv", {infinite.input("x", {1, 1, 2, 2}), infinite.floats({1, 1, 1, 1}, {INFINITY})}, {}, "", "stem"));
  CHECK(refusal([&] {
          epim::importer::normalise(prepared(infinite), 1);
        }).find("not-a-number: node 'stem' (Conv): an element of 'stem/weights' is inf") != std::string::npos);
}

TEST_CASE("normalise: quantised weights keep their quantiser through transpositions", "[normalise]") {
  Builder b;
  b.domain("qonnx.custom_op.general", 1);
  std::string x = b.op("Flatten", {b.op("Transpose", {b.input("x", {1, 2, 3, 2})}, {at("perm", Ints{0, 2, 3, 1})})});
  std::vector<std::int8_t> codes;
  for (int i = 0; i < 48; ++i) codes.push_back(static_cast<std::int8_t>(i * 5 % 97 - 48));
  const std::string w = b.op("DequantizeLinear",
                             {b.constant<std::int8_t>({12, 4}, codes, i8), b.floats({4}, {.1f, .2f, .3f, .4f})}, {at("axis", 1)});
  x = b.op("MatMul", {x, w});
  x = b.op("Add", {x, b.floats({4}, {1, 2, 3, 4})});
  const std::string q =
      b.op("Quant", {b.floats({3, 4}, random_floats(12, 7)), b.floats({3, 1}, {.1f, .2f, .15f}), b.number(0), b.number(4)},
           {at("narrow", 1)}, "qonnx.custom_op.general");
  b.output(b.op("MatMul", {x, b.op("Transpose", {q}, {at("perm", Ints{1, 0})})}));
  const Graph g = same_when_normalised(b);
  CHECK(operators(g) == "DequantizeLinear Gemm Quant Gemm");
  CHECK(epim::importer::quantisation_of(g, g.nodes[1]) == "weights 8 bits signed, 4 scales 0.1..0.4");
  CHECK(epim::importer::quantisation_of(g, g.nodes[3]) == "weights 4 bits signed narrow, 3 scales 0.1..0.2");
  CHECK(g.nodes[1].has_input(2));
}

TEST_CASE("normalise: narrow integers as QuantizeLinear, Clip, DequantizeLinear; weights that are quantised in the file",
          "[normalise]") {
  Builder b;
  const auto byte = [&](int x) { return b.constant<std::int8_t>({}, {static_cast<std::int8_t>(x)}, i8); };
  const std::string s = b.number(.25f), z = byte(0), x = b.input("x", {1, 2, 4, 4});
  const std::string q = b.op("Clip", {b.op("QuantizeLinear", {x, s, z}), byte(-8), byte(7)});
  const std::string ws = b.floats({3}, {.1f, .2f, .3f}), wz = b.constant<std::int8_t>({3}, {0, 0, 0}, i8);
  const std::string w = b.op("QuantizeLinear", {b.floats({3, 2, 3, 3}, random_floats(54, 3)), ws, wz}, {at("axis", 0)});
  const std::string weights = b.op("DequantizeLinear", {b.op("Clip", {w, byte(-2), byte(1)}), ws, wz}, {at("axis", 0)});
  b.output(b.op("Conv", {b.op("DequantizeLinear", {q, s, z}), weights}));
  const Graph g = same_when_normalised(b);
  CHECK(operators(g) == "QuantizeLinear Clip DequantizeLinear DequantizeLinear Conv");
  const Node& dequantise = g.nodes[3];
  CHECK(g.nodes[4].inputs[1] == dequantise.outputs[0]);
  REQUIRE(g.constant(dequantise.inputs[0]));
  for (std::int64_t i = 0; i < 54; ++i) {
    CHECK(g.constant(dequantise.inputs[0])->integer(i) >= -2);
    CHECK(g.constant(dequantise.inputs[0])->integer(i) <= 1);
  }
}

TEST_CASE("normalise: scales per channel follow the layout", "[normalise]") {
  Builder b;
  b.domain("qonnx.custom_op.general", 1);
  std::string x = b.op("Transpose", {b.input("x", {1, 4, 5, 3})}, {at("perm", Ints{0, 3, 1, 2})});
  x = b.op("Transpose", {conv(b, x, 3, 3, 1)}, {at("perm", Ints{0, 2, 3, 1})});
  const std::string s = b.floats({3}, {.1f, .2f, .3f}), z = b.constant<std::uint8_t>({3}, {100, 110, 120}, u8);
  x = b.op("DequantizeLinear", {b.op("QuantizeLinear", {x, s, z}, {at("axis", 3)}), s, z}, {at("axis", -1)});
  x = b.op("Quant", {x, b.floats({3}, {.2f, .3f, .4f}), b.number(0), b.number(5)}, {}, "qonnx.custom_op.general");
  b.output(conv(b, b.op("Transpose", {x}, {at("perm", Ints{0, 3, 1, 2})}), 3, 2, 1));
  CHECK(operators(same_when_normalised(b, 1e-5)) == "Conv QuantizeLinear DequantizeLinear Quant Conv");
}

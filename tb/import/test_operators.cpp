// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Operators against values worked by hand or given by their definitions: where other tools were wrong, and where
/// operator sets differ.
#include <cmath>

#include "tb/import/check.hpp"

using namespace import_test;

namespace {

/// Values of a graph with one input and one output.
std::vector<float> values(const Builder& b, const Value& x) { return run(prepared(b), {x})[0].floats(); }
std::vector<float> counted(int n) {
  std::vector<float> v;
  for (int i = 0; i < n; ++i) v.push_back(static_cast<float>(i));
  return v;
}
void check_near(const std::vector<float>& is, const std::vector<float>& wanted) {
  REQUIRE(is.size() == wanted.size());
  for (std::size_t i = 0; i < is.size(); ++i) {
    INFO(i);
    CHECK(std::fabs(is[i] - wanted[i]) <= 1e-5f * (1 + std::fabs(wanted[i])));
  }
}
Dims shape(const Builder& b) {
  const Graph g = prepared(b);
  return g.maps.at(g.outputs[0].tensor).dims;
}

}  // namespace

TEST_CASE("operators: DequantizeLinear takes the scale of each element's channel; the axis is 1 where none is given",
          "[operators]") {
  for (const bool given : {true, false}) {
    Builder b;
    const std::string x = b.input("x", {2, 3}, i8);
    b.output(b.op("DequantizeLinear", {x, b.floats({3}, {.5f, 2, 10}), b.constant<std::int8_t>({3}, {0, 1, -1}, i8)},
                  given ? std::vector{at("axis", 1)} : std::vector<Attribute>{}));
    Value v(epim::importer::Type::i8, {2, 3});
    for (int i = 0; i < 6; ++i) v.set_integer(i, i < 3 ? 1 : 4);
    check_near(values(b, v), {.5f, 0, 20, 2, 6, 50});
  }
  Builder rows;
  rows.output(rows.op("DequantizeLinear", {rows.input("x", {2, 2}, i8), rows.floats({2}, {1, 3})}, {at("axis", -2)}));
  Value v(epim::importer::Type::i8, {2, 2});
  for (int i = 0; i < 4; ++i) v.set_integer(i, 2);
  check_near(values(rows, v), {2, 2, 6, 6});
}

TEST_CASE("operators: QuantizeLinear rounds half to even and saturates, before the zero point is added", "[operators]") {
  Builder b;
  const std::string s = b.number(2), z = b.constant<std::uint8_t>({}, {128}, u8);
  b.output(b.op("QuantizeLinear", {b.input("x", {8}), s, z}));
  const Value y = run(prepared(b), {Value::of(std::vector<float>{1, 3, 5, -1, -3, 1000, -1000, 254}, {8})})[0];
  CHECK(y.type() == epim::importer::Type::u8);
  CHECK(y.integers() == std::vector<std::int64_t>{128, 130, 130, 128, 126, 255, 0, 255});
  Builder none;  // no zero point: uint8, 0
  none.output(none.op("QuantizeLinear", {none.input("x", {2}), none.number(1)}));
  CHECK(run(prepared(none), {Value::of(std::vector<float>{-3, 300}, {2})})[0].integers() == std::vector<std::int64_t>{0, 255});
}

TEST_CASE("operators: average pools with ceil_mode and padding, counted and not", "[operators]") {
  const auto pool = [](const Ints& map, int kernel, int stride, int pad, bool count) {
    Builder b(19);
    b.output(b.op("AveragePool", {b.input("x", map)},
                  {at("kernel_shape", Ints{kernel, kernel}), at("strides", Ints{stride, stride}), at("pads", Ints(4, pad)),
                   at("ceil_mode", 1), at("count_include_pad", count ? 1 : 0)}));
    return b;
  };
  const Value small = Value::of(std::vector<float>{1, 2, 3, 4}, {1, 1, 2, 2}), nine = Value::of(counted(81), {1, 1, 9, 9});
  check_near(values(pool({1, 1, 2, 2}, 3, 2, 1, false), small), {2.5f, 3, 3.5f, 4});
  check_near(values(pool({1, 1, 2, 2}, 3, 2, 1, true), small), {10.f / 9, 1, 7.f / 6, 1});
  const auto last_row = [&](int stride, bool count) {
    const std::vector<float> y = values(pool({1, 1, 9, 9}, 4, stride, 2, count), nine);
    const auto side = static_cast<std::ptrdiff_t>(std::lround(std::sqrt(y.size())));
    return std::vector<float>(y.end() - side, y.end());
  };
  check_near(last_row(2, false), {72.5f, 73.5f, 75.5f, 77.5f, 79, 80});
  check_near(last_row(2, true), {12.0833333f, 24.5f, 25.1666667f, 25.8333333f, 19.75f, 8.8888889f});
  check_near(last_row(3, true), {17, 35, 36.5f, 18.75f});
  // Rounded up there would be a fourth window, which would start in the padding: it is left out.
  check_near(last_row(4, false), {63.5f, 66.5f, 70});
  check_near(last_row(4, true), {23.8125f, 49.875f, 39.375f});
  // A window that hangs over the end by less than a stride.
  Builder over(12);
  over.output(over.op("MaxPool", {over.input("x", {1, 1, 3, 3})},
                      {at("kernel_shape", Ints{4, 4}), at("strides", Ints{2, 2}), at("ceil_mode", 1)}));
  check_near(values(over, Value::of(counted(9), {1, 1, 3, 3})), {8});
}

TEST_CASE("operators: max pools ignore padding, whatever the sign; auto_pad puts the odd place last or first", "[operators]") {
  Builder b;
  b.output(b.op("MaxPool", {b.input("x", {1, 1, 1, 3})}, {at("kernel_shape", Ints{1, 2}), at("pads", Ints{0, 1, 0, 1})}));
  check_near(values(b, Value::of(std::vector<float>{-3, -2, -4}, {1, 1, 1, 3})), {-3, -2, -2, -4});
  for (const bool upper : {true, false}) {
    Builder s;
    s.output(s.op("Conv", {s.input("x", {1, 1, 1, 4}), s.floats({1, 1, 1, 2}, {1, 10})},
                  {at("auto_pad", upper ? "SAME_UPPER" : "SAME_LOWER")}));
    check_near(values(s, Value::of(std::vector<float>{1, 2, 3, 4}, {1, 1, 1, 4})),
               upper ? std::vector<float>{21, 32, 43, 4} : std::vector<float>{10, 21, 32, 43});
  }
  Builder gap;  // six places by strides of 3, one place wide
  gap.output(gap.op("AveragePool", {gap.input("x", {1, 1, 1, 6})},
                    {at("kernel_shape", Ints{1, 1}), at("strides", Ints{1, 3}), at("auto_pad", "SAME_UPPER")}));
  CHECK(refusal([&] { prepared(gap); }).find("which programs read differently, legal: pads written out") != std::string::npos);
  Builder stride;  // four places by strides of 3: two outputs, one place of padding
  stride.output(stride.op("Conv", {stride.input("x", {1, 1, 1, 4}), stride.floats({1, 1, 1, 2}, {1, 10})},
                          {at("auto_pad", "SAME_UPPER"), at("strides", Ints{1, 3})}));
  check_near(values(stride, Value::of(std::vector<float>{1, 2, 3, 4}, {1, 1, 1, 4})), {21, 4});
}

TEST_CASE("operators: grouped and dilated convolutions", "[operators]") {
  Builder b;
  b.output(b.op("Conv", {b.input("x", {1, 4, 1, 1}), b.floats({2, 2, 1, 1}, {1, 2, 3, 4}), b.floats({2}, {100, 200})},
                {at("group", 2)}));
  check_near(values(b, Value::of(std::vector<float>{1, 10, 1, 10}, {1, 4, 1, 1})), {121, 243});
  Builder depthwise;
  depthwise.output(
      depthwise.op("Conv", {depthwise.input("x", {1, 2, 1, 1}), depthwise.floats({4, 1, 1, 1}, {1, 2, 3, 4})}, {at("group", 2)}));
  check_near(values(depthwise, Value::of(std::vector<float>{1, 10}, {1, 2, 1, 1})), {1, 2, 30, 40});
  Builder dilated;
  dilated.output(dilated.op("Conv", {dilated.input("x", {1, 1, 1, 5}), dilated.floats({1, 1, 1, 2}, {1, 10})},
                            {at("dilations", Ints{1, 3})}));
  check_near(values(dilated, Value::of(std::vector<float>{1, 2, 3, 4, 5}, {1, 1, 1, 5})), {41, 52});
}

TEST_CASE("operators: Gemm's alpha, beta, transpositions and biases", "[operators]") {
  const Value x = Value::of(std::vector<float>{1, 2}, {1, 2});
  Builder b;
  b.output(b.op("Gemm", {b.input("x", {1, 2}), b.floats({2, 3}, {1, 2, 3, 4, 5, 6}), b.floats({3}, {10, 20, 30})},
                {at("alpha", 0.5), at("beta", 2.0)}));
  check_near(values(b, x), {24.5f, 46, 67.5f});
  Builder t;
  t.output(t.op("Gemm", {t.input("x", {1, 2}), t.floats({3, 2}, {1, 4, 2, 5, 3, 6}), t.floats({1}, {7})}, {at("transB", 1)}));
  check_near(values(t, x), {16, 19, 22});
  Builder zero;  // beta 0: the bias does not take part
  zero.output(zero.op("Gemm", {zero.input("x", {1, 2}), zero.floats({2, 1}, {1, 1}), zero.floats({}, {9})}, {at("beta", 0.0)}));
  check_near(values(zero, x), {3});
}

TEST_CASE("operators: BatchNormalization behind a convolution with a bias", "[operators]") {
  Builder b;
  const std::string c = b.op("Conv", {b.input("x", {1, 1, 1, 1}), b.floats({1, 1, 1, 1}, {2}), b.floats({1}, {3})});
  b.output(b.op("BatchNormalization", {c, b.floats({1}, {4}), b.floats({1}, {5}), b.floats({1}, {1}), b.floats({1}, {3})},
                {at("epsilon", 1.0)}));
  check_near(values(b, Value::of(std::vector<float>{10}, {1, 1, 1, 1})), {(23.f - 1) * 4 / 2 + 5});
}

TEST_CASE("operators: Quant clips before it rounds, in all rounding modes", "[operators]") {
  const auto quant = [](const std::string& mode, float scale, float zero, int bits, int is_signed, int narrow,
                        const std::vector<float>& x) {
    Builder b;
    b.domain("qonnx.custom_op.general", 1);
    const auto n = static_cast<std::int64_t>(x.size());
    b.output(b.op("Quant", {b.input("x", {n}), b.number(scale), b.number(zero), b.number(static_cast<float>(bits))},
                  {at("signed", is_signed), at("narrow", narrow), at("rounding_mode", mode.c_str())}, "qonnx.custom_op.general"));
    return values(b, Value::of(x, {n}));
  };
  const std::vector<float> x{.5f, 1.5f, 2.2f, -.5f, -1.5f, -2.7f, 100, -100};
  check_near(quant("ROUND", 1, 0, 4, 1, 0, x), {0, 2, 2, 0, -2, -3, 7, -8});
  check_near(quant("ROUND", 1, 0, 4, 1, 1, x), {0, 2, 2, 0, -2, -3, 7, -7});
  check_near(quant("half_up", 1, 0, 4, 1, 0, x), {1, 2, 2, -1, -2, -3, 7, -8});
  check_near(quant("HALF_DOWN", 1, 0, 4, 1, 0, x), {0, 1, 2, 0, -1, -3, 7, -8});
  check_near(quant("UP", 1, 0, 4, 1, 0, x), {1, 2, 3, -1, -2, -3, 7, -8});
  check_near(quant("Down", 1, 0, 4, 1, 0, x), {0, 1, 2, 0, -1, -2, 7, -8});
  check_near(quant("CEIL", 1, 0, 4, 1, 0, x), {1, 2, 3, 0, -1, -2, 7, -8});
  check_near(quant("FLOOR", 1, 0, 4, 1, 0, x), {0, 1, 2, -1, -2, -3, 7, -8});
  check_near(quant("ROUND", .5f, 3, 3, 0, 0, {-2, -1.5f, 0, 2, 9}), {-1.5f, -1.5f, 0, 2, 2});
  check_near(quant("ROUND", 1, 0, 3, 0, 1, {9}), {6});
  // A zero point that is no whole number.
  check_near(quant("CEIL", 1, .5f, 2, 0, 0, {2.7f, 2.2f}), {2.5f, 2.5f});
  // One signed bit is bipolar.
  check_near(quant("ROUND", 2, 0, 1, 1, 0, {0, 5, -.1f}), {2, 2, -2});
}

TEST_CASE("operators: BipolarQuant, and scales per channel in every spelling", "[operators]") {
  Builder b;
  b.domain("onnx.brevitas", 1);
  b.output(b.op("BipolarQuant", {b.input("x", {1, 2, 1, 2}), b.floats({1, 2, 1, 1}, {3, 5})}, {}, "onnx.brevitas"));
  check_near(values(b, Value::of(std::vector<float>{0, -1, 7, -0.001f}, {1, 2, 1, 2})), {3, -3, 5, -5});
  for (const Ints& dims : {Ints{4, 1, 1, 1}, Ints{1, 4, 1, 1}, Ints{4, 1, 1}}) {
    Builder q;
    q.domain("qonnx.custom_op.general", 1);
    q.output(q.op("Quant", {q.input("x", {4, 4, 1, 1}), q.floats(dims, {1, 2, 4, 8}), q.number(0), q.number(4)}, {},
                  "qonnx.custom_op.general"));
    const std::vector<float> y = values(q, Value::of(std::vector<float>(16, 7), {4, 4, 1, 1}));
    for (std::size_t i = 0; i < 16; ++i) {
      const float scale = std::vector<float>{1, 2, 4, 8}[dims == Ints{4, 1, 1, 1} ? i / 4 : i % 4];
      CHECK(y[i] == std::nearbyint(7 / scale) * scale);
    }
  }
}

TEST_CASE("operators: Trunc by the version of its domain", "[operators]") {
  const std::string domain = "qonnx.custom_op.general";
  const std::vector<float> x{10, 11, 13, 255, -9};
  Builder one;
  one.domain(domain, 1);
  one.output(one.op("Trunc", {one.input("x", {5}), one.number(1), one.number(0), one.number(8), one.number(6)}, {}, domain));
  check_near(values(one, Value::of(x, {5})), {2, 2, 3, 63, -3});  // the input's scale
  Builder two;
  two.domain(domain, 2);
  two.output(two.op("Trunc", {two.input("x", {5}), two.number(1), two.number(0), two.number(8), two.number(4), two.number(6)}, {},
                    domain));
  check_near(values(two, Value::of(x, {5})), {8, 8, 12, 31 * 4, -12});  // its own scale, clipped
  Builder unsigned_;
  unsigned_.domain(domain, 2);
  unsigned_.output(unsigned_.op("Trunc",
                                {unsigned_.input("x", {5}), unsigned_.number(1), unsigned_.number(0), unsigned_.number(8),
                                 unsigned_.number(4), unsigned_.number(6)},
                                {at("signed", 0), at("rounding_mode", "ROUND")}, domain));
  check_near(values(unsigned_, Value::of(x, {5})), {8, 12, 12, 63 * 4, 0});
  Builder mixed;
  mixed.domain(domain, 2);
  mixed.output(
      mixed.op("Trunc", {mixed.input("x", {5}), mixed.number(1), mixed.number(0), mixed.number(8), mixed.number(6)}, {}, domain));
  CHECK(refusal([&] { prepared(mixed); }).find("5 inputs in version 2 of its domain, legal: 6") != std::string::npos);
}

TEST_CASE("operators: attributes that became inputs", "[operators]") {
  const Value x = Value::of(counted(4), {1, 4});
  for (const int opset : {11, 13}) {
    Builder b(opset);
    const std::string in = b.input("x", {1, 4});
    const std::string u =
        opset < 13 ? b.op("Unsqueeze", {in}, {at("axes", Ints{0, -1})}) : b.op("Unsqueeze", {in, b.ints({0, -1})});
    const std::string s = opset < 13 ? b.op("Squeeze", {u}, {at("axes", Ints{0})}) : b.op("Squeeze", {u, b.ints({0})});
    b.output(s);
    CHECK(shape(b) == Dims{1, 4, 1});
  }
  for (const int opset : {10, 11}) {
    Builder b(opset);
    const std::string in = b.input("x", {1, 4});
    b.output(opset < 11 ? b.op("Clip", {in}, {at("min", 1.0), at("max", 2.0)}) : b.op("Clip", {in, b.number(1), b.number(2)}));
    check_near(values(b, x), {1, 1, 2, 2});
    Builder p(opset);
    const std::string from = p.input("x", {1, 4});
    p.output(opset < 11 ? p.op("Pad", {from}, {at("pads", Ints{0, 1, 0, 2}), at("value", 9.0)})
                        : p.op("Pad", {from, p.ints({0, 1, 0, 2}), p.number(9)}));
    check_near(values(p, x), {9, 0, 1, 2, 3, 9, 9});
  }
  Builder axes(18);
  axes.output(axes.op("Pad", {axes.input("x", {1, 4}), axes.ints({1, 0}), "", axes.ints({-1})}));
  check_near(values(axes, x), {0, 0, 1, 2, 3});
  for (const int opset : {13, 18}) {
    Builder b(opset);
    const std::string in = b.input("x", {1, 2, 1, 2});
    b.output(opset < 18 ? b.op("ReduceMean", {in}, {at("axes", Ints{2, 3}), at("keepdims", 0)})
                        : b.op("ReduceMean", {in, b.ints({-1, 2})}, {at("keepdims", 0)}));
    CHECK(shape(b) == Dims{1, 2});
    check_near(values(b, Value::of(counted(4), {1, 2, 1, 2})), {.5f, 2.5f});
  }
  Builder old(11), now(13);  // Softmax over all axes from the given one on; over the given one
  old.output(old.op("Softmax", {old.input("x", {1, 2, 2})}));
  now.output(now.op("Softmax", {now.input("x", {1, 2, 2})}));
  const Value zeros = Value::of(std::vector<float>(4, 0), {1, 2, 2});
  check_near(values(old, zeros), std::vector<float>(4, .25f));
  check_near(values(now, zeros), std::vector<float>(4, .5f));
}

TEST_CASE("operators: Resize by scales and sizes, in every frame", "[operators]") {
  const auto resized = [](const std::vector<Attribute>& attributes, bool sizes) {
    Builder b;
    const std::string x = b.input("x", {1, 1, 1, 3});
    b.output(sizes ? b.op("Resize", {x, "", "", b.ints({1, 1, 1, 6})}, attributes)
                   : b.op("Resize", {x, "", b.floats({4}, {1, 1, 1, 2})}, attributes));
    return values(b, Value::of(std::vector<float>{1, 2, 3}, {1, 1, 1, 3}));
  };
  for (const bool sizes : {false, true}) {
    check_near(resized({}, sizes), {1, 1, 2, 2, 3, 3});
    check_near(resized({at("coordinate_transformation_mode", "asymmetric"), at("nearest_mode", "floor")}, sizes),
               {1, 1, 2, 2, 3, 3});
    check_near(resized({at("coordinate_transformation_mode", "asymmetric"), at("nearest_mode", "ceil")}, sizes),
               {1, 2, 2, 3, 3, 3});
    check_near(resized({at("coordinate_transformation_mode", "align_corners"), at("nearest_mode", "round_prefer_ceil")}, sizes),
               {1, 1, 2, 2, 3, 3});
    check_near(resized({at("coordinate_transformation_mode", "half_pixel"), at("nearest_mode", "ceil")}, sizes),
               {1, 2, 2, 3, 3, 3});
  }
  Builder ceil;
  ceil.output(ceil.op("Resize", {ceil.input("x", {1, 1, 1, 3}), "", ceil.floats({4}, {1, 1, 1, 2})},
                      {at("coordinate_transformation_mode", "asymmetric"), at("nearest_mode", "ceil")}, "", "up"));
  CHECK(refusal([&] {
          epim::importer::normalise(prepared(ceil), 1);
        }).find("node 'up' (Resize): axis 3 of [N,C,H,W] goes from 3 to 6 places, not each copied 2 times") != std::string::npos);
}

TEST_CASE("operators: shape arithmetic is folded", "[operators]") {
  Builder b;
  const std::string x = b.input("x", {1, 4, 3, 5});
  const std::string s = b.op("Shape", {x});
  const std::string c = b.op("Gather", {s, b.constant<std::int64_t>({}, {1}, i64)}, {at("axis", 0)});
  const std::string hw = b.op("Slice", {s, b.ints({2}), b.ints({1000}), b.ints({0}), b.ints({1})});
  const std::string area = b.op("ReduceProd", {hw}, {at("keepdims", 0)});
  const std::string one = b.op("ConstantOfShape", {b.ints({1})});  // a float 0
  const std::string whole = b.op("Cast", {b.op("Add", {one, b.floats({1}, {1})})}, {at("to", 7)});
  const std::string cs = b.op("Unsqueeze", {c, b.ints({0})}), as = b.op("Unsqueeze", {area, b.ints({0})});
  const std::string range = b.op("Range", {b.constant<std::int64_t>({}, {0}, i64), b.constant<std::int64_t>({}, {1}, i64),
                                           b.constant<std::int64_t>({}, {1}, i64)});
  const std::string target = b.op("Concat", {whole, b.op("Mul", {cs, as}), b.op("Add", {range, b.ints({1})})}, {at("axis", 0)});
  b.output(b.op("Reshape", {x, target}));
  const Graph g = prepared(b);
  CHECK(operators(g) == "Reshape");
  CHECK(shape(b) == Dims{1, 60, 1});
  Builder bad;
  bad.output(bad.op("Reshape", {bad.input("x", {2, 3}), bad.ints({4, -1})}, {}, "", "r"));
  CHECK(refusal([&] { prepared(bad); }) ==
        "test.onnx: shape-mismatch: node 'r' (Reshape): [2,3] reshaped to [4,-1], legal: equal numbers of elements");
}

TEST_CASE("operators: integers between quantisers: QLinearConv, QLinearAdd, QGemm as they are defined", "[operators]") {
  Builder b;
  b.domain("com.microsoft", 1);
  const auto byte = [&](int x) { return b.constant<std::uint8_t>({}, {static_cast<std::uint8_t>(x)}, u8); };
  const std::string x = b.input("x", {1, 1, 1, 2}, u8), xs = b.number(.5f), xz = byte(10), ys = b.number(.25f), yz = byte(100);
  const std::string w = b.constant<std::int8_t>({1, 1, 1, 1}, {3}, i8), wz = b.constant<std::int8_t>({}, {0}, i8);
  const std::string bias = b.constant<std::int32_t>({1}, {7}, i32);
  const std::string c = b.op("QLinearConv", {x, xs, xz, w, b.number(.1f), wz, ys, yz, bias}, {}, "", "conv");
  b.output(b.op("QLinearAdd", {c, ys, yz, x, xs, xz, b.number(1), byte(0)}, {}, "com.microsoft", "add"));
  Value v(epim::importer::Type::u8, {1, 1, 1, 2});
  v.set_integer(0, 12);
  v.set_integer(1, 250);
  // conv: (2*3+7)*.05 = .65 -> 2.6 steps -> 103; (240*3+7)*.05 = 36.35 -> 145.4 -> 245. add: .75 + 1 -> 2; 36.25 + 120 -> 156
  CHECK(run(prepared(b), {v})[0].integers() == std::vector<std::int64_t>{2, 156});
}

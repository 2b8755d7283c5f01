// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The file format: encodings of tensors, data beside the file, damaged files, names and order.
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "gen/import/shapes.hpp"
#include "tb/import/check.hpp"

using namespace import_test;
namespace fs = std::filesystem;

namespace {

/// A tensor message without data.
Message tensor_message(const std::string& name, int type, const Ints& dims) {
  Message t;
  for (const std::int64_t d : dims) t.number(1, static_cast<std::uint64_t>(d));
  return t.number(2, static_cast<std::uint64_t>(type)).text(8, name);
}

/// The initializer of a file that holds one.
Value read_tensor(const Message& t) {
  Builder b;
  b.tensor(t, "w");
  b.output(b.op("Identity", {b.input("x", {1})}));
  return *b.graph().constants.at("w");
}

std::string raw(std::initializer_list<int> bytes) {
  std::string s;
  for (const int b : bytes) s += static_cast<char>(b);
  return s;
}

}  // namespace

TEST_CASE("reader: element types as raw bytes and as fields", "[reader]") {
  const auto values = [](const Value& v) {
    std::vector<double> out;
    for (std::int64_t i = 0; i < v.size(); ++i) out.push_back(v.number(i));
    return out;
  };
  using V = std::vector<double>;
  // float16: 1, -2, the least number above 0, 65504; raw, and in int32_data.
  CHECK(values(read_tensor(tensor_message("w", 10, {4}).text(9, raw({0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0xff, 0x7b})))) ==
        V{1, -2, std::ldexp(1.0, -24), 65504});
  CHECK(values(read_tensor(tensor_message("w", 10, {2}).number(5, 0x3c00).number(5, 0xc000))) == V{1, -2});
  // bfloat16
  CHECK(values(read_tensor(tensor_message("w", 16, {2}).text(9, raw({0x80, 0x3f, 0x20, 0xc1})))) == V{1, -10});
  CHECK(values(read_tensor(tensor_message("w", 16, {1}).number(5, 0xc120))) == V{-10});
  // double
  CHECK(values(read_tensor(tensor_message("w", 11, {1}).text(9, raw({0, 0, 0, 0, 0, 0, 0xf8, 0x3f})))) == V{1.5});
  // int4 and uint4: two to a byte, the first in the low half; an odd number leaves half a byte
  CHECK(values(read_tensor(tensor_message("w", 22, {3}).text(9, raw({0x8f, 0x07})))) == V{-1, -8, 7});
  CHECK(values(read_tensor(tensor_message("w", 21, {3}).text(9, raw({0x8f, 0x07})))) == V{15, 8, 7});
  CHECK(values(read_tensor(tensor_message("w", 22, {3}).number(5, 0x8f).number(5, 0x07))) == V{-1, -8, 7});
  // 8 to 64 bits, signed and not
  CHECK(values(read_tensor(tensor_message("w", 3, {2}).text(9, raw({0xff, 0x7f})))) == V{-1, 127});
  CHECK(values(read_tensor(tensor_message("w", 2, {2}).text(9, raw({0xff, 0x7f})))) == V{255, 127});
  CHECK(values(read_tensor(tensor_message("w", 3, {2}).number(5, static_cast<std::uint64_t>(-1)).number(5, 5))) == V{-1, 5});
  CHECK(values(read_tensor(tensor_message("w", 4, {1}).text(9, raw({0xff, 0xff})))) == V{65535});
  CHECK(values(read_tensor(tensor_message("w", 5, {1}).text(9, raw({0xff, 0xff})))) == V{-1});
  CHECK(values(read_tensor(tensor_message("w", 12, {1}).text(9, raw({0xff, 0xff, 0xff, 0xff})))) == V{4294967295.0});
  CHECK(values(read_tensor(tensor_message("w", 12, {1}).number(11, 4294967295u))) == V{4294967295.0});
  CHECK(values(read_tensor(tensor_message("w", 9, {2}).text(9, raw({0, 2})))) == V{0, 1});
  CHECK(read_tensor(tensor_message("w", 7, {0})).size() == 0);
}

TEST_CASE("reader: sizes and data that do not agree are refused before memory is taken", "[reader]") {
  const auto said = [](const Message& t) { return refusal([&] { read_tensor(t); }); };
  CHECK(said(tensor_message("w", 1, {2}).text(9, raw({0, 0, 0, 0}))) ==
        "test.onnx: bad-tensor: initializer 'w' is [2] but has 4 bytes, legal: 8");
  CHECK(said(tensor_message("w", 1, {100000000})) ==
        "test.onnx: bad-tensor: initializer 'w' is [100000000] but has 0 elements, legal: 100000000");
  CHECK(said(tensor_message("w", 1, {1 << 20, 1 << 20, 1 << 20})).find("tensor-too-large") != std::string::npos);
  CHECK(said(tensor_message("w", 1, {std::int64_t{1} << 62, 4})).find("tensor-too-large") != std::string::npos);
  CHECK(said(tensor_message("w", 1, {-1})).find("tensor-too-large") != std::string::npos);
  CHECK(said(tensor_message("w", 8, {1}).text(6, "text")).find("has element type 8") != std::string::npos);
  CHECK(said(tensor_message("w", 17, {1}).text(9, raw({0}))).find("has element type 17") != std::string::npos);
  CHECK(said(tensor_message("w", 1, {1}).text(9, raw({0, 0, 0xc0, 0x7f}))).find("element [0] is not a number") !=
        std::string::npos);
}

TEST_CASE("reader: data beside the file", "[reader]") {
  const fs::path home = fs::temp_directory_path() / fmt::format("epim-import-{}", getpid());
  fs::create_directories(home / "model");
  const auto model = [&](const std::string& location, std::int64_t offset, std::int64_t length) {
    Message t = tensor_message("w", 1, {2}).number(14, 1);
    t.part(13, Message().text(1, "location").text(2, location));
    t.part(13, Message().text(1, "offset").text(2, std::to_string(offset)));
    if (length >= 0) t.part(13, Message().text(1, "length").text(2, std::to_string(length)));
    Builder b;
    b.tensor(t, "w");
    b.output(b.op("Add", {b.input("x", {1, 2}), "w"}));
    std::ofstream(home / "model/net.onnx", std::ios::binary) << b.file();
    return refusal([&] {
      const Graph g = epim::importer::read_onnx((home / "model/net.onnx").string());
      CHECK(g.constants.at("w")->floats() == std::vector<float>{1, 2});
    });
  };
  const float data[] = {7, 1, 2};
  std::ofstream(home / "model/w.bin", std::ios::binary).write(reinterpret_cast<const char*>(data), sizeof data);
  std::ofstream(home / "outside.bin", std::ios::binary).write(reinterpret_cast<const char*>(data), sizeof data);
  fs::create_symlink(home / "outside.bin", home / "model/link.bin");
  CHECK(model("w.bin", 4, 8) == "");
  CHECK(model("w.bin", 4, -1) == "");
  CHECK(model("w.bin", 8, -1).find("ends before") != std::string::npos);
  CHECK(model("w.bin", 4, 7).find("legal: 8") != std::string::npos);
  CHECK(model("../outside.bin", 4, 8).find("legal: a file in the model's folder") != std::string::npos);
  CHECK(model((home / "outside.bin").string(), 4, 8).find("legal: a file in the model's folder") != std::string::npos);
  CHECK(model("link.bin", 4, 8).find("legal: a file in the model's folder") != std::string::npos);
  CHECK(model("absent.bin", 4, 8).find("cannot be read") != std::string::npos);
  CHECK(model(".", 0, 8).find("external-data") != std::string::npos);
  fs::remove_all(home);
}

TEST_CASE("reader: versions, features, names", "[reader]") {
  const auto simple = [](int opset) {
    Builder b(opset);
    b.output(b.op("Relu", {b.input("x", {1, 2})}));
    return b;
  };
  CHECK(refusal([&] { simple(13).graph(); }) == "");
  CHECK(refusal([&] { simple(24).graph(); }) == "");  // newer than the library that parses
  CHECK(refusal([&] { simple(6).graph(); }).find("onnx-version: operator set 6, legal: 7..") != std::string::npos);
  CHECK(refusal([&] { simple(99).graph(); }).find("onnx-version") != std::string::npos);
  CHECK(refusal([&] { Builder::parse(simple(13).file(99)); }).find("onnx-version: IR version 99") != std::string::npos);
  CHECK(refusal([&] { Builder::parse(""); }) == "test.onnx: corrupt-onnx: the file is empty, legal: an ONNX model");
  CHECK(refusal([&] { Builder::parse("{\"schema\": 1}"); }).find("corrupt-onnx") != std::string::npos);
  CHECK(refusal([&] { epim::importer::read_onnx("/nonexistent.onnx"); }).find("unreadable-file") != std::string::npos);
  CHECK(refusal([&] { epim::importer::read_onnx("/"); }).find("unreadable-file") != std::string::npos);
  for (const char* name : {"\xff", "a\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    Builder bytes;
    bytes.output(bytes.op("Relu", {bytes.input(name, {1})}));
    CHECK(refusal([&] { bytes.graph(); }).find("bad-name") != std::string::npos);
  }
  Builder umlaut;
  umlaut.output(umlaut.op("Relu", {umlaut.input("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", {1})}));
  CHECK(refusal([&] { umlaut.graph(); }) == "");
  Builder newline;
  newline.output(newline.op("Relu", {newline.input("a\nb", {1})}));
  CHECK(refusal([&] { newline.graph(); }) ==
        "test.onnx: bad-name: 'a?b' is no text of one line, legal: UTF-8 without control characters");
}

TEST_CASE("reader: descriptions of newer files are passed over, other new fields are refused", "[reader]") {
  const auto with = [](int field, const Message& content) {
    Builder b;
    b.output(b.op("Identity", {b.input("x", {1})}));
    Message t = tensor_message("w", 1, {0});
    t.part(field, content);
    b.tensor(t, "w");
    return refusal([&] { b.graph(); });
  };
  CHECK(with(16, Message().text(1, "pkg").text(2, "value")) == "");
  CHECK(with(16, Message().number(9, 1)).find("onnx-feature: initializer 'w' has a field 16 that is not known") !=
        std::string::npos);
  CHECK(with(99, Message()).find("onnx-feature: initializer 'w' has a field 99 that is not known") != std::string::npos);
}

TEST_CASE("reader: an attribute holds a value of its own type and no other", "[reader]") {
  // An empty list of integers, and beside it `content` in a field: 4 text, 6 graph, 14 and 15 types, 22 and 23 sparse tensors.
  const auto with = [](int field, const Message& content) {
    Builder b;
    Message strides, kernel, n;
    strides.text(1, "strides").number(20, 7);
    if (field > 0) strides.part(field, content);
    kernel.text(1, "kernel_shape").number(8, 1).number(8, 1).number(20, 7);
    n.text(1, b.input("x", {1, 1, 2, 2})).text(2, "y").text(3, "pool").text(4, "MaxPool").part(5, kernel).part(5, strides);
    b.node(n).output("y");
    return refusal([&] { b.graph(); });
  };
  CHECK(with(0, {}) == "");
  for (const int field : {4, 6, 14, 15, 22, 23}) {
    CAPTURE(field);
    CHECK(with(field, {}).find("bad-attribute: node 'pool' (MaxPool): attribute strides has another type than its value") != std::string::npos);
  }
}

TEST_CASE("reader: nodes in any order; names twice, from nowhere and in a circle are refused", "[reader]") {
  Builder b;
  b.input("x", {1, 4});
  b.op("Relu", {"first_out"}, {}, "", "second");
  b.op("Sigmoid", {"x"}, {}, "", "first");
  b.output("second_out");
  const Graph g = b.graph();
  REQUIRE(g.nodes.size() == 2);
  CHECK(g.nodes[0].name == "first");

  Builder twice;
  twice.input("x", {1, 4});
  twice.op("Relu", {"x"}, {}, "", "n");
  twice.op("Relu", {"x"}, {}, "", "n");
  twice.output("n_out");
  CHECK(refusal([&] { twice.graph(); }).find("duplicate-node: node 'n' (Relu): another node has that name") != std::string::npos);
  Builder constants;  // two of one name, which is no node of the graph
  constants.input("x", {1, 4});
  constants.op("Constant", {}, {at("value_float", 1.0)}, "", "ka");
  constants.op("Constant", {}, {at("value_float", 2.0)}, "", "kb");
  constants.op("Add", {constants.op("Add", {"x", "ka_out"}), "kb_out"}, {}, "", "sum");
  constants.output("sum_out");
  std::string file = constants.file();
  const std::string tag("\x1a\x02", 2);  // field 3, two bytes
  REQUIRE(file.find(tag + "kb") != std::string::npos);
  file.replace(file.find(tag + "kb"), 4, tag + "ka");
  CHECK(Builder::parse(file).constants.size() == 2);
  Builder given;
  given.input("x", {1, 4});
  given.floats({4}, {1, 2, 3, 4}, "n_out");
  given.op("Relu", {"x"}, {}, "", "n");
  given.output("n_out");
  CHECK(refusal([&] { given.graph(); }).find("duplicate-tensor: node 'n' gives tensor 'n_out'") != std::string::npos);

  Builder circle;
  circle.input("x", {1, 4});
  circle.op("Add", {"x", "b_out"}, {}, "", "a");
  circle.op("Relu", {"a_out"}, {}, "", "b");
  circle.output("b_out");
  CHECK(refusal([&] { circle.graph(); }).find("network-cycle: node 'a' (Add)") != std::string::npos);

  Builder lost;
  lost.input("x", {1, 4});
  lost.op("Relu", {"x"}, {}, "", "a");
  lost.output("b");
  CHECK(refusal([&] { lost.graph(); }).find("unknown-tensor: output 'b'") != std::string::npos);
}

TEST_CASE("reader: all that cannot be imported in one list, by node, operator, legal and rewrite", "[reader]") {
  Builder b(18);
  std::string x = b.input("x", {1, 4, 8, 8});
  x = b.op("Elu", {x}, {}, "", "one");
  x = b.op("Resize", {x, "", b.floats({4}, {1, 1, 2, 2})}, {at("mode", "linear")}, "", "two");
  x = b.op("Pad", {x, b.ints({0, 0, 1, 1, 0, 0, 1, 1})}, {at("mode", "reflect")}, "", "three");
  x = b.op("Slice", {x, b.ints({0}), b.ints({2})}, {}, "", "four");
  x = b.op("Relu", {x}, {at("surprise", 1)}, "", "five");
  b.output(b.op("Mystery", {x}, {}, "some.where", "six"));
  const std::string said = refusal([&] { prepared(b); });
  INFO(said);
  CHECK(said.starts_with("test.onnx: unsupported-operators: 6 nodes cannot be imported\n"));
  CHECK(said.find("node 'one' (Elu): not built, legal: the operators of docs/import.md; shortest rewrite: Relu, LeakyRelu") !=
        std::string::npos);
  CHECK(said.find("node 'two' (Resize): mode is 'linear', legal: nearest; shortest rewrite:") != std::string::npos);
  CHECK(said.find("node 'three' (Pad): mode is 'reflect', legal: constant; shortest rewrite:") != std::string::npos);
  CHECK(said.find("node 'four' (Slice): applied to a map, legal: constants and shapes alone; shortest rewrite:") !=
        std::string::npos);
  CHECK(said.find("node 'five' (Relu): attribute surprise is not known, legal: none; shortest rewrite: leave it out") !=
        std::string::npos);
  CHECK(said.find("node 'six' (Mystery): unknown operator of domain some.where") != std::string::npos);
}

TEST_CASE("reader: free sizes", "[reader]") {
  Builder b;
  b.output(b.op("Relu", {b.input("x", {-1, 3, -1, 8})}));
  CHECK(refusal([&] {
          prepared(b);
        }).find("free-size: input 'x': 'n2' is free, legal: sizes given by --input-shape x=1,3,224,224") != std::string::npos);
  const Graph g = prepared(b, {{"x", {1, 3, 5, 8}}});
  CHECK(g.maps.at(g.outputs[0].tensor).dims == Dims{1, 3, 5, 8});
  CHECK(refusal([&] { prepared(b, {{"x", {1, 4, 5, 8}}}); }).find("input-shape") != std::string::npos);
  CHECK(refusal([&] {
          prepared(b, {{"y", {1, 3, 5, 8}}});
        }).find("unknown-input: --input-shape names 'y', legal: x") != std::string::npos);
  Builder batch;
  batch.output(batch.op("Relu", {batch.input("x", {-1, 3})}));
  const Graph one = prepared(batch);
  CHECK(one.inputs[0].dims == Dims{1, 3});
  REQUIRE(one.remarks.size() == 1);
  CHECK(one.remarks[0].find("'n0' is taken as 1 image") != std::string::npos);
  using epim::importer::read_input_shape;
  CHECK(read_input_shape("a=b=1,2", "o") == std::pair<std::string, Dims>{"a=b", {1, 2}});
  for (const char* bad : {"", "=1", "x", "x=", "x=1,", "x=0", "x=-1", "x=1,a", "x=99999999999", "x=1;2", "x=100000,100000"})
    CHECK(refusal([&] { read_input_shape(bad, "--input-shape"); }).find("bad-argument") != std::string::npos);
}

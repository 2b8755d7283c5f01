// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Small ONNX files, written by hand: the wire format of protocol buffers is tags, lengths and bytes.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gen/import/onnx_file.hpp"

namespace import_test {

using Ints = std::vector<std::int64_t>;

/// A message in the making.
class Message {
 public:
  Message& number(int field, std::uint64_t x) {
    varint(static_cast<std::uint64_t>(field) << 3);
    varint(x);
    return *this;
  }
  Message& real(int field, float x) {
    varint(static_cast<std::uint64_t>(field) << 3 | 5);
    char b[4];
    std::memcpy(b, &x, 4);
    bytes_.append(b, 4);
    return *this;
  }
  Message& text(int field, const std::string& s) {
    varint(static_cast<std::uint64_t>(field) << 3 | 2);
    varint(s.size());
    bytes_ += s;
    return *this;
  }
  Message& part(int field, const Message& m) { return text(field, m.bytes_); }
  const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t x) {
    for (; x >= 128; x >>= 7) bytes_ += static_cast<char>(x | 128);
    bytes_ += static_cast<char>(x);
  }
  std::string bytes_;
};

struct Attribute {
  std::string name;
  std::variant<std::int64_t, float, std::string, Ints> value;
};
inline Attribute at(const std::string& name, int x) { return {name, std::int64_t{x}}; }
inline Attribute at(const std::string& name, double x) { return {name, static_cast<float>(x)}; }
inline Attribute at(const std::string& name, const char* x) { return {name, std::string(x)}; }
inline Attribute at(const std::string& name, Ints x) { return {name, std::move(x)}; }

/// Element types of the format.
enum { f32 = 1, u8 = 2, i8 = 3, i32 = 6, i64 = 7 };

class Builder {
 public:
  explicit Builder(int opset = 13) { domain("", opset); }
  Builder& domain(const std::string& name, int version) {
    domains_.emplace_back(name, version);
    return *this;
  }
  /// Sizes below 0 are free, with the name n0, n1, ...
  std::string input(const std::string& name, const Ints& dims, int type = f32) {
    graph_.part(11, value(name, dims, type));
    return name;
  }
  Builder& output(const std::string& name) {
    graph_.part(12, value(name, {}, 0));
    return *this;
  }
  /// An initializer as raw bytes.
  template <class T>
  std::string constant(const Ints& dims, const std::vector<T>& data, int type, std::string name = "") {
    if (name.empty()) name = "c" + std::to_string(count_++);
    Message t;
    for (const std::int64_t d : dims) t.number(1, static_cast<std::uint64_t>(d));
    t.number(2, static_cast<std::uint64_t>(type)).text(8, name);
    t.text(9, std::string(reinterpret_cast<const char*>(data.data()), data.size() * sizeof(T)));
    return tensor(t, name);
  }
  std::string floats(const Ints& dims, const std::vector<float>& data, const std::string& name = "") {
    return constant(dims, data, f32, name);
  }
  std::string number(float x) { return floats({}, {x}); }
  std::string ints(const Ints& data) { return constant({static_cast<std::int64_t>(data.size())}, data, i64); }
  /// An initializer as the message says.
  std::string tensor(const Message& t, const std::string& name) {
    graph_.part(5, t);
    return name;
  }
  /// A node; gives its first output. Its name is its operator and a number, unless it is given.
  std::string op(const std::string& kind, const std::vector<std::string>& inputs, const std::vector<Attribute>& attributes = {},
                 const std::string& domain = "", std::string name = "", int outputs = 1) {
    Message n;
    if (name.empty()) name = kind + std::to_string(count_++);
    for (const std::string& in : inputs) n.text(1, in);
    n.text(2, name + "_out");
    for (int k = 1; k < outputs; ++k) n.text(2, name + "_out" + std::to_string(k));
    n.text(3, name).text(4, kind);
    for (const Attribute& a : attributes) n.part(5, attribute(a));
    if (!domain.empty()) n.text(7, domain);
    graph_.part(1, n);
    return name + "_out";
  }
  /// A node as the message says.
  Builder& node(const Message& n) {
    graph_.part(1, n);
    return *this;
  }
  /// The file. `ir` is the version of the format.
  std::string file(int ir = 8) const {
    Message g = graph_, m;
    g.text(2, "test");
    m.number(1, static_cast<std::uint64_t>(ir)).part(7, g);
    for (const auto& [name, version] : domains_) {
      Message set;
      if (!name.empty()) set.text(1, name);
      set.number(2, static_cast<std::uint64_t>(version));
      m.part(8, set);
    }
    return m.bytes();
  }
  epim::importer::Graph graph() const { return parse(file()); }
  static epim::importer::Graph parse(const std::string& bytes) {
    return epim::importer::parse_onnx({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, "test.onnx");
  }

 private:
  static Message value(const std::string& name, const Ints& dims, int type) {
    Message v, shape, tensor, t;
    for (std::size_t k = 0; k < dims.size(); ++k) {
      Message d;
      if (dims[k] >= 0) d.number(1, static_cast<std::uint64_t>(dims[k]));
      else d.text(2, "n" + std::to_string(k));
      shape.part(1, d);
    }
    tensor.number(1, static_cast<std::uint64_t>(type));
    if (type != 0) tensor.part(2, shape);
    t.part(1, tensor);
    v.text(1, name);
    if (type != 0) v.part(2, t);
    return v;
  }
  static Message attribute(const Attribute& a) {
    Message m;
    m.text(1, a.name);
    if (const auto* i = std::get_if<std::int64_t>(&a.value)) m.number(3, static_cast<std::uint64_t>(*i)).number(20, 2);
    if (const auto* f = std::get_if<float>(&a.value)) m.real(2, *f).number(20, 1);
    if (const auto* s = std::get_if<std::string>(&a.value)) m.text(4, *s).number(20, 3);
    if (const auto* v = std::get_if<Ints>(&a.value)) {
      for (const std::int64_t x : *v) m.number(8, static_cast<std::uint64_t>(x));
      m.number(20, 7);
    }
    return m;
  }
  Message graph_;
  std::vector<std::pair<std::string, int>> domains_;
  int count_ = 0;
};

}  // namespace import_test

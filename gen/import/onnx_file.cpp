// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/import/onnx_file.hpp"

#include <fcntl.h>
#include <onnx/onnx_pb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <climits>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/unknown_field_set.h>

#include "gen/import/encoding.hpp"

namespace epim::importer {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "tensors are little endian");

constexpr int oldest_opset = 7, newest_opset = 28, oldest_ir = 3, newest_ir = 14, most_nodes = 20000;

struct Source {
  Type type;
  std::size_t bits;  ///< of an element in raw data
};

/// Our type for an element type of the file.
std::optional<Source> source_of(int type) {
  switch (type) {
    case 1: return Source{Type::f32, 32};
    case 2: return Source{Type::u8, 8};
    case 3: return Source{Type::i8, 8};
    case 4: return Source{Type::u16, 16};
    case 5: return Source{Type::i16, 16};
    case 6: return Source{Type::i32, 32};
    case 7: return Source{Type::i64, 64};
    case 9: return Source{Type::boolean, 8};
    case 10:
    case 16: return Source{Type::f32, 16};
    case 11: return Source{Type::f32, 64};
    case 12: return Source{Type::i64, 32};
    case 13: return Source{Type::i64, 64};
    case 21: return Source{Type::u4, 4};
    case 22: return Source{Type::i4, 4};
    default: return std::nullopt;
  }
}

class Reader {
 public:
  Reader(std::string file, std::optional<fs::path> folder) : file_(std::move(file)), folder_(std::move(folder)) {}

  Graph graph(const onnx::ModelProto& model) {
    Graph g;
    g.file = file_;
    if (!model.has_graph()) fail("corrupt-onnx", "no graph in it, legal: an ONNX model");
    if (model.ir_version() < oldest_ir || model.ir_version() > newest_ir)
      fail("onnx-version", fmt::format("IR version {}, legal: {}..{}", model.ir_version(), oldest_ir, newest_ir));
    if (model.functions_size() > 0)
      fail("onnx-feature", fmt::format("function '{}' of the file's own, legal: none; inline them (onnx.inliner)",
                                       one_line(model.functions(0).name())));
    g.name = one_line(model.graph().name());
    g.producer = one_line(model.producer_name() + (model.producer_version().empty() ? "" : " " + model.producer_version()));
    check_new_fields(model, {}, "the model");
    for (const auto& set : model.opset_import()) {
      check_new_fields(set, {}, "an operator set");
      const std::string domain = set.domain() == "ai.onnx" ? "" : set.domain();
      const int version = static_cast<int>(std::clamp<std::int64_t>(set.version(), 0, INT_MAX));
      if (domain.empty() && (version < oldest_opset || version > newest_opset))
        fail("onnx-version", fmt::format("operator set {}, legal: {}..{}; export again, say with operator set 17", set.version(),
                                         oldest_opset, newest_opset));
      if (!g.opsets.emplace(name_of_tensor(domain), version).second)
        fail("onnx-version", fmt::format("domain '{}' twice, legal: once", domain));
    }
    if (g.opsets.empty()) fail("onnx-version", "no operator set is named, legal: one per domain");
    read(model.graph(), g);
    return g;
  }

 private:
  [[noreturn]] void fail(const std::string& rule, const std::string& what) const { throw InputError({file_, 0, 0}, rule, what); }

  /// Messages are one line of text: so are names.
  const std::string& name_of_tensor(const std::string& s) const {
    if (one_line(s) != s)
      fail("bad-name", fmt::format("'{}' is no text of one line, legal: UTF-8 without control characters", one_line(s)));
    return s;
  }

  /// Fields that the format got after the schema of this library. Those that only describe may be there; what else is
  /// new may mean anything.
  template <class M>
  void check_new_fields(const M& message, std::initializer_list<int> descriptions, const std::string& what) const {
    const google::protobuf::UnknownFieldSet& fields = message.unknown_fields();
    for (int k = 0; k < fields.field_count(); ++k) {
      const google::protobuf::UnknownField& field = fields.field(k);
      const bool described = std::find(descriptions.begin(), descriptions.end(), field.number()) != descriptions.end();
      onnx::StringStringEntryProto entry;
      const bool text = field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED;
      if (!described || !text || !entry.ParseFromString(field.length_delimited()) || entry.unknown_fields().field_count() > 0)
        fail("onnx-feature",
             fmt::format("{} has a field {} that is not known, legal: IR versions up to {}", what, field.number(), newest_ir));
    }
  }

  void read(const onnx::GraphProto& from, Graph& g) {
    check_new_fields(from, {16}, "the graph");
    if (from.sparse_initializer_size() > 0) fail("onnx-feature", "a sparse initializer, legal: dense ones");
    for (const onnx::TensorProto& t : from.initializer()) {
      const std::string what = fmt::format("initializer '{}'", one_line(t.name()));
      if (t.name().empty()) fail("bad-name", "an initializer without a name, legal: named ones");
      if (!g.constants.emplace(name_of_tensor(t.name()), tensor(t, what)).second)
        fail("duplicate-tensor", what + " twice, legal: once");
    }
    for (const onnx::ValueInfoProto& v : from.input()) {
      if (v.name().empty()) fail("bad-name", "an input without a name, legal: named ones");
      if (g.constants.count(v.name())) continue;  // before IR version 4 initializers are inputs as well
      g.inputs.push_back(input(v));
    }
    for (const onnx::ValueInfoProto& v : from.output()) {
      if (v.name().empty()) fail("bad-name", "an output without a name, legal: named ones");
      GraphOutput out{name_of_tensor(v.name()), v.name(), std::nullopt, false, std::nullopt};
      if (v.has_type() && !(v.type().has_tensor_type() && v.type().tensor_type().elem_type() == 0)) {
        const GraphInput as = input(v);
        out.info = Info{as.type, as.dims};
        out.ranked = v.type().tensor_type().has_shape();
      }
      g.outputs.push_back(std::move(out));
    }
    if (g.outputs.empty()) fail("corrupt-onnx", "the graph has no outputs, legal: at least one");
    if (from.node_size() > most_nodes)
      fail("onnx-too-large", fmt::format("{} nodes, legal: at most {}", from.node_size(), most_nodes));
    for (const onnx::ValueInfoProto& v : from.value_info()) {
      if (!v.has_type() || (v.type().has_tensor_type() && v.type().tensor_type().elem_type() == 0)) continue;
      g.declared.emplace(v.name(), input(v).type);
    }
    std::set<std::string> names;
    for (const onnx::NodeProto& n : from.node()) node(n, g, names);
    order_nodes(g);
  }

  GraphInput input(const onnx::ValueInfoProto& v) const {
    GraphInput in;
    in.name = name_of_tensor(v.name());
    check_new_fields(v, {4}, fmt::format("'{}'", in.name));
    if (!v.type().has_tensor_type()) fail("onnx-feature", fmt::format("'{}' is no tensor, legal: tensors", one_line(v.name())));
    const auto& t = v.type().tensor_type();
    const std::optional<Source> source = source_of(t.elem_type());
    if (!source)
      fail("onnx-feature",
           fmt::format("'{}' has element type {}, legal: integers and floats", one_line(v.name()), t.elem_type()));
    in.type = source->type;
    for (const auto& d : t.shape().dim()) {
      if (d.has_dim_value() && d.dim_value() > most_elements)
        fail("tensor-too-large", fmt::format("'{}' has size {}, legal: at most {}", in.name, d.dim_value(), most_elements));
      in.dims.push_back(d.has_dim_value() && d.dim_value() > 0 ? d.dim_value() : -1);
      in.symbols.push_back(d.has_dim_param() ? one_line(d.dim_param()) : "");
    }
    if (in.dims.size() > most_dimensions)
      fail("tensor-too-large",
           fmt::format("'{}' has {} dimensions, legal: at most {}", in.name, in.dims.size(), most_dimensions));
    return in;
  }

  void node(const onnx::NodeProto& from, Graph& g, std::set<std::string>& names) {
    Node n;
    check_new_fields(from, {9}, fmt::format("node '{}'", one_line(from.name())));
    n.op = one_line(from.op_type());
    n.domain = from.domain() == "ai.onnx" ? "" : name_of_tensor(from.domain());
    for (const std::string& s : from.input()) n.inputs.push_back(name_of_tensor(s));
    for (const std::string& s : from.output()) n.outputs.push_back(name_of_tensor(s));
    while (!n.inputs.empty() && n.inputs.back().empty()) n.inputs.pop_back();
    while (n.outputs.size() > 1 && n.outputs.back().empty()) n.outputs.pop_back();
    if (n.outputs.empty() || (n.outputs.size() == 1 && n.outputs[0].empty()))
      fail("wrong-output-count", fmt::format("node '{}' ({}) has no output, legal: at least one", one_line(from.name()), n.op));
    n.name = one_line(from.name().empty() ? n.outputs[0] : from.name());
    if (!names.insert(n.name).second) {
      // Constants are no nodes of the graph: their names may repeat.
      if (!from.name().empty() && !(n.op == "Constant" && n.domain.empty())) at(n, "duplicate-node", "another node has that name, legal: each once");
      const std::string first = n.name;
      for (int k = 2; !names.insert(n.name).second; ++k) n.name = fmt::format("{}#{}", first, k);
    }
    const auto opset = g.opsets.find(n.domain);
    n.version = opset == g.opsets.end() ? 0 : opset->second;
    for (const onnx::AttributeProto& a : from.attribute())
      if (!n.attributes.emplace(one_line(a.name()), attribute(a, n)).second)
        at(n, "bad-attribute", fmt::format("attribute {} twice, legal: once", one_line(a.name())));
    if (n.op == "Constant" && n.domain.empty()) return constant(n, g);
    g.nodes.push_back(std::move(n));
  }

  [[noreturn]] void at(const Node& n, const std::string& rule, const std::string& what) const {
    fail(rule, fmt::format("node '{}' ({}): {}", n.name, n.op, what));
  }

  void constant(const Node& n, Graph& g) const {
    if (n.attributes.size() != 1) at(n, "bad-attribute", fmt::format("{} attributes, legal: one value", n.attributes.size()));
    const auto& [name, a] = *n.attributes.begin();
    Value v;
    if (name == "value" && a.kind == Attribute::Kind::tensor) v = *a.tensor;
    else if (name == "value_int" && a.kind == Attribute::Kind::integer) v = Value::of(std::vector<std::int64_t>{a.integer}, {});
    else if (name == "value_float" && a.kind == Attribute::Kind::real) v = Value::of(std::vector<float>{a.real}, {});
    else if (name == "value_ints" && a.kind == Attribute::Kind::integers)
      v = Value::of(a.integers, {static_cast<std::int64_t>(a.integers.size())});
    else if (name == "value_floats" && a.kind == Attribute::Kind::reals)
      v = Value::of(a.reals, {static_cast<std::int64_t>(a.reals.size())});
    else
      at(n, "bad-attribute", fmt::format("attribute {}, legal: value, value_int, value_ints, value_float or value_floats", name));
    if (!n.inputs.empty() || n.outputs.size() != 1) at(n, "wrong-input-count", "a constant with inputs, legal: none");
    if (v.type() == Type::f32)
      for (const float x : v.as<float>())
        if (std::isnan(x)) at(n, "not-a-number", "an element is not a number, legal: numbers");
    if (!g.constants.emplace(n.outputs[0], std::make_shared<const Value>(std::move(v))).second)
      fail("duplicate-tensor",
           fmt::format("node '{}' gives tensor '{}', which has another source already; legal: one each", n.name, n.outputs[0]));
  }

  Attribute attribute(const onnx::AttributeProto& from, const Node& n) {
    using P = onnx::AttributeProto;
    Attribute a;
    const std::string name = one_line(from.name());
    check_new_fields(from, {}, fmt::format("node '{}': attribute {}", n.name, name));
    if (!from.ref_attr_name().empty())
      at(n, "onnx-feature", fmt::format("attribute {} refers to a function's, legal: values", name));
    if (from.type() == P::UNDEFINED) at(n, "bad-attribute", fmt::format("attribute {} has no type, legal: one", name));
    // The value stands in the field of its type, and nothing in the others; lists may be empty.
    const std::pair<int, bool> used[] = {{P::FLOAT, from.has_f()},
                                         {P::INT, from.has_i()},
                                         {P::STRING, from.has_s()},
                                         {P::TENSOR, from.has_t()},
                                         {P::GRAPH, from.has_g()},
                                         {P::FLOATS, from.floats_size() > 0},
                                         {P::INTS, from.ints_size() > 0},
                                         {P::STRINGS, from.strings_size() > 0},
                                         {P::TENSORS, from.tensors_size() > 0},
                                         {P::GRAPHS, from.graphs_size() > 0},
                                         {P::SPARSE_TENSOR, from.has_sparse_tensor()},
                                         {P::SPARSE_TENSORS, from.sparse_tensors_size() > 0},
                                         {P::TYPE_PROTO, from.has_tp()},
                                         {P::TYPE_PROTOS, from.type_protos_size() > 0}};
    const bool list = from.type() == P::FLOATS || from.type() == P::INTS || from.type() == P::STRINGS ||
                      from.type() == P::TENSORS || from.type() == P::GRAPHS;
    for (const auto& [type, is] : used)
      if (type == from.type() ? !is && !list : is)
        at(n, "bad-attribute", fmt::format("attribute {} has another type than its value, legal: one type", name));
    switch (from.type()) {
      case P::FLOAT:
        a.kind = Attribute::Kind::real;
        a.real = from.f();
        break;
      case P::INT:
        a.kind = Attribute::Kind::integer;
        a.integer = from.i();
        break;
      case P::STRING:
        a.kind = Attribute::Kind::text;
        a.text = one_line(from.s());
        break;
      case P::TENSOR:
        a.kind = Attribute::Kind::tensor;
        a.tensor = tensor(from.t(), fmt::format("node '{}' ({}): attribute {}", n.name, n.op, name));
        break;
      case P::FLOATS:
        a.kind = Attribute::Kind::reals;
        a.reals.assign(from.floats().begin(), from.floats().end());
        break;
      case P::INTS:
        a.kind = Attribute::Kind::integers;
        a.integers.assign(from.ints().begin(), from.ints().end());
        break;
      default: a.kind = Attribute::Kind::texts; break;  // graphs and strings: no known operator takes them
    }
    if (a.kind == Attribute::Kind::real && std::isnan(a.real))
      at(n, "not-a-number", fmt::format("attribute {} is not a number, legal: a number", name));
    return a;
  }

  ValuePointer tensor(const onnx::TensorProto& t, const std::string& what) const {
    const std::optional<Source> source = source_of(t.data_type());
    check_new_fields(t, {16}, what);
    if (!source)
      fail("onnx-feature",
           fmt::format("{} has element type {}, legal: integers and floats of 4 to 64 bits", what, t.data_type()));
    const Dims dims(t.dims().begin(), t.dims().end());
    const std::optional<std::int64_t> count = element_count(dims);
    if (!count || dims.size() > most_dimensions)
      fail("tensor-too-large", fmt::format("{} is {}, legal: at most {} elements in {} dimensions", what, text_of(dims),
                                           most_elements, most_dimensions));
    const auto n = static_cast<std::size_t>(*count);
    const std::size_t bytes = (n * source->bits + 7) / 8;
    Value v;
    // The data are there before memory is taken for them.
    const auto need = [&](std::size_t have, std::size_t want, const char* unit) {
      if (have != want)
        fail("bad-tensor", fmt::format("{} is {} but has {} {}, legal: {}", what, text_of(dims), have, unit, want));
    };
    if (t.data_location() == onnx::TensorProto::EXTERNAL) {
      const std::string data = external(t, what, bytes);
      v = Value(source->type, dims);
      raw(t.data_type(), reinterpret_cast<const std::uint8_t*>(data.data()), v);
    } else if (t.has_raw_data()) {
      need(t.raw_data().size(), bytes, "bytes");
      v = Value(source->type, dims);
      raw(t.data_type(), reinterpret_cast<const std::uint8_t*>(t.raw_data().data()), v);
    } else {
      switch (t.data_type()) {
        case 1: need(static_cast<std::size_t>(t.float_data_size()), n, "elements"); break;
        case 7: need(static_cast<std::size_t>(t.int64_data_size()), n, "elements"); break;
        case 11: need(static_cast<std::size_t>(t.double_data_size()), n, "elements"); break;
        case 12:
        case 13: need(static_cast<std::size_t>(t.uint64_data_size()), n, "elements"); break;
        case 21:
        case 22: need(static_cast<std::size_t>(t.int32_data_size()), (n + 1) / 2, "bytes"); break;
        default: need(static_cast<std::size_t>(t.int32_data_size()), n, "elements"); break;
      }
      v = Value(source->type, dims);
      fields(t, v);
    }
    if (v.type() == Type::f32) finite(v, what);
    return std::make_shared<const Value>(std::move(v));
  }

  static void raw(int type, const std::uint8_t* from, Value& v) {
    const std::int64_t n = v.size();
    const auto get = [&]<class T>(std::int64_t i, T) {
      T x;
      std::memcpy(&x, from + static_cast<std::size_t>(i) * sizeof(T), sizeof(T));
      return x;
    };
    switch (type) {
      case 10:
        for (std::int64_t i = 0; i < n; ++i) v.set(i, static_cast<double>(from_float16(get(i, std::uint16_t{}))));
        break;
      case 16:
        for (std::int64_t i = 0; i < n; ++i) v.set(i, static_cast<double>(from_bfloat16(get(i, std::uint16_t{}))));
        break;
      case 11:
        for (std::int64_t i = 0; i < n; ++i) v.set(i, get(i, double{}));
        break;
      case 12:
        for (std::int64_t i = 0; i < n; ++i) v.set_integer(i, get(i, std::uint32_t{}));
        break;
      case 9:
        for (std::int64_t i = 0; i < n; ++i) v.set_integer(i, from[i] != 0);
        break;
      case 21:
      case 22:
        for (std::int64_t i = 0; i < n; ++i) v.set_integer(i, i % 2 == 0 ? from[i / 2] & 15 : from[i / 2] >> 4);
        break;
      default:
        if (n > 0) std::memcpy(v.as<std::uint8_t>().data(), from, v.as<std::uint8_t>().size());
    }
  }

  static void fields(const onnx::TensorProto& t, Value& v) {
    const std::int64_t n = v.size();
    for (std::int64_t i = 0; i < n; ++i) {
      const int k = static_cast<int>(i);
      switch (t.data_type()) {
        case 1: v.set(i, static_cast<double>(t.float_data(k))); break;
        case 7: v.set_integer(i, t.int64_data(k)); break;
        case 10: v.set(i, static_cast<double>(from_float16(static_cast<std::uint16_t>(t.int32_data(k))))); break;
        case 11: v.set(i, t.double_data(k)); break;
        case 12:
        case 13: v.set_integer(i, static_cast<std::int64_t>(t.uint64_data(k))); break;
        case 16: v.set(i, static_cast<double>(from_bfloat16(static_cast<std::uint16_t>(t.int32_data(k))))); break;
        case 21:
        case 22: v.set_integer(i, t.int32_data(k / 2) >> (k % 2 * 4) & 15); break;
        default: v.set_integer(i, t.int32_data(k)); break;
      }
    }
  }

  void finite(const Value& v, const std::string& what) const {
    const auto all = v.as<float>();
    for (std::size_t i = 0; i < all.size(); ++i)
      if (std::isnan(all[i])) {
        Dims at(v.dims().size());
        for (std::size_t k = at.size(), rest = i; k-- > 0; rest /= static_cast<std::size_t>(v.dims()[k]))
          at[k] = static_cast<std::int64_t>(rest % static_cast<std::size_t>(v.dims()[k]));
        fail("not-a-number", fmt::format("{}: element {} is not a number, legal: numbers", what, text_of(at)));
      }
  }

  /// Data beside the file: never outside its folder, as many bytes as the tensor has.
  std::string external(const onnx::TensorProto& t, const std::string& what, std::size_t bytes) const {
    std::string location;
    std::int64_t offset = 0, length = -1;
    const auto number = [&](const std::string& text) {
      char* end = nullptr;
      errno = 0;
      const long long x = std::strtoll(text.c_str(), &end, 10);
      if (text.empty() || *end != 0 || errno != 0 || x < 0)
        fail("external-data", fmt::format("{}: offset or length '{}', legal: a number of bytes", what, one_line(text)));
      return static_cast<std::int64_t>(x);
    };
    for (const auto& e : t.external_data()) {
      if (e.key() == "location") location = e.value();
      if (e.key() == "offset") offset = number(e.value());
      if (e.key() == "length") length = number(e.value());
    }
    const std::string shown = one_line(location);
    if (!folder_) fail("external-data", fmt::format("{} lies in '{}', legal: in the file itself", what, shown));
    if (location.empty())
      fail("external-data", fmt::format("{}: its data have no location, legal: a file beside the model", what));
    std::error_code failed;
    const fs::path home = fs::weakly_canonical(*folder_, failed);
    const fs::path path = failed || fs::path(location).is_absolute() ? fs::path() : fs::weakly_canonical(home / location, failed);
    const fs::path inside = path.lexically_relative(home);
    if (failed || path.empty() || inside.empty() || *inside.begin() == "..")
      fail("external-data", fmt::format("{} lies in '{}', legal: a file in the model's folder", what, shown));
    if (!fs::is_regular_file(path, failed))
      fail("external-data",
           fmt::format("{} lies in '{}', which cannot be read, legal: a file in the model's folder", what, shown));
    if (length >= 0 && static_cast<std::uint64_t>(length) != bytes)
      fail("external-data", fmt::format("{} has {} bytes in '{}', legal: {}", what, length, shown, bytes));
    const auto size = fs::file_size(path, failed);
    if (failed || static_cast<std::uint64_t>(offset) > size || size - static_cast<std::uint64_t>(offset) < bytes)
      fail("external-data", fmt::format("{} has {} bytes from {} on in '{}', which ends before, legal: the whole file", what,
                                        bytes, offset, shown));
    std::ifstream in(path, std::ios::binary);
    std::string data(bytes, '\0');
    in.seekg(offset);
    in.read(data.data(), static_cast<std::streamsize>(bytes));
    if (!in) fail("external-data", fmt::format("{}: '{}' cannot be read, legal: a readable file", what, shown));
    return data;
  }

  std::string file_;
  std::optional<fs::path> folder_;
};

void silence() { google::protobuf::SetLogHandler(nullptr); }

[[noreturn]] void corrupt(const std::string& file, std::uintmax_t size) {
  throw InputError({file, 0, 0}, "corrupt-onnx",
                   size == 0 ? "the file is empty, legal: an ONNX model"
                             : fmt::format("the file is cut off or damaged ({} bytes), legal: a whole ONNX model", size));
}

}  // namespace

Graph read_onnx(const std::string& path) {
  silence();
  struct stat facts {};
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 || fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    if (file >= 0) close(file);
    throw InputError({path, 0, 0}, "unreadable-file", "cannot be read, legal: a readable .onnx file");
  }
  google::protobuf::io::FileInputStream stream(file, 1 << 20);
  stream.SetCloseOnDelete(true);
  if (facts.st_size > INT_MAX)
    throw InputError({path, 0, 0}, "onnx-too-large",
                     fmt::format("{} bytes, legal: below 2 GiB; save the weights as external data", facts.st_size));
  onnx::ModelProto model;
  if (facts.st_size == 0 || !model.ParseFromZeroCopyStream(&stream)) corrupt(path, static_cast<std::uintmax_t>(facts.st_size));
  return Reader(path, fs::path(path).parent_path().empty() ? fs::path(".") : fs::path(path).parent_path()).graph(model);
}

Graph parse_onnx(std::span<const std::uint8_t> bytes, const std::string& file) {
  silence();
  if (bytes.size() > INT_MAX)
    throw InputError({file, 0, 0}, "onnx-too-large", fmt::format("{} bytes, legal: below 2 GiB", bytes.size()));
  onnx::ModelProto model;
  if (bytes.empty() || !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) corrupt(file, bytes.size());
  return Reader(file, std::nullopt).graph(model);
}

}  // namespace epim::importer

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// network.json -> Network: keys and values. Order and rewriting: arrange_network.cpp.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "golden/files/json_document.hpp"
#include "golden/graph/arrange_network.hpp"
#include "golden/graph/formats.hpp"
#include "golden/graph/network.hpp"
#include "golden/graph/operators.hpp"

namespace epim {
namespace {

constexpr int max_size = 1 << 20;  // channels, map sides: far above any network, far below overflow

template <class T> struct Choice {
  std::string_view name;
  T value;
};
constexpr std::array<Choice<Role>, 5> roles{{{"none", Role::none},
                                             {"stem", Role::stem},
                                             {"bottleneck", Role::bottleneck},
                                             {"downsample", Role::downsample},
                                             {"classifier", Role::classifier}}};
constexpr std::array<Choice<Wrap>, 3> wraps{
    {{"off", Wrap::off}, {"stored_once", Wrap::stored_once}, {"copies", Wrap::copies}}};
constexpr std::array<Choice<SpatialCycle>, 2> samplers{
    {{"cycle", SpatialCycle::cycle}, {"distinct", SpatialCycle::distinct}}};

template <class T, std::size_t N>
T choose(const JsonValue& v, const std::string& what, const std::array<Choice<T>, N>& table, const char* rule) {
  const std::string& text = json_string(v, what);
  std::vector<std::string_view> legal;
  for (const auto& c : table) {
    if (c.name == text) return c.value;
    legal.push_back(c.name);
  }
  throw InputError(v.where, rule, fmt::format("{} is \"{}\", must be one of: {}", what, text, fmt::join(legal, ", ")));
}

template <class T, std::size_t N> std::string name_of(T value, const std::array<Choice<T>, N>& table) {
  for (const auto& c : table)
    if (c.value == value) return std::string(c.name);
  return "";
}

int size_value(const JsonValue& v, const std::string& what, int lo) {
  return static_cast<int>(json_integer(v, what, lo, max_size));
}

/// An integer for both axes, or [rows, columns].
Axes read_axes(const JsonValue& v, const std::string& what) {
  if (v.kind == JsonValue::Kind::integer) return size_value(v, what, 1);
  const auto& items = json_array(v, what);
  if (items.size() != 2)
    throw InputError(v.where, "wrong-type",
                     fmt::format("{} has {} elements, legal: an integer, or [rows, columns]", what, items.size()));
  return {size_value(items[0], what, 1), size_value(items[1], what, 1)};
}

void read_padding(const JsonValue& v, const std::string& what, Node& node) {
  constexpr std::string_view legal = "an integer, [rows, columns], [top, left, bottom, right], \"same\" (\"same_lower\") or \"valid\"";
  if (v.kind == JsonValue::Kind::integer) {
    const int p = size_value(v, what, 0);
    node.pad = {p, p, p, p};
    return;
  }
  if (v.kind == JsonValue::Kind::string) {
    if (v.text == "same" || v.text == "same_upper") node.auto_pad = AutoPad::same_upper;
    else if (v.text == "same_lower") node.auto_pad = AutoPad::same_lower;
    else if (v.text != "valid")
      throw InputError(v.where, "unknown-choice", fmt::format("{} is \"{}\", legal: {}", what, v.text, legal));
    return;
  }
  const auto& items = json_array(v, what);
  std::vector<int> p;
  for (const JsonValue& item : items) p.push_back(size_value(item, what, 0));
  if (p.size() == 2) node.pad = {p[0], p[1], p[0], p[1]};
  else if (p.size() == 4) node.pad = {p[0], p[1], p[2], p[3]};
  else
    throw InputError(v.where, "wrong-type", fmt::format("{} has {} elements, legal: {}", what, items.size(), legal));
}

void read_epitome(const JsonValue& v, const std::string& what, Node& node) {
  json_object(v, what);
  json_refuse_unknown_keys(v, what, {"e_out", "e_in", "p", "q", "sampler"});
  EpitomeShape e;
  e.e_out = size_value(json_required(v, "e_out", what), what + ".e_out", 1);
  e.e_in = size_value(json_required(v, "e_in", what), what + ".e_in", 1);
  e.p = size_value(json_required(v, "p", what), what + ".p", 1);
  e.q = size_value(json_required(v, "q", what), what + ".q", 1);
  if (const JsonValue* s = v.find("sampler")) node.sampler = read_sampler(*s, what + ".sampler");
  node.epitome = e;
}

/// A real number; "inf" and "-inf" are none.
double read_limit(const JsonValue& v, const std::string& what) { return json_real(v, what, -1e30, 1e30); }

enum class Pointwise { none, relu, relu6, leaky_relu, prelu };
constexpr std::array<Choice<Pointwise>, 5> pointwise{{{"none", Pointwise::none},
                                                      {"relu", Pointwise::relu},
                                                      {"relu6", Pointwise::relu6},
                                                      {"leaky_relu", Pointwise::leaky_relu},
                                                      {"prelu", Pointwise::prelu}}};

void set_pointwise(Pointwise p, Node& node) {
  node.lo = p == Pointwise::relu || p == Pointwise::relu6 ? 0 : -std::numeric_limits<double>::infinity();
  node.hi = p == Pointwise::relu6 ? 6 : std::numeric_limits<double>::infinity();
  if (p == Pointwise::leaky_relu) node.slope = 0.01;
  if (p == Pointwise::prelu) node.slopes = node.name + "/slope";
}

void read_clip(const JsonValue& v, const std::string& what, Node& node) {
  const auto& items = json_array(v, what);
  if (items.size() != 2) throw InputError(v.where, "wrong-type", fmt::format("{} has {} elements, legal: [lo, hi]", what, items.size()));
  node.lo = read_limit(items[0], what);
  node.hi = read_limit(items[1], what);
}

/// relu, relu6, activation, clip, slope: what a node with weights or an addition does to its sum. `activation` says more
/// than `relu`, which older files have beside it.
void read_pointwise(const JsonValue& v, const std::string& what, Node& node) {
  if (const JsonValue* x = v.find("relu")) {
    if (x->kind == JsonValue::Kind::string) set_pointwise(choose(*x, what + ": relu", pointwise, "unknown-choice"), node);
    else if (json_boolean(*x, what + ": relu")) set_pointwise(Pointwise::relu, node);
  }
  if (const JsonValue* x = v.find("relu6"); x && json_boolean(*x, what + ": relu6")) set_pointwise(Pointwise::relu6, node);
  if (const JsonValue* x = v.find("clip")) read_clip(*x, what + ": clip", node);
  if (const JsonValue* x = v.find("activation")) {
    const std::string& name = json_string(*x, what + ": activation");
    for (const OperatorName& o : operator_names())
      if (o.op == Op::function && o.name == name)
        throw InputError(x->where, "unknown-choice",
                         fmt::format("{}: activation is \"{}\", legal: a node of its own with \"op\": \"{}\" behind it (its table needs the "
                                     "format of what it reads), or none, relu, relu6, leaky_relu, prelu",
                                     what, name, name));
    set_pointwise(choose(*x, what + ": activation", pointwise, "unknown-choice"), node);
  }
  if (const JsonValue* x = v.find("slope")) {
    node.slope = json_real(*x, what + ": slope", -8, 7.9);
    node.slopes.clear();
  }
  if (node.lo > node.hi)
    throw InputError(v.where, "clamp-range", fmt::format("{}: clip {} .. {}, legal: the lower limit first", what, node.lo, node.hi));
}

void read_window(const JsonValue& v, const std::string& what, Node& node) {
  if (node.op == Op::conv || node.op == Op::max_pool || node.op == Op::avg_pool) {
    const Axes k = read_axes(json_required(v, "kernel", what), what + ": kernel");
    node.kh = k.y;
    node.kw = k.x;
  }
  if (const JsonValue* x = v.find("stride")) node.stride = read_axes(*x, what + ": stride");
  if (const JsonValue* x = v.find("dilation")) node.dilation = read_axes(*x, what + ": dilation");
  if (const JsonValue* x = v.find("groups")) node.groups = size_value(*x, what + ": groups", 1);
  if (const JsonValue* x = v.find("ceil_mode")) node.ceil_mode = json_boolean(*x, what + ": ceil_mode");
  if (const JsonValue* x = v.find("count_include_pad")) node.count_padding = json_boolean(*x, what + ": count_include_pad");
  if (const JsonValue* x = v.find("padding")) {
    read_padding(*x, what + ": padding", node);
    const int widest = std::max({node.pad.top, node.pad.bottom, node.pad.left, node.pad.right});
    const bool pool = node.op == Op::max_pool || node.op == Op::avg_pool;
    if (pool && (std::max(node.pad.top, node.pad.bottom) >= node.kh || std::max(node.pad.left, node.pad.right) >= node.kw))
      throw InputError(x->where, "value-out-of-range",
                       fmt::format("{}: padding {} leaves a window without a pixel; must be below the kernel", what, widest));
  }
}

void read_format(const JsonValue& v, const std::string& what, Node& node) {
  if (const JsonValue* x = v.find("act_scale"))
    node.act_scale = json_real(*x, what + ": act_scale", std::numeric_limits<double>::min(), 1e30);
  if (const JsonValue* x = v.find("act_bits")) node.act_bits = static_cast<int>(json_integer(*x, what + ": act_bits", 1, 16));
  for (const char* key : {"act_signed", "zero_point"})
    if (const JsonValue* x = v.find(key); x && !node.act_bits)
      throw InputError(x->where, "missing-key", fmt::format("{}: {} without act_bits, legal: both", what, key));
  if (const JsonValue* x = v.find("act_signed")) node.act_signed = json_boolean(*x, what + ": act_signed");
  if (const JsonValue* x = v.find("zero_point"))
    node.zero_point = static_cast<int>(json_integer(*x, what + ": zero_point", -32768, 65535));
}

/// The operator, or why there is none.
const OperatorName& read_operator(const JsonValue& v, const std::string& what) {
  const std::string& text = json_string(v, what + ": op");
  for (const OperatorName& o : operator_names())
    if (o.name == text) return o;
  for (const RefusedOperator& r : refused_operators())
    if (r.name == text) throw InputError(v.where, "unsupported-operator", fmt::format("{}: op is \"{}\": {}", what, text, r.reason));
  std::vector<std::string_view> legal;
  std::vector<std::string_view> at_end = host_operators();
  for (const OperatorName& o : operator_names()) {
    legal.push_back(o.name);
    std::erase(at_end, o.name);
  }
  throw InputError(v.where, "unknown-op",
                   fmt::format("{}: op is \"{}\", must be one of: {}; at the end {}", what, text, fmt::join(legal, ", "),
                               fmt::join(at_end, ", ")));
}

bool is_host_operator(const JsonValue& v) {
  const auto& names = host_operators();
  return v.kind == JsonValue::Kind::string && std::find(names.begin(), names.end(), v.text) != names.end();
}

/// Scale and bias per channel: batch_norm, and mul and add of one map with constants.
void read_constants(const JsonValue& v, const std::string& what, Node& node) {
  using Kind = ChannelConstants::Kind;
  const JsonValue* value = v.find("value");
  const bool one = node.inputs.size() == 1;
  if (value && !one)
    throw InputError(value->where, "wrong-input-count", fmt::format("{} has a value beside {} inputs, legal: with one input", what, node.inputs.size()));
  if (node.op == Op::batch_norm) node.constants.name = node.name;
  if (!one || (node.op != Op::mul && node.op != Op::add)) return;
  node.constants = {node.name, node.op == Op::mul ? Kind::product : Kind::sum, std::nullopt};
  node.op = Op::batch_norm;
  if (value) node.constants.value = json_real(*value, what + ": value", -1e30, 1e30);
}

Node read_node(const JsonValue& v, std::size_t index) {
  json_object(v, fmt::format("nodes[{}]", index));
  Node node;
  node.where = v.where;
  const std::string place = fmt::format("nodes[{}]", index);
  node.name = json_string(json_required(v, "name", place), place + ".name");
  const std::string what = fmt::format("node '{}'", node.name);
  if (node.name.empty() || node.name.find('/') != std::string::npos)
    throw InputError(v.find("name")->where, "wrong-type", what + ": a name must not be empty and holds no '/'");
  const JsonValue& op = json_required(v, "op", what);
  const bool on_host = is_host_operator(op);  // stands for nothing until arrange_network has looked where it is
  if (on_host) {
    node.op = Op::same;
    node.host_op = op.text;
    if (op.text == "softmax") json_refuse_unknown_keys(v, fmt::format("{} (op {})", what, op.text), keys_of(Op::softmax, node.function));
    else json_refuse_unknown_keys(v, fmt::format("{} (op {})", what, op.text), {"name", "op", "inputs"});
  } else {
    const OperatorName& name = read_operator(op, what);
    node.op = name.op;
    node.function = name.function;
    json_refuse_unknown_keys(v, fmt::format("{} (op {})", what, name.name), keys_of(node.op, node.function));
    if (name.name == "relu6") set_pointwise(Pointwise::relu6, node);
  }
  const JsonValue& inputs = json_required(v, "inputs", what);
  for (const JsonValue& i : json_array(inputs, what + ": inputs"))
    node.inputs.push_back(json_string(i, what + ": inputs"));
  Arity wanted = arity_of(node.op);
  if (node.op == Op::add && v.find("value")) wanted.least = 1;
  if (node.inputs.size() < wanted.least || node.inputs.size() > wanted.most)
    throw InputError(inputs.where, "wrong-input-count",
                     fmt::format("{} (op {}) has {} inputs, must have {}", what, op.text, node.inputs.size(),
                                 wanted.least == wanted.most ? fmt::to_string(wanted.least)
                                                             : fmt::format("{} to {}", wanted.least, wanted.most)));
  read_constants(v, what, node);
  if (node.op == Op::conv || node.op == Op::fc) node.cout = size_value(json_required(v, "cout", what), what + ": cout", 1);
  read_window(v, what, node);
  if (node.op == Op::fc && node.groups != 1)
    throw InputError(v.find("groups")->where, "grouped-convolution", fmt::format("{} has groups = {}; an fc has 1, legal: a conv", what, node.groups));
  if (const JsonValue* x = v.find("role")) node.role = choose(*x, what + ": role", roles, "unknown-choice");
  if (const JsonValue* x = v.find("epitome")) read_epitome(*x, what + ": epitome", node);
  if (const JsonValue* x = v.find("pool")) node.pool = read_pool(*x, what + ": pool");
  if (const JsonValue* x = v.find("wrap")) node.wrap = read_wrap(*x, what + ": wrap");
  if (const JsonValue* x = v.find("weight_bits")) node.weight_bits = static_cast<int>(json_integer(*x, what + ": weight_bits", 1, 9));
  if (const JsonValue* x = v.find("copies")) node.copies = static_cast<int>(json_integer(*x, what + ": copies", 1, 65535));
  if (const JsonValue* x = v.find("batch_norm")) node.batch_norm = json_boolean(*x, what + ": batch_norm");
  if (const JsonValue* x = v.find("bias")) json_boolean(*x, what + ": bias");  // the arrays say it
  if (node.op == Op::relu) set_pointwise(Pointwise::relu, node);
  if (node.op == Op::leaky_relu) set_pointwise(Pointwise::leaky_relu, node);
  if (node.op == Op::prelu) set_pointwise(Pointwise::prelu, node);
  read_pointwise(v, what, node);
  if (const JsonValue* x = v.find("lo")) node.lo = read_limit(*x, what + ": lo");
  if (const JsonValue* x = v.find("hi")) node.hi = read_limit(*x, what + ": hi");
  if (node.lo > node.hi)
    throw InputError(v.where, "clamp-range", fmt::format("{}: lo {} above hi {}, legal: lo <= hi", what, node.lo, node.hi));
  if (const JsonValue* x = v.find("factor")) node.factor = read_axes(*x, what + ": factor");
  if (const JsonValue* x = v.find("alpha")) node.alpha = json_real(*x, what + ": alpha", -1e6, 1e6);
  if (const JsonValue* x = v.find("beta")) node.beta = json_real(*x, what + ": beta", -1e6, 1e6);
  read_format(v, what, node);
  return node;
}

void read_input(const JsonValue& v, Network& net) {
  json_object(v, "input");
  net.input_where = v.where;
  json_refuse_unknown_keys(v, "input", {"name", "channels", "height", "width", "bits", "signed", "scale", "zero_point"});
  net.input_name = json_string(json_required(v, "name", "input"), "input.name");
  net.input.channels = size_value(json_required(v, "channels", "input"), "input.channels", 1);
  net.input.height = size_value(json_required(v, "height", "input"), "input.height", 1);
  net.input.width = size_value(json_required(v, "width", "input"), "input.width", 1);
  net.input.stored = net.input.channels;
  if (const JsonValue* x = v.find("bits")) net.input_bits = static_cast<int>(json_integer(*x, "input.bits", 1, 9));
  if (const JsonValue* x = v.find("signed")) net.input_signed = json_boolean(*x, "input.signed");
  if (const JsonValue* x = v.find("scale"))
    net.input_scale = json_real(*x, "input.scale", std::numeric_limits<double>::min(), 1e30);
  if (const JsonValue* x = v.find("zero_point")) {
    const int half = 1 << (net.input_bits - 1);
    net.input_zero = static_cast<int>(json_integer(*x, "input.zero_point", net.input_signed ? -half : 0, net.input_signed ? half - 1 : 2 * half - 1));
  }
}

/// Names of the outputs: one, or a list.
std::vector<std::string> read_outputs(const JsonValue& v) {
  if (v.kind == JsonValue::Kind::string) return {v.text};
  std::vector<std::string> names;
  for (const JsonValue& item : json_array(v, "output")) names.push_back(json_string(item, "output"));
  if (names.empty()) throw InputError(v.where, "missing-key", "output names no node, legal: one name or a list of names");
  return names;
}

}  // namespace

Network parse_network(const std::string& text, const std::string& file) {
  const JsonValue doc = parse_json(text, file);
  const std::string what = "the network";
  json_object(doc, what);
  json_refuse_unknown_keys(doc, what, {"schema", "name", "input", "nodes", "output", "weights", "float_accuracy", "scales_trained", "host"});
  const JsonValue& schema = json_required(doc, "schema", what);
  if (json_integer(schema, "schema", 0, max_size) != 1)
    throw InputError(schema.where, "unsupported-schema",
                     fmt::format("schema {} is not known; must be 1", schema.integer));
  Network net;
  net.file = file;
  net.name = json_string(json_required(doc, "name", what), "name");
  read_input(json_required(doc, "input", what), net);
  const JsonValue& nodes = json_required(doc, "nodes", what);
  const auto& texts = json_array(nodes, "nodes");
  if (texts.empty()) throw InputError(nodes.where, "missing-key", "the network has no nodes; at least one is needed");
  for (std::size_t i = 0; i < texts.size(); ++i) net.nodes.push_back(read_node(texts[i], i));
  if (const JsonValue* w = doc.find("weights")) net.weights = json_string(*w, "weights");
  if (const JsonValue* a = doc.find("float_accuracy")) net.float_accuracy = json_real(*a, "float_accuracy", 0, 1);
  if (const JsonValue* t = doc.find("scales_trained")) net.scales_trained = json_boolean(*t, "scales_trained");
  if (const JsonValue* h = doc.find("host"))
    for (const JsonValue& line : json_array(*h, "host")) net.host.push_back(json_string(line, "host"));
  const JsonValue& output = json_required(doc, "output", what);
  arrange_network(net, texts, read_outputs(output), output);
  infer_shapes(net);
  check_scales_used(net);
  return net;
}

Network load_network(const std::string& path) { return parse_network(read_text(path), path); }

std::string role_name(Role role) { return name_of(role, roles); }
std::string wrap_name(Wrap wrap) { return name_of(wrap, wraps); }
std::string sampler_name(SpatialCycle sampler) { return name_of(sampler, samplers); }
Wrap read_wrap(const JsonValue& v, const std::string& what) { return choose(v, what, wraps, "unknown-choice"); }
SpatialCycle read_sampler(const JsonValue& v, const std::string& what) {
  return choose(v, what, samplers, "unknown-choice");
}

PoolChoice read_pool(const JsonValue& v, const std::string& what) {
  static constexpr std::array<Choice<int>, 4> kept{{{"1", 1}, {"1/2", 2}, {"1/4", 4}, {"1/8", 8}}};
  json_object(v, what);
  json_refuse_unknown_keys(v, what, {"kept", "kept_first", "group"});
  PoolChoice pool;
  pool.kept_one_in = choose(json_required(v, "kept", what), what + ".kept", kept, "unknown-choice");
  if (const JsonValue* x = v.find("kept_first")) pool.kept_first = static_cast<int>(json_integer(*x, what + ".kept_first", 0, pool.kept_one_in - 1));
  if (const JsonValue* x = v.find("group")) pool.group = static_cast<int>(json_integer(*x, what + ".group", 1, 256));
  return pool;
}

}  // namespace epim

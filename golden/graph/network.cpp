// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/graph/network.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <utility>

#include "golden/files/json_document.hpp"

namespace epim {
namespace {

constexpr int max_size = 1 << 20;  // channels, map sides: far above any network, far below overflow

template <class T> struct Choice {
  std::string_view name;
  T value;
};
constexpr std::array<Choice<Op>, 7> ops{{{"conv", Op::conv},
                                         {"fc", Op::fc},
                                         {"add", Op::add},
                                         {"relu", Op::relu},
                                         {"max_pool", Op::max_pool},
                                         {"avg_pool", Op::avg_pool},
                                         {"global_avg_pool", Op::global_avg_pool}}};
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

std::vector<std::string_view> legal_keys(Op op) {
  std::vector<std::string_view> keys{"name", "op", "inputs", "act_scale"};
  const auto add = [&](std::initializer_list<std::string_view> more) { keys.insert(keys.end(), more); };
  switch (op) {
    case Op::conv:
      add({"role", "cout", "kernel", "stride", "padding", "groups", "dilation", "epitome", "wrap", "batch_norm"});
      add({"relu"});
      break;
    case Op::fc: add({"role", "cout", "groups", "epitome", "wrap", "batch_norm", "relu"}); break;
    case Op::add: add({"relu"}); break;
    case Op::max_pool: add({"kernel", "stride", "padding"}); break;
    case Op::avg_pool: add({"kernel", "stride"}); break;
    case Op::relu:
    case Op::global_avg_pool: break;
  }
  return keys;
}

int size_value(const JsonValue& v, const std::string& what, int lo) {
  return static_cast<int>(json_integer(v, what, lo, max_size));
}

/// An integer for both sides, or [height, width].
std::pair<int, int> read_kernel(const JsonValue& v, const std::string& what) {
  if (v.kind == JsonValue::Kind::integer) {
    const int k = size_value(v, what, 1);
    return {k, k};
  }
  const auto& items = json_array(v, what);
  if (items.size() != 2)
    throw InputError(v.where, "wrong-type", fmt::format("{} has {} elements, must have 2", what, items.size()));
  return {size_value(items[0], what, 1), size_value(items[1], what, 1)};
}

Padding read_padding(const JsonValue& v, const std::string& what) {
  if (v.kind == JsonValue::Kind::integer) {
    const int p = size_value(v, what, 0);
    return {p, p, p, p};
  }
  const auto& items = json_array(v, what);
  if (items.size() != 4)
    throw InputError(v.where, "wrong-type",
                     fmt::format("{} has {} elements, must be an integer or [top, left, bottom, right]", what,
                                 items.size()));
  return {size_value(items[0], what, 0), size_value(items[1], what, 0), size_value(items[2], what, 0),
          size_value(items[3], what, 0)};
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

/// groups and dilation exist in the format only to be refused by name.
void refuse_variants(const JsonValue& v, const std::string& what) {
  if (const JsonValue* g = v.find("groups"); g && json_integer(*g, what + ": groups", 1, max_size) != 1)
    throw InputError(g->where, "grouped-convolution",
                     fmt::format("{} has groups = {}; only groups = 1 is built", what, g->integer));
  const JsonValue* d = v.find("dilation");
  if (!d) return;
  const auto [dh, dw] = read_kernel(*d, what + ": dilation");
  if (dh != 1 || dw != 1)
    throw InputError(d->where, "dilated-convolution",
                     fmt::format("{} has dilation {}x{}; only dilation 1 is built", what, dh, dw));
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
  node.op = choose(json_required(v, "op", what), what + ": op", ops, "unknown-op");
  json_refuse_unknown_keys(v, fmt::format("{} (op {})", what, op_name(node.op)), legal_keys(node.op));
  const JsonValue& inputs = json_required(v, "inputs", what);
  for (const JsonValue& i : json_array(inputs, what + ": inputs"))
    node.inputs.push_back(json_string(i, what + ": inputs"));
  const std::size_t wanted = node.op == Op::add ? 2 : 1;
  if (node.inputs.size() != wanted)
    throw InputError(inputs.where, "wrong-input-count",
                     fmt::format("{} (op {}) has {} inputs, must have {}", what, op_name(node.op), node.inputs.size(),
                                 wanted));
  refuse_variants(v, what);
  if (node.has_weights()) node.cout = size_value(json_required(v, "cout", what), what + ": cout", 1);
  if (node.op == Op::conv || node.op == Op::max_pool || node.op == Op::avg_pool)
    std::tie(node.kh, node.kw) = read_kernel(json_required(v, "kernel", what), what + ": kernel");
  if (const JsonValue* x = v.find("stride")) node.stride = size_value(*x, what + ": stride", 1);
  if (const JsonValue* x = v.find("padding")) {
    node.pad = read_padding(*x, what + ": padding");
    const int widest = std::max({node.pad.top, node.pad.bottom, node.pad.left, node.pad.right});
    if (node.op == Op::max_pool && (std::max(node.pad.top, node.pad.bottom) >= node.kh ||
                                    std::max(node.pad.left, node.pad.right) >= node.kw))
      throw InputError(x->where, "value-out-of-range",
                       fmt::format("{}: padding {} leaves a window without a pixel; must be below the kernel", what,
                                   widest));
  }
  if (const JsonValue* x = v.find("role")) node.role = choose(*x, what + ": role", roles, "unknown-choice");
  if (const JsonValue* x = v.find("epitome")) read_epitome(*x, what + ": epitome", node);
  if (const JsonValue* x = v.find("wrap")) node.wrap = read_wrap(*x, what + ": wrap");
  if (const JsonValue* x = v.find("batch_norm")) node.batch_norm = json_boolean(*x, what + ": batch_norm");
  if (const JsonValue* x = v.find("relu")) node.relu = json_boolean(*x, what + ": relu");
  if (const JsonValue* x = v.find("act_scale"))
    node.act_scale = json_real(*x, what + ": act_scale", std::numeric_limits<double>::min(), 1e30);
  return node;
}

void read_input(const JsonValue& v, Network& net) {
  json_object(v, "input");
  net.input_where = v.where;
  json_refuse_unknown_keys(v, "input", {"name", "channels", "height", "width", "bits", "signed", "scale"});
  net.input_name = json_string(json_required(v, "name", "input"), "input.name");
  net.input.channels = size_value(json_required(v, "channels", "input"), "input.channels", 1);
  net.input.height = size_value(json_required(v, "height", "input"), "input.height", 1);
  net.input.width = size_value(json_required(v, "width", "input"), "input.width", 1);
  net.input.stored = net.input.channels;
  if (const JsonValue* x = v.find("bits")) net.input_bits = static_cast<int>(json_integer(*x, "input.bits", 1, 9));
  if (const JsonValue* x = v.find("signed")) net.input_signed = json_boolean(*x, "input.signed");
  if (const JsonValue* x = v.find("scale"))
    net.input_scale = json_real(*x, "input.scale", std::numeric_limits<double>::min(), 1e30);
}

/// Position of the n-th input name of a node that was read from `v`.
const Position& input_position(const JsonValue& v, std::size_t n) { return v.find("inputs")->items[n].where; }

/// Stable topological order (always the earliest node in the file whose inputs are ready). Refuses unknown inputs and
/// cycles; a cycle is named by its nodes.
void order_nodes(Network& net, const std::vector<JsonValue>& texts) {
  const std::size_t n = net.nodes.size();
  std::map<std::string, int, std::less<>> by_name;
  for (std::size_t i = 0; i < n; ++i) {
    const std::string& name = net.nodes[i].name;
    if (name == net.input_name || !by_name.emplace(name, static_cast<int>(i)).second)
      throw InputError(texts[i].find("name")->where, "duplicate-node",
                       fmt::format("node '{}': the name is taken; names must be unique", name));
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < net.nodes[i].inputs.size(); ++k) {
      const std::string& name = net.nodes[i].inputs[k];
      const auto it = by_name.find(name);
      if (name != net.input_name && it == by_name.end())
        throw InputError(input_position(texts[i], k), "unknown-input",
                         fmt::format("node '{}' reads '{}', which is neither a node nor the input '{}'",
                                     net.nodes[i].name, name, net.input_name));
      net.nodes[i].input_ids.push_back(name == net.input_name ? -1 : it->second);
    }
  }
  std::vector<int> order, rank(n, -1);
  while (order.size() < n) {
    bool found = false;
    for (std::size_t i = 0; i < n && !found; ++i) {
      const auto& ids = net.nodes[i].input_ids;
      if (rank[i] >= 0 || !std::all_of(ids.begin(), ids.end(), [&](int id) {
            return id < 0 || rank[static_cast<std::size_t>(id)] >= 0;
          }))
        continue;
      rank[i] = static_cast<int>(order.size());
      order.push_back(static_cast<int>(i));
      found = true;
    }
    if (found) continue;
    // Every unordered node waits for an unordered one: following them must come round.
    std::vector<int> path;
    int at = static_cast<int>(std::find(rank.begin(), rank.end(), -1) - rank.begin());
    while (std::find(path.begin(), path.end(), at) == path.end()) {
      path.push_back(at);
      for (int id : net.nodes[static_cast<std::size_t>(at)].input_ids)
        if (id >= 0 && rank[static_cast<std::size_t>(id)] < 0) at = id;
    }
    path.erase(path.begin(), std::find(path.begin(), path.end(), at));
    path.push_back(at);
    std::vector<std::string> names;
    for (int id : path) names.push_back(net.nodes[static_cast<std::size_t>(id)].name);
    throw InputError(net.nodes[static_cast<std::size_t>(at)].where, "network-cycle",
                     fmt::format("node '{}' waits for itself: {}", names.front(), fmt::join(names, " reads ")));
  }
  std::vector<Node> sorted;
  for (int id : order) {
    Node node = std::move(net.nodes[static_cast<std::size_t>(id)]);
    for (int& in : node.input_ids)
      if (in >= 0) in = rank[static_cast<std::size_t>(in)];
    sorted.push_back(std::move(node));
  }
  net.nodes = std::move(sorted);
}

void refuse_unused(const Network& net) {
  std::vector<bool> used(net.nodes.size(), false);
  used[static_cast<std::size_t>(net.output)] = true;
  for (std::size_t i = net.nodes.size(); i-- > 0;)
    if (used[i])
      for (int id : net.nodes[i].input_ids)
        if (id >= 0) used[static_cast<std::size_t>(id)] = true;
  for (std::size_t i = 0; i < net.nodes.size(); ++i)
    if (!used[i])
      throw InputError(net.nodes[i].where, "unused-node",
                       fmt::format("node '{}' does not lead to the output '{}'", net.nodes[i].name,
                                   net.nodes[static_cast<std::size_t>(net.output)].name));
}

std::string shape_text(const MapShape& s) { return fmt::format("{}x{}x{}", s.channels, s.height, s.width); }

/// Output map of a window operation.
MapShape window_shape(const Node& node, int channels) {
  const int h = node.in.height + node.pad.top + node.pad.bottom, w = node.in.width + node.pad.left + node.pad.right;
  if (node.kh > h || node.kw > w)
    throw InputError(node.where, "kernel-exceeds-map",
                     fmt::format("node '{}': kernel {}x{} exceeds its padded input map {}x{}", node.name, node.kh,
                                 node.kw, h, w));
  return {channels, (h - node.kh) / node.stride + 1, (w - node.kw) / node.stride + 1, channels};
}

void check_epitome(const Node& node) {
  const auto refuse = [&](const char* rule, const std::string& why) {
    throw InputError(node.where, rule, fmt::format("node '{}': {}", node.name, why));
  };
  if (!node.epitome) {
    if (node.wrap != Wrap::off) refuse("wrap-without-epitome", "wrap needs an epitome; set wrap to off");
    return;
  }
  const EpitomeShape& e = *node.epitome;
  if (e.e_out > node.cout || e.e_in > node.in.channels)
    refuse("epitome-exceeds-convolution",
           fmt::format("epitome channels {}x{} (e_out x e_in) exceed the convolution's {}x{}", e.e_out, e.e_in,
                       node.cout, node.in.channels));
  if (e.p < node.kh || e.q < node.kw)
    refuse("epitome-exceeds-convolution", fmt::format("epitome of {}x{} positions cannot hold the kernel {}x{}", e.p,
                                                      e.q, node.kh, node.kw));
  if (node.wrap == Wrap::off) return;
  if (e.e_out == node.cout)
    refuse("wrap-without-copies", fmt::format("wrap needs e_out below cout = {}; set wrap to off", node.cout));
  if (node.sampler == SpatialCycle::distinct)
    refuse("wrap-distinct-sampler", "the distinct sampler gives different output groups; wrap needs sampler cycle");
}

/// A node without weights counts in the steps of its input: an act_scale of its own that says otherwise would be ignored.
void refuse_other_scales(const Network& net) {
  std::vector<double> scales(net.nodes.size());  // 0: not given, calibrated later
  for (std::size_t n = 0; n < net.nodes.size(); ++n) {
    const Node& node = net.nodes[n];
    const int from = node.input_ids.at(0);
    const double in = from < 0 ? net.input_scale : scales[static_cast<std::size_t>(from)];
    scales[n] = node.has_weights() ? node.act_scale : in;
    if (!node.has_weights() && node.act_scale > 0 && in > 0 && node.act_scale != in)
      throw InputError(node.where, "act-scale-not-used",
                       fmt::format("node '{}': act_scale is {}; {} keeps the step of its input, legal: {}, or leave it out",
                                   node.name, node.act_scale, op_name(node.op), in));
  }
}

}  // namespace

int Network::find(const std::string& node) const {
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (nodes[i].name == node) return static_cast<int>(i);
  return -1;
}

Network parse_network(const std::string& text, const std::string& file) {
  const JsonValue doc = parse_json(text, file);
  const std::string what = "the network";
  json_object(doc, what);
  json_refuse_unknown_keys(doc, what, {"schema", "name", "input", "nodes", "output", "weights", "float_accuracy"});
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
  order_nodes(net, texts);
  const JsonValue& output = json_required(doc, "output", what);
  net.output = net.find(json_string(output, "output"));
  if (net.output < 0)
    throw InputError(output.where, "unknown-output", fmt::format("output '{}' is not a node", output.text));
  if (const JsonValue* w = doc.find("weights")) net.weights = json_string(*w, "weights");
  if (const JsonValue* a = doc.find("float_accuracy")) net.float_accuracy = json_real(*a, "float_accuracy", 0, 1);
  refuse_unused(net);
  refuse_other_scales(net);
  infer_shapes(net);
  return net;
}

Network load_network(const std::string& path) { return parse_network(read_text(path), path); }

void infer_shapes(Network& net) {
  for (Node& node : net.nodes) {
    node.in = net.shape_of(node.input_ids.at(0));
    switch (node.op) {
      case Op::fc:
        node.kh = node.in.height;
        node.kw = node.in.width;
        [[fallthrough]];
      case Op::conv:
        node.out = window_shape(node, node.cout);
        check_epitome(node);
        if (node.wrap == Wrap::stored_once) node.out.stored = node.epitome->e_out;
        break;
      case Op::add: {
        const MapShape& other = net.shape_of(node.input_ids.at(1));
        if (node.in.channels != other.channels || node.in.height != other.height || node.in.width != other.width)
          throw InputError(node.where, "shape-mismatch",
                           fmt::format("node '{}' adds '{}' of {} and '{}' of {}; shapes must be equal", node.name,
                                       node.inputs[0], shape_text(node.in), node.inputs[1], shape_text(other)));
        node.out = node.in;
        if (other.stored != node.in.stored) node.out.stored = node.out.channels;
        break;
      }
      case Op::relu: node.out = node.in; break;
      case Op::global_avg_pool:
        node.kh = node.in.height;
        node.kw = node.in.width;
        [[fallthrough]];
      case Op::max_pool:
      case Op::avg_pool:
        node.out = window_shape(node, node.in.channels);
        node.out.stored = node.in.stored;
        break;
    }
  }
}

Layer layer_of(const Node& node) {
  Layer layer;
  layer.name = node.name;
  layer.cin = node.in.channels;
  layer.cout = node.cout;
  layer.in_period = node.in.stored < node.in.channels ? node.in.stored : 0;
  layer.kh = node.kh;
  layer.kw = node.kw;
  layer.stride = node.stride;
  layer.pad = node.pad;
  layer.h = node.in.height;
  layer.w = node.in.width;
  layer.epitome = node.weight_shape();
  layer.wrap = node.wrap;
  return layer;
}

bool replaced_by_uniform(const Node& node, int rows, int cols) {
  return node.op == Op::conv && node.role == Role::bottleneck &&
         (std::int64_t{node.in.channels} * node.kh * node.kw > rows || node.cout > cols);
}

EpitomeShape uniform_epitome(const Node& node, int rows, int cols) {
  EpitomeShape e{std::min(node.cout, cols), node.in.channels, node.kh, node.kw};
  if (std::int64_t{node.in.channels} * node.kh * node.kw > rows) {
    if (node.kh > 1) ++e.p;
    if (node.kw > 1) ++e.q;
    e.e_in = std::min(node.in.channels, rows / (e.p * e.q));
  }
  if (e.e_in < 1 || e.e_out < 1)
    throw InputError(node.where, "uniform-rows-too-few",
                     fmt::format("node '{}': a uniform design of {} rows x {} columns holds no epitome of {}x{} "
                                 "positions; needs at least {} rows and 1 column",
                                 node.name, rows, cols, e.p, e.q, e.p * e.q));
  return e;
}

void apply_uniform(Network& net, int rows, int cols) {
  for (Node& node : net.nodes) {
    node.epitome.reset();
    node.wrap = Wrap::off;
    node.sampler = SpatialCycle::cycle;
    if (replaced_by_uniform(node, rows, cols)) node.epitome = uniform_epitome(node, rows, cols);
  }
  infer_shapes(net);
}

std::string op_name(Op op) { return name_of(op, ops); }
std::string role_name(Role role) { return name_of(role, roles); }
std::string wrap_name(Wrap wrap) { return name_of(wrap, wraps); }
std::string sampler_name(SpatialCycle sampler) { return name_of(sampler, samplers); }
Wrap read_wrap(const JsonValue& v, const std::string& what) { return choose(v, what, wraps, "unknown-choice"); }
SpatialCycle read_sampler(const JsonValue& v, const std::string& what) {
  return choose(v, what, samplers, "unknown-choice");
}

}  // namespace epim

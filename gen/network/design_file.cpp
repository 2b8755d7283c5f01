// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/network/design_file.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "golden/files/json_document.hpp"

namespace epim {
namespace {

constexpr int most = 1 << 20;

EpitomeShape read_shape(const JsonValue& v, const std::string& what) {
  json_object(v, what);
  json_refuse_unknown_keys(v, what, {"e_out", "e_in", "p", "q"});
  const auto size = [&](const char* key) {
    return static_cast<int>(json_integer(json_required(v, key, what), what + "." + key, 1, most));
  };
  return {size("e_out"), size("e_in"), size("p"), size("q")};
}

int read_bits(const JsonValue& v, const std::string& what) { return static_cast<int>(json_integer(v, what, 2, 32)); }

LayerDesign read_layer(const JsonValue& v, std::size_t index) {
  const std::string place = fmt::format("layers[{}]", index);
  json_object(v, place);
  LayerDesign l;
  l.where = v.where;
  l.node = json_string(json_required(v, "node", place), place + ".node");
  const std::string what = fmt::format("layer '{}'", l.node);
  json_refuse_unknown_keys(v, what, {"node", "epitome", "pool", "sampler", "wrap", "weight_bits", "copies"});
  if (const JsonValue* e = v.find("epitome")) {
    l.has_epitome = true;
    if (e->kind != JsonValue::Kind::null) l.epitome = read_shape(*e, what + ": epitome");
  }
  if (const JsonValue* p = v.find("pool")) {
    if (l.epitome) throw InputError(p->where, "pool-and-epitome", what + ": an epitome and a pool are both given, legal: one of them");
    l.has_epitome = true;
    l.pool = read_pool(*p, what + ": pool");
  }
  if (const JsonValue* s = v.find("sampler")) l.sampler = read_sampler(*s, what + ": sampler");
  if (const JsonValue* w = v.find("wrap")) l.wrap = read_wrap(*w, what + ": wrap");
  if (!l.epitome && (l.sampler != SpatialCycle::cycle || l.wrap != Wrap::off))
    throw InputError(v.where, "design-without-epitome",
                     what + ": sampler distinct and wrap need an epitome in the same entry");
  if (const JsonValue* b = v.find("weight_bits")) {
    l.weight_bits = read_bits(*b, what + ": weight_bits");
    l.bits_where = b->where;
    if (l.pool) throw InputError(b->where, "contradictory-bits", what + ": weight_bits beside a pool, whose codes are -1 and 1; leave it out");
  }
  if (const JsonValue* c = v.find("copies")) l.copies = static_cast<int>(json_integer(*c, what + ": copies", 1, 65535));
  return l;
}

/// Plain JSON from the positioned one.
nlohmann::ordered_json plain(const JsonValue& v) {
  switch (v.kind) {
    case JsonValue::Kind::boolean: return v.boolean;
    case JsonValue::Kind::integer: return v.integer;
    case JsonValue::Kind::real: return v.real;
    case JsonValue::Kind::string: return v.text;
    case JsonValue::Kind::array: {
      auto a = nlohmann::ordered_json::array();
      for (const JsonValue& i : v.items) a.push_back(plain(i));
      return a;
    }
    case JsonValue::Kind::object: {
      auto o = nlohmann::ordered_json::object();
      for (const JsonMember& m : v.members) o[m.key] = plain(m.value);
      return o;
    }
    case JsonValue::Kind::null: break;
  }
  return nullptr;
}

nlohmann::ordered_json to_json(const LayerDesign& l) {
  nlohmann::ordered_json j = {{"node", l.node}};
  if (l.has_epitome) {
    if (l.pool) {
      j["pool"] = {{"kept", kept_name(l.pool->kept_one_in)}};
      if (l.pool->kept_first > 0) j["pool"]["kept_first"] = l.pool->kept_first;
      if (l.pool->group) j["pool"]["group"] = *l.pool->group;
    } else if (l.epitome) {
      j["epitome"] = {{"e_out", l.epitome->e_out}, {"e_in", l.epitome->e_in}, {"p", l.epitome->p}, {"q", l.epitome->q}};
      j["sampler"] = sampler_name(l.sampler);
      j["wrap"] = wrap_name(l.wrap);
    } else {
      j["epitome"] = nullptr;
    }
  }
  if (l.weight_bits > 0) j["weight_bits"] = l.weight_bits;
  if (l.copies > 0) j["copies"] = l.copies;
  return j;
}

}  // namespace

Design parse_design(const std::string& text, const std::string& file) {
  const JsonValue doc = parse_json(text, file);
  const std::string what = "the design";
  json_object(doc, what);
  json_refuse_unknown_keys(doc, what, {"schema", "network", "weight_bits", "layers", "provenance"});
  const JsonValue& schema = json_required(doc, "schema", what);
  if (json_integer(schema, "schema", 0, most) != 1)
    throw InputError(schema.where, "unsupported-schema", fmt::format("schema {} is not known; must be 1", schema.integer));
  Design d;
  d.file = file;
  const JsonValue& network = json_required(doc, "network", what);
  d.network = json_string(network, "network");
  d.network_where = network.where;
  if (const JsonValue* b = doc.find("weight_bits")) {
    d.weight_bits = read_bits(*b, "weight_bits");
    d.bits_where = b->where;
  }
  std::map<std::string, std::size_t> seen;
  for (const JsonValue& v : json_array(json_required(doc, "layers", what), "layers")) {
    LayerDesign l = read_layer(v, d.layers.size());
    const auto [it, fresh] = seen.emplace(l.node, d.layers.size());
    if (!fresh) {
      const LayerDesign& first = d.layers[it->second];
      if (first.weight_bits > 0 && l.weight_bits > 0 && first.weight_bits != l.weight_bits)
        throw InputError(l.bits_where, "contradictory-bits",
                         fmt::format("layer '{}' has weight_bits {} here and {} in line {}; keep one of them", l.node,
                                     l.weight_bits, first.weight_bits, first.bits_where.line));
      throw InputError(l.where, "duplicate-layer",
                       fmt::format("layer '{}' stands in line {} already; one entry per layer", l.node, first.where.line));
    }
    d.layers.push_back(std::move(l));
  }
  if (const JsonValue* p = doc.find("provenance")) d.provenance = plain(*p);
  return d;
}

Design read_design(const std::string& path) { return parse_design(read_text(path), path); }

std::string design_text(const Design& d) {
  std::string s = "{\n  \"schema\": 1,\n  \"network\": " + nlohmann::json(d.network).dump();
  if (d.weight_bits > 0) s += fmt::format(",\n  \"weight_bits\": {}", d.weight_bits);
  s += ",\n  \"layers\": [";
  for (std::size_t i = 0; i < d.layers.size(); ++i) s += (i ? ",\n    " : "\n    ") + to_json(d.layers[i]).dump();
  s += d.layers.empty() ? "]" : "\n  ]";
  if (!d.provenance.is_null()) {
    std::string p = d.provenance.dump(2);
    for (std::size_t at = 0; (at = p.find('\n', at)) != std::string::npos; at += 3) p.insert(at + 1, "  ");
    s += ",\n  \"provenance\": " + p;
  }
  return s + "\n}\n";
}

void apply_design(Network& net, const Design& d) {
  if (d.network != net.name)
    throw InputError(d.network_where, "design-network",
                     fmt::format("the design is for network '{}', this one is '{}'", d.network, net.name));
  for (Node& node : net.nodes)
    if (node.has_weights() && d.weight_bits > 0) node.weight_bits = d.weight_bits;
  for (const LayerDesign& l : d.layers) {
    const int index = net.find(l.node);
    if (index < 0) {
      std::vector<std::string> names;
      for (const Node& n : net.nodes)
        if (n.has_weights() && names.size() < 8) names.push_back(n.name);
      throw InputError(l.where, "unknown-layer",
                       fmt::format("network '{}' has no layer '{}'; its layers begin {}", net.name, l.node, fmt::join(names, ", ")));
    }
    Node& node = net.nodes[static_cast<std::size_t>(index)];
    const bool pool_copies = (node.op == Op::max_pool || node.op == Op::avg_pool) && l.copies > 0 && !l.has_epitome && l.weight_bits == 0;
    if (!node.has_weights() && !pool_copies)
      throw InputError(l.where, "design-without-weights",
                       fmt::format("layer '{}' ({}) holds no weights; only conv and fc can be designed, and pools have copies", l.node, op_name(node.op)));
    node.where = l.where;
    if (l.has_epitome) {
      node.epitome = l.epitome;
      node.pool = l.pool;
      node.sampler = l.sampler;
      node.wrap = l.wrap;
    }
    if (l.weight_bits > 0) node.weight_bits = l.weight_bits;
    if (l.copies > 0) node.copies = l.copies;
  }
  for (Node& node : net.nodes)
    if (node.pool) node.weight_bits = 0;  // codes -1 and 1
  infer_shapes(net);
}

Design design_of(const Network& net) {
  Design d;
  d.network = net.name;
  for (const Node& node : net.nodes) {
    if (!node.has_weights() && node.copies == 1) continue;
    LayerDesign l;
    l.node = node.name;
    if (node.copies > 1) l.copies = node.copies;
    if (!node.has_weights()) {
      d.layers.push_back(std::move(l));
      continue;
    }
    l.has_epitome = true;
    l.epitome = node.epitome;
    l.pool = node.pool;
    if (node.epitome) {
      l.sampler = node.sampler;
      l.wrap = node.wrap;
    }
    l.weight_bits = node.weight_bits;
    d.layers.push_back(std::move(l));
  }
  return d;
}

}  // namespace epim

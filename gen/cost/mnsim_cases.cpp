// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/cost/mnsim_cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <regex>

namespace epim {
namespace {

/// The order of a layer written as an array, after its type.
constexpr const char* array_keys[] = {"pe_count",      "tile_count",    "begin_ns",      "finish_ns",
                                      "energy_nJ",     "xbar_energy_nJ", "ADC_energy_nJ", "DAC_energy_nJ",
                                      "buf_energy_nJ", "digital_energy_nJ", "pooling_energy_nJ"};
constexpr double largest = 1e18;

/// What a name says: NETWORK-w9a9-1000, NETWORK-16slices-a32-10class (remarks).
void read_name(MnsimCase& c) {
  std::string text = c.name.substr(0, c.name.find(" ("));
  std::vector<std::string> parts;
  for (std::size_t i = 0; i <= text.size();) {
    const std::size_t end = std::min(text.find('-', i), text.size());
    parts.push_back(text.substr(i, end - i));
    i = end + 1;
  }
  static const std::regex both("w([0-9]{1,2})a([0-9]{1,2})"), weights("w([0-9]{1,2})"), acts("a([0-9]{1,2})"),
      slices("([0-9]{1,2})slices?"), classes("([0-9]{1,6})(class(es)?)?");
  std::smatch m;
  c.network = parts[0];
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string& p = parts[i];
    if (std::regex_match(p, m, both)) {
      c.workload.weight_bits = std::stoi(m[1]);
      c.workload.act_bits = std::stoi(m[2]);
    } else if (std::regex_match(p, m, weights)) {
      c.workload.weight_bits = std::stoi(m[1]);
    } else if (std::regex_match(p, m, acts)) {
      c.workload.act_bits = std::stoi(m[1]);
    } else if (std::regex_match(p, m, slices)) {
      c.workload.slices = std::stoi(m[1]);
    } else if (std::regex_match(p, m, classes)) {
      c.workload.classes = std::stoi(m[1]);
    }
    // Anything else says how the configuration differs, which `overrides` holds.
  }
  if (c.network.empty())
    throw InputError(c.where, "mnsim-case-name",
                     fmt::format("\"{}\" names no network; e.g. resnet50-w9a9-1000, or give network and workload", c.name));
}

std::map<std::string, double> numbers(const JsonValue& object) {
  std::map<std::string, double> out;
  for (const JsonMember& m : object.members)
    if (m.value.kind == JsonValue::Kind::integer || m.value.kind == JsonValue::Kind::real) out[m.key] = m.value.real;
  return out;
}

MnsimCase read_case(const JsonValue& v) {
  MnsimCase c;
  c.where = v.where;
  c.name = json_string(json_required(v, "case", "case"), "case");
  read_name(c);
  if (const JsonValue* n = v.find("network")) c.network = json_string(*n, "network");
  if (const JsonValue* w = v.find("workload")) {
    json_refuse_unknown_keys(json_object(*w, "workload"), "workload", {"weight_bits", "act_bits", "slices", "classes"});
    c.workload = {};
    const auto integer = [&](const char* key, int& to) {
      if (const JsonValue* x = w->find(key)) to = static_cast<int>(json_integer(*x, key, 0, 1000000));
    };
    integer("weight_bits", c.workload.weight_bits);
    integer("act_bits", c.workload.act_bits);
    integer("slices", c.workload.slices);
    integer("classes", c.workload.classes);
  }
  if (const JsonValue* o = v.find("overrides")) c.overrides = json_object(*o, "overrides");
  else c.overrides.kind = JsonValue::Kind::object;
  c.total = numbers(json_object(json_required(v, "total", "case"), "total"));
  for (const JsonValue& l : json_array(json_required(v, "layers", "case"), "layers")) {
    MnsimCase::Layer layer;
    if (l.kind == JsonValue::Kind::array) {
      if (l.items.size() != 1 + std::size(array_keys))
        throw InputError(l.where, "wrong-type", fmt::format("a layer has {} values, must have {}", l.items.size(),
                                                            1 + std::size(array_keys)));
      layer.type = json_string(l.items[0], "type");
      for (std::size_t i = 0; i < std::size(array_keys); ++i)
        layer.values[array_keys[i]] = json_real(l.items[i + 1], array_keys[i], -largest, largest);
    } else {
      layer.type = json_string(json_required(json_object(l, "layer"), "type", "layer"), "type");
      if (const JsonValue* n = l.find("name")) layer.name = json_string(*n, "name");
      layer.values = numbers(l);
    }
    c.layers.push_back(std::move(layer));
  }
  return c;
}

const char* kind_name(MnsimKind kind) {
  switch (kind) {
    case MnsimKind::conv: return "conv";
    case MnsimKind::fc: return "fc";
    case MnsimKind::pooling: return "pooling";
    case MnsimKind::element_sum: return "element_sum";
  }
  return "?";
}

}  // namespace

std::vector<MnsimCase> load_mnsim_cases(const std::string& path) {
  const JsonValue file = read_json(path);
  const JsonValue& list = file.kind == JsonValue::Kind::object ? json_required(file, "cases", "file") : file;
  std::vector<MnsimCase> cases;
  for (const JsonValue& v : json_array(list, "cases")) cases.push_back(read_case(json_object(v, "case")));
  return cases;
}

MnsimDifference compare(const MnsimResult& r, const MnsimCase& c) {
  MnsimDifference d;
  const auto structure = [&](const std::string& what, double ours, double theirs) {
    if (ours == theirs || !d.structure) return;
    d.structure = false;
    d.first = fmt::format("{}: {} here, {} there", what, ours, theirs);
  };
  const auto relative = [](double ours, double theirs) {
    return theirs == 0 ? std::abs(ours) : std::abs(ours / theirs - 1);
  };
  const auto total = [&](const char* key, auto&& use) {
    if (const auto it = c.total.find(key); it != c.total.end()) use(it->second);
  };
  total("pe_count", [&](double v) { structure("PEs", r.pes, v); });
  total("tile_count", [&](double v) { structure("tiles", r.tiles, v); });
  total("input_buffer_KB", [&](double v) { structure("input buffer KB", r.input_buffer_kb, v); });
  total("output_buffer_KB", [&](double v) { structure("output buffer KB", r.output_buffer_kb, v); });
  total("latency_ms", [&](double v) { d.latency = relative(r.latency_ms(), v); });
  total("energy_mJ", [&](double v) { d.energy = relative(r.energy_mj(), v); });
  total("adc_mJ", [&](double v) { d.energy = std::max(d.energy, relative(r.energy.adc * 1e-6, v)); });
  total("buffer_mJ", [&](double v) { d.energy = std::max(d.energy, relative(r.energy.buffer * 1e-6, v)); });
  total("crossbar_mJ", [&](double v) { d.energy = std::max(d.energy, relative(r.energy.crossbar * 1e-6, v)); });
  total("digital_mJ", [&](double v) { d.energy = std::max(d.energy, relative(r.energy.digital * 1e-6, v)); });
  total("area_mm2", [&](double v) { d.area = relative(r.area_mm2(), v); });
  structure("layers", static_cast<double>(r.layers.size()), static_cast<double>(c.layers.size()));
  for (std::size_t i = 0; i < std::min(r.layers.size(), c.layers.size()); ++i) {
    const MnsimLayerResult& ours = r.layers[i];
    const auto& theirs = c.layers[i].values;
    const std::string where = fmt::format("layer {} ({})", i, ours.layer.name);
    if (c.layers[i].type != kind_name(ours.layer.kind) && d.structure) {
      d.structure = false;
      d.first = fmt::format("{}: {} here, {} there", where, kind_name(ours.layer.kind), c.layers[i].type);
    }
    const auto get = [&](const char* key, double otherwise) {
      const auto it = theirs.find(key);
      return it == theirs.end() ? otherwise : it->second;
    };
    structure(where + " PEs", ours.layer.pes, get("pe_count", ours.layer.pes));
    structure(where + " tiles", ours.layer.tiles, get("tile_count", ours.layer.tiles));
    const double begin = get("begin_ns", ours.begin), finish = get("finish_ns", ours.finish);
    d.latency = std::max({d.latency, std::abs(ours.begin - begin) / r.latency, std::abs(ours.finish - finish) / r.latency});
    d.layer_latency = std::max(d.layer_latency, relative(ours.finish - ours.begin, finish - begin));
    const double energy = get("energy_nJ", ours.energy.total());
    const double scale = energy > 0 ? energy : r.energy.total();
    const auto part = [&](const char* key, double value) {
      d.layer_energy = std::max(d.layer_energy, std::abs(value - get(key, value)) / scale);
    };
    part("energy_nJ", ours.energy.total());
    part("xbar_energy_nJ", ours.energy.crossbar);
    part("ADC_energy_nJ", ours.energy.adc);
    part("DAC_energy_nJ", ours.energy.dac);
    part("buf_energy_nJ", ours.energy.buffer);
    part("digital_energy_nJ", ours.energy.digital);
    part("pooling_energy_nJ", ours.energy.pooling);
  }
  return d;
}

}  // namespace epim

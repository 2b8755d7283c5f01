// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "golden/energy.hpp"

#include <fmt/format.h>

#include <fstream>
#include <limits>
#include <sstream>
#include <string_view>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "golden/diagnostic.hpp"

namespace epim {
namespace {

class Loader {
 public:
  explicit Loader(std::string path) : path_(std::move(path)) {}

  EnergyTable load() {
    std::ifstream in(path_, std::ios::binary);
    if (!in) throw InputError({path_, 0, 0}, "unreadable-file", "cannot be opened for reading");
    std::ostringstream text;
    text << in.rdbuf();
    toml::table root;
    try {
      root = toml::parse(text.str(), std::string_view(path_));
    } catch (const toml::parse_error& e) {
      throw InputError(position(e.source()), "toml-syntax", std::string(e.description()));
    }
    EnergyTable table;
    for (auto&& [key, node] : root) {
      if (key.str() == "schema") {
        if (node.value<std::int64_t>() != 1) fail(node, "schema must be 1");
        continue;
      }
      bool known = false;
      for (const EventInfo& info : event_list) known = known || key.str() == info.name;
      if (!known)
        throw InputError(position(key.source()), "energy-table",
                         fmt::format("unknown event '{}'; legal names are those of golden/events.def", key.str()));
    }
    for (std::size_t i = 0; i < event_count; ++i) {
      const toml::node* node = root.get(event_list[i].name);
      if (node == nullptr)
        throw InputError({path_, 1, 1}, "energy-table", fmt::format("no table [{}]; every event needs one",
                                                                    event_list[i].name));
      if (!node->is_table()) fail(*node, fmt::format("'{}' must be a table", event_list[i].name));
      table.entries[i] = entry(*node->as_table(), event_list[i].name);
    }
    return table;
  }

 private:
  Position position(const toml::source_region& region) const {
    return {path_, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
  }
  [[noreturn]] void fail(const toml::node& node, const std::string& text) const {
    throw InputError(position(node.source()), "energy-table", text);
  }
  std::string text_of(const toml::table& t, const char* key, const char* event) const {
    const toml::node* node = t.get(key);
    if (node == nullptr) fail(t, fmt::format("[{}] has no '{}'", event, key));
    if (!node->is_string() || node->as_string()->get().empty())
      fail(*node, fmt::format("[{}] {} must be a text that is not empty", event, key));
    return node->as_string()->get();
  }
  std::int64_t energy_of(const toml::node& node, const char* event) const {
    if (!node.is_integer()) fail(node, fmt::format("[{}]: an energy must be a whole number of attojoules", event));
    const std::int64_t value = node.as_integer()->get();
    if (value < 0) fail(node, fmt::format("[{}]: energy {} is negative", event, value));
    return value;
  }
  EnergyEntry entry(const toml::table& t, const char* event) const {
    EnergyEntry e;
    for (auto&& [key, node] : t)
      if (key != "component" && key != "energy_aj" && key != "scale" && key != "by_value" && key != "unit" &&
          key != "node" && key != "source" && key != "note")
        throw InputError(position(key.source()), "energy-table",
                         fmt::format("[{}]: unknown key '{}'; legal: component, energy_aj, scale, by_value, unit, "
                                     "node, source, note", event, key.str()));
    e.component = text_of(t, "component", event);
    e.unit = text_of(t, "unit", event);
    e.node = text_of(t, "node", event);
    e.source = text_of(t, "source", event);
    e.note = text_of(t, "note", event);
    const toml::node* scale_node = t.get("scale");
    const std::string scale = scale_node == nullptr ? "none" : text_of(t, "scale", event);
    if (scale == "none") e.scale = EnergyScale::none;
    else if (scale == "adc_bits") e.scale = EnergyScale::adc_bits;
    else if (scale == "dac_bits") e.scale = EnergyScale::dac_bits;
    else if (scale == "cell_bits") e.scale = EnergyScale::cell_bits;
    else if (scale == "input_word_bits") e.scale = EnergyScale::input_word_bits;
    else if (scale == "output_word_bits") e.scale = EnergyScale::output_word_bits;
    else
      fail(*scale_node, fmt::format("[{}]: scale '{}'; legal: none, adc_bits, dac_bits, cell_bits, input_word_bits, "
                                    "output_word_bits", event, scale));
    const bool listed = scale == "adc_bits" || scale == "dac_bits" || scale == "cell_bits";
    const toml::node* values = t.get("by_value");
    const toml::node* single = t.get("energy_aj");
    if (listed != (values != nullptr) || listed == (single != nullptr))
      fail(t, fmt::format("[{}]: scale '{}' takes {} and not {}", event, scale, listed ? "by_value" : "energy_aj",
                          listed ? "energy_aj" : "by_value"));
    if (!listed) {
      e.energy = energy_of(*single, event);
      return e;
    }
    if (!values->is_array() || values->as_array()->empty())
      fail(*values, fmt::format("[{}]: by_value must be a list of [value, attojoules]", event));
    for (auto&& pair : *values->as_array()) {
      const toml::array* p = pair.as_array();
      if (p == nullptr || p->size() != 2 || !p->get(0)->is_integer())
        fail(pair, fmt::format("[{}]: by_value must be a list of [value, attojoules]", event));
      const std::int64_t value = p->get(0)->as_integer()->get();
      if (value < 1 || value > 64) fail(pair, fmt::format("[{}]: {} is no number of bits", event, value));
      if (!e.by_value.emplace(static_cast<int>(value), energy_of(*p->get(1), event)).second)
        fail(pair, fmt::format("[{}]: {} is listed twice", event, value));
    }
    return e;
  }

  std::string path_;
};

std::int64_t checked(__int128 value) {
  if (value > std::numeric_limits<std::int64_t>::max() || value < 0)
    throw InputError({}, "energy-range", "the energy exceeds 2^63 - 1 attojoules (9.2 J), or a count is negative");
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::int64_t EnergyTable::per_event(std::size_t i, const Hardware& hw) const {
  const EnergyEntry& e = entries[i];
  const auto listed = [&](int value, const char* what) {
    const auto it = e.by_value.find(value);
    if (it == e.by_value.end())
      throw InputError({}, "energy-range", fmt::format("the energy table has no '{}' for {} = {}; it lists {}..{}",
                                                       event_list[i].name, what, value, e.by_value.begin()->first,
                                                       e.by_value.rbegin()->first));
    return it->second;
  };
  switch (e.scale) {
    case EnergyScale::none: return e.energy;
    case EnergyScale::adc_bits: return listed(hw.adc_bits, "adc_bits");
    case EnergyScale::dac_bits: return listed(hw.dac_bits, "dac_bits");
    case EnergyScale::cell_bits: return listed(hw.cell_bits, "cell_bits");
    case EnergyScale::input_word_bits: return checked(static_cast<__int128>(e.energy) * hw.lanes * hw.act_bits);
    case EnergyScale::output_word_bits: return checked(static_cast<__int128>(e.energy) * hw.lanes * hw.out_bits);
  }
  return 0;
}

EnergyTable load_energy_table(const std::string& path) { return Loader(path).load(); }

EnergyReport energy(const EventCounts& counts, const EnergyTable& table, const Hardware& hw) {
  EnergyReport report;
  __int128 total = 0;
  for (std::size_t i = 0; i < event_count; ++i) {
    const std::int64_t value = checked(static_cast<__int128>(counts.at(i)) * table.per_event(i, hw));
    report.by_event[i] = value;
    total += value;
    const std::string& component = table.entries[i].component;
    auto it = report.by_component.begin();
    while (it != report.by_component.end() && it->first != component) ++it;
    if (it == report.by_component.end()) it = report.by_component.insert(it, {component, 0});
    it->second = checked(static_cast<__int128>(it->second) + value);
  }
  report.total = checked(total);
  return report;
}

nlohmann::ordered_json to_json(const EnergyReport& report) {
  nlohmann::ordered_json json;
  json["unit"] = "aJ";
  json["total"] = report.total;
  json["components"] = nlohmann::ordered_json::object();
  for (const auto& [name, value] : report.by_component) json["components"][name] = value;
  json["events"] = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < event_count; ++i) json["events"][event_list[i].name] = report.by_event[i];
  return json;
}

}  // namespace epim

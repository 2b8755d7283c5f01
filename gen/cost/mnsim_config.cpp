// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/cost/mnsim_config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <string_view>
#include <variant>

namespace epim {
namespace {

using C = MnsimConfig;
using K = MnsimConstants;
using Member = std::variant<int C::*, double C::*, std::array<int, 2> C::*, std::array<double, 2> C::*>;

struct Key {
  std::string_view name;
  Member member;
  double lo, hi;
};
constexpr double big = 1e12;
constexpr double tiny = 1e-12;

const std::vector<Key>& keys() {
  static const std::vector<Key> all = {
      {"Read_Voltage", &C::read_voltage, 0, 100},
      {"Read_Latency", &C::read_latency, 0, big},
      {"Device_Level", &C::device_level, 2, 1024},
      {"Device_Resistance", &C::device_resistance, tiny, big},
      {"Device_Area", &C::device_area, 0, big},
      {"Xbar_Size", &C::xbar_size, 1, 65536},
      {"Subarray_Size", &C::subarray_size, 1, 65536},
      {"Transistor_Tech", &C::transistor_tech, 1, 10000},
      {"DAC_Choice", &C::dac_choice, -1, 1000},
      {"DAC_Area", &C::dac_area, 0, big},
      {"DAC_Precision", &C::dac_precision, 0, 32},
      {"DAC_Power", &C::dac_power, 0, big},
      {"DAC_Sample_Rate", &C::dac_sample_rate, 0, big},
      {"ADC_Choice", &C::adc_choice, -1, 1000},
      {"ADC_Area", &C::adc_area, 0, big},
      {"ADC_Precision", &C::adc_precision, 0, 32},
      {"ADC_Power", &C::adc_power, 0, big},
      {"ADC_Sample_Rate", &C::adc_sample_rate, 0, big},
      {"Xbar_Polarity", &C::xbar_polarity, 1, 2},
      {"Sub_Position", &C::sub_position, 0, 1},
      {"Group_Num", &C::group_num, 0, 1024},
      {"DAC_Num", &C::dac_num, 1, 65536},
      {"ADC_Num", &C::adc_num, 0, 65536},
      {"PE_inBuf_Size", &C::pe_inbuf_size, 0, 1e6},
      {"Tile_outBuf_Size", &C::tile_outbuf_size, 0, 1e6},
      {"Digital_Frequency", &C::digital_frequency, tiny, big},
      {"Adder_Tech", &C::adder_tech, 1, 10000},
      {"Adder_Area", &C::adder_area, 0, big},
      {"Adder_Power", &C::adder_power, 0, big},
      {"ShiftReg_Tech", &C::shiftreg_tech, 0, 10000},
      {"ShiftReg_Area", &C::shiftreg_area, 0, big},
      {"ShiftReg_Power", &C::shiftreg_power, 0, big},
      {"Reg_Tech", &C::reg_tech, 0, 10000},
      {"Reg_Area", &C::reg_area, 0, big},
      {"Reg_Power", &C::reg_power, 0, big},
      {"JointModule_Tech", &C::joint_tech, 0, 10000},
      {"JointModule_Area", &C::joint_area, 0, big},
      {"JointModule_Power", &C::joint_power, 0, big},
      {"PE_Num", &C::pe_num, 0, 1024},
      {"Pooling_shape", &C::pooling_shape, 0, 1024},
      {"Pooling_unit_num", &C::pooling_unit_num, 0, 65536},
      {"Pooling_Tech", &C::pooling_tech, 0, 10000},
      {"Inter_Tile_Bandwidth", &C::inter_tile_bandwidth, tiny, big},
      {"Intra_Tile_Bandwidth", &C::intra_tile_bandwidth, tiny, big},
      {"Buffer_Technology", &C::buffer_technology, 0, 10000},
      {"Buffer_Bitwidth", &C::buffer_bitwidth, 0, 65536},
      {"Tile_Connection", &C::tile_connection, 0, 3},
      {"Tile_Num", &C::tile_num, 0, 1024},
  };
  return all;
}

struct ConstantKey {
  std::string_view name;
  double K::*member;
};
const std::vector<ConstantKey>& constant_keys() {
  static const std::vector<ConstantKey> all = {
      {"buffer_cycle", &K::buffer_cycle},         {"element_sum", &K::element_sum},
      {"pooling_latency", &K::pooling_latency},   {"pooling_power", &K::pooling_power},
      {"pooling_area", &K::pooling_area},         {"decoder_latency", &K::decoder_latency},
      {"mux_latency", &K::mux_latency},           {"transistor_power", &K::transistor_power},
      {"transistor_area", &K::transistor_area},   {"row_driver_area", &K::row_driver_area},
      {"wire_quadratic", &K::wire_quadratic},     {"wire_linear", &K::wire_linear},
      {"wire_constant", &K::wire_constant},       {"shift_register_power", &K::shift_register_power},
      {"shift_register_area", &K::shift_register_area}, {"register_power", &K::register_power},
      {"register_area", &K::register_area},       {"joint_power", &K::joint_power},
      {"joint_area", &K::joint_area},
  };
  return all;
}

struct QuirkName {
  std::string_view name;
  bool MnsimQuirks::*member;
};
constexpr std::array<QuirkName, 7> quirk_table{{{"one_pair_per_bit", &MnsimQuirks::one_pair_per_bit},
                                                {"no_accumulator_energy", &MnsimQuirks::no_accumulator_energy},
                                                {"no_adder_tree_energy", &MnsimQuirks::no_adder_tree_energy},
                                                {"dac8_power_in_watts", &MnsimQuirks::dac8_power_in_watts},
                                                {"sum_distance_first_tile", &MnsimQuirks::sum_distance_first_tile},
                                                {"pooling_power_table", &MnsimQuirks::pooling_power_table},
                                                {"pooling_reads_output_twice",
                                                 &MnsimQuirks::pooling_reads_output_twice}}};

Position at(const toml::node& n, const std::string& file) {
  return {file, static_cast<int>(n.source().begin.line), static_cast<int>(n.source().begin.column)};
}

/// Reads tables of the data file; every method throws InputError with the position of what is wrong.
class Reader {
 public:
  explicit Reader(const std::string& path) : file_(path) {
    const std::string text = read_text(path);
    try {
      root_ = toml::parse(text, path);
    } catch (const toml::parse_error& e) {
      throw InputError({path, static_cast<int>(e.source().begin.line), static_cast<int>(e.source().begin.column)},
                       "toml-syntax", std::string(e.description()));
    }
  }
  const toml::table& root() const { return root_; }
  const toml::node& get(const toml::table& t, std::string_view key) const {
    const toml::node* n = t.get(key);
    if (!n) throw InputError(at(t, file_), "missing-key", fmt::format("key \"{}\" is missing", key));
    return *n;
  }
  const toml::table& table(const toml::table& t, std::string_view key) const {
    const toml::node& n = get(t, key);
    if (!n.is_table()) wrong(n, key, "a table");
    return *n.as_table();
  }
  double number(const toml::node& n, std::string_view key) const {
    const auto v = n.value<double>();
    if (!v || !(n.is_integer() || n.is_floating_point())) wrong(n, key, "a number");
    if (!std::isfinite(*v)) wrong(n, key, "finite");
    return *v;
  }
  double number(const toml::table& t, std::string_view key) const { return number(get(t, key), key); }
  std::vector<double> numbers(const toml::node& n, std::string_view key) const {
    std::vector<double> out;
    if (const toml::array* a = n.as_array())
      for (const toml::node& item : *a) out.push_back(number(item, key));
    else
      out.push_back(number(n, key));
    return out;
  }
  /// A constant { value, unit, node_nm, source }: all four must be there.
  std::vector<double> documented(const toml::table& parent, std::string_view key) const {
    const toml::table& t = table(parent, key);
    text(t, "unit");
    text(t, "source");
    number(t, "node_nm");
    refuse_unknown(t, {"value", "unit", "node_nm", "source"});
    return numbers(get(t, "value"), key);
  }
  void text(const toml::table& t, std::string_view key) const {
    const auto v = get(t, key).value<std::string>();
    if (!v || v->empty()) wrong(get(t, key), key, "a non-empty string");
  }
  std::vector<const toml::table*> tables(std::string_view key) const {
    const toml::node& n = get(root_, key);
    std::vector<const toml::table*> out;
    if (!n.is_array()) wrong(n, key, "an array of tables");
    for (const toml::node& item : *n.as_array()) {
      if (!item.is_table()) wrong(item, key, "an array of tables");
      text(*item.as_table(), "source");
      out.push_back(item.as_table());
    }
    return out;
  }
  void refuse_unknown(const toml::table& t, const std::vector<std::string_view>& legal) const {
    for (const auto& [key, value] : t)
      if (std::find(legal.begin(), legal.end(), key.str()) == legal.end())
        throw InputError(at(value, file_), "unknown-key",
                         fmt::format("key \"{}\" is unknown; legal: {}", key.str(), fmt::join(legal, ", ")));
  }
  Position where(const toml::node& n) const { return at(n, file_); }

 private:
  [[noreturn]] void wrong(const toml::node& n, std::string_view key, const char* wanted) const {
    throw InputError(at(n, file_), "wrong-type", fmt::format("{} must be {}", key, wanted));
  }
  std::string file_;
  toml::table root_;
};

std::vector<ConverterRow> read_converters(const Reader& in, std::string_view key) {
  std::vector<ConverterRow> rows;
  for (const toml::table* t : in.tables(key)) {
    in.refuse_unknown(*t, {"choice", "bits", "area_um2", "power_W", "compat_power_W", "rate_GSps", "node_nm", "ramp",
                           "source"});
    ConverterRow r;
    r.choice = static_cast<int>(in.number(*t, "choice"));
    r.bits = static_cast<int>(in.number(*t, "bits"));
    r.area = in.number(*t, "area_um2");
    r.power = in.number(*t, "power_W");
    r.compat_power = t->contains("compat_power_W") ? in.number(*t, "compat_power_W") : r.power;
    r.rate = in.number(*t, "rate_GSps");
    in.number(*t, "node_nm");
    r.ramp = (*t)["ramp"].value_or(false);
    rows.push_back(r);
  }
  return rows;
}

std::vector<double> text_numbers(const JsonValue& v, const std::string& key) {
  std::vector<double> out;
  if (v.kind == JsonValue::Kind::array) {
    for (const JsonValue& i : v.items) out.push_back(json_real(i, key, -big, big));
  } else if (v.kind == JsonValue::Kind::string) {
    std::istringstream in(v.text);
    std::string part;
    while (std::getline(in, part, ',')) {
      std::size_t used = 0;
      double x = 0;
      try {
        x = std::stod(part, &used);
      } catch (const std::exception&) {
      }
      if (used == 0 || part.find_first_not_of(" \t", used) != std::string::npos)
        throw InputError(v.where, "wrong-type", fmt::format("{} = \"{}\", must be numbers", key, v.text));
      out.push_back(x);
    }
  } else {
    out.push_back(json_real(v, key, -big, big));
  }
  return out;
}

}  // namespace

MnsimQuirks MnsimQuirks::compat() {
  MnsimQuirks q;
  for (const QuirkName& n : quirk_table) q.*n.member = true;
  return q;
}

void set_mnsim_quirk(MnsimQuirks& quirks, const std::string& name, bool value) {
  if (name == "compat") {
    for (const QuirkName& n : quirk_table) quirks.*n.member = value;
    return;
  }
  std::vector<std::string_view> legal{"compat"};
  for (const QuirkName& n : quirk_table) {
    if (n.name == name) {
      quirks.*n.member = value;
      return;
    }
    legal.push_back(n.name);
  }
  throw InputError({}, "unknown-key", fmt::format("quirk \"{}\" is unknown; legal: {}", name, fmt::join(legal, ", ")));
}

void set_mnsim_key(MnsimConfig& config, const std::string& name, const std::vector<double>& values,
                   const Position& where) {
  for (const Key& key : keys()) {
    if (key.name != name) continue;
    const auto scalar = [&](double v, bool whole) {
      if (!(v >= key.lo && v <= key.hi))
        throw InputError(where, "value-out-of-range", fmt::format("{} = {}, must be {}..{}", name, v, key.lo, key.hi));
      if (whole && v != std::floor(v))
        throw InputError(where, "wrong-type", fmt::format("{} = {}, must be an integer", name, v));
      return v;
    };
    const bool pair = key.member.index() >= 2;
    if (pair ? values.size() < 2 : values.size() != 1)
      throw InputError(where, "wrong-type",
                       fmt::format("{} has {} values, must have {}", name, values.size(), pair ? "2" : "1"));
    std::visit(
        [&](auto member) {
          using T = std::decay_t<decltype(config.*member)>;
          if constexpr (std::is_same_v<T, int>) config.*member = static_cast<int>(scalar(values[0], true));
          else if constexpr (std::is_same_v<T, double>) config.*member = scalar(values[0], false);
          else if constexpr (std::is_same_v<T, std::array<int, 2>>)
            config.*member = {static_cast<int>(scalar(values[0], true)), static_cast<int>(scalar(values.back(), true))};
          else config.*member = {scalar(values[0], false), scalar(values.back(), false)};
        },
        key.member);
    if (name == "Xbar_Size" && config.xbar_size[0] % std::max(1, config.subarray_size) != 0)
      config.subarray_size = config.xbar_size[0];
    return;
  }
  std::vector<std::string_view> legal;
  for (const Key& key : keys()) legal.push_back(key.name);
  throw InputError(where, "unknown-key", fmt::format("\"{}\" is unknown; legal: {}", name, fmt::join(legal, ", ")));
}

void apply_mnsim_overrides(MnsimConfig& config, const JsonValue& overrides) {
  for (const JsonMember& m : json_object(overrides, "overrides").members) {
    if (m.value.kind == JsonValue::Kind::object) apply_mnsim_overrides(config, m.value);
    else set_mnsim_key(config, m.key, text_numbers(m.value, m.key), m.where);
  }
}

std::vector<std::string> apply_mnsim_file(MnsimConfig& config, const std::string& path) {
  std::vector<std::string> unread;
  if (path.ends_with(".json")) {
    const JsonValue file = read_json(path);
    const JsonValue* inner = file.find("overrides");
    apply_mnsim_overrides(config, inner ? *inner : file);
    return unread;
  }
  std::istringstream in(read_text(path));
  std::string line;
  const auto trimmed = [](std::string t) {
    const std::size_t first = t.find_first_not_of(" \t\r");
    if (first == std::string::npos) return std::string();
    return t.substr(first, t.find_last_not_of(" \t\r") - first + 1);
  };
  for (int number = 1; std::getline(in, line); ++number) {
    line = trimmed(line);
    if (line.empty() || line[0] == '#' || line[0] == ';' || line[0] == '[') continue;
    const std::size_t equal = line.find('=');
    const Position where{path, number, 1};
    if (equal == std::string::npos)
      throw InputError(where, "ini-syntax", fmt::format("\"{}\" is no section, comment or key = value", line));
    const std::string key = trimmed(line.substr(0, equal));
    JsonValue value;
    value.kind = JsonValue::Kind::string;
    value.where = where;
    value.text = trimmed(line.substr(equal + 1));
    const auto& all = keys();
    if (std::none_of(all.begin(), all.end(), [&](const Key& k) { return k.name == key; })) unread.push_back(key);
    else set_mnsim_key(config, key, text_numbers(value, key), where);
  }
  return unread;
}

MnsimData load_mnsim_data(const std::string& path) {
  const Reader in(path);
  in.refuse_unknown(in.root(), {"schema", "config", "constants", "adder", "adc", "dac", "sram"});
  MnsimData data;
  const toml::table& config = in.table(in.root(), "config");
  for (const auto& [key, value] : config)
    set_mnsim_key(data.config, std::string(key.str()), in.documented(config, key.str()), in.where(value));
  for (const Key& key : keys()) in.get(config, key.name);
  const toml::table& constants = in.table(in.root(), "constants");
  std::vector<std::string_view> legal;
  for (const ConstantKey& key : constant_keys()) {
    data.constants.*key.member = in.documented(constants, key.name).at(0);
    legal.push_back(key.name);
  }
  in.refuse_unknown(constants, legal);
  data.adc = read_converters(in, "adc");
  data.dac = read_converters(in, "dac");
  for (const toml::table* t : in.tables("adder"))
    data.adder.push_back(
        {static_cast<int>(in.number(*t, "node_nm")), in.number(*t, "power_W"), in.number(*t, "area_um2")});
  for (const toml::table* t : in.tables("sram")) {
    in.text(*t, "unit");
    SramTable table;
    table.node = static_cast<int>(in.number(*t, "node_nm"));
    const toml::array* rows = in.get(*t, "rows").as_array();
    for (std::size_t i = 0; rows && i < rows->size(); ++i) {
      const std::vector<double> v = in.numbers((*rows)[i], "rows");
      if (v.size() != 6)
        throw InputError(in.where((*rows)[i]), "wrong-type", fmt::format("a row has {} values, must have 6", v.size()));
      table.rows.push_back({static_cast<int>(v[0]), static_cast<int>(v[1]), v[2], v[3], v[4], v[5]});
    }
    data.sram.push_back(std::move(table));
  }
  return data;
}

}  // namespace epim

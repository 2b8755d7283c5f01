// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/config/config.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <variant>

#include "gen/config/config_keys.hpp"

namespace epim {

namespace {

using Numbers = std::vector<std::int64_t>;
using Data = std::variant<std::int64_t, bool, std::string, Numbers, double>;

/// A checked value: Integer -> int64 or word, Size -> {rows, columns}, OneOrTwo/OneOrFour -> 2/4 numbers,
/// Range -> {lo, hi} or word.
struct Value {
  Data data;
  Position at;
  std::string text;  ///< as TOML
};

Position position(const toml::source_region& source, const std::string& file) {
  return {file, static_cast<int>(source.begin.line), static_cast<int>(source.begin.column)};
}

/// An error is one line: control characters become spaces.
std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return text;
}

/// One line of TOML: strings in double quotes, arrays as [1, 2].
std::string toml_text(const toml::node& node) {
  if (const auto* text = node.as_string())
    return nlohmann::json(text->get()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (const auto* array = node.as_array()) {
    std::string list;
    for (const auto& element : *array) list += (list.empty() ? "" : ", ") + toml_text(element);
    return "[" + list + "]";
  }
  if (node.is_table()) return "a table";
  std::ostringstream out;
  node.visit([&](const auto& n) { out << n; });
  return out.str();
}

[[noreturn]] void wrong_type(const ConfigKey& key, const std::string& text, const Position& at) {
  throw InputError(at, "wrong-type", fmt::format("{} is {}, legal: {}", key.path, text, key.legal()));
}

std::optional<Numbers> integers(const toml::node& node) {
  const auto* array = node.as_array();
  if (array == nullptr) return std::nullopt;
  Numbers numbers;
  for (const auto& element : *array) {
    const auto* number = element.as_integer();
    if (number == nullptr) return std::nullopt;
    numbers.push_back(number->get());
  }
  return numbers;
}

/// "256x64" -> {256, 64}
std::optional<Numbers> size_text(const std::string& text) {
  Numbers numbers;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, 'x');) {
    if (part.empty() || part.size() > 9 || part.find_first_not_of("0123456789") != std::string::npos)
      return std::nullopt;
    numbers.push_back(std::stoll(part));
  }
  if (numbers.size() != 2 || text.back() == 'x') return std::nullopt;
  return numbers;
}

/// Type, word and range checks of one value.
Value check_value(const ConfigKey& key, const toml::node& node, const Position& at) {
  Value value{{}, at, toml_text(node)};
  const auto* text = node.as_string();
  const auto* number = node.as_integer();
  if (text != nullptr && key.type != KeyType::Text && key.has_word(text->get())) {
    value.data = text->get();
    return value;
  }
  switch (key.type) {
    case KeyType::Boolean:
      if (!node.is_boolean()) wrong_type(key, value.text, at);
      value.data = node.as_boolean()->get();
      return value;
    case KeyType::Text:
      if (text == nullptr) wrong_type(key, value.text, at);
      if (text->get().empty())
        throw InputError(at, "value-out-of-range", fmt::format("{} is empty, legal: a non-empty text", key.path));
      value.data = text->get();
      return value;
    case KeyType::Choice:
      if (text == nullptr) wrong_type(key, value.text, at);
      throw InputError(at, "unknown-choice", fmt::format("{} is {}, legal: {}", key.path, value.text, key.legal()));
    case KeyType::Integer:
      if (number == nullptr) wrong_type(key, value.text, at);
      check_range(key, number->get(), at);
      value.data = number->get();
      return value;
    case KeyType::Real: {
      const auto* real = node.as_floating_point();
      if (real == nullptr && number == nullptr) wrong_type(key, value.text, at);
      const double v = real != nullptr ? real->get() : static_cast<double>(number->get());
      check_real(key, v, at);
      value.data = v;
      return value;
    }
    default: break;
  }
  std::optional<Numbers> numbers;
  if (key.type == KeyType::Size) {
    if (text != nullptr) numbers = size_text(text->get());
  } else if (number != nullptr && key.type != KeyType::Range) {
    numbers = Numbers(key.type == KeyType::OneOrTwo ? 2 : 4, number->get());
  } else {
    numbers = integers(node);
  }
  const std::size_t wanted = key.type == KeyType::OneOrFour ? 4 : 2;
  if (!numbers || numbers->size() != wanted) wrong_type(key, value.text, at);
  for (auto n : *numbers) check_range(key, n, at);
  if (key.type == KeyType::Range && numbers->front() > numbers->back())
    throw InputError(at, "value-out-of-range", fmt::format("{} is {}, legal: {}", key.path, value.text, key.legal()));
  value.data = *numbers;
  return value;
}

/// All values of one configuration, by key, with the positions of the sections.
class Values {
 public:
  explicit Values(std::string file) : file_(std::move(file)) {}

  void read(const toml::table& table) {
    std::vector<Leaf> leaves;
    collect(table, "", leaves);
    std::stable_sort(leaves.begin(), leaves.end(), [](const Leaf& a, const Leaf& b) {
      return std::pair(a.key_at.line, a.key_at.column) < std::pair(b.key_at.line, b.key_at.column);
    });
    for (const auto& leaf : leaves) set(leaf.path, leaf.node, leaf.key_at, leaf.value_at);
  }

  void override_with(const std::string& assignment) {
    const Position at{one_line("--set " + assignment), 0, 0};
    const auto equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0)
      throw InputError(at, "bad-override", "legal: section.key=value, as in hardware.cell_bits=1");
    const std::string path = assignment.substr(0, equals), text = assignment.substr(equals + 1);
    const ConfigKey* key = find_key(path);
    toml::table parsed;
    bool bare = key != nullptr && key->type == KeyType::Text && (text.empty() || text.front() != '"');
    if (!bare) try {
        parsed = toml::parse("v = " + text + "\n");
        bare = parsed.size() != 1;
      } catch (const toml::parse_error&) {
        bare = true;
      }
    if (bare) parsed = toml::table{{"v", text}};
    set(path, parsed.get("v"), at, at);
    for (std::string s = path; s.rfind('.') != std::string::npos;) {
      s = s.substr(0, s.rfind('.'));
      positions_.emplace(s, at);
    }
    overridden_[path] = true;
  }

  bool has(const std::string& path) const { return values_.count(path) != 0; }
  bool has_section(const std::string& path) const { return positions_.count(path) != 0; }
  bool overridden(const std::string& path) const { return overridden_.count(path) != 0; }

  /// The value or its default; missing-key when it is required.
  const Value& get(const std::string& path) {
    const auto found = values_.find(path);
    if (found != values_.end()) return found->second;
    const ConfigKey& key = *find_key(path);
    if (key.fallback.empty())
      throw InputError(locate(path), "missing-key", fmt::format("{} is required, legal: {}", path, key.legal()));
    const auto parsed = toml::parse("v = " + key.fallback + "\n");
    return defaults_[path] = check_value(key, *parsed.get("v"), locate(path));
  }
  bool is_word(const std::string& path) { return std::holds_alternative<std::string>(get(path).data); }
  std::int64_t integer(const std::string& path) { return std::get<std::int64_t>(get(path).data); }
  int small(const std::string& path) { return static_cast<int>(integer(path)); }
  double real(const std::string& path) { return std::get<double>(get(path).data); }
  bool flag(const std::string& path) { return std::get<bool>(get(path).data); }
  std::string text(const std::string& path) { return std::get<std::string>(get(path).data); }
  Numbers numbers(const std::string& path) { return std::get<Numbers>(get(path).data); }

  /// A path made ready to open; "" when absent.
  std::string file(const std::string& path) {
    if (!has(path) && find_key(path)->fallback == "-") return "";
    const std::filesystem::path given = text(path);
    if (given.is_absolute() || overridden(path)) return given.string();
    return (std::filesystem::path(file_).parent_path() / given).lexically_normal().string();
  }

  Position locate(const std::string& path) const {
    for (std::string s = path;; s = s.substr(0, s.rfind('.'))) {
      if (const auto found = positions_.find(s); found != positions_.end()) return found->second;
      if (s.rfind('.') == std::string::npos) return {file_, 0, 0};
    }
  }
  const std::map<std::string, Position>& positions() const { return positions_; }
  std::map<std::string, std::string> given() const {
    std::map<std::string, std::string> texts;
    for (const auto& [path, value] : values_) texts[path] = value.text;
    return texts;
  }

 private:
  struct Leaf {
    std::string path;
    const toml::node* node;  ///< null: a section that is not a table
    Position key_at, value_at;
  };

  void collect(const toml::table& table, const std::string& prefix, std::vector<Leaf>& leaves) {
    for (const auto& [name, node] : table) {
      const std::string path = prefix.empty() ? std::string(name.str()) : prefix + "." + std::string(name.str());
      const Position key_at = position(name.source(), file_), value_at = position(node.source(), file_);
      if (node.is_table() && is_section(path)) {
        positions_[path] = value_at;
        collect(*node.as_table(), path, leaves);
      } else {
        leaves.push_back({path, &node, key_at, value_at});
      }
    }
  }

  void set(const std::string& path, const toml::node* node, const Position& key_at, const Position& value_at) {
    const ConfigKey* key = find_key(path);
    if (key == nullptr && is_section(path))
      throw InputError(value_at, "wrong-type", fmt::format("{0} is a value, legal: the section [{0}]", path));
    if (key == nullptr) {
      const std::string near = nearest_key(path);
      std::string hint = near.empty() ? "legal keys: docs/configuration.md" : "did you misspell `" + near + "`?";
      throw InputError(key_at, "unknown-key", fmt::format("`{}` is not a key; {}", one_line(path), hint));
    }
    values_[path] = check_value(*key, *node, value_at);
    positions_[path] = value_at;
  }

  std::string file_;
  std::map<std::string, Value> values_, defaults_;
  std::map<std::string, Position> positions_;
  std::map<std::string, bool> overridden_;
};

/// [hardware]. What is not written is that of `base`; without one, its default.
CoreRequest read_core(Values& v, const CoreRequest* base) {
  CoreRequest core = base != nullptr ? *base : CoreRequest{};
  HardwareRequest& hw = core.hw;
  const auto written = [&](const std::string& path) { return base == nullptr || v.has(path); };
  if (written("hardware.crossbar")) {
    const Numbers crossbar = v.numbers("hardware.crossbar");
    hw.xb_rows = static_cast<int>(crossbar[0]);
    hw.xb_cols = static_cast<int>(crossbar[1]);
  }
  for (const auto& key : config_keys()) {
    if (!written(key.path)) continue;
    if (key.fixed != nullptr) hw.*key.fixed = v.small(key.path);
    if (key.automatic != nullptr) hw.*key.automatic = v.is_word(key.path) ? std::nullopt : std::optional(v.small(key.path));
    if (key.flag != nullptr) hw.*key.flag = v.flag(key.path);
  }
  if (written("hardware.weight_bits")) hw.ask_weight_bits(hw.weight_bits);
  if (written("hardware.tables")) core.tables = v.text("hardware.tables") == "rom" ? Tables::rom : Tables::writable;
  if (written("hardware.event_counters")) core.event_counters = v.flag("hardware.event_counters");
  if (written("hardware.storage")) core.storage = v.text("hardware.storage") == "ram" ? Storage::ram : Storage::flat;
  return core;
}

/// [device]. What is not written is that of `base`.
DeviceModel read_device(Values& v, const DeviceModel& base) {
  DeviceModel d = base;
  if (v.has("device.seed")) d.seed = v.integer("device.seed");
  for (const auto& key : config_keys())
    if (key.real != nullptr && v.has(key.path)) d.*key.real = v.real(key.path);
  if (v.has("device.program_distribution")) d.program_lognormal = v.text("device.program_distribution") == "lognormal";
  if (v.has("device.program_scale")) d.program_proportional = v.text("device.program_scale") == "proportional";
  if (const std::string file = v.file("device.faults"); !file.empty()) d.faults = read_faults(file);
  if (const std::string file = v.file("device.attenuation"); !file.empty()) d.attenuation = read_attenuation(file);
  return d;
}

/// A device that its core has hardware for; errors at the section.
void check_device_of(const Config& config) {
  try {
    check_device(config.device, config.core.hw);
  } catch (const InputError& e) {
    throw InputError(e.where().file.empty() ? config.locate("device") : e.where(), e.rule(), e.text());
  }
}

/// [network]: keys and where they land.
constexpr std::pair<const char*, std::string NetworkSource::*> kNetworkKeys[] = {
    {"network.file", &NetworkSource::file},       {"network.images", &NetworkSource::images},
    {"network.labels", &NetworkSource::labels},   {"network.design", &NetworkSource::design},
    {"network.weights", &NetworkSource::weights}, {"network.integers", &NetworkSource::integers}};

LayerSource read_layer(Values& v) {
  LayerSource s;
  for (const auto& [path, at] : v.positions()) s.positions[path] = at;
  s.positions.emplace("", v.locate(""));
  s.name = v.text("layer.name");
  s.cin = v.small("layer.cin");
  s.cout = v.small("layer.cout");
  const Numbers kernel = v.numbers("layer.kernel"), pad = v.numbers("layer.padding");
  s.kh = static_cast<int>(kernel[0]);
  s.kw = static_cast<int>(kernel[1]);
  s.pad = {static_cast<int>(pad[0]), static_cast<int>(pad[1]), static_cast<int>(pad[2]), static_cast<int>(pad[3])};
  const Numbers stride = v.numbers("layer.stride"), dilation = v.numbers("layer.dilation");
  s.stride = {static_cast<int>(stride[0]), static_cast<int>(stride[1])};
  s.dilation = {static_cast<int>(dilation[0]), static_cast<int>(dilation[1])};
  s.groups = v.small("layer.groups");
  if (!v.is_word("layer.act_bits")) s.act_bits = v.small("layer.act_bits");
  if (const std::string sign = v.text("layer.act_signed"); sign != "core") s.act_signed = sign == "true";
  s.pad_value = v.small("layer.pad_value");
  s.slopes = v.flag("layer.slopes");
  s.h = v.small("layer.height");
  s.w = v.small("layer.width");
  s.in_period = v.small("layer.in_period");
  const std::string wrap = v.text("layer.wrap");
  s.wrap = wrap == "off" ? Wrap::off : wrap == "copies" ? Wrap::copies : Wrap::stored_once;
  if (!v.is_word("layer.shift")) s.shift = v.small("layer.shift");
  if (!v.is_word("layer.clamp")) {
    const Numbers clamp = v.numbers("layer.clamp");
    s.clamp = {clamp[0], clamp[1]};
  }
  if (v.has_section("layer.epitome")) {
    EpitomeSource e;
    e.shape = {v.small("layer.epitome.e_out"), v.small("layer.epitome.e_in"), v.small("layer.epitome.p"),
               v.small("layer.epitome.q")};
    if (v.text("layer.epitome.sampler") == "distinct") e.sampler = Sampler::distinct;
    e.patches = v.file("layer.epitome.patches");
    if (!e.patches.empty()) {
      if (v.has("layer.epitome.sampler"))
        throw InputError(v.locate("layer.epitome.patches"), "sampler-and-patches",
                         "layer.epitome.sampler and layer.epitome.patches are both given, legal: one of them");
      e.sampler = Sampler::file;
    }
    s.epitome = e;
  }
  if (v.has_section("layer.pool")) {
    PoolChoice pool;
    const std::string kept = v.text("layer.pool.kept");
    pool.kept_one_in = kept == "1" ? 1 : kept.back() - '0';
    pool.kept_first = v.small("layer.pool.kept_first");
    if (!v.is_word("layer.pool.group")) pool.group = v.small("layer.pool.group");
    if (s.epitome)
      throw InputError(v.locate("layer.pool"), "pool-and-epitome", "[layer.pool] and [layer.epitome] are both given, legal: one of them");
    s.pool = pool;
  }
  s.seed = static_cast<std::uint64_t>(v.integer("layer.data.seed"));
  s.input = v.file("layer.data.input");
  return s;
}

Position locate_in(const std::map<std::string, Position>& positions, const std::string& key) {
  for (std::string s = key;; s = s.substr(0, s.rfind('.'))) {
    if (const auto found = positions.find(s); found != positions.end()) return found->second;
    if (s.rfind('.') == std::string::npos) break;
  }
  const auto file = positions.find("");
  return file == positions.end() ? Position{} : file->second;
}

}  // namespace

Position LayerSource::locate(const std::string& key) const { return locate_in(positions, key); }
Position Config::locate(const std::string& key) const { return locate_in(positions, key); }

namespace {

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in || std::filesystem::is_directory(path) || !(text << in.rdbuf()))
    throw InputError({path, 0, 0}, "unreadable-file", "cannot be read, legal: an existing, non-empty TOML file");
  return text.str();
}

/// What a file says, with assignments over it.
Values read_values(const std::string& text, const std::string& path, const std::vector<std::string>& overrides) {
  Values values(path);
  try {
    values.read(toml::parse(text, path));
  } catch (const toml::parse_error& e) {
    throw InputError(position(e.source(), path), "toml-syntax",
                     one_line(std::string(e.description())) + "; legal: TOML 1.0, see docs/configuration.md");
  }
  for (const auto& assignment : overrides) values.override_with(assignment);
  return values;
}

/// Refuses what no core and no device can be.
void check_core(const Config& config) {
  resolve(config.core, {}, [&](const std::string& key) { return config.locate(key); });
  check_device_of(config);
}

/// A configuration in which `values` replace what they name of core and device.
Config read_over(const Config& base, Values& values) {
  Config config = base;
  config.core = read_core(values, &base.core);
  config.device = read_device(values, base.device);
  for (const auto& [path, at] : values.positions()) config.positions[path] = at;
  for (const auto& [path, text] : values.given()) config.given[path] = text;
  return config;
}

}  // namespace

Config parse_config(const std::string& text, const std::string& path, const std::vector<std::string>& overrides) {
  Values values = read_values(text, path, overrides);
  Config config;
  config.path = path;
  values.get("schema");
  config.name = values.text("name");
  config.core = read_core(values, nullptr);
  config.device = read_device(values, {});
  config.positions = values.positions();
  config.positions.emplace("", Position{path, 0, 0});
  config.given = values.given();
  check_core(config);

  const bool layer = values.has_section("layer"), network = values.has_section("network");
  if (layer == network)
    throw InputError(layer ? values.locate("network") : Position{path, 0, 0}, "layer-or-network",
                     fmt::format("{} [layer] and [network] given, legal: exactly one of them",
                                 layer ? "both" : "neither"));
  if (layer) config.layer = read_layer(values);
  if (network) {
    config.network.emplace();
    for (const auto& [key, member] : kNetworkKeys) (*config.network).*member = values.file(key);
  }
  return config;
}

Config with_overrides(const Config& base, const std::vector<std::string>& overrides) {
  Values values(base.path);
  for (const auto& assignment : overrides) values.override_with(assignment);
  Config config = read_over(base, values);
  if (values.has("name")) config.name = values.text("name");
  if (values.has_section("layer"))
    throw InputError(values.locate("layer"), "layer-or-network", "both [layer] and [network] given, legal: exactly one of them");
  for (const auto& [key, member] : kNetworkKeys) {
    if (!values.has(key)) continue;
    if (!config.network) config.network.emplace();
    (*config.network).*member = values.file(key);
  }
  check_core(config);
  return config;
}

Config with_device(const Config& base, const std::string& path, const std::vector<std::string>& overrides) {
  Values values = read_values(file_text(path), path, overrides);
  for (const auto& [key, at] : values.positions())
    if (key != "device" && key.rfind("device.", 0) != 0 && key != "hardware" && key.rfind("hardware.", 0) != 0)
      throw InputError(at, "wrong-section", fmt::format("{} in a device file, legal: [device] and [hardware]", key));
  Config config = read_over(base, values);
  check_core(config);
  return config;
}

Config load_config(const std::string& path, const std::vector<std::string>& overrides) {
  return parse_config(file_text(path), path, overrides);
}

}  // namespace epim

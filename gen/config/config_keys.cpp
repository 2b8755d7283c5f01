// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/config/config_keys.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "gen/config/config.hpp"
#include "gen/config/unused_keys.hpp"

namespace epim {

namespace {

std::vector<ConfigKey> make_table() {
  std::vector<ConfigKey> keys;
#define KEY(path, type, fallback, lo, hi, words, unit, meaning) \
  keys.push_back({path, KeyType::type, fallback, lo, hi, words, unit, meaning});
#define HW_INT(member, fallback, lo, hi, unit, meaning) \
  keys.push_back({"hardware." #member, KeyType::Integer, fallback, lo, hi, "", unit, meaning}); \
  keys.back().number = keys.back().fixed = &FixedHardware::member;
#define HW_AUTO(member, word, lo, hi, unit, meaning) \
  keys.push_back({"hardware." #member, KeyType::Integer, "\"" word "\"", lo, hi, word, unit, meaning}); \
  keys.back().number = &Hardware::member; \
  keys.back().automatic = &HardwareRequest::member;
#define HW_AUTO_OR(member, fallback, word, lo, hi, unit, meaning) \
  keys.push_back({"hardware." #member, KeyType::Integer, fallback, lo, hi, word, unit, meaning}); \
  keys.back().number = &Hardware::member; \
  keys.back().automatic = &HardwareRequest::member;
#define DEVICE_REAL(member, fallback, lo, hi, unit, meaning) \
  keys.push_back({"device." #member, KeyType::Real, fallback, lo, hi, "", unit, meaning}); \
  keys.back().real = &DeviceModel::member;
#define HW_BOOL(member, fallback, meaning) \
  keys.push_back({"hardware." #member, KeyType::Boolean, fallback, 0, 0, "", "", meaning}); \
  keys.back().flag = &FixedHardware::member;
#include "gen/config/config_keys.def"
#undef KEY
#undef HW_INT
#undef HW_AUTO
#undef HW_AUTO_OR
#undef HW_BOOL
#undef DEVICE_REAL
  return keys;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, at);) parts.push_back(part);
  return parts;
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

std::string leaf_of(const std::string& path) {
  const auto dot = path.rfind('.');
  return dot == std::string::npos ? path : path.substr(dot + 1);
}

}  // namespace

std::string ConfigKey::section() const {
  const auto dot = path.rfind('.');
  return dot == std::string::npos ? "" : path.substr(0, dot);
}

std::string ConfigKey::leaf() const { return leaf_of(path); }

bool ConfigKey::has_word(const std::string& text) const {
  const auto all = split(words, '|');
  return std::find(all.begin(), all.end(), text) != all.end();
}

std::string ConfigKey::first_word() const { return words.empty() ? "" : split(words, '|').front(); }

std::string ConfigKey::legal() const {
  std::string options;
  const auto all = split(words, '|');
  for (std::size_t i = 0; i < all.size(); ++i)
    options += fmt::format("{}\"{}\"", i == 0 ? "" : i + 1 == all.size() ? " or " : ", ", all[i]);
  std::string number;
  switch (type) {
    case KeyType::Integer: number = lo == hi ? std::to_string(lo) : fmt::format("integer {}..{}", lo, hi); break;
    case KeyType::Boolean: number = "true or false"; break;
    case KeyType::Text: number = "text"; break;
    case KeyType::Choice: return options;
    case KeyType::Real: number = fmt::format("number {}..{}", lo, hi); break;
    case KeyType::Size: number = fmt::format("\"ROWSxCOLUMNS\", each {}..{}", lo, hi); break;
    case KeyType::OneOrTwo: number = fmt::format("integer or [height, width], each {}..{}", lo, hi); break;
    case KeyType::OneOrFour:
      number = fmt::format("integer or [top, left, bottom, right], each {}..{}", lo, hi);
      break;
    case KeyType::Range: number = fmt::format("[lo, hi], lo <= hi, each {}..{}", lo, hi); break;
  }
  if (path == "hardware.cell_bits") number = "1, 2 or 4";
  if (path == "hardware.slope_bits") number = fmt::format("0, {}..{}", slope_bits_least, hi);
  return options.empty() ? number : number + " or " + options;
}

const std::vector<ConfigKey>& config_keys() {
  static const std::vector<ConfigKey> keys = make_table();
  return keys;
}

const ConfigKey* find_key(const std::string& path) {
  for (const auto& key : config_keys())
    if (key.path == path) return &key;
  return nullptr;
}

bool is_section(const std::string& path) {
  for (const auto& key : config_keys())
    if (key.path.size() > path.size() && key.path.compare(0, path.size() + 1, path + ".") == 0) return true;
  return false;
}

std::string nearest_key(const std::string& path) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, leaf_of(path).size() / 3) + 1;
  const auto offer = [&](const std::string& candidate) {
    // A right leaf in the wrong section is one mistake.
    std::size_t d = edit_distance(path, candidate);
    if (leaf_of(path) == leaf_of(candidate)) d = std::min<std::size_t>(d, 1);
    if (d < best_distance) best_distance = d, best = candidate;
  };
  for (const auto& key : config_keys()) {
    offer(key.path);
    if (!key.section().empty()) offer(key.section());
  }
  return best;
}

void check_range(const ConfigKey& key, std::int64_t value, const Position& where) {
  if (value < key.lo || value > key.hi)
    throw InputError(where, "value-out-of-range", fmt::format("{} is {}, legal: {}", key.path, value, key.legal()));
}

void check_real(const ConfigKey& key, double value, const Position& where) {
  if (!(value >= static_cast<double>(key.lo) && value <= static_cast<double>(key.hi)))
    throw InputError(where, "value-out-of-range", fmt::format("{} is {}, legal: {}", key.path, value, key.legal()));
}

std::string configuration_markdown() {
  std::string text =
      "<!-- SPDX-FileCopyrightText: 2026 The epim authors -->\n"
      "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
      "# Configuration\n\n"
      "A configuration is one TOML file. It describes the hardware of a core and what runs on it: either one\n"
      "`[layer]` or a `[network]`. Examples: `configs/`. This page is made from `gen/config/config_keys.def`, the table\n"
      "that the parser uses too; a unit test compares them.\n\n"
      "Every key can be overridden on the command line with `--set section.key=value`; the same checks apply and\n"
      "errors are placed at `--set section.key=value`. Paths in the file are relative to the file's folder, paths in\n"
      "`--set` to the current one. Unknown keys are refused. The messages of all rules: `docs/rejected-inputs.md`.\n";
  const auto heading = [](const std::string& section) -> std::string {
    if (section.empty()) return "Top level";
    return "`[" + section + "]`";
  };
  const auto note = [](const std::string& section) -> std::string {
    if (section == "hardware") return "Structure of the core. Every key has a default.\n\n";
    if (section == "layer") return "One layer. A fully connected layer is a 1x1 kernel on a 1x1 map.\n\n";
    if (section == "layer.epitome") return "Absent: a plain convolution, which is an epitome with one patch.\n\n";
    if (section == "layer.data") return "What the layer computes on. Optional.\n\n";
    if (section == "device")
      return "Cells and ADCs that are not ideal ([device.md](device.md)). Everything is off by default; a share is of 1, not of 100.\n\n";
    if (section == "network") return "A whole network, layer by layer.\n\n";
    return "";
  };
  std::string open = "?";
  for (const auto& key : config_keys()) {
    if (key.section() != open) {
      open = key.section();
      text += fmt::format("\n## {}\n\n{}| key | legal | default | unit | meaning |\n|---|---|---|---|---|\n",
                          heading(open), note(open));
    }
    const std::string fallback =
        key.fallback.empty() ? "required" : key.fallback == "-" ? "none" : "`" + key.fallback + "`";
    text += fmt::format("| `{}` | {} | {} | {} | {} |\n", key.leaf(), key.legal(), fallback, key.unit, key.meaning);
  }
  text += "\n## `--set` without effect\n\nAn override that a command would not read is refused (`gen/config/unused_keys.def`). "
          "`networks`: run, map,\nestimate, search; `chip`: `--top network`; `synth-generic`: synth for generic gates.\n\n"
          "| in | keys | because |\n|---|---|---|\n";
  for (const UnusedKeys& entry : unused_keys())
    text += fmt::format("| {} | `{}` | {} |\n", fmt::join(entry.uses, ", "), fmt::join(entry.keys, "`, `"), entry.reason);
  return text;
}

}  // namespace epim

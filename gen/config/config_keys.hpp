// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The key table as data. Users of configurations need gen/config/config.hpp only.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gen/config/config.hpp"

namespace epim {

enum class KeyType { Integer, Boolean, Text, Choice, Size, OneOrTwo, OneOrFour, Range, Real };

/// One line of gen/config/config_keys.def.
struct ConfigKey {
  std::string path;       ///< "hardware.cell_bits"
  KeyType type;
  std::string fallback;   ///< TOML text; "" required, "-" may be absent
  std::int64_t lo, hi;    ///< legal numbers, inclusive
  std::string words;      ///< legal texts, '|' between
  std::string unit, meaning;
  int Hardware::*number = nullptr;        ///< where it lands in a core, for hardware integers
  bool FixedHardware::*flag = nullptr;    ///< the same for hardware booleans
  int FixedHardware::*fixed = nullptr;    ///< where it lands in a request, for hardware integers without a word
  std::optional<int> HardwareRequest::*automatic = nullptr;  ///< the same for those with a word, which leaves it empty

  double DeviceModel::*real = nullptr;    ///< where it lands in a device, for its numbers

  std::string section() const;  ///< "hardware", "" at top level
  std::string leaf() const;     ///< "cell_bits"
  bool has_word(const std::string& text) const;
  std::string first_word() const;
  /// What a value may be, for messages and the manual: `integer 1..9 or "lossless"`.
  std::string legal() const;
};

/// All keys in table order.
const std::vector<ConfigKey>& config_keys();
/// The key of that path, or null.
const ConfigKey* find_key(const std::string& path);
/// True for "hardware", "layer.epitome", ...
bool is_section(const std::string& path);
/// The nearest key or section by edit distance, for "did you misspell"; "" when nothing is near.
std::string nearest_key(const std::string& path);

/// Throws out-of-range when `value` leaves lo..hi of the key.
void check_range(const ConfigKey& key, std::int64_t value, const Position& where);
/// The same for a number that need not be whole.
void check_real(const ConfigKey& key, double value, const Position& where);

}  // namespace epim

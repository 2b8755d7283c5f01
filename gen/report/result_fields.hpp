// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Fields of the JSON that other verbs wrote, read as their types: nlohmann would turn a boolean into a number.
#pragma once
#include <cmath>
#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "golden/diagnostic.hpp"

namespace epim::report {

/// work(), with what it misses said as an error of `file`.
template <class Work>
nlohmann::ordered_json read_as(const std::string& what, const std::string& file, const Work& work) {
  try {
    return work();
  } catch (const nlohmann::ordered_json::exception& e) {
    throw InputError({file, 0, 0}, "report-source", "no " + what + ": " + e.what());
  }
}

inline double number(const nlohmann::ordered_json& j) {
  if (!j.is_number()) throw nlohmann::ordered_json::type_error::create(302, "a number is expected", &j);
  const double v = j.get<double>();
  if (!std::isfinite(v)) throw nlohmann::ordered_json::type_error::create(302, "a finite number is expected", &j);
  return v;
}
/// A number, or null where there is none.
inline nlohmann::ordered_json number_or_null(const nlohmann::ordered_json& j) { return j.is_null() ? nlohmann::ordered_json() : nlohmann::ordered_json(number(j)); }
inline std::int64_t whole(const nlohmann::ordered_json& j) {
  if (!j.is_number_integer()) throw nlohmann::ordered_json::type_error::create(302, "an integer is expected", &j);
  return j.get<std::int64_t>();
}
inline bool truth(const nlohmann::ordered_json& j) { return j.get<bool>(); }
inline std::string text(const nlohmann::ordered_json& j) { return j.get<std::string>(); }
inline const nlohmann::ordered_json& list(const nlohmann::ordered_json& j) {
  if (!j.is_array()) throw nlohmann::ordered_json::type_error::create(302, "an array is expected", &j);
  return j;
}

}  // namespace epim::report

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/stored_result.hpp"

#include <fstream>

namespace epim {

bool read_stored(const std::string& path, const std::string& key, const std::function<void(const nlohmann::ordered_json&)>& take) {
  std::ifstream in(path);
  if (!in) return false;
  try {
    const auto j = nlohmann::ordered_json::parse(in);
    if (j.at("key") != key) return false;
    take(j);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace epim

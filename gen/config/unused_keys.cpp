// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/config/unused_keys.hpp"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "golden/diagnostic.hpp"

namespace epim {
namespace {

std::vector<std::string> words(const char* text) {
  std::istringstream in(text);
  std::vector<std::string> list;
  for (std::string word; in >> word;) list.push_back(word);
  return list;
}

/// `assignment` is "key=value"; the value may be quoted.
bool names(const std::string& pattern, const std::string& assignment) {
  const std::string key = assignment.substr(0, assignment.find('='));
  if (const std::size_t equal = pattern.find('='); equal != std::string::npos) {
    std::string value = assignment.size() > key.size() ? assignment.substr(key.size() + 1) : "";
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front())
      value = value.substr(1, value.size() - 2);
    return key == pattern.substr(0, equal) && value == pattern.substr(equal + 1);
  }
  if (pattern.size() > 2 && pattern.compare(pattern.size() - 2, 2, ".*") == 0)
    return key.rfind(pattern.substr(0, pattern.size() - 1), 0) == 0;
  return key == pattern;
}

}  // namespace

const std::vector<UnusedKeys>& unused_keys() {
  static const std::vector<UnusedKeys> list = {
#define UNUSED(uses, keys, reason) {words(uses), words(keys), reason},
#include "gen/config/unused_keys.def"
#undef UNUSED
  };
  return list;
}

void refuse_unused_keys(const std::string& use, const std::vector<std::string>& overrides) {
  for (const std::string& text : overrides)
    for (const UnusedKeys& entry : unused_keys()) {
      if (std::find(entry.uses.begin(), entry.uses.end(), use) == entry.uses.end()) continue;
      for (const std::string& pattern : entry.keys)
        if (names(pattern, text))
          throw InputError({"--set " + text, 0, 0}, "unused-key",
                           fmt::format("{} is not taken here: {}; legal: leave it out", text, entry.reason));
    }
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// configs/edges holds every numeric key at its least and at its greatest value.
#include "tb/unit/catch.hpp"
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "gen/config/config_keys.hpp"
#include "gen/core/synthetic.hpp"

using namespace epim;
namespace fs = std::filesystem;

namespace {

/// Ends of a key's range that no configuration can have, or that take minutes to compile.
const std::set<std::pair<std::string, std::string>> kLeftOut = {
    {"hardware.pe_rows", "greatest"},        // a model of 1024 PEs compiles for minutes
    {"hardware.pe_cols", "greatest"},        // the same
    {"layer.epitome.e_in", "greatest"},      // 64 PE rows or more of the largest crossbar
    {"layer.epitome.e_out", "greatest"},     // its OFAT entries do not fit the program port
    {"layer.groups", "greatest"},            // 65,536 patches
};

/// Numbers of a file by key: integers as they are written, both numbers of "16x8".
std::map<std::string, std::set<std::int64_t>> numbers_of(const fs::path& path) {
  std::map<std::string, std::set<std::int64_t>> found;
  std::ifstream in(path);
  std::string section;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind('#', 0) == 0) continue;
    if (line.rfind('[', 0) == 0) {
      section = line.substr(1, line.find(']') - 1) + ".";
      continue;
    }
    const std::size_t equal = line.find(" = ");
    if (equal == std::string::npos) continue;
    static const std::regex number("-?[0-9]+");
    const std::string value = line.substr(equal + 3);
    for (std::sregex_iterator m(value.begin(), value.end(), number), end; m != end; ++m)
      found[section + line.substr(0, equal)].insert(std::stoll(m->str()));
  }
  return found;
}

}  // namespace

TEST_CASE("edges: every numeric key at its least and greatest value", "[config]") {
  std::map<std::string, std::set<std::int64_t>> drawn;
  for (const auto& entry : fs::directory_iterator(fs::path(EPIM_SOURCE_DIR) / "configs/edges")) {
    INFO(entry.path());
    REQUIRE_NOTHROW([&] {
      Config config = load_config(entry.path().string());
      prepare_layer(config);
    }());
    for (const auto& [key, numbers] : numbers_of(entry.path())) drawn[key].insert(numbers.begin(), numbers.end());
  }
  std::set<std::pair<std::string, std::string>> missing;
  for (const ConfigKey& key : config_keys()) {
    if (key.type == KeyType::Text || key.type == KeyType::Boolean || key.type == KeyType::Choice || key.type == KeyType::Real) continue;
    INFO(key.path);
    // What a file leaves out has the value of the table.
    std::set<std::int64_t>& numbers = drawn[key.path];
    static const std::regex plain("-?[0-9]+");
    if (std::regex_match(key.fallback, plain)) numbers.insert(std::stoll(key.fallback));
    if (!numbers.count(key.lo)) missing.insert({key.path, "least"});
    if (!numbers.count(key.hi)) missing.insert({key.path, "greatest"});
  }
  CHECK(missing == kLeftOut);
}

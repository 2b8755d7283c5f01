// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Programs and images of all named configurations, byte for byte those that were recorded.
///
/// EPIM_UPDATE_RECORDED=1 writes tb/unit/recorded_programs.txt anew: after a change that is meant to change what a configuration
/// without new keys gives. What it changed shows in the diff.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <fmt/format.h>

#include "tb/unit/catch.hpp"
#include "gen/base/hash.hpp"
#include "gen/config/config.hpp"
#include "gen/core/elaborate.hpp"
#include "gen/core/program.hpp"
#include "gen/core/synthetic.hpp"

using namespace epim;
namespace fs = std::filesystem;

namespace {

const std::string home = EPIM_SOURCE_DIR;

/// Digest of what a host writes, of the images, and the number of entries.
std::string digest_of(const SyntheticLayer& s) {
  const CoreParameters p = core_parameters(s.core.hw, {s.layer});
  const LayerProgram program = build_program(p, s.layer, s.data, 1);
  std::string text;
  std::size_t entries = 0;
  for (const ProgramBlock& b : program.blocks) {
    text += fmt::format("{} {} {}:", static_cast<int>(b.kind), b.pe, b.address);
    for (const std::uint64_t e : b.entries) text += fmt::format(" {:x}", e);
    entries += b.entries.size();
  }
  text += "geometry:";
  for (const std::uint32_t g : program.geometry) text += fmt::format(" {:x}", g);
  std::string images;
  for (const auto& [name, content] : program_images(p, program, s.core.storage == Storage::ram)) images += name + "\n" + content;
  return fmt::format("{} entries, program {:016x}, images {:016x}", entries, fnv1a(text), fnv1a(images));
}

}  // namespace

TEST_CASE("recorded: programs and images of every named configuration are those of before, byte for byte", "[recorded]") {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(home + "/configs/named"))
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::map<std::string, std::string> now;
  for (const fs::path& file : files) now[file.stem()] = digest_of(prepare_layer(load_config(file.string())));

  const std::string record = home + "/tb/unit/recorded_programs.txt";
  if (std::getenv("EPIM_UPDATE_RECORDED")) {
    std::ofstream out(record);
    out << "# SPDX-FileCopyrightText: 2026 The epim authors\n# SPDX-License-Identifier: Apache-2.0\n"
           "# Programs and images of configs/named; test_recorded.cpp says how to write this anew.\n";
    for (const auto& [name, digest] : now) out << name << ": " << digest << "\n";
  }
  std::map<std::string, std::string> before;
  std::ifstream in(record);
  for (std::string line; std::getline(in, line);)
    if (const std::size_t colon = line.find(": "); colon != std::string::npos && line[0] != '#') before[line.substr(0, colon)] = line.substr(colon + 2);
  REQUIRE(before.size() > 80);
  for (const auto& [name, digest] : now) {
    INFO(name << " (a new configuration? a change on purpose? EPIM_UPDATE_RECORDED=1 build/tb/epim_unit \"[recorded]\")");
    CHECK(before[name] == digest);
  }
  for (const auto& [name, digest] : before) {
    INFO(name << " is recorded and not there");
    CHECK(now.count(name) == 1);
  }
}

TEST_CASE("parity changes no entry, no geometry and no image", "[recorded]") {
  for (const char* name : {"parity", "parity-pool-ram"}) {
    const std::string file = home + "/configs/named/" + name + ".toml";
    const SyntheticLayer with = prepare_layer(load_config(file)), without = prepare_layer(load_config(file, {"hardware.parity=false"}));
    INFO(name);
    CHECK(with.core.hw.parity);
    CHECK(!without.core.hw.parity);
    CHECK(digest_of(with) == digest_of(without));
    CHECK(hardware_hash(with.core) != hardware_hash(without.core));
  }
}

TEST_CASE("a second program bank changes no entry and no geometry", "[recorded]") {
  for (const char* name : {"program-banks", "program-banks-ram"}) {
    const std::string file = home + "/configs/named/" + name + ".toml";
    const SyntheticLayer two = prepare_layer(load_config(file)), one = prepare_layer(load_config(file, {"hardware.program_banks=1"}));
    INFO(name);
    CHECK(two.core.hw.program_banks == 2);
    CHECK(digest_of(two) == digest_of(one));
    CHECK(hardware_hash(two.core) != hardware_hash(one.core));
  }
}

TEST_CASE("the RTL has as many kinds of programmed memories as the generator", "[recorded]") {
  CHECK(std::string(rtl_sources().front().text).find(fmt::format("localparam int ProgKinds = {};", program_kinds)) != std::string::npos);
}

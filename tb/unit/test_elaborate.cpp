// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// What `elaborate` says of a top is what its text says: ports, images, blocks; for cores and chips.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "gen/chip/chip.hpp"
#include "gen/core/emit.hpp"
#include "gen/core/synthetic.hpp"
#include "tb/unit/catch.hpp"

namespace epim {
namespace {

std::vector<Elaboration> tops_of(const CoreSpec& core, const std::vector<EmitLayer>& layers) {
  return {elaborate(core, layers), elaborate(core, layers, {true})};
}

/// Ports by the text of a module, read as a person reads it.
std::vector<TopPort> ports_in(const std::string& text) {
  static const std::regex port(R"(^  (input |output) logic (\[(\d+):0\])? *(\w+),?$)");
  std::vector<TopPort> ports;
  std::istringstream lines(text.substr(0, text.find("\n);")));
  std::smatch m;
  for (std::string line; std::getline(lines, line);)
    if (std::regex_match(line, m, port)) ports.push_back({m[4], m[1] == "output", m[3].matched ? std::stoi(m[3]) + 1 : 1});
  return ports;
}

/// Whether every image belongs to a file parameter of the text and every file parameter has images.
void check_images(const Elaboration& e) {
  static const std::regex file(R"re(\{MemDir, "([\w/]+?)(\.hex)?"\})re");
  std::set<std::string> named;
  for (std::sregex_iterator m(e.text.begin(), e.text.end(), file), end; m != end; ++m) named.insert((*m)[1]);
  CHECK(named.empty() == e.images.empty());
  CHECK((e.text.find("parameter MemDir") != std::string::npos) == !e.images.empty());
  std::set<std::string> found;
  for (const auto& [name, text] : e.images) {
    INFO(name);
    CHECK_FALSE(text.empty());
    const auto owner = std::find_if(named.begin(), named.end(), [&, &image = name](const std::string& n) { return image.rfind(n, 0) == 0; });
    REQUIRE(owner != named.end());
    found.insert(*owner);
  }
  CHECK(found == named);
}

void check_top(const Elaboration& e) {
  CAPTURE(e.top);
  CHECK(e.text.find("\nmodule " + e.top + " ") != std::string::npos);
  CHECK(e.ports == ports_in(e.text));
  CHECK(e.ports.size() > 9);
  check_images(e);
  const Sources all = e.sources();
  REQUIRE(all.size() == e.blocks.size() + 1);
  CHECK(all.front().first == "epim_pkg.sv");
  CHECK(all.back().first == e.top + ".sv");
  CHECK(all.back().second == e.text);
}

/// A folder for the images changes one line of the text and nothing else.
void check_folder(const Elaboration& e, const Elaboration& elsewhere) {
  std::string text = e.text;
  const std::string was = "parameter MemDir = \"mem/\"", is = "parameter MemDir = \"/else/where/\"";
  if (const std::size_t at = text.find(was); at != std::string::npos) text.replace(at, was.size(), is);
  CHECK(elsewhere.text == text);
  CHECK(elsewhere.ports == e.ports);
  CHECK(elsewhere.images == e.images);
  CHECK(elsewhere.blocks == e.blocks);
}

void add_words(const std::string& text, std::set<std::string>& words) {
  const auto in_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  for (auto at = text.begin(); (at = std::find_if(at, text.end(), in_word)) != text.end();) {
    const auto end = std::find_if_not(at, text.end(), in_word);
    words.emplace(at, end);
    at = end;
  }
}

/// One flat memory per PE, each named by instances and arrays that the blocks have.
void check_cells(const Elaboration& e, const CoreSpec& core) {
  if (core.storage == Storage::ram) {
    CHECK(e.cells.empty());
    return;
  }
  CHECK(static_cast<int>(e.cells.size()) == core.hw.pe_rows * core.hw.pe_cols);
  std::set<std::string> words;  // of the text without its comments
  for (const auto& [name, text] : e.sources()) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) add_words(line.substr(0, line.find("//")), words);
  }
  std::set<std::string> paths;
  for (const CellMemory& cell : e.cells) {
    paths.insert(cell.pe + "." + cell.memory);
    CHECK(cell.row < core.hw.pe_rows);
    CHECK(cell.col < core.hw.pe_cols);
    CHECK(cell.pe.find(fmt::format("row[{}].gen_pe_col[{}].", cell.row, cell.col)) != std::string::npos);
  }
  CHECK(paths.size() == e.cells.size());
  std::set<std::string> names;
  add_words(*paths.begin(), names);
  for (const std::string& name : names) {
    INFO(name);
    if (name.find_first_not_of("0123456789") != std::string::npos) CHECK(words.count(name) == 1);
  }
}

TEST_CASE("elaborate: ports, images and blocks of every named core are those of its text", "[elaborate]") {
  int roms = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(EPIM_SOURCE_DIR) + "/configs/named")) {
    if (entry.path().extension() != ".toml") continue;
    INFO(entry.path().filename());
    SyntheticLayer s = prepare_layer(load_config(entry.path().string()));
    const CoreSpec core = s.core;
    const std::vector<EmitLayer> layers = {{std::move(s.layer), std::move(s.data)}};
    const std::vector<Elaboration> tops = tops_of(core, layers);
    for (const Elaboration& e : tops) check_top(e);
    CHECK(tops[0].top == "epim_top");
    CHECK(tops[1].top == "epim_observed");
    CHECK(tops[0].images.empty() == (core.tables == Tables::writable));
    if (core.tables == Tables::rom) {
      // Three tables, OPT of a pool, channel parameters per lane, trims per PE, cells per PE: in one image, or one per ADC lane where the cells are RAMs.
      ++roms;
      const bool ram = core.storage == Storage::ram;
      const int pes = core.hw.pe_rows * core.hw.pe_cols, cells = pes * (ram ? core.hw.adcs() : 1);
      CHECK(static_cast<int>(tops[0].images.size()) == 3 + core.hw.pool + core.hw.joint_lanes * (core.hw.slope_bits > 0 ? 2 : 1) + cells +
              (core.hw.adc_trims ? pes : 0));
      CHECK(tops[0].images.count(ram ? "cells000_adc0000.hex" : "cells000.hex") == 1);
    }
    // Observation adds ports behind those of the core.
    REQUIRE(tops[1].ports.size() > tops[0].ports.size());
    CHECK(std::equal(tops[0].ports.begin(), tops[0].ports.end(), tops[1].ports.begin()));
    for (std::size_t i = tops[0].ports.size(); i < tops[1].ports.size(); ++i) CHECK(tops[1].ports[i].name.rfind("mon_", 0) == 0);
    CHECK(tops[1].images == tops[0].images);
    check_cells(tops[1], core);
    check_folder(tops[0], elaborate(core, layers, {false, "/else/where/"}));
    // The folder of epim gen holds exactly this.
    Config named;
    named.name = core.name;
    const FileSet files = emit(named, core, layers);
    for (const auto& [name, text] : tops[0].sources()) CHECK(files.at("rtl/" + name) == text);
    for (const auto& [name, text] : tops[0].images) CHECK(files.at(kMemDir + name) == text);
  }
  CHECK(roms >= 3);
}

TEST_CASE("elaborate: ports, images and blocks of a chip are those of its text", "[elaborate]") {
  const Config config = load_config(std::string(EPIM_SOURCE_DIR) + "/tb/chip/seeded.toml");
  const ChipDesign chip = design_chip(config, compile_network(config, {}, CorePolicy::own));
  const Elaboration plain = elaborate_chip(chip), observed = elaborate_chip(chip, {true});
  check_top(plain);
  check_top(observed);
  CHECK(plain.top == "seeded_chip");
  CHECK(observed.top == "seeded_chip_observed");
  CHECK(std::equal(plain.ports.begin(), plain.ports.end(), observed.ports.begin()));
  CHECK(observed.ports.size() == plain.ports.size() + 3);
  CHECK(observed.images == plain.images);
  check_folder(plain, elaborate_chip(chip, {false, "/else/where/"}));
  std::set<std::string> folders;
  for (const auto& image : plain.images) folders.insert(image.first.substr(0, image.first.find('/')));
  CHECK(folders == std::set<std::string>{"a", "b", "c", "f"});
}

TEST_CASE("elaborate: a chip with a load port has control, bus and chain in the place of its cores' images", "[elaborate]") {
  const Config config = load_config(std::string(EPIM_SOURCE_DIR) + "/tb/chip/loaded.toml");
  const ChipDesign chip = design_chip(config, compile_network(config, {}, CorePolicy::own));
  REQUIRE(chip.loaded());
  const Elaboration plain = elaborate_chip(chip), observed = elaborate_chip(chip, {true});
  check_top(plain);
  check_top(observed);
  CHECK(plain.images.empty());
  CHECK(observed.ports.size() == plain.ports.size() + 3);
  const auto has = [](const Elaboration& e, const std::string& block) {
    return std::any_of(e.blocks.begin(), e.blocks.end(), [&](const auto& b) { return b.first == block + ".sv"; });
  };
  CHECK((has(plain, "epim_chip_control") && has(plain, "epim_axil_router") && has(plain, "epim_load")));
  const auto count = [&](const std::string& text) {
    int n = 0;
    for (std::size_t at = plain.text.find(text); at != std::string::npos; at = plain.text.find(text, at + 1)) ++n;
    return n;
  };
  CHECK(count(".LoadChainEnd(1'b0)") == static_cast<int>(chip.cores.size()) - 1);
  for (int k = 0; k < static_cast<int>(chip.cores.size()); ++k) CHECK(count(fmt::format(".load_core_i(16'd{})", k)) == 1);
  // The same chip of images has nothing of it.
  const Config rom = load_config(std::string(EPIM_SOURCE_DIR) + "/tb/chip/loaded.toml", {"hardware.load_stream=false", "hardware.parity=false"});
  const Elaboration images = elaborate_chip(design_chip(rom, compile_network(rom, {}, CorePolicy::own)));
  CHECK_FALSE((has(images, "epim_chip_control") || has(images, "epim_axil_router") || images.text.find("s_load_tvalid_i(1'b0)") == std::string::npos));
  CHECK(images.images.size() > 4);
}

}  // namespace
}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <iterator>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/command/chip.hpp"
#include "gen/command/command.hpp"
#include "gen/base/hash.hpp"

namespace epim::command {
namespace {

std::string bytes_of(const std::string& path, const char* rule) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw InputError({path, 0, 0}, rule, "cannot be read; legal: a folder as epim gen wrote it");
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Compares every file of a generated folder with the hash that epim.json keeps of it.
void check_folder(const std::string& folder, const ConfigOptions& options) {
  const std::string marker = folder + "/" + kMarkerFile;
  nlohmann::json j;
  try {
    j = nlohmann::json::parse(bytes_of(marker, "not-generated"));
  } catch (const nlohmann::json::exception& e) {
    throw InputError({marker, 0, 0}, "corrupt-image", fmt::format("no valid JSON ({}); generate the folder again", e.what()));
  }
  if (!j.contains("files") || !j["files"].is_object() || !j.contains("hardware_hash") || !j["hardware_hash"].is_string())
    throw InputError({marker, 0, 0}, "corrupt-image", "names no files or no hardware; generate the folder again");
  for (const auto& [name, hash] : j["files"].items()) {
    const std::string found = hash_text(fnv1a(bytes_of(folder + "/" + name, "corrupt-image")));
    if (!hash.is_string() || found != hash.get<std::string>())
      throw InputError({folder + "/" + name, 0, 0}, "corrupt-image",
                       fmt::format("content has hash {}, generated was {}; generate the folder again", found, hash.dump()));
  }
  if (!options.config.empty() && j.contains("fifos")) {
    // A chip holds the network itself: it fits if the configuration gives the same files.
    ChipOptions chip;
    for (const auto& fifo : j["fifos"])
      chip.fifos.push_back(fmt::format("{}={}", fifo.value("name", ""), fifo.value("depth", 0)));
    const PreparedChip p = prepare_chip(options, chip);
    for (const auto& [name, text] : chip_files(p))
      if (name != kMarkerFile && j["files"].value(name, "") != hash_text(fnv1a(text)))
        throw InputError({folder + "/" + name, 0, 0}, "wrong-register-image",
                         fmt::format("{} gives another content; generate the folder again", options.config));
  } else if (!options.config.empty()) {
    const std::string want = hash_text(hardware_hash(prepare(options.load()).core));
    if (j["hardware_hash"] != want)
      throw InputError({marker, 0, 0}, "wrong-register-image",
                       fmt::format("generated for hardware {}, {} is hardware {}", j["hardware_hash"].get<std::string>(),
                                   options.config, want));
  }
  fmt::print("{}: {} files as generated, hardware {}\n", folder, j["files"].size(), j["hardware_hash"].get<std::string>());
}

}  // namespace

void add_check(CLI::App& app) {
  struct Options {
    ConfigOptions config;
    std::string folder;
  };
  auto o = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("check", "Check that a generated folder is whole, and fits a configuration");
  verb->add_option("folder", o->folder, "Output folder of epim gen")->required();
  o->config.add(*verb, false);
  verb->footer("Example: epim check out/l3 --config configs/layer3.toml");
  verb->callback([o] { check_folder(o->folder, o->config); });
}

}  // namespace epim::command

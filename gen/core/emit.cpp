// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/core/emit.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/base/hash.hpp"
#include "gen/core/load_stream.hpp"
#include "gen/core/manifest.hpp"
#include "gen/core/register_map.hpp"

namespace epim {

Elaboration elaborate(const CoreSpec& core, const std::vector<EmitLayer>& layers, const ElaborateOptions& options) {
  std::vector<Layer> shapes;
  for (const EmitLayer& l : layers) shapes.push_back(l.layer);
  const CoreParameters p = core_parameters(core.hw, shapes);
  if (core.tables != Tables::rom) return elaborate(core, p, nullptr, options);
  const LayerProgram rom = build_program(p, layers.at(0).layer, layers.at(0).data);
  return elaborate(core, p, &rom, options);
}

FileSet emit(const Config& config, const CoreSpec& core, const std::vector<EmitLayer>& layers) {
  std::vector<Layer> shapes;
  for (const EmitLayer& l : layers) shapes.push_back(l.layer);
  const CoreParameters p = core_parameters(core.hw, shapes);
  const std::uint64_t hash = hardware_hash(core);

  FileSet files;
  for (const EmitLayer& l : layers) {
    if (core.tables == Tables::rom) break;  // its images come with the top
    const std::string folder = layers.size() == 1 ? "" : fmt::format("layers/{}/", l.layer.name);
    const LayerProgram program = build_program(p, l.layer, l.data);
    for (auto& [name, text] : program_images(p, program, false)) files[folder + kMemDir + name] = std::move(text);
    if (p.hw.load_stream) files[folder + "program.bin"] = load_bytes(load_words(load_frames(program, 0)));
  }
  Manifest manifest;
  manifest.name = config.name;
  const Elaboration plain = elaborate(core, layers), observed = elaborate(core, layers, {true});
  manifest.top = plain.top;
  for (auto& [name, text] : plain.sources()) {
    manifest.sources.push_back("rtl/" + name);
    files["rtl/" + name] = std::move(text);
  }
  files["tb/" + observed.top + ".sv"] = observed.text;
  for (const auto& [name, text] : plain.images) {
    manifest.data.push_back(kMemDir + name);
    files[kMemDir + name] = text;
  }
  files["epim.f"] = file_list(manifest);
  files["epim_dir.f"] = file_list(manifest, "$(EPIM_DIR)/");
  files[config.name + ".core"] = fusesoc_core(manifest);
  files["Bender.yml"] = bender_yml(manifest);
  files["registers.md"] = registers_markdown();
  files["include/epim_regs.h"] = registers_c();
  files["resolved.toml"] = resolved_toml(config, request_of(core), shapes);
  nlohmann::ordered_json marker = {{"tool", "epim"},
                                   {"schema", 1},
                                   {"name", config.name},
                                   {"hardware_hash", hash_text(hash)},
                                   {"config_hash", hash_text(fnv1a(files["resolved.toml"]))},
                                   {"top", plain.top}};
  for (const EmitLayer& l : layers) {
    const LayerTables t = build_tables(p.hw, l.layer);
    marker["layers"].push_back({{"name", l.layer.name},
                                {"patches", t.patches},
                                {"activations_per_position", t.fired_patches},
                                {"ifrt_sequences", t.ifrt.size()},
                                {"wrapping", t.wrapping}});
  }
  for (const auto& [name, text] : files) marker["files"][name] = hash_text(fnv1a(text));
  files[kMarkerFile] = marker.dump(2) + "\n";
  return files;
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/chip_dump.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include "gen/base/output_folder.hpp"
#include "gen/core/core_parameters.hpp"
#include "gen/network/golden_network.hpp"
#include "sim/dump.hpp"

namespace epim {
namespace {

/// [N][C][H][W]
IntTensor stacked(const std::vector<IntTensor>& maps) {
  IntTensor all({static_cast<int>(maps.size()), maps.at(0).shape[0], maps[0].shape[1], maps[0].shape[2]});
  auto to = all.data.begin();
  for (const IntTensor& m : maps) to = std::copy(m.data.begin(), m.data.end(), to);
  return all;
}

nlohmann::ordered_json description(const ChipDesign& chip, const ChipRun& run) {
  const ChipGraph& graph = chip.graph;
  nlohmann::ordered_json j = {{"network", graph.name}, {"images", run.outputs.size()}, {"cycles", run.cycles}, {"image_end", run.image_end}};
  for (const ChipBlock& block : graph.blocks) j["blocks"].push_back({{"name", block.name}, {"kind", name_of(block.kind)}});
  j["fifos"] = fifos_json(graph, run);
  return j;
}

}  // namespace

nlohmann::ordered_json fifos_json(const ChipGraph& graph, const ChipRun& run) {
  nlohmann::ordered_json j;
  for (std::size_t f = 0; f < graph.streams.size(); ++f)
    j.push_back({{"name", graph.stream_name(static_cast<int>(f))}, {"depth", graph.streams[f].depth}, {"high_water", run.high_water[f]}, {"words", run.words[f]}});
  return j;
}

void dump_chip(const std::string& dir, const ChipDesign& chip, const CompiledNetwork& net, const std::vector<IntTensor>& images,
               const std::vector<IntTensor>& golden, const ChipRun& run) {
  FileSet files = {{kMarkerFile, "{\"tool\": \"epim\", \"kind\": \"chip dump\"}\n"},
                   {"chip.json", description(chip, run).dump(1) + "\n"},
                   {"images.npy", npy_text(stacked(images))},
                   {"outputs_golden.npy", npy_text(stacked(golden))},
                   {"outputs_rtl.npy", npy_text(stacked(run.outputs))}};
  std::string& beats = files["beats.csv"] = "cycle,image,index\n";
  const std::size_t per_image = run.beats.size() / std::max<std::size_t>(1, run.outputs.size());
  for (std::size_t n = 0; n < run.beats.size(); ++n) beats += fmt::format("{},{},{}\n", run.beats[n], n / per_image, n % per_image);
  GoldenNetwork(net, false).run(images.at(0), 1, [&](int node, const IntTensor& map) { files["maps/" + net.network.nodes[static_cast<std::size_t>(node)].name + ".npy"] = npy_text(map); });
  if (!run.events.empty()) {
    nlohmann::ordered_json events;
    for (std::size_t c = 0; c < run.events.size(); ++c) events[chip.graph.blocks[static_cast<std::size_t>(chip.cores[c].block)].name] = to_json(run.events[c]);
    files["events_rtl.json"] = events.dump(1) + "\n";
  }
  write_output_folder(dir, files);
}

void write_chip_waves(const std::string& fst, const ChipDesign& chip) {
  std::string s = fmt::format("[dumpfile] \"{}\"\n[timestart] 0\n", std::filesystem::absolute(fst).string());
  const auto wave = [&](const std::string& name, int width = 1) {
    s += fmt::format("TOP.{}_observed.{}{}\n", chip.module, name, width > 1 ? fmt::format("[{}:0]", width - 1) : "");
  };
  const auto stream = [&](const std::string& head, const std::string& valid, const std::string& ready, const std::string& last) {
    s += "-" + head + "\n";
    for (const std::string& name : {valid, ready, last}) wave(name);
  };
  stream("pixels", "s_axis_tvalid_i", "s_axis_tready_o", "s_axis_tlast_i");
  for (std::size_t b = 1; b + 1 < chip.graph.blocks.size(); ++b) {
    const std::string net = "b_" + chip.ids[b];
    stream(chip.graph.blocks[b].name, net + "_valid", net + "_ready", net + "_last");
  }
  stream("output", "m_axis_tvalid_o", "m_axis_tready_i", "m_axis_tlast_o");
  s += "-words in FIFOs\n";
  for (std::size_t f = 0; f < chip.graph.streams.size(); ++f) wave("f_" + chip.fifo_ids[f] + "_count", num_width(chip.graph.streams[f].depth));
  write_file_atomically(std::filesystem::path(fst).replace_extension(".gtkw").string(), s);
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/cost/chip_result.hpp"

#include <fmt/format.h>

namespace epim {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const ImageRate& rate) { return {{"cycles", rate.cycles}, {"images", rate.images}, {"per_image", rate.per_image()}}; }

const std::string& name_of_core(const ChipDesign& chip, std::size_t c) { return chip.graph.blocks[static_cast<std::size_t>(chip.cores[c].block)].name; }

Json json_of(const ChipDesign& chip, const ChipTrace& trace) {
  Json j = {{"images", trace.image_end.size()}, {"cycles", trace.cycles}, {"bin_cycles", trace.bin_cycles}, {"image_end", trace.image_end}};
  for (std::size_t c = 0; c < chip.cores.size(); ++c)
    j["cores"].push_back({{"name", name_of_core(chip, c)}, {"fired", trace.fired[static_cast<std::size_t>(chip.cores[c].block)]}});
  for (std::size_t s = 0; s < trace.level.size(); ++s) j["fifos"].push_back({{"name", chip.graph.stream_name(static_cast<int>(s))}, {"level", trace.level[s]}});
  return j;
}

}  // namespace

Json chip_json(const ChipDesign& chip, const ChipEstimate& e) {
  Json j = {{"crossbar", fmt::format("{}x{}", chip.common.hw.xb_rows, chip.common.hw.xb_cols)}, {"lanes", chip.graph.lanes}, {"crossbars", e.crossbars.per_core}};
  if (e.crossbars.pools > 0) j["crossbars_with_one_pool"] = e.crossbars.one_pool;
  j["interval"] = json_of(e.interval);
  j["slowest_block"] = chip.graph.blocks[static_cast<std::size_t>(e.slowest)].name;
  j["first_image_about"] = e.first_image;
  for (std::size_t c = 0; c < e.cores.size(); ++c) {
    const ChipCoreEstimate& core = e.cores[c];
    const Hardware& hw = chip.cores[c].hw;
    j["cores"].push_back({{"name", name_of_core(chip, c)}, {"pe_rows", hw.pe_rows}, {"pe_cols", hw.pe_cols}, {"crossbars", core.crossbars}, {"alone", json_of(core.alone)},
                          {"energy_aJ", core.energy.total}, {"events", to_json(core.events)}});
  }
  j["image"] = {{"energy", to_json(e.energy)}, {"events", to_json(e.events)}};
  return j;
}

Json chip_run_json(const ChipDesign& chip, const ChipRunEstimate& run) {
  const ChipTiming& t = run.timing;
  Json j = {{"images", run.images}, {"cycles", t.cycles}, {"first_image_cycles", t.first_latency}, {"image_end", t.image_end}, {"deadlock", t.deadlock}};
  if (t.steady) j["steady"] = json_of(*t.steady);
  j["fifo_words"] = fifo_words(chip.graph);
  for (std::size_t s = 0; s < chip.graph.streams.size(); ++s)
    j["fifos"].push_back({{"name", chip.graph.stream_name(static_cast<int>(s))}, {"depth", chip.graph.streams[s].depth}, {"high_water", t.high_water[s]},
                          {"words", t.blocks[static_cast<std::size_t>(chip.graph.streams[s].from)].words_out}});
  for (std::size_t c = 0; c < run.events.size(); ++c)
    j["cores"].push_back({{"name", name_of_core(chip, c)}, {"energy", to_json(run.energy[c])}, {"events", to_json(run.events[c])}});
  j["energy"] = to_json(run.all_energy);
  j["events"] = to_json(run.all_events);
  j["trace"] = json_of(chip, drawn_trace(chip.graph, run));
  return j;
}

}  // namespace epim

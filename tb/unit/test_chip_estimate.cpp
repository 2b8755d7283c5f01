// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
// What a chip costs: the estimate against the stepped chip and the golden model of its cores.
#include "tb/unit/catch.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "gen/chip/chip_events.hpp"
#include "gen/cost/chip_estimate.hpp"
#include "gen/cost/chip_result.hpp"
#include "gen/network/walk.hpp"
#include "gen/report/results.hpp"

using namespace epim;

namespace {

const char* const kChips[] = {"/configs/digits_residual.toml", "/configs/mix.toml", "/tb/chip/features.toml", "/tb/chip/copies.toml", "/tb/chip/pools.toml"};

struct Prepared {
  Config config;
  CompiledNetwork net;
  ChipDesign chip;
};
Prepared prepared(const std::string& file) {
  Prepared p;
  p.config = load_config(EPIM_SOURCE_DIR + file);
  p.net = compile_network(p.config, {}, CorePolicy::own);
  p.chip = design_chip(p.config, p.net);
  return p;
}

const EstimateData& constants() {
  static const EstimateData data = load_estimate_data(EPIM_SOURCE_DIR);
  return data;
}

}  // namespace

TEST_CASE("a chip's estimate: interval of the stepped chip, events of the golden model", "[chip][estimate]") {
  for (const char* file : kChips) {
    INFO(file);
    const Prepared p = prepared(file);
    const ChipEstimate e = estimate_chip(p.chip, constants());
    const ChipTiming forever = predict_chip(p.chip.graph, std::numeric_limits<int>::max(), {false, true, 0});
    CHECK(e.interval == forever.steady.value());
    CHECK(std::abs(static_cast<double>(e.first_image) / static_cast<double>(forever.first_latency) - 1) < 0.08);

    const int images = 2;
    const LabelledImages set = load_images(p.config, p.net.network, images);
    const ChipGolden golden = run_chip_golden(p.chip, p.net, set.images, 1);
    CHECK(golden.outputs == run_network_golden(p.net, set.images, 1));
    REQUIRE(golden.events.size() == e.cores.size());
    const std::vector<EventCounts> estimated = estimated_events(e, images);
    for (std::size_t c = 0; c < e.cores.size(); ++c)
      for (std::size_t i = 0; i < event_count; ++i) {
        INFO("core " << p.chip.graph.blocks[static_cast<std::size_t>(p.chip.cores[c].block)].name << ", " << event_list[i].name);
        if (std::string(event_list[i].name) == "idle_cycles") CHECK(e.cores[c].events.at(i) == std::llround(e.interval.per_image()) - e.cores[c].events.fire_cycles);
        else if (!depends_on_data(i)) CHECK(estimated[c].at(i) == golden.events[c].at(i));
      }
  }
}

TEST_CASE("a chip's estimate needs no weights", "[chip][estimate]") {
  for (const char* file : kChips) {
    INFO(file);
    const Prepared p = prepared(file);
    const CompiledNetwork outline = outline_network(p.config, CorePolicy::own);
    for (const CompiledLayer& layer : outline.layers) CHECK(layer.data.epitome.data.empty());
    const ChipEstimate a = estimate_chip(p.chip, constants()), b = estimate_chip(design_chip(p.config, outline, FifoRule::none), constants());
    CHECK(chip_json(p.chip, a) == chip_json(p.chip, b));
  }
}

TEST_CASE("the trace of a chip adds up to what its blocks and FIFOs did", "[chip][estimate]") {
  const Prepared p = prepared("/tb/chip/copies.toml");
  for (int bins : {1, 7, 256, 5000}) {
    const ChipTiming t = predict_chip(p.chip.graph, 3);
    const ChipTrace trace = trace_chip(p.chip.graph, 3, bins, std::numeric_limits<std::int64_t>::max());
    CHECK(trace.cycles == t.cycles);
    CHECK(trace.image_end == t.image_end);
    for (std::size_t b = 0; b < p.chip.graph.blocks.size(); ++b)
      CHECK(std::accumulate(trace.fired[b].begin(), trace.fired[b].end(), std::int64_t{0}) == t.blocks[b].fire_cycles);
    for (std::size_t s = 0; s < p.chip.graph.streams.size(); ++s) {
      CHECK(*std::max_element(trace.level[s].begin(), trace.level[s].end()) == t.high_water[s]);
      CHECK(trace.level[s].size() <= 2 * static_cast<std::size_t>(bins));
      CHECK(trace.level[s].size() == static_cast<std::size_t>((t.cycles + trace.bin_cycles - 1) / trace.bin_cycles));
    }
  }
}

TEST_CASE("a chip on images: idle cycles are what firing leaves, energies add up", "[chip][estimate]") {
  const Prepared p = prepared("/tb/chip/copies.toml");
  const ChipEstimate e = estimate_chip(p.chip, constants());
  const ChipRunEstimate run = chip_run(p.chip, predict_chip(p.chip.graph, 5), 5, estimated_events(e, 5), constants().energy);
  std::int64_t total = 0, fired = 0;
  for (std::size_t c = 0; c < run.events.size(); ++c) {
    CHECK(run.events[c].fire_cycles == run.timing.blocks[static_cast<std::size_t>(p.chip.cores[c].block)].fire_cycles);
    CHECK(run.events[c].fire_cycles + run.events[c].idle_cycles == run.timing.cycles);
    total += run.energy[c].total;
    fired += run.events[c].fire_cycles;
  }
  CHECK(run.all_energy.total == total);
  CHECK(run.all_events.fire_cycles == fired);
  CHECK(drawn_trace(p.chip.graph, run).image_end.size() == 3);

  // The report's sections hold the same numbers; a damaged result is refused.
  nlohmann::ordered_json result = {{"network", "copies"}, {"chip", chip_json(p.chip, e)}, {"run", chip_run_json(p.chip, run)}};
  CHECK(report::kind_of(result) == report::JsonKind::chip);
  const nlohmann::ordered_json page = report::chip_sections(result, "x.json");
  CHECK(page["energy"]["total_aJ"] == total);
  CHECK(page["chip"]["cores"].size() == p.chip.cores.size());
  CHECK(page["chip"]["trace"]["fifos"].size() == p.chip.graph.streams.size());
  CHECK(page["chip"]["fifo_words"] == fifo_words(p.chip.graph));
  result["run"]["trace"]["cores"][0]["fired"][0] = "many";
  CHECK_THROWS_AS(report::chip_sections(result, "x.json"), InputError);
}

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The data behind the pictures of epim report.
#include <algorithm>

#include "gen/report/mapped_network.hpp"
#include "gen/report/page.hpp"
#include "gen/report/results.hpp"
#include "gen/report/values.hpp"
#include "golden/sampler.hpp"
#include "tb/unit/files.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using namespace epim::testing;
using report::Json;

TEST_CASE("report: the blocks of a repetition map are the map", "[report]") {
  int cut = 0;  // maps of more than one block
  property("repetition_blocks == repetition_map", [&] {
    const Case c = random_case(*rc::gen::arbitrary<std::uint32_t>());
    RC_LOG() << describe(c) << "\n";
    const EpitomeShape& e = c.layer.epitome;
    const IntTensor map = repetition_map(c.layer);
    IntTensor seen({e.e_out, e.e_in, e.p, e.q}, -1);
    const std::vector<report::RepetitionBlock> blocks = report::repetition_blocks(c.layer);
    for (const report::RepetitionBlock& b : blocks)
      for (int o = b.out_first; o <= b.out_last; ++o)
        for (int i = b.in_first; i <= b.in_last; ++i)
          for (int at = 0; at < e.p * e.q; ++at) {
            std::int64_t& place = seen(o, i, at / e.q, at % e.q);
            RC_ASSERT(place == -1);
            place = b.reads[static_cast<std::size_t>(at)];
          }
    RC_ASSERT(seen == map);
    cut += blocks.size() > 1;
  });
  CHECK(cut > 5);
}

TEST_CASE("report: quantiles are elements of the sorted codes", "[report]") {
  property("Histogram::quantile", [] {
    const auto codes = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(-9, 9)));
    report::Histogram h;
    IntTensor t({static_cast<int>(codes.size())});
    t.data = codes;
    h.add(t);
    std::vector<std::int64_t> sorted = codes;
    std::sort(sorted.begin(), sorted.end());
    const auto n = sorted.size();
    RC_ASSERT(h.least() == sorted.front());
    RC_ASSERT(h.most() == sorted.back());
    RC_ASSERT(h.quantile(1, 4) == sorted[(n + 3) / 4 - 1]);
    RC_ASSERT(h.quantile(1, 2) == sorted[(n + 1) / 2 - 1]);
    RC_ASSERT(h.quantile(3, 4) == sorted[(3 * n + 3) / 4 - 1]);
    RC_ASSERT(h.count(0) == std::count(codes.begin(), codes.end(), 0));
  });
}

TEST_CASE("report: sections of a mapped network agree with its model", "[report]") {
  const std::string root = EPIM_SOURCE_DIR;
  const EstimateData data = load_estimate_data(root);
  HardwareRequest base;
  base.channel_bias_bits = 40;
  base.out_bits = 12;
  base.lanes = 16;
  base.xb_rows = base.xb_cols = 256;
  DesignChoice design;
  design.uniform = true;
  const report::MappedNetwork m = report::map_for_report(load_network(root + "/models/resnet50/network.json"), base, design, 9, data);
  const std::vector<Phases> phases = report::phases_of(m, 2);

  const Json layers = report::layers_section(m, phases);
  REQUIRE(layers["rows"].size() == m.estimate.layers.size());
  CHECK(layers["total"]["crossbars"] == m.estimate.physical.crossbars);
  CHECK(layers["total"]["cycles"] == m.estimate.cycles);
  CHECK(layers["total"]["macs"] == m.estimate.macs);
  CHECK(layers["cycles_as_predicted"] == m.estimate.layers.size());
  double cells = 0;
  for (const Json& row : layers["rows"]) cells += row["utilisation"].get<double>() * row["crossbars"].get<double>();
  CHECK(cells / static_cast<double>(m.estimate.physical.crossbars) == Approx(m.estimate.physical.utilisation).epsilon(1e-12));

  const Json energy = report::energy_section(m);
  CHECK(energy["total_aJ"] == m.estimate.energy.total);
  std::int64_t sum = 0;
  for (const Json& aj : energy["component_aJ"]) sum += aj.get<std::int64_t>();
  CHECK(sum == m.estimate.energy.total);

  // The shares of the bins, put together, are the busy cycles, but for the rounding to thousandths.
  const Json timeline = report::timeline_section(m, phases);
  for (std::size_t l = 0; l < phases.size(); ++l) {
    const Json& one = timeline["layers"][l];
    const std::int64_t cycles = one["cycles"], bins = one["bins"];
    const Timing& t = m.estimate.layers[l].rtl.timing;
    const auto busy = [&](const char* part) {
      double total = 0;
      for (std::int64_t b = 0; b < bins; ++b) {
        const double share = one[part][static_cast<std::size_t>(b)].get<double>() / 1000;
        CHECK(share <= 1);
        total += share * static_cast<double>((b + 1) * cycles / bins - b * cycles / bins);
      }
      return total;
    };
    CHECK(std::abs(busy("array") - static_cast<double>(t.fire_cycles)) <= 0.0005 * static_cast<double>(cycles) + 1);
    CHECK(std::abs(busy("loading") - static_cast<double>(t.cycles) * layers["rows"][l]["busy_share"]["loading"].get<double>()) <= 0.0005 * static_cast<double>(cycles) + 1);
    CHECK(one["first"]["array"][0][0] == t.first_fire);
  }
  const Json graph = report::graph_section(m);
  CHECK(graph["nodes"].size() == m.plan.network.nodes.size() + 1);
  std::int64_t crossbars = 0;
  for (const Json& node : graph["nodes"]) crossbars += node.value("crossbars", std::int64_t{0});
  CHECK(crossbars == m.estimate.physical.crossbars);
  for (const Json& edge : graph["edges"]) CHECK(edge[0] < edge[1]);
}

TEST_CASE("report: no text ends its element of the page", "[report]") {
  const std::string page = report::page({{"title", "</title><b>@DATA@&"}, {"text", "</script><!--<script>"}, {"bytes", "\xff"}});
  CHECK(page.find("<title>&lt;/title&gt;&lt;b&gt;@DATA@&amp;</title>") != std::string::npos);
  const std::size_t block = page.find("id=\"data\">");
  REQUIRE(block != std::string::npos);
  const std::string data = page.substr(block + 10, page.find("</script>", block) - block - 10);
  CHECK(data.find('<') == std::string::npos);
  CHECK(Json::parse(data)["text"] == "</script><!--<script>");
}

TEST_CASE("report: what a JSON file is", "[report]") {
  using report::JsonKind;
  const auto kind = [](const char* text) { return report::kind_of(Json::parse(text)); };
  CHECK(kind(R"({"nodes": [], "input": {}})") == JsonKind::network);
  CHECK(kind(R"({"network_hash": "", "hardware_hash": "", "layers": []})") == JsonKind::run);
  CHECK(kind(R"({"source": {}, "maps": [], "integers": {}})") == JsonKind::import);
  CHECK(kind(R"({"rule": "paper", "paper": {}, "physical": {}, "layers": []})") == JsonKind::estimate);
  CHECK(kind(R"({"search": {}, "network": "x", "layers": []})") == JsonKind::search);
  CHECK(kind(R"({"schema": 1, "network": "x", "layers": []})") == JsonKind::design);
  CHECK(kind("{}") == JsonKind::unknown);
  CHECK(kind("[1]") == JsonKind::unknown);
}

TEST_CASE("report: the first map of an import below a limit", "[report]") {
  const Json record = Json::parse(R"({"integers": {"images": 3, "outputs": [], "maps": [{"node": "a", "signal_to_noise_db": 40.5},
    {"node": "b", "signal_to_noise_db": null}, {"node": "c", "signal_to_noise_db": 20.0}, {"node": "d", "signal_to_noise_db": 19.9}, {"node": "e", "signal_to_noise_db": 3}]}})");
  CHECK(report::fidelity_section(record, 20, "f")["first_below"] == "d");
  CHECK(report::fidelity_section(record, 3, "f")["first_below"].is_null());
  CHECK(report::fidelity_section(record, 50, "f")["first_below"] == "a");
  REQUIRE_RULE(report::fidelity_section(Json::parse(R"({"integers": {"maps": 3}})"), 20, "f"), "report-source");
}

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "golden/diagnostic.hpp"
#include "golden/energy.hpp"
#include "golden/events.hpp"
#include "tb/unit/random_case.hpp"

using namespace epim;
using epim::testing::property;

namespace {

const std::string here = __FILE__;  // .../tb/unit/test_events.cpp
const std::string table_path = here.substr(0, here.rfind("tb/unit/")) + "golden/data/energy.toml";

std::string table_text() {
  std::ifstream in(table_path);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Loads a text as a table; gives the error line, or "".
std::string refusal(const std::string& text, const std::string& rule) {
  const std::string path = "/tmp/epim_energy_test_" + std::to_string(::getpid()) + ".toml";
  std::ofstream(path) << text;
  std::string line;
  try {
    load_energy_table(path);
  } catch (const InputError& e) {
    REQUIRE(e.rule() == rule);
    REQUIRE(e.where().file == path);
    line = std::to_string(e.where().line);
  }
  std::remove(path.c_str());
  return line;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

int line_of(const std::string& text, const std::string& what) {
  const std::string before = text.substr(0, text.find(what));
  return 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
}

}  // namespace

TEST_CASE("event counts add and travel through JSON", "[events]") {
  property("json", [] {
    EventCounts a, b;
    for (std::size_t i = 0; i < event_count; ++i) {
      a.at(i) = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 60);
      b.at(i) = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 60);
    }
    RC_ASSERT(events_from_json(nlohmann::ordered_json::parse(to_json(a).dump())) == a);
    EventCounts sum = a;
    sum += b;
    for (std::size_t i = 0; i < event_count; ++i) RC_ASSERT(sum.at(i) == a.at(i) + b.at(i));
  });
  EventCounts c;
  c.joint_adds = 7;
  REQUIRE(to_json(c)["joint_adds"] == 7);
  REQUIRE(to_json(c).begin().key() == "activations");
  auto json = to_json(c);
  json["surprise"] = 1;
  REQUIRE_RULE(events_from_json(json), "event-counts");
  json = to_json(c);
  json.erase("ifat_reads");
  REQUIRE_RULE(events_from_json(json), "event-counts");
}

TEST_CASE("energy is the sum of counts times the table", "[events][energy]") {
  const EnergyTable table = load_energy_table(table_path);
  Hardware hw;
  hw.adc_bits = 6;
  EventCounts counts;
  counts.adc_conversions = 3;
  counts.cell_reads = 10;
  counts.input_buffer_reads = 2;
  counts.output_buffer_writes = 1;
  const EnergyReport report = energy(counts, table, hw);
  // 10.08 pJ a conversion; 2370 aJ a level; 8 lanes of 9 bits.
  REQUIRE(report.total == 3 * 10080000LL + 10 * 2370 + 2 * 287500LL * 72 + 329688LL * 72);
  std::int64_t components = 0, events = 0;
  for (const auto& [name, value] : report.by_component) components += value;
  for (std::int64_t value : report.by_event) events += value;
  REQUIRE(components == report.total);
  REQUIRE(events == report.total);
  REQUIRE(to_json(report)["components"]["adc"] == 3 * 10080000LL);
  hw.adc_bits = 8;
  REQUIRE(energy(counts, table, hw).by_event[5] == 3 * 15625000LL);
  hw.adc_bits = 20;
  REQUIRE_RULE(energy(counts, table, hw), "energy-range");
  hw.adc_bits = 6;
  counts.requantisations = std::int64_t{1} << 55;
  REQUIRE_RULE(energy(counts, table, hw), "energy-range");
}

TEST_CASE("every entry of the energy table names unit, node, source and derivation", "[events][energy]") {
  const EnergyTable table = load_energy_table(table_path);
  for (const EnergyEntry& e : table.entries) {
    REQUIRE(e.unit.find("aJ") == 0);
    REQUIRE(!e.node.empty());
    REQUIRE(!e.source.empty());
    REQUIRE(!e.note.empty());
  }
  // Every hardware the core can have finds its ADC.
  for (int rows : {16, 64, 256, 1024})
    for (int cell : {1, 2, 4})
      for (int dac : {1, 2}) {
        Hardware hw;
        hw.xb_rows = rows;
        hw.cell_bits = cell;
        hw.dac_bits = dac;
        for (std::size_t i = 0; i < event_count; ++i) REQUIRE(table.per_event(i, hw) >= 0);
      }
}

TEST_CASE("energy tables with faults are refused where the fault is", "[events][energy]") {
  const std::string text = table_text();
  REQUIRE(refusal(text, "") == "");
  REQUIRE(refusal(replaced(text, "[joint_adds]", "[joint_add]"), "energy-table") ==
          std::to_string(line_of(text, "[joint_adds]")));
  REQUIRE(refusal(replaced(text, "energy_aj = 112500", "energy_aj = 1.5"), "energy-table") ==
          std::to_string(line_of(text, "energy_aj = 112500")));
  REQUIRE(refusal(replaced(text, "energy_aj = 112500", "energy_aj = -1"), "energy-table") ==
          std::to_string(line_of(text, "energy_aj = 112500")));
  REQUIRE(refusal(replaced(text, "scale = \"dac_bits\"", "scale = \"volts\""), "energy-table") ==
          std::to_string(line_of(text, "scale = \"dac_bits\"")));
  REQUIRE(refusal(replaced(text, "component = \"dac\"", "colour = \"dac\""), "energy-table") != "");
  REQUIRE(refusal(replaced(text, "energy_aj = 112500\n", ""), "energy-table") != "");
  REQUIRE(refusal(replaced(text, "energy_aj = 112500", "energy_aj = "), "toml-syntax") ==
          std::to_string(line_of(text, "energy_aj = 112500")));
  REQUIRE_RULE(load_energy_table("/nonexistent/energy.toml"), "unreadable-file");
}

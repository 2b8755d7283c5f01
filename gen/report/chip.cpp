// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/report/result_fields.hpp"
#include "gen/report/results.hpp"

namespace epim::report {
namespace {

Json wholes(const Json& numbers) {
  Json all = Json::array();
  for (const Json& n : list(numbers)) all.push_back(whole(n));
  return all;
}

/// {"name", FIELD: numbers} of every entry.
Json series(const Json& entries, const char* field) {
  Json all = Json::array();
  for (const Json& e : list(entries)) all.push_back({{"name", text(e.at("name"))}, {field, wholes(e.at(field))}});
  return all;
}

}  // namespace

Json chip_sections(const Json& result, const std::string& file) {
  return read_as("result of epim sim or estimate --top network --json", file, [&] {
    const Json &chip = result.at("chip"), &run = result.at("run"), &trace = run.at("trace");
    const double interval = number(chip.at("interval").at("per_image"));
    const std::int64_t images = whole(run.at("images"));
    Json cores = Json::array(), fifos = Json::array(), layers = Json::array(), components = Json::array(), sums = Json::array();
    for (const Json& c : list(chip.at("cores")))
      cores.push_back({{"name", text(c.at("name"))}, {"pe_rows", whole(c.at("pe_rows"))}, {"pe_cols", whole(c.at("pe_cols"))}, {"crossbars", whole(c.at("crossbars"))},
                       {"alone", number(c.at("alone").at("per_image"))}, {"busy", static_cast<double>(whole(c.at("events").at("fire_cycles"))) / interval},
                       {"energy_aJ", whole(c.at("energy_aJ"))}});
    for (const Json& f : list(run.at("fifos")))
      fifos.push_back({{"name", text(f.at("name"))}, {"depth", whole(f.at("depth"))}, {"high_water", whole(f.at("high_water"))}, {"words", whole(f.at("words"))}});
    for (const auto& [name, value] : run.at("energy").at("components").items()) {
      components.push_back(name);
      sums.push_back(whole(value));
    }
    for (const Json& c : list(run.at("cores"))) {
      Json parts = Json::array();
      for (const Json& name : components) parts.push_back(whole(c.at("energy").at("components").at(name.get<std::string>())));
      layers.push_back({{"layer", text(c.at("name"))}, {"total_aJ", whole(c.at("energy").at("total"))}, {"aJ", std::move(parts)}});
    }
    Json drawn = {{"cycles", whole(trace.at("cycles"))}, {"bin_cycles", whole(trace.at("bin_cycles"))}, {"image_end", wholes(trace.at("image_end"))},
                  {"cores", series(trace.at("cores"), "fired")}, {"fifos", series(trace.at("fifos"), "level")}};
    return Json{{"chip", {{"network", text(result.at("network"))}, {"crossbar", text(chip.at("crossbar"))}, {"crossbars", whole(chip.at("crossbars"))}, {"interval", interval},
                          {"slowest_block", text(chip.at("slowest_block"))}, {"images", images}, {"cycles", whole(run.at("cycles"))}, {"first_image_cycles", whole(run.at("first_image_cycles"))},
                          {"fifo_words", whole(run.at("fifo_words"))}, {"cores", std::move(cores)}, {"fifos", std::move(fifos)}, {"trace", std::move(drawn)}}},
                {"energy", {{"origin", result.contains("identical_outputs") ? "run" : "estimate"}, {"components", std::move(components)}, {"component_aJ", std::move(sums)},
                            {"layers", std::move(layers)}, {"total_aJ", whole(run.at("energy").at("total"))}}}};
  });
}

}  // namespace epim::report

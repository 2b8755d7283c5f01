// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <cctype>

#include "gen/report/result_fields.hpp"
#include "gen/report/results.hpp"

namespace epim::report {
namespace {

/// What a variant is compared as.
std::string family(const Json& v) {
  const std::string design = text(v.at("design"));
  if (design.starts_with("pool:")) return "weight pool";
  if (!v.at("prune").is_null()) return design == "plain" ? "word lines pruned" : "epitome, elements pruned";
  if (design == "plain") return "plain";
  return std::isdigit(static_cast<unsigned char>(design.front())) != 0 ? "uniform epitome" : "epitomes by layer";
}

}  // namespace

Json training_section(const Json& summary, const std::string& file) {
  return read_as("summary of the training study", file, [&] {
    const Json& made = summary.at("made_with");
    Json s = {{"seeds", list(summary.at("seeds")).size()}, {"images", whole(made.at("test_images"))}, {"variants", Json::array()}, {"claims", Json::array()}};
    for (const auto& [name, v] : summary.at("variants").items())
      s["variants"].push_back({{"name", name}, {"family", family(v)}, {"tables", text(v.at("tables"))}, {"design", text(v.at("design"))}, {"bits", text(v.at("bits"))},
                               {"mode", text(v.at("mode"))}, {"scheme", text(v.at("scheme"))}, {"crossbars", whole(v.at("crossbars"))}, {"parameters", whole(v.at("parameters"))},
                               {"mean", number(v.at("golden").at("mean"))}, {"half", number_or_null(v.at("golden").at("ci95"))}});
    for (const Json& c : list(summary.at("claims")))
      s["claims"].push_back({{"claim", text(c.at("claim"))}, {"from", text(c.at("from"))}, {"to", text(c.at("to"))}, {"mean", number(c.at("mean"))}, {"half", number_or_null(c.at("ci95"))},
                             {"verdict", text(c.at("verdict"))}});
    if (s["variants"].empty()) throw Json::type_error::create(302, "a variant is expected", &summary);
    return s;
  });
}

}  // namespace epim::report

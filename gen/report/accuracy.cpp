// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/report/result_fields.hpp"
#include "gen/report/results.hpp"

namespace epim::report {
namespace {

/// {"count", "of", "share"} as [count, of]; null stays null.
Json counted(const Json& j) { return j.is_null() ? Json() : Json{whole(j.at("count")), whole(j.at("of"))}; }

Json answers(const Json& j) {
  Json a = Json::object();
  for (const char* key : {"top1", "top5"}) a[key] = j.contains(key) ? counted(j.at(key)) : Json();
  if (j.contains("classes") && !j.at("classes").is_null()) {
    a["classes"] = Json::array();
    for (const Json& c : list(j.at("classes"))) {
      Json one = {{"class", whole(c.at("class"))}, {"predicted", whole(c.at("predicted"))}};
      for (const char* key : {"images", "right"}) one[key] = c.contains(key) && !c.at(key).is_null() ? Json(whole(c.at(key))) : Json();
      a["classes"].push_back(std::move(one));
    }
  }
  return a;
}

/// Swept keys and values.
Json settings(const Json& j) {
  Json s = Json::object();
  for (const auto& [key, value] : j.items()) s[key] = text(value);
  return s;
}

}  // namespace

Json accuracy_section(const Json& e, double least, const std::string& file) {
  return read_as("result of epim eval", file, [&] {
    Json s = {{"network", text(e.at("network"))}, {"images", whole(e.at("images").at("count"))}, {"seeded", truth(e.at("seeded"))}, {"least_dB", least}};
    s["float"] = e.at("float").is_null() ? Json() : answers(e.at("float"));
    s["points"] = Json::array();
    for (const Json& p : list(e.at("points"))) {
      Json point = {{"weight_bits", whole(p.at("weight_bits"))}, {"act_bits", whole(p.at("act_bits"))}, {"adc_bits", whole(p.at("adc_bits"))}, {"adc_lossless", truth(p.at("adc_lossless"))}};
      point["settings"] = p.contains("settings") ? settings(p.at("settings")) : Json::object();
      if (p.contains("device_seed")) point["device_seed"] = whole(p.at("device_seed"));
      point.update(answers(p));
      point["agreement"] = counted(p.at("agreement"));
      point["maps"] = Json::array();
      Json first;
      for (const Json& m : list(p.at("maps"))) {
        const Json& db = m.at("snr_db");
        Json one = {{"node", text(m.at("node"))}, {"snr_dB", nullptr}};
        if (!db.is_null()) {
          one["snr_dB"] = number(db);
          if (number(db) < least && first.is_null()) first = one["node"];
        }
        point["maps"].push_back(std::move(one));
      }
      point["first_below"] = first;
      point["layers"] = Json::array();
      for (const Json& l : list(p.at("layers")))
        point["layers"].push_back({{"layer", text(l.at("layer"))}, {"adc_conversions", whole(l.at("adc_conversions"))}, {"adc_saturated", whole(l.at("adc_saturated"))}});
      s["points"].push_back(std::move(point));
    }
    s["groups"] = Json::array();
    for (const Json& g : e.contains("groups") ? list(e.at("groups")) : Json::array()) {
      const Json& between = g.at("top1_interval");
      s["groups"].push_back({{"settings", settings(g.at("settings"))}, {"weight_bits", whole(g.at("weight_bits"))}, {"adc_bits", whole(g.at("adc_bits"))},
                             {"chips", whole(g.at("chips"))}, {"mean", number(g.at("top1_mean"))},
                             {"low", between.is_null() ? Json() : Json(number(between.at(0)))}, {"high", between.is_null() ? Json() : Json(number(between.at(1)))}});
    }
    if (s["points"].empty()) throw Json::type_error::create(302, "a point is expected", &e);
    return s;
  });
}

}  // namespace epim::report

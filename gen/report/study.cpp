// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/report/result_fields.hpp"
#include "gen/report/results.hpp"

namespace epim::report {
namespace {

/// A text that is a number: swept values stand as they were given.
double value_of(const Json& j) {
  const std::string given = text(j);
  std::size_t end = 0;
  double v = 0;
  try {
    v = std::stod(given, &end);
  } catch (const std::exception&) {
    end = std::string::npos;
  }
  if (end != given.size() || !std::isfinite(v)) throw Json::type_error::create(302, "a number is expected for '" + given + "'", &j);
  return v;
}

}  // namespace

Json study_section(const Json& study, const std::string& file) {
  return read_as("study of devices", file, [&] {
    Json families = Json::array();
    for (const auto& [family, members] : study.at("curves").items()) {
      Json curves = Json::array();
      // A curve of every axis that some network has.
      for (const auto& [key, axis] : study.at("axes").items()) {
        const double scale = number(axis.at("scale"));
        Json series = Json::array();
        for (const auto& [member, name] : study.at("names").items()) {
          if (!members.contains(member) || !members.at(member).contains(key)) continue;
          const Json& curve = members.at(member).at(key);
          Json points = Json::array();
          for (const Json& p : list(curve.at("points")))
            points.push_back({{"x", scale * value_of(p.at("value"))}, {"mean", number(p.at("mean"))}, {"low", number_or_null(p.at("low"))}, {"high", number_or_null(p.at("high"))}});
          if (points.empty()) throw Json::type_error::create(302, "a point is expected", &curve);
          series.push_back({{"network", text(name)}, {"crossbars", whole(study.at("crossbars").at(family).at(member))}, {"images", whole(curve.at("images"))},
                            {"chips", whole(curve.at("chips"))}, {"points", std::move(points)}});
        }
        if (!series.empty()) curves.push_back({{"title", text(axis.at("title"))}, {"unit", text(axis.at("unit"))}, {"series", std::move(series)}});
      }
      if (!curves.empty()) families.push_back({{"family", family}, {"curves", std::move(curves)}});
    }
    if (families.empty()) throw Json::type_error::create(302, "a curve is expected", &study);
    return Json{{"families", std::move(families)}};
  });
}

}  // namespace epim::report

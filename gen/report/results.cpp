// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/report/results.hpp"

#include "gen/report/result_fields.hpp"
#include "golden/files/json_document.hpp"

namespace epim::report {
JsonKind kind_of(const Json& j) {
  const auto has = [&](std::initializer_list<const char*> keys) {
    for (const char* k : keys)
      if (!j.contains(k)) return false;
    return true;
  };
  if (!j.is_object()) return JsonKind::unknown;
  if (has({"kind", "points"}) && j["kind"] == "eval") return JsonKind::accuracy;
  if (has({"curves", "names", "axes", "crossbars"})) return JsonKind::study;
  if (has({"seeds", "variants", "claims"})) return JsonKind::training;
  if (has({"network", "chip", "run"})) return JsonKind::chip;
  if (has({"nodes", "input"})) return JsonKind::network;
  if (has({"network_hash", "hardware_hash", "layers"})) return JsonKind::run;
  if (has({"source", "maps", "integers"})) return JsonKind::import;
  if (has({"rule", "paper", "physical", "layers"})) return JsonKind::estimate;
  if (has({"search", "layers"})) return JsonKind::search;
  if (has({"balance", "layers"})) return JsonKind::balance;
  if (has({"schema", "network", "layers"})) return JsonKind::design;
  return JsonKind::unknown;
}

Json read_result(const std::string& path) {
  const std::string bytes = read_text(path);
  parse_json(bytes, path);  // line and column of what is wrong
  return Json::parse(bytes);
}

Json fidelity_section(const Json& record, double least, const std::string& file) {
  return read_as("record of epim import", file, [&] {
    const Json& integers = record.at("integers");
    Json maps = Json::array(), first, outputs = Json::array();
    for (const Json& m : list(integers.at("maps"))) {
      Json one = {{"node", text(m.at("node"))}, {"snr_dB", nullptr}};
      if (const Json& db = m.at("signal_to_noise_db"); !db.is_null()) {
        one["snr_dB"] = number(db);
        if (number(db) < least && first.is_null()) first = one["node"];
      }
      maps.push_back(std::move(one));
    }
    for (const Json& o : list(integers.at("outputs"))) {
      Json one = {{"output", text(o.at("output"))}, {"images", whole(o.at("images"))}, {"same_largest", whole(o.at("same_largest"))}};
      if (o.contains("right")) {
        one["right"] = whole(o.at("right"));
        one["right_graph"] = whole(o.at("right_graph"));
      }
      outputs.push_back(std::move(one));
    }
    return Json{{"images", whole(integers.at("images"))}, {"least_dB", least}, {"first_below", first}, {"maps", std::move(maps)}, {"outputs", std::move(outputs)}};
  });
}

Json formats_section(const Json& record, const std::string& file) {
  return read_as("record of epim import", file, [&] {
    Json maps = Json::array();
    for (const Json& m : list(record.at("maps"))) {
      const Json& f = m.at("format");
      Json one = {{"map", text(m.at("node"))}, {"op", text(m.at("op"))}, {"bits", whole(f.at("bits"))}, {"signed", f.at("signed").get<bool>()},
                  {"scale", number(f.at("scale"))}, {"zero_point", whole(f.at("zero_point"))}, {"format_from", text(m.at("format_from"))}};
      if (m.contains("seen")) one["seen"] = {number(m.at("seen").at("least")), number(m.at("seen").at("most"))};
      maps.push_back(std::move(one));
    }
    return Json{{"maps", std::move(maps)}};
  });
}

Json estimate_sections(const Json& e, const std::string& file) {
  return read_as("result of epim estimate --json", file, [&] {
    const bool rtl = e.contains("rtl"), mnsim = e.contains("mnsim");
    const std::string rule = text(e.at("rule"));
    Json rows = Json::array(), layers = Json::array();
    for (const Json& l : list(e.at("layers"))) {
      Json row = {{"layer", text(l.at("layer"))}, {"weight_bits", whole(l.at("weight_bits"))}, {"crossbars", whole(l.at("crossbars").at(rule))},
                  {"utilisation", number(l.at("utilisation"))}, {"activations", whole(l.at("activations"))}};
      if (rtl) {
        const Json& r = l.at("rtl");
        row["pe_rows"] = whole(r.at("pe_rows"));
        row["pe_cols"] = whole(r.at("pe_cols"));
        row["cycles"] = whole(r.at("cycles"));
        row["busy"] = number(r.at("busy"));
        row["bound"] = text(r.at("bound"));
        layers.push_back({{"layer", row["layer"]}, {"total_aJ", whole(r.at("energy_aJ"))}});
      }
      if (l.contains("mnsim")) row["mnsim"] = {{"busy_ns", number(l.at("mnsim").at("busy_ns"))}, {"energy_nJ", number(l.at("mnsim").at("energy_nJ"))}};
      rows.push_back(std::move(row));
    }
    Json total = {{"crossbars", whole(e.at(rule).at("crossbars"))}, {"macs", whole(e.at("macs"))}};
    Json sections;
    if (rtl) {
      const Json& r = e.at("rtl");
      total["cycles"] = whole(r.at("cycles"));
      Json components = Json::array(), aj = Json::array();
      for (const auto& [name, value] : r.at("energy").at("components").items()) {
        components.push_back(name);
        aj.push_back(whole(value));
      }
      sections["energy"] = {{"origin", "estimate"}, {"components", std::move(components)}, {"component_aJ", std::move(aj)}, {"layers", std::move(layers)},
                            {"total_aJ", whole(r.at("energy").at("total"))}};
    }
    if (mnsim) total["mnsim"] = {{"latency_ms", number(e.at("mnsim").at("latency_ms"))}, {"energy_mJ", number(e.at("mnsim").at("energy_mJ"))}};
    sections["layers"] = {{"origin", "estimate"}, {"rule", rule}, {"rows", std::move(rows)}, {"total", std::move(total)}};
    return sections;
  });
}

namespace {

/// {"crossbars", "latency", "energy_mJ"} in the units of the model.
Json cost_of(const Json& c) {
  const bool ms = c.contains("latency_ps");
  return {{"crossbars", whole(c.at("crossbars"))}, {"latency", ms ? static_cast<double>(whole(c.at("latency_ps"))) * 1e-9 : static_cast<double>(whole(c.at("cycles"))) * 1e-6},
          {"energy_mJ", static_cast<double>(whole(c.at("energy_aJ"))) * 1e-15}};
}

Json search_of(const Json& p, const std::string& network) {
  Json s = {{"network", network}, {"objective", text(p.at("objective"))}, {"model", text(p.at("model"))}, {"method", text(p.at("method"))},
            {"budget", whole(p.at("budget"))}, {"rule", text(p.at("count"))}, {"latency_unit", p.at("cost").contains("latency_ps") ? "ms" : "million cycles"}};
  for (const char* key : {"latency_ps", "cycles"})
    if (p.at("cost").contains(key)) s["latency_is_a_sum"] = whole(p.at("cost").at(key)) == whole(p.at("cost_by_table").at(key));
  s["energy_is_a_sum"] = whole(p.at("cost").at("energy_aJ")) == whole(p.at("cost_by_table").at("energy_aJ"));
  s["points"] = Json::array();
  const auto add = [&](const char* name, const char* kind, const Json& cost) {
    Json one = cost_of(cost);
    one["design"] = name;
    one["kind"] = kind;
    s["points"].push_back(std::move(one));
  };
  add("found", "found", p.at("cost"));
  add("optimum of the table", "optimum", p.at("optimum_by_table"));
  return s;
}

}  // namespace

Json search_section(const Json& r, const std::string& file) {
  return read_as("result of epim search --json", file, [&] {
    Json s = search_of(r.at("search"), text(r.at("network")));
    const auto add = [&](const std::string& name, const char* kind, const Json& cost) {
      Json one = cost_of(cost);
      one["design"] = name;
      one["kind"] = kind;
      s["points"].push_back(std::move(one));
    };
    if (r.contains("uniform"))
      for (const Json& u : list(r.at("uniform"))) add(text(u.at("design")), "uniform", u.at("cost"));
    if (r.contains("front")) {
      int n = 0;
      for (const Json& c : list(r.at("front"))) add("front " + std::to_string(++n), "front", c);
    }
    s["layers"] = Json::array();
    for (const Json& l : list(r.at("layers"))) s["layers"].push_back({{"node", text(l.at("node"))}, {"candidate", text(l.at("candidate"))}});
    return s;
  });
}

Json balance_section(const Json& r, const std::string& file) {
  return read_as("result of epim search --interval --json", file, [&] {
    const Json& b = r.at("balance");
    Json s = {{"network", text(r.at("network"))}};
    for (const char* key : {"interval", "budget"})
      if (b.contains(key)) s[key] = whole(b.at(key));
    const auto add = [&](const std::string& design, const char* kind, const Json& p) {
      s["points"].push_back({{"design", design}, {"kind", kind}, {"crossbars", whole(p.at("crossbars"))}, {"cycles_per_image", number(p.at("cycles_per_image"))}});
    };
    add("found", "found", b);
    add("without copies", "plain", b.at("without_copies"));
    if (r.contains("front")) {
      int n = 0;
      for (const Json& p : list(r.at("front"))) add("front " + std::to_string(++n), "front", p);
    }
    s["layers"] = Json::array();
    for (const Json& l : list(r.at("layers")))
      s["layers"].push_back({{"node", text(l.at("node"))}, {"candidate", text(l.at("candidate"))}, {"copies", whole(l.at("copies"))},
                             {"crossbars", whole(l.at("crossbars"))}, {"cycles_per_image", number(l.at("cycles_per_image"))}});
    return s;
  });
}

Json design_search_section(const Json& d, const std::string& file) {
  return read_as("design of epim search", file, [&] { return search_of(d.at("provenance"), text(d.at("network"))); });
}

}  // namespace epim::report

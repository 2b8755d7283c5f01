// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/command/report_source.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gen/base/hash.hpp"
#include "gen/report/result_fields.hpp"
#include "gen/report/results.hpp"
#include "golden/files/json_document.hpp"

namespace epim::command {
namespace {

namespace fs = std::filesystem;
using report::JsonKind;

constexpr const char* kKinds = "legal: a network, a configuration (.toml), a folder of epim run, import or eval, a design file, JSON of epim estimate, search or sim --top network, models/device_study.json, study/results/summary.json";

[[noreturn]] void refuse(const std::string& file, const std::string& text) { throw InputError({file, 0, 0}, "report-source", text); }

std::string crossbar_of(const HardwareRequest& hw) { return fmt::format("{}x{}", hw.xb_rows, hw.xb_cols); }

void set_settings(NetworkOnCores& n, const std::string& design, const std::string& wrap) {
  n.settings = {{"network", n.network.name}, {"network file", n.network.file}, {"design", design}, {"wrapping", wrap}, {"crossbar", crossbar_of(n.base)},
                {"weights", fmt::format("{} bits", n.weight_bits)}, {"activations", fmt::format("{} bits", n.base.act_bits)},
                {"cells", fmt::format("{} bits", n.base.cell_bits)}, {"columns per ADC", std::to_string(n.base.cols_per_adc)}, {"lanes", std::to_string(n.base.lanes)}};
}

NetworkOnCores with_options(const std::string& file, const ReportOptions& o, const std::string& design) {
  NetworkOnCores n;
  n.network = load_network(file);
  n.design = design_choice(design);
  n.weight_bits = o.weight_bits;
  if (n.design.file) {
    if (o.has("--weight-bits")) check_bits(*n.design.file, o.weight_bits);
    if (o.has("--wrap")) throw InputError({"--wrap", 0, 0}, "contradictory-wrap", design + " says how every layer wraps; leave --wrap out or change the file");
    if (n.design.file->weight_bits > 0) n.weight_bits = std::min(n.design.file->weight_bits, 9);
  }
  n.design.wrap = o.wrap == "copies" ? Wrap::copies : o.wrap == "stored_once" ? Wrap::stored_once : Wrap::off;
  n.base = network_hardware(o.crossbar, n.weight_bits, o.act_bits, o.lanes, o.set);
  set_settings(n, design, n.design.file ? "as the design says" : o.wrap);
  return n;
}

/// On the configuration's one core.
NetworkOnCores with_config(const std::string& file) {
  NetworkOnCores n;
  n.config = load_config(file);
  if (!n.config->network) refuse(file, "a configuration of one [layer]; legal: with a [network]");
  const NetworkSource& source = *n.config->network;
  n.network = load_network(source.file);
  if (!source.design.empty()) apply_design(n.network, read_design(source.design));
  n.base = n.config->core.hw;
  n.weight_bits = n.base.bipolar_weights ? 1 : n.base.weight_bits;
  set_settings(n, source.design.empty() ? "as the network says" : source.design, "as the network says");
  n.settings.emplace_back("core", "one for all layers");
  return n;
}

void read_run(ReportSource& s, const nlohmann::ordered_json& json) {
  RunCounters run = run_counters_from(json, s.file);
  const RunSetting& r = run.setting;
  ReportOptions o;
  o.crossbar = r.crossbar;
  o.wrap = r.wrap;
  o.set = r.set;
  o.weight_bits = r.weight_bits;
  o.act_bits = r.act_bits;
  o.lanes = r.lanes;
  NetworkOnCores n = with_options(network_file(r.network_file), o, r.design);
  if (n.network.name != r.network) throw InputError({s.file, 0, 0}, "other-network", fmt::format("a run of {}, {} holds {}", r.network, r.network_file, n.network.name));
  n.design.max_pes = r.max_pes;
  check_unchanged(r, n.base, true, s.file);
  n.settings.emplace_back("seed", std::to_string(r.seed));
  n.settings.emplace_back("weights file", r.weights.empty() ? "none: seeded" : r.weights);
  n.settings.emplace_back("image", r.image.empty() ? "seeded" : r.image);
  if (!r.set.empty()) n.settings.emplace_back("overrides", fmt::format("{}", fmt::join(r.set, " ")));
  n.run = std::move(run);
  s.title = n.network.name + ": a run on the RTL";
  s.network = std::move(n);
}

void read_import(ReportSource& s, nlohmann::ordered_json json) {
  const fs::path folder = fs::path(s.file).parent_path();
  s.network = with_config((folder / "config.toml").string());
  s.title = s.network->network.name + ": an imported network";
  s.record = std::move(json);
}

void read_design_source(ReportSource& s, const nlohmann::ordered_json& json, const ReportOptions& o) {
  const Design design = read_design(s.file);
  if (o.has("--design")) throw InputError({"--design", 0, 0}, "bad-argument", s.file + " is a design itself; legal: one of the two");
  s.network = with_options(network_file(design.network), o, s.file);
  s.title = design.network + ": design " + fs::path(s.file).filename().string();
  if (json.contains("provenance") && json["provenance"].is_object() && json["provenance"].contains("tool") && json["provenance"]["tool"] == "epim search" &&
      !json["provenance"].contains("cycles_per_image")) s.search = report::design_search_section(json, s.file);
}

std::string file_of(const std::string& name) {
  if (!fs::is_directory(name)) return name;
  for (const char* file : {"result.json", "import.json", "network.json"})
    if (const fs::path p = fs::path(name) / file; fs::is_regular_file(p)) return p.string();
  refuse(name, "a folder without result.json (epim run, epim eval), import.json (epim import) and network.json");
}

}  // namespace

void ReportOptions::add(CLI::App& verb) {
  verb.add_option("--design", design, "Of a network: none, uniform ROWSxCOLUMNS, pool:SHARE (weight pools with 1, 0.5, 0.25 or 0.125 of the error), or a design file")->capture_default_str();
  verb.add_option("--wrap", wrap, "Of a network: output channel wrapping")->check(CLI::IsMember({"off", "copies", "stored_once"}))->capture_default_str();
  verb.add_option("--crossbar", crossbar, "Of a network: crossbar size")->capture_default_str();
  verb.add_option("-w,--weight-bits", weight_bits, "Of a network: weight bits")->check(CLI::Range(1, 9))->capture_default_str();
  verb.add_option("-a,--act-bits", act_bits, "Of a network: activation bits")->check(CLI::Range(1, 9))->capture_default_str();
  verb.add_option("--lanes", lanes, "Of a network: channels per word")->capture_default_str();
  verb.add_option("--set", set, "Of a network: override a key of the cores, hardware.key=value (repeatable)")->allow_extra_args(false);
}

void ReportOptions::note(const CLI::App& verb) {
  for (const char* option : {"--design", "--wrap", "--crossbar", "--weight-bits", "--act-bits", "--lanes", "--set"})
    if (verb.count(option) > 0) given.push_back(option);
}

bool ReportOptions::has(const std::string& option) const { return std::find(given.begin(), given.end(), option) != given.end(); }

ReportSource read_source(const std::string& name, const ReportOptions& o) {
  ReportSource s;
  s.name = name;
  s.file = fs::exists(name) ? file_of(name) : network_file(name);
  const std::string bytes = read_text(s.file);
  s.hash = hash_text(fnv1a(bytes));
  if (s.file.ends_with(".toml")) {
    s.kind = "configuration";
    s.network = with_config(s.file);
    s.title = s.network->network.name + ": estimate of " + fs::path(s.file).filename().string();
    return s;
  }
  if (const std::size_t first = bytes.find_first_not_of(" \t\r\n"); first == std::string::npos || (bytes[first] != '{' && bytes[first] != '['))
    refuse(s.file, std::string("neither JSON nor TOML; ") + kKinds);
  nlohmann::ordered_json json = report::read_result(s.file);
  switch (report::kind_of(json)) {
    case JsonKind::network:
      s.kind = "network";
      s.network = with_options(s.file, o, o.design);
      s.title = s.network->network.name + ": estimate";
      return s;
    case JsonKind::run:
      s.kind = "run";
      read_run(s, json);
      return s;
    case JsonKind::import:
      s.kind = "import";
      read_import(s, std::move(json));
      return s;
    case JsonKind::estimate:
      s.kind = "estimate";
      s.title = json.value("network", nlohmann::ordered_json()).is_string() ? json["network"].get<std::string>() + ": estimate" : "estimate";
      s.estimate = std::move(json);
      return s;
    case JsonKind::balance:
      s.kind = "search";
      s.balance = report::balance_section(json, s.file);
      s.title = s.balance["network"].get<std::string>() + ": copies on a chip";
      return s;
    case JsonKind::search:
      s.kind = "search";
      s.search = report::search_section(json, s.file);
      s.title = s.search["network"].get<std::string>() + ": search";
      return s;
    case JsonKind::accuracy:
      s.kind = "accuracy";
      s.title = json.value("network", nlohmann::ordered_json()).is_string() ? json["network"].get<std::string>() + ": accuracy" : "accuracy";
      s.accuracy = std::move(json);
      return s;
    case JsonKind::study:
      s.kind = "study";
      s.study = report::study_section(json, s.file);
      s.title = "chips that are not ideal: a study";
      return s;
    case JsonKind::training:
      s.kind = "training";
      s.training = report::training_section(json, s.file);
      s.title = "the training study";
      return s;
    case JsonKind::chip:
      s.kind = "chip";
      s.chip = report::chip_sections(json, s.file);
      s.title = s.chip["chip"]["network"].get<std::string>() + ": one chip";
      return s;
    case JsonKind::design:
      s.kind = "design";
      read_design_source(s, json, o);
      return s;
    case JsonKind::unknown: break;
  }
  refuse(s.file, std::string("JSON of another kind; ") + kKinds);
}

}  // namespace epim::command

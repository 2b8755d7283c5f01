// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/command/run_setting.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "gen/base/hash.hpp"
#include "gen/base/output_folder.hpp"
#include "gen/command/command.hpp"
#include "gen/config/config.hpp"
#include "gen/report/result_fields.hpp"
#include "golden/files/json_document.hpp"

namespace epim::command {
namespace {

std::string file_hash(const std::string& path) { return path.empty() ? "" : hash_text(fnv1a(read_text(path))); }

/// visit(key, field) for every field of a setting, in the order of the file.
template <class Setting, class Visit>
void each_field(Setting& s, const Visit& visit) {
  visit("network", s.network);
  visit("design", s.design);
  visit("wrap", s.wrap);
  visit("crossbar", s.crossbar);
  visit("weight_bits", s.weight_bits);
  visit("act_bits", s.act_bits);
  visit("lanes", s.lanes);
  visit("seed", s.seed);
  visit("weights", s.weights);
  visit("image", s.image);
  visit("max_pes", s.max_pes);
  visit("set", s.set);
  visit("network_file", s.network_file);
  visit("network_hash", s.network_hash);
  visit("design_hash", s.design_hash);
  visit("weights_hash", s.weights_hash);
  visit("image_hash", s.image_hash);
  visit("hardware_hash", s.hardware_hash);
}

}  // namespace

RunSetting with_hashes(RunSetting s, const HardwareRequest& base) {
  s.network_hash = file_hash(s.network_file);
  s.design_hash = std::filesystem::is_regular_file(s.design) ? file_hash(s.design) : "";
  s.weights_hash = file_hash(s.weights);
  s.image_hash = file_hash(s.image);
  s.hardware_hash = hash_text(hardware_hash(CoreRequest{base}));
  return s;
}

nlohmann::ordered_json to_json(const RunSetting& s) {
  nlohmann::ordered_json j;
  each_field(s, [&](const char* key, const auto& value) { j[key] = value; });
  if (!s.device.empty()) j["device"] = s.device;
  return j;
}

RunSetting run_setting_from(const nlohmann::ordered_json& j) {
  RunSetting s;
  each_field(s, [&](const char* key, auto& value) { j.at(key).get_to(value); });
  if (j.contains("device")) j.at("device").get_to(s.device);
  return s;
}

RunCounters run_counters_from(const nlohmann::ordered_json& json, const std::string& result) {
  RunCounters run;
  try {
    run.setting = run_setting_from(json);
    if (!run.setting.device.empty() || std::any_of(run.setting.set.begin(), run.setting.set.end(), is_device_key))
      throw InputError({result, 0, 0}, "run-result", "a run of cells and ADCs that are not ideal is not read here, legal: a run without a device");
    for (const auto& l : json.at("layers")) {
      run.layers.push_back(l.at("layer"));
      run.cycles.push_back(report::whole(l.at("cycles")));
      if (run.cycles.back() < 1)
        throw InputError({result, 0, 0}, "run-result", fmt::format("layer {}: cycles is {}, legal: 1 or more", run.layers.back(), run.cycles.back()));
      run.events.push_back(events_from_json(l.at("events")));
    }
  } catch (const nlohmann::json::exception& e) {
    throw InputError({result, 0, 0}, "run-result", std::string("no result of epim run: ") + e.what());
  } catch (const InputError& e) {
    throw e.at({result, 0, 0});
  }
  return run;
}

void check_unchanged(const RunSetting& run, const HardwareRequest& base, bool with_data, const std::string& result) {
  const auto refuse = [&](const std::string& what) {
    throw InputError({result, 0, 0}, "stale-run", what + " is not what the run had; run again");
  };
  RunSetting now = run;
  if (!with_data) now.weights = now.image = "";
  now = with_hashes(now, base);
  if (now.network_hash != run.network_hash) refuse(run.network_file);
  if (now.design_hash != run.design_hash) refuse("design " + run.design);
  if (with_data && now.weights_hash != run.weights_hash) refuse(run.weights);
  if (with_data && now.image_hash != run.image_hash) refuse(run.image);
  if (now.hardware_hash != run.hardware_hash) refuse("the core's hardware, by the options of the run,");
}

}  // namespace epim::command

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/command/run_setting.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "gen/base/hash.hpp"
#include "gen/base/output_folder.hpp"
#include "gen/config/config.hpp"
#include "golden/files/json_document.hpp"

namespace epim::command {
namespace {

std::string file_hash(const std::string& path) { return path.empty() ? "" : hash_text(fnv1a(read_text(path))); }

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
  return {{"network", s.network}, {"design", s.design}, {"wrap", s.wrap}, {"crossbar", s.crossbar}, {"weight_bits", s.weight_bits},
          {"act_bits", s.act_bits}, {"lanes", s.lanes}, {"seed", s.seed}, {"weights", s.weights}, {"image", s.image},
          {"max_pes", s.max_pes}, {"set", s.set}, {"network_file", s.network_file}, {"network_hash", s.network_hash},
          {"design_hash", s.design_hash}, {"weights_hash", s.weights_hash}, {"image_hash", s.image_hash},
          {"hardware_hash", s.hardware_hash}};
}

RunSetting run_setting_from(const nlohmann::ordered_json& j) {
  RunSetting s;
  s.network = j.at("network");
  s.design = j.at("design");
  s.wrap = j.at("wrap");
  s.crossbar = j.at("crossbar");
  s.weight_bits = j.at("weight_bits");
  s.act_bits = j.at("act_bits");
  s.lanes = j.at("lanes");
  s.seed = j.at("seed");
  s.weights = j.at("weights");
  s.image = j.at("image");
  s.max_pes = j.at("max_pes");
  s.set = j.at("set").get<std::vector<std::string>>();
  s.network_file = j.at("network_file");
  s.network_hash = j.at("network_hash");
  s.design_hash = j.at("design_hash");
  s.weights_hash = j.at("weights_hash");
  s.image_hash = j.at("image_hash");
  s.hardware_hash = j.at("hardware_hash");
  return s;
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

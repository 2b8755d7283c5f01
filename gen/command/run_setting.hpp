// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What `epim run` ran, as its result.json says it: all that an estimate needs to be compared with it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "gen/config/config.hpp"
#include "golden/events.hpp"

namespace epim::command {

struct RunSetting {
  std::string network;       ///< its name
  std::string network_file;
  std::string design, wrap, crossbar;
  int weight_bits = 0, act_bits = 0, lanes = 0, max_pes = 0;
  std::vector<std::string> set;
  std::string device;  ///< file; empty: none
  std::uint64_t seed = 1;
  std::string weights, image;  ///< files; empty: seeded
  /// Hashes of what the files held and of the resolved hardware; "" where there is no file.
  std::string network_hash, design_hash, weights_hash, image_hash, hardware_hash;
};

/// The setting with its hashes filled in. Throws InputError unreadable-file.
RunSetting with_hashes(RunSetting setting, const HardwareRequest& base);
nlohmann::ordered_json to_json(const RunSetting& setting);
/// Throws nlohmann::json::exception where a key is missing or of another type.
RunSetting run_setting_from(const nlohmann::ordered_json& result);

/// What a run counted, layer by layer.
struct RunCounters {
  RunSetting setting;
  std::vector<std::string> layers;
  std::vector<std::int64_t> cycles;
  std::vector<EventCounts> events;
};
/// From the text of `result`, a result.json. Throws InputError run-result, placed there.
RunCounters run_counters_from(const nlohmann::ordered_json& json, const std::string& result);

/// Throws InputError stale-run, placed at `result`, where a file of the setting or the hardware's defaults are no longer those
/// of the run. `with_data`: weights and image count as well.
void check_unchanged(const RunSetting& setting, const HardwareRequest& base, bool with_data, const std::string& result);

}  // namespace epim::command

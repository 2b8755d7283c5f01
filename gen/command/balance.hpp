// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// `epim search --interval` and `--objective interval`: copies for the nodes of a chip.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "gen/config/config.hpp"
#include "gen/search/space.hpp"

namespace epim::command {

struct BalanceRequest {
  Network network;
  std::vector<SearchLayer> layers;
  HardwareRequest hw;
  std::int64_t interval = 0;            ///< cycles per image at most, with the fewest crossbars; 0: the least with `budget`
  std::optional<std::int64_t> budget;   ///< crossbars at most
  int weight_bits = 9;                  ///< of the design file
  bool front = false, json = false;
  std::string out;                      ///< design file; "" = none
  nlohmann::ordered_json provenance;    ///< what was asked
};

/// Throws InputError interval-too-short, budget-too-small, and those of balance_table.
void search_interval(const BalanceRequest& request);

}  // namespace epim::command

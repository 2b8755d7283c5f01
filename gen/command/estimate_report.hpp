// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// An estimate as text, JSON and CSV.
#pragma once
#include <string>

#include <nlohmann/json.hpp>

#include "gen/cost/network_estimate.hpp"

namespace epim::command {

struct EstimateReport {
  EstimateRequest request;
  CountRule rule = CountRule::physical;
  double clock_mhz = 100;
  bool exact = false;              ///< events that the data decide are counted
  nlohmann::ordered_json asked;    ///< what the estimate is of; first in the JSON
};

void print_text(const NetworkEstimate& estimate, const EstimateReport& report);
nlohmann::ordered_json json_of(const NetworkEstimate& estimate, const EstimateReport& report);
/// A header line, one line per layer with weights, one line `total`.
std::string csv_of(const NetworkEstimate& estimate, const EstimateReport& report);

}  // namespace epim::command

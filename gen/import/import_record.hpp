// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What an import decided and measured, as text and as import.json.
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gen/import/calibrate.hpp"
#include "gen/import/integer_fidelity.hpp"
#include "gen/import/plan.hpp"

namespace epim::importer {

/// Which file was imported, and how.
struct ImportSource {
  std::string file;                    ///< name without folders
  std::size_t bytes = 0;
  std::string hash;                    ///< FNV-1a
  std::string method = "none";         ///< calibration; "none": the file has all formats
  std::size_t calibration_images = 0;
  int act_bits = 9, weight_bits = 9;   ///< of what the file leaves open
};

/// A line per map: node, operator, what it is made of, format, where that comes from, and how well it is met.
std::string text_of(const Plan& plan, const std::map<std::string, Range>& ranges, const IntegerFidelity& fidelity);
nlohmann::ordered_json json_of(const ImportSource& source, const Plan& plan, const std::map<std::string, Range>& ranges, const IntegerFidelity& fidelity);

}  // namespace epim::importer

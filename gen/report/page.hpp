// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The page of a report: template, style and script of gen/report/page/, and the data as one JSON block.
#pragma once
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace epim::report {

/// A file of gen/report/page/, compiled into the tool.
struct PageFile {
  const char* name;
  const char* text;
};
/// page.html, style.css and the scripts in the order in which they are read.
const std::vector<PageFile>& page_files();

/// One HTML file that loads nothing. `data` has a member "title".
std::string page(const nlohmann::ordered_json& data);

}  // namespace epim::report

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// What tests read from the source tree.
#pragma once
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "golden/graph/network.hpp"

inline const std::string kRoot = EPIM_SOURCE_DIR;

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// A shipped network.
inline epim::Network model(const std::string& name) { return epim::load_network(kRoot + "/models/" + name + "/network.json"); }

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/base/work_folder.hpp"

#include <stdlib.h>

#include <fstream>
#include <stdexcept>

namespace epim {
namespace fs = std::filesystem;

WorkFolder::WorkFolder(const std::string& name) {
  std::string path = (fs::temp_directory_path() / (name + "-XXXXXX")).string();
  if (!mkdtemp(path.data())) throw std::runtime_error("cannot make a temporary folder " + path);
  path_ = path;
}
WorkFolder::~WorkFolder() {
  std::error_code ignored;
  if (!keep_) fs::remove_all(path_, ignored);
}

void save_text(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (!out) throw std::runtime_error("cannot write " + path.string());
}

std::string last_lines(const std::string& text, std::size_t lines) {
  std::size_t at = text.size();
  for (std::size_t i = 0; i <= lines && at != 0 && at != std::string::npos; ++i) at = text.rfind('\n', at - 1);
  return at == std::string::npos ? text : text.substr(at == 0 ? 0 : at + 1);
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Where other programs work: a temporary folder, files into it, the end of a log.
#pragma once
#include <cstddef>
#include <filesystem>
#include <string>

namespace epim {

/// A folder that goes when the work is done, unless it is kept (and named in the message) because a tool failed.
class WorkFolder {
 public:
  /// Below the system's temporary folder, NAME-XXXXXX. Throws std::runtime_error.
  explicit WorkFolder(const std::string& name);
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  void keep() { keep_ = true; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  std::string string() const { return path_.string(); }

 private:
  std::filesystem::path path_;
  bool keep_ = false;
};

/// Writes a file, folders on the way included. Throws std::runtime_error.
void save_text(const std::filesystem::path& path, const std::string& text);
/// The last `lines` lines.
std::string last_lines(const std::string& text, std::size_t lines);

}  // namespace epim

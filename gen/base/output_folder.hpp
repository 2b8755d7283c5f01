// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// Output folders appear whole or not at all.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace epim {

/// Relative path ('/' between parts) -> bytes.
using FileSet = std::map<std::string, std::string>;
/// SystemVerilog sources (name, text) in compile order.
using Sources = std::vector<std::pair<std::string, std::string>>;

/// Every folder this tool writes holds this file; a folder without it is never replaced.
inline constexpr const char* kMarkerFile = "epim.json";

/// A folder in the making: files go to `<out>.tmp-<pid>`, `commit` renames it to `out`; an existing `out` that holds kMarkerFile,
/// or is empty, is replaced as a whole, files that are no longer produced included. Without `commit` nothing is left behind.
/// Errors: InputError output-not-ours (exists and is not ours), output-not-writable.
class OutputFolder {
 public:
  explicit OutputFolder(const std::string& out);
  ~OutputFolder();
  /// Threads may write different files at the same time. `path` is relative and stays inside.
  void write(const std::string& path, std::string_view bytes);
  /// Adds kMarkerFile if nobody wrote it.
  void commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// All at once.
void write_output_folder(const std::string& out, const FileSet& files);

/// Throws what write_output_folder would throw for `out` as it is now; before work that takes long.
void check_output_folder(const std::string& out);

/// Writes one file through a temporary name and rename. Errors: output-not-writable.
void write_file_atomically(const std::string& path, const std::string& bytes);

}  // namespace epim

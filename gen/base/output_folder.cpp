// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "gen/base/output_folder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "golden/diagnostic.hpp"

namespace epim {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void not_writable(const fs::path& path, const std::string& why) {
  throw InputError({path.string(), 0, 0}, "output-not-writable",
                   fmt::format("cannot be written ({}), legal: a path in an existing folder with write permission",
                               why));
}

void write_bytes(const fs::path& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) throw fs::filesystem_error("write failed", path, std::make_error_code(std::errc::io_error));
}

/// Relative, without "..": a file set must stay inside its folder.
void check_inside(const std::string& name) {
  const fs::path path(name);
  bool inside = !name.empty() && path.is_relative();
  for (const auto& part : path) inside = inside && part != "..";
  if (!inside) throw std::logic_error("write_output_folder: path leaves the folder: " + name);
}

void remove_quietly(const fs::path& path) {
  std::error_code ignored;
  if (!path.empty()) fs::remove_all(path, ignored);
}

std::string beside(const fs::path& path, const char* what) {
  return fmt::format("{}.{}-{}", path.string(), what, ::getpid());
}

}  // namespace

namespace {

/// The folder that `out` names, allowed to be replaced. `exists`: it is there already.
fs::path checked_target(const std::string& out, bool& exists) {
  fs::path target = fs::path(out).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();  // "out/" means "out"
  if (out.empty() || target == "/" || target == "." || target.filename() == "..")
    throw InputError({}, "output-not-ours", fmt::format("output folder \"{}\", legal: a new or generated folder", out));
  try {
    exists = fs::exists(fs::symlink_status(target));
    const bool ours = fs::is_directory(target) && (fs::exists(target / kMarkerFile) || fs::is_empty(target));
    if (exists && !ours)
      throw InputError({target.string(), 0, 0}, "output-not-ours",
                       fmt::format("exists and holds no {}, so it was not generated; legal: a new, empty or "
                                   "generated folder",
                                   kMarkerFile));
  } catch (const fs::filesystem_error& e) {
    not_writable(target, e.code().message());
  }
  return target;
}

}  // namespace

void check_output_folder(const std::string& out) {
  bool exists = false;
  checked_target(out, exists);
}

struct OutputFolder::State {
  fs::path target, fresh;  ///< fresh: the folder in the making, "" once it has been renamed
  bool exists = false;
};

OutputFolder::OutputFolder(const std::string& out) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.target = checked_target(out, s.exists);
  try {
    if (s.target.has_parent_path()) fs::create_directories(s.target.parent_path());
    s.fresh = beside(s.target, "tmp");
    fs::remove_all(s.fresh);
    fs::create_directory(s.fresh);
  } catch (const fs::filesystem_error& e) {
    not_writable(s.target, e.code().message());
  }
}

OutputFolder::~OutputFolder() { remove_quietly(state_->fresh); }

void OutputFolder::write(const std::string& name, std::string_view bytes) {
  check_inside(name);
  try {
    const fs::path path = state_->fresh / name;
    fs::create_directories(path.parent_path());
    write_bytes(path, bytes);
  } catch (const fs::filesystem_error& e) {
    not_writable(state_->target, e.code().message());
  }
}

void OutputFolder::commit() {
  State& s = *state_;
  try {
    if (!fs::exists(s.fresh / kMarkerFile)) write_bytes(s.fresh / kMarkerFile, "{}\n");
    if (s.exists) {
      const fs::path aside = beside(s.target, "old");
      fs::rename(s.target, aside);
      try {
        fs::rename(s.fresh, s.target);
      } catch (...) {
        fs::rename(aside, s.target);
        throw;
      }
      remove_quietly(aside);
    } else {
      fs::rename(s.fresh, s.target);
    }
    s.fresh.clear();
  } catch (const fs::filesystem_error& e) {
    not_writable(s.target, e.code().message());
  }
}

void write_output_folder(const std::string& out, const FileSet& files) {
  for (const auto& [name, bytes] : files) check_inside(name);
  OutputFolder folder(out);
  for (const auto& [name, bytes] : files) folder.write(name, bytes);
  folder.commit();
}

void write_file_atomically(const std::string& path, const std::string& bytes) {
  const fs::path temporary = beside(path, "tmp");
  try {
    write_bytes(temporary, bytes);
    fs::rename(temporary, path);
  } catch (const fs::filesystem_error& e) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    not_writable(path, e.code().message());
  }
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/bug_bank.hpp"

#include <algorithm>
#include <chrono>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gen/core/elaborate.hpp"
#include "gen/base/process.hpp"
#include "gen/base/work_folder.hpp"
#include "golden/parallel.hpp"
#include "sim/board_case.hpp"
#include "sim/chip_case.hpp"
#include "sim/chip_load.hpp"
#include "sim/misuse.hpp"
#include "sim/regression.hpp"

namespace epim {
namespace fs = std::filesystem;
namespace {

const std::vector<std::string> default_tries = {"xb16", "channels-odd", "dac2-signed", "wrap2-copies", "small-buffer"};
constexpr const char* misuse = "misuse";
constexpr const char* chip = "chip";
constexpr const char* chip_features = "chip-features";
constexpr const char* chip_copies = "chip-copies";
constexpr const char* chip_joined = "chip-joined";
constexpr const char* chip_load_port = "chip-load";
constexpr const char* board = "board";
/// Killers that are no configuration of a core.
const std::set<std::string> others = {misuse, chip, chip_features, chip_copies, chip_joined, chip_load_port, board};

/// All misuse checks, or one of them.
bool is_misuse(const std::string& name) {
  static const std::vector<std::string> checks = misuse_names();
  return name == misuse || std::find(checks.begin(), checks.end(), name) != checks.end();
}

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw InputError({path.string(), 0, 0}, "unreadable-file", "cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The texts of all blocks from folder `rtl`.
Sources read_sources(const fs::path& rtl) {
  Sources sources;
  for (const RtlSource& block : rtl_sources())
    sources.emplace_back(std::string(block.name) + ".sv", read_text(rtl / (std::string(block.name) + ".sv")));
  return sources;
}

/// A finding of one killer: passed, failed at a stage, or not able to say.
struct Finding {
  bool passed = false, valid = true;
  std::string killer, stage, message;
};

Finding finding_of(const CaseResult& r, const std::string& killer) {
  Finding f{r.passed, true, killer, r.stage, r.message.substr(0, r.message.find('\n'))};
  // A core that does not build, or an input that is refused for another reason than the core's identity, tells nothing.
  if (!r.passed
      && (r.stage == "build" || (r.stage == "input" && r.message.find("wrong-register-image") == std::string::npos))) {
    f.valid = false;
    f.message = r.message;
    const std::size_t error = f.message.find("%Error");
    f.message = f.message.substr(error == std::string::npos ? 0 : error);
    f.message = f.message.substr(0, f.message.find('\n'));
  }
  return f;
}

Finding run_killer(const std::string& name, const std::map<std::string, Case>& cases, const BugBankOptions& options,
                   const Sources& sources) {
  const BuildOptions& build = options.build;
  if (name == chip) return finding_of(run_chip_case(options.home + "/configs/mix.toml", build, &sources), name);
  if (name == chip_features) return finding_of(run_frame_case(options.home + "/tb/chip/features.toml", build, &sources, 2), name);
  if (name == chip_copies) return finding_of(run_frame_case(options.home + "/tb/chip/copies.toml", build, &sources), name);
  if (name == chip_joined) return finding_of(run_joined_case(options.home + "/tb/chip/copies.toml", build, &sources), name);
  if (name == chip_load_port) {
    for (const CaseResult& r : run_chip_load(options.home + "/tb/chip/loaded.toml", build, 1, {&sources, true, true}))
      if (!r.passed) return finding_of(r, r.name);
    return {true, true, name, "", ""};
  }
  if (name == board) return finding_of(run_board_case(options.home + "/configs/named", build, &sources), name);
  if (!is_misuse(name)) return finding_of(run_case(cases.at(name), build, &sources), name);
  for (const CaseResult& r : run_misuse(build, &sources, true, name == misuse ? "" : name))
    if (!r.passed) return finding_of(r, r.name);
  return {true, true, name, "", ""};
}

std::vector<std::string> killers_of(const Bug& bug) {
  std::vector<std::string> list = bug.tries.empty() ? default_tries : bug.tries;
  if (std::find(list.begin(), list.end(), misuse) == list.end()) list.push_back(misuse);
  return list;
}

BugResult run_bug(const Bug& bug, const std::map<std::string, Case>& cases,
                  const std::map<std::string, Finding>& unpatched,
                  const BugBankOptions& options) {
  BugResult result;
  result.name = bug.name;
  const auto error = [&result](const std::string& stage, const std::string& message) {
    result.stage = stage;
    result.message = message;
    return result;
  };
  const WorkFolder folder("epim-bug");
  fs::copy(fs::path(options.home) / "rtl", folder / "rtl");
  const CommandResult applied = run_command(fmt::format("patch -p1 --batch --forward --silent -d '{}' -i '{}'",
                                                        folder.string(), fs::absolute(bug.path).string()));
  if (applied.code != 0)
    return error("patch", "does not apply: " + applied.output.substr(0, applied.output.find('\n')));
  const Sources sources = read_sources(folder / "rtl");
  for (const std::string& killer : killers_of(bug)) {
    const Finding& good = unpatched.at(killer);
    if (!good.passed)
      return error(good.stage, fmt::format("the unpatched RTL fails {}: {}", good.killer, good.message));
    const Finding found = run_killer(killer, cases, options, sources);
    if (!found.valid) return error(found.stage, fmt::format("{}: {}", found.killer, found.message));
    if (found.passed) continue;
    result.outcome = BugOutcome::killed;
    result.killer = found.killer;
    return error(found.stage, found.message);
  }
  result.outcome = BugOutcome::survived;
  return result;
}

}  // namespace

std::vector<Bug> load_bugs(const std::string& folder, const std::vector<std::string>& names) {
  std::vector<fs::path> files;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed))
    if (entry.path().extension() == ".patch") files.push_back(entry.path());
  if (failed) throw InputError({folder, 0, 0}, "unreadable-file", "cannot be read: " + failed.message());
  std::sort(files.begin(), files.end());

  std::vector<Bug> bugs;
  std::set<std::string> found;
  for (const fs::path& file : files) {
    Bug bug;
    bug.name = file.stem().string();
    bug.path = file.string();
    const std::size_t dash = bug.name.find('-');
    bool wanted = names.empty();
    for (const std::string& n : names)
      if (n == bug.name || n == bug.name.substr(0, dash) || "0" + n == bug.name.substr(0, dash)
          || (dash != std::string::npos && n == bug.name.substr(dash + 1))) {
        wanted = true;
        found.insert(n);
      }
    if (!wanted) continue;
    std::istringstream text(read_text(file));
    std::string* last = nullptr;
    for (std::string line; std::getline(text, line) && line.rfind("#", 0) == 0;) {
      const auto value = [&line](const std::string& key) {
        return line.rfind("# " + key + ": ", 0) == 0 ? line.substr(key.size() + 4) : std::string();
      };
      if (const std::string v = value("bug"); !v.empty()) *(last = &bug.what) = v;
      else if (const std::string w = value("breaks"); !w.empty()) *(last = &bug.breaks) = w;
      else if (const std::string t = value("try"); !t.empty()) {
        last = nullptr;
        std::istringstream list(t);
        for (std::string name; list >> name;) bug.tries.push_back(name);
      } else if (last && line.rfind("#   ", 0) == 0) *last += " " + line.substr(4);
    }
    if (bug.what.empty() || bug.breaks.empty())
      throw InputError({file.string(), 0, 0}, "bug-header",
                       "the patch must begin with lines '# bug: ...' and '# breaks: ...'");
    bugs.push_back(std::move(bug));
  }
  for (const std::string& n : names)
    if (!found.count(n))
      throw InputError({}, "unknown-bug", fmt::format("no patch {} in {} ({} patches)", n, folder, files.size()));
  return bugs;
}

std::vector<BugResult> run_bug_bank(const std::vector<Bug>& bugs, const BugBankOptions& options) {
  if (run_command("patch --version").code != 0)
    throw MissingTool("patch is missing: install Debian package patch (apt-get install patch)");
  std::vector<std::string> killers;
  std::map<std::string, Case> cases;
  for (const Bug& bug : bugs)
    for (const std::string& killer : killers_of(bug)) {
      if (std::find(killers.begin(), killers.end(), killer) != killers.end()) continue;
      killers.push_back(killer);
      if (others.count(killer) > 0 || is_misuse(killer)) continue;
      fs::path file = fs::path(options.home) / "configs" / "named" / (killer + ".toml");
      if (!fs::exists(file)) file = fs::path(options.home) / "configs" / "edges" / (killer + ".toml");
      if (!fs::exists(file))
        throw InputError({bug.path, 0, 0}, "unknown-bug-killer",
                         fmt::format("'# try: {}' names neither a file of configs/named or configs/edges nor a check of misuse nor one of {}", killer, fmt::join(others, ", ")));
      cases.emplace(killer, named_case(file.string()));
    }
  const int jobs = options.jobs > 0 ? options.jobs : processors();
  const double total = static_cast<double>(killers.size() + bugs.size());
  std::size_t done = 0;
  std::mutex mutex;
  const auto progress = [&](const std::string& detail) {
    const std::lock_guard lock(mutex);
    ++done;
    if (options.progress) options.progress(static_cast<double>(done) / total, detail);
  };

  const Sources good = read_sources(fs::path(options.home) / "rtl");
  std::vector<Finding> findings(killers.size());
  parallel(killers.size(), jobs, [&](std::size_t i) {
    findings[i] = run_killer(killers[i], cases, options, good);
    progress("unpatched " + killers[i]);
  });
  std::map<std::string, Finding> unpatched;
  for (std::size_t i = 0; i < killers.size(); ++i) unpatched.emplace(killers[i], findings[i]);

  std::vector<BugResult> results(bugs.size());
  parallel(bugs.size(), jobs, [&](std::size_t i) {
    const auto begin = std::chrono::steady_clock::now();
    results[i] = run_bug(bugs[i], cases, unpatched, options);
    results[i].seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    progress(bugs[i].name);
  });
  return results;
}

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The bug bank: deliberate RTL bugs, each a patch against rtl/, that the regression must notice.
///
/// A test suite that never fails proves nothing. Every patch of tb/bugs is applied to a copy of rtl/, the changed core
/// is built, and the checks that the patch names are run until one of them fails. A bug that all of them let pass has
/// survived: a hole in the tests. docs/bug-bank.md lists what killed each bug.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "sim/build.hpp"

namespace epim {

/// One patch file. Its leading comment lines are `# bug: ...`, `# breaks: ...` and `# try: NAME...`.
struct Bug {
  std::string name;                ///< file name without .patch
  std::string path;
  std::string what;                ///< the change, in words
  std::string breaks;              ///< what goes wrong because of it
  std::vector<std::string> tries;  ///< killers in order: configs/named or configs/edges without .toml, "chip", "chip-features", "chip-copies", "chip-load", "board", "misuse" or one of its checks
};

/// All *.patch of a folder by name, or those of `names` (the whole name, its number, or what follows the number).
/// Throws InputError `unreadable-file`, `unknown-bug`, and `bug-header` where `# bug:` or `# breaks:` is missing.
std::vector<Bug> load_bugs(const std::string& folder, const std::vector<std::string>& names = {});

enum class BugOutcome { killed, survived, error };

struct BugResult {
  std::string name;
  BugOutcome outcome = BugOutcome::error;
  std::string killer;              ///< configuration or misuse check that failed
  std::string stage, message;      ///< of the failure (first line); of the error
  double seconds = 0;
};

struct BugBankOptions {
  std::string home = ".";          ///< folder with rtl/, configs/named/ and configs/edges/
  BuildOptions build;
  int jobs = 0;                    ///< 0: one per processor
  std::function<void(double share, const std::string& detail)> progress;  ///< called from any job, one at a time
};

/// Runs the bugs; results in the order of `bugs`. First every killer must pass on the unpatched RTL: a bug whose
/// killer does not is an error, as is one that does not apply or does not compile. Bugs that name no configuration
/// are tried on a short default list; the misuse checks come last for all.
/// Throws MissingTool without `patch`, verilator or a compiler; InputError `unknown-bug-killer` where a `# try:` name
/// has no file.
std::vector<BugResult> run_bug_bank(const std::vector<Bug>& bugs, const BugBankOptions& options);

}  // namespace epim

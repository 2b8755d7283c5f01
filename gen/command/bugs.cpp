// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/command/command.hpp"
#include "sim/bug_bank.hpp"

namespace epim::command {
namespace {

struct Options {
  std::vector<std::string> names;
  std::string folder, cache = "build/bugs";
  int jobs = 0;
  bool json = false, list = false;
};

const char* word(BugOutcome outcome) {
  switch (outcome) {
    case BugOutcome::killed: return "killed";
    case BugOutcome::survived: return "SURVIVED";
    default: return "ERROR";
  }
}

}  // namespace

void add_bugs(CLI::App& app) {
  auto o = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("bugs", "Put deliberate bugs into the RTL and see that the checks notice each of them");
  verb->add_option("names", o->names, "Bugs: name, number or name without number; default: all of tb/bugs");
  verb->add_option("--folder", o->folder, "Folder of *.patch files; default: tb/bugs of the project");
  verb->add_option("--cache", o->cache, "Folder of the compiled models")->capture_default_str();
  verb->add_option("-j,--jobs", o->jobs, "Parallel jobs; default: all cores");
  verb->add_flag("--list", o->list, "Say what the bugs are and stop");
  verb->add_flag("--json", o->json, "Results as JSON on stdout");
  verb->footer("Exit code 1 when a bug survives, does not apply or does not compile.\n"
               "Examples:\n  epim bugs\n  epim bugs 14 ring-wraps-early --json");
  verb->callback([o] {
    const std::vector<Bug> bugs = load_bugs(o->folder.empty() ? home() + "/tb/bugs" : o->folder, o->names);
    if (o->list) {
      for (const Bug& b : bugs) fmt::print("{}\n  bug:    {}\n  breaks: {}\n", b.name, b.what, b.breaks);
      return;
    }
    Progress progress("bugs");
    BugBankOptions options;
    options.home = home();
    options.jobs = o->jobs;
    options.build.cache = o->cache;
    options.build.fast = false;
    options.build.random_init = true;
    options.progress = [&progress](double share, const std::string& detail) { progress.update(share, detail); };
    const std::vector<BugResult> results = run_bug_bank(bugs, options);
    progress.clear();

    int passed = 0;
    nlohmann::ordered_json j = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < results.size(); ++i) {
      const BugResult& r = results[i];
      passed += r.outcome == BugOutcome::killed;
      if (o->json) {
        j.push_back({{"bug", r.name}, {"what", bugs[i].what}, {"breaks", bugs[i].breaks}, {"outcome", word(r.outcome)},
                     {"killer", r.killer}, {"stage", r.stage}, {"message", r.message}});
      } else {
        fmt::print("{:<8}  {:<34}", word(r.outcome), r.name);
        if (r.outcome == BugOutcome::killed) fmt::print("  {}: {}: {}", r.killer, r.stage, r.message);
        if (r.outcome == BugOutcome::error) fmt::print("  {}: {}", r.stage, r.message);
        fmt::print("\n");
      }
    }
    const int failed = static_cast<int>(results.size()) - passed;
    if (o->json) std::cout << j.dump(2) << "\n";
    else fmt::print("{} passed, {} failed\n", passed, failed);
    std::fflush(stdout);
    if (failed) throw Failed(fmt::format("{} of {} bugs are not killed", failed, results.size()));
  });
}

}  // namespace epim::command

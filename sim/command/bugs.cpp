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

struct BugsArguments {
  std::vector<std::string> names;
  std::string folder, models;
  int jobs = 0;
  bool json = false, list = false, markdown = false;
};

const char* word(BugOutcome outcome) {
  switch (outcome) {
    case BugOutcome::killed: return "killed";
    case BugOutcome::survived: return "SURVIVED";
    default: return "ERROR";
  }
}

/// docs/bug-bank.md. Nothing in it depends on the machine or on time.
void print_markdown(const std::vector<Bug>& bugs, const std::vector<BugResult>& results) {
  fmt::print(
      "<!-- SPDX-FileCopyrightText: 2026 The epim authors -->\n<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
      "<!-- Made by `epim bugs --markdown`: do not edit. -->\n\n# Bug bank\n\n"
      "A regression that never fails proves nothing. Each patch of `tb/bugs` puts one deliberate bug into `rtl/`;\n"
      "`epim bugs` applies it to a copy, builds the core, and runs the checks that the patch names until one fails.\n"
      "The unpatched RTL must pass the same checks. A bug that they all let pass has survived: the tests have a hole.\n"
      "\n"
      "- A killer such as `xb16` is `configs/named/xb16.toml` (`edge-...`: `configs/edges`): every stage compared with the golden model, without\n"
      "  stalls, with random stalls, and with bursts over two frames.\n"
      "- A killer such as `misuse-handshakes` is a protocol or misuse check of `sim/misuse.cpp`.\n"
      "- The killer `chip` is `configs/mix.toml` as one chip: output, handshakes and the level of every FIFO in every\n"
      "  cycle, without stalls and with random ones. `chip-features` is `tb/chip/features.toml` likewise, with FIFOs two words deeper,\n"
      "  `chip-copies` `tb/chip/copies.toml`; `chip-load` is the load port of `tb/chip/loaded.toml` (`sim/chip_load.cpp`). In these three the\n"
      "  cores are models of their own beside the chip's frame, so that a bug of the frame compiles the frame alone. `chip-joined` is\n"
      "  `chip-copies` with its cores apart ([chip.md](chip.md#large-chips-joined)), twice, and flat: all alike.\n"
      "- The killer `board` is a core behind its serial line: a layer and broken commands over the pins, and the\n"
      "  self-test's LEDs.\n"
      "- The stage is where the difference was seen first: the closer to the bug, the less there is to search.\n\n"
      "| bug | what | what it breaks | killer | stage |\n|---|---|---|---|---|\n");
  for (std::size_t i = 0; i < results.size(); ++i) {
    const BugResult& r = results[i];
    const bool killed = r.outcome == BugOutcome::killed;
    fmt::print("| {} | {} | {} | {} | {} |\n", r.name, bugs[i].what, bugs[i].breaks,
               killed ? r.killer : word(r.outcome), r.stage);
  }
}

}  // namespace

void add_bugs(CLI::App& app) {
  auto o = std::make_shared<BugsArguments>();
  CLI::App* verb = app.add_subcommand("bugs",
                                      "Put deliberate bugs into the RTL and see that the checks notice each of them");
  verb->add_option("names", o->names, "Bugs: name, number or name without number; default: all of tb/bugs");
  verb->add_option("--folder", o->folder, "Folder of *.patch files; default: tb/bugs of the project");
  verb->add_option("--cache", o->models, fmt::format("Folder of the compiled models; default: {}, that of all simulations", cache()));
  verb->add_option("-j,--jobs", o->jobs, "Parallel jobs; default: all cores");
  verb->add_flag("--list", o->list, "Say what the bugs are and stop");
  verb->add_flag("--json", o->json, "Results as JSON on stdout");
  verb->add_flag("--markdown", o->markdown, "Results as the text of docs/bug-bank.md on stdout");
  verb->footer("Exit code 1 when a bug survives, does not apply or does not compile.\n"
               "Examples:\n  epim bugs\n  epim bugs 14 ring-wraps-early --json\n"
               "  epim bugs --markdown > docs/bug-bank.md");
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
    options.build.cache = o->models.empty() ? cache() : o->models;
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
      } else if (!o->markdown) {
        fmt::print("{:<8}  {:<36}", word(r.outcome), r.name);
        if (r.outcome == BugOutcome::killed) fmt::print("  {}: {}: {}", r.killer, r.stage, r.message);
        if (r.outcome == BugOutcome::error) fmt::print("  {}: {}", r.stage, r.message);
        fmt::print("\n");
      }
    }
    const int failed = static_cast<int>(results.size()) - passed;
    if (o->json) std::cout << j.dump(2) << "\n";
    else if (o->markdown) print_markdown(bugs, results);
    else fmt::print("{} passed, {} failed\n", passed, failed);
    std::fflush(stdout);
    if (failed) throw Failed(fmt::format("{} of {} bugs are not killed", failed, results.size()));
  });
}

}  // namespace epim::command

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/command/command.hpp"
#include "gen/base/output_folder.hpp"
#include "gen/core/elaborate.hpp"
#include "golden/files/json_document.hpp"
#include "golden/parallel.hpp"
#include "sim/chip_load.hpp"
#include "sim/misuse.hpp"
#include "sim/regression.hpp"

namespace epim::command {
namespace {

struct VerifyArguments {
  std::vector<std::string> configs;
  std::optional<int> random;
  int layers = 5, hardware = -1, layer = -1, jobs = 0;
  std::uint64_t seed = 1;
  std::string coverage, macro, chip;
  bool no_named = false, json = false;
};

std::vector<Case> cases_of(const VerifyArguments& o) {
  std::vector<Case> cases;
  if (o.hardware >= 0) {
    cases.push_back(random_case(o.seed, o.hardware, o.layers));
    return cases;
  }
  if (!o.no_named) {
    std::vector<std::string> files = o.configs;
    if (files.empty())
      for (const char* folder : {"/configs/edges", "/configs/named"})
        for (const auto& entry : std::filesystem::directory_iterator(home() + folder))
          if (entry.path().extension() == ".toml") files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    for (const std::string& f : files) cases.push_back(named_case(f));
  }
  const int random = o.random.value_or(o.configs.empty() ? 24 : 0);
  for (int i = 0; i < random; ++i) cases.push_back(random_case(o.seed, i, o.layers));
  return cases;
}

/// All blocks, epim_crossbar replaced by `file`; empty without one.
std::optional<Sources> with_macro(const std::string& file, const std::vector<Case>& cases) {
  if (file.empty()) return std::nullopt;
  for (const Case& c : cases)
    if (c.core.storage != Storage::ram || c.core.tables != Tables::writable)
      throw InputError({"--macro " + file, 0, 0}, "macro-programs-over-bus",
                       fmt::format("configuration {} keeps its cells in our model, legal with --macro: storage = \"ram\" and tables = \"writable\"", c.name));
  Sources sources;
  for (const RtlSource& block : rtl_sources()) {
    const bool ours = std::string(block.name) != "epim_crossbar";
    sources.emplace_back(std::string(block.name) + ".sv", ours ? block.text : read_text(file));
  }
  return sources;
}

/// What a case costs beside others, for the order in which they start: cell reads of its layers, and its cells, which are compiled or programmed.
std::int64_t weight_of(const Case& c) {
  std::int64_t sum = 0;
  for (const SyntheticLayer& s : c.layers)
    sum += s.layer.macs() * c.core.hw.act_bits + std::int64_t{64} * c.core.hw.pe_rows * c.core.hw.pe_cols * c.core.hw.xb_rows * c.core.hw.xb_cols;
  return sum;
}

}  // namespace

void add_verify(CLI::App& app) {
  auto o = std::make_shared<VerifyArguments>();
  CLI::App* verb = app.add_subcommand("verify", "Prove the core against the golden model over named and random configurations");
  verb->add_option("configs", o->configs, "Configuration files; default: all of configs/named and configs/edges");
  verb->add_option("--random", o->random, "Number of random hardware configurations; default: 24, none beside CONFIGS");
  verb->add_option("--layers", o->layers, "Random layers on each")->check(CLI::Range(1, 100))->capture_default_str();
  verb->add_option("--random-seed", o->seed, "Seed of the random configurations")->capture_default_str();
  verb->add_option("--random-hardware", o->hardware, "Run only this random hardware");
  verb->add_option("--show", o->layer, "Print layer N of --random-hardware as a configuration file and stop");
  verb->add_flag("--no-named", o->no_named, "Random configurations only");
  verb->add_option("-j,--jobs", o->jobs, "Parallel jobs; default: all cores");
  verb->add_option("--coverage", o->coverage,
                   "Folder for line and toggle counts of every model (*.dat) and functional bins (bins.json)");
  verb->add_option("--macro", o->macro,
                   "File whose modules take the place of our crossbar model, epim_crossbar among them (docs/macro.md); cells are programmed "
                   "over the bus, so that the configurations need storage = \"ram\" and tables = \"writable\"");
  verb->add_option("--chip", o->chip, "Nothing but the checks of a chip's load port and control, on the chip of this configuration (hardware.load_stream = true)");
  verb->add_flag("--json", o->json, "Results as JSON on stdout");
  verb->footer("Examples:\n  epim verify configs/named/zero-point.toml\n  epim verify --random 100 --random-seed 7\n  epim verify --random-seed 1 --random-hardware 3");
  verb->callback([o] {
    if (o->layer >= 0) {
      std::cout << random_configuration(o->seed, std::max(0, o->hardware), o->layer);
      return;
    }
    const std::vector<Case> cases = o->chip.empty() ? cases_of(*o) : std::vector<Case>{};
    fmt::print(stderr, "{} cases, random seed {}\n", cases.size(), o->seed);
    BuildOptions build;
    build.cache = cache();
    build.fast = false;
    build.random_init = true;
    if (!o->coverage.empty()) std::filesystem::create_directories(o->coverage);
    build.coverage = o->coverage;
    const std::optional<Sources> foreign = with_macro(o->macro, cases);
    std::vector<CaseResult> results(cases.size());
    std::size_t done = 0;
    std::mutex mutex;
    Progress progress("verifying");
    const int jobs = o->jobs > 0 ? o->jobs : processors();
    // The longest first, so that no processor waits for one at the end. Misuse checks, results of their own, are one piece of work.
    std::vector<std::size_t> order(cases.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return weight_of(cases[a]) > weight_of(cases[b]); });
    std::vector<CaseResult> misuse;
    if (!o->chip.empty()) misuse = run_chip_load(o->chip, build, o->seed);
    else if (o->hardware < 0 && o->configs.empty() && !foreign) order.insert(order.begin(), cases.size());
    parallel(order.size(), jobs, [&](std::size_t n) {
      const std::size_t i = order[n];
      if (i == cases.size()) misuse = run_misuse(build);
      else results[i] = run_case(cases[i], build, foreign ? &*foreign : nullptr);
      const std::lock_guard lock(mutex);
      progress.update(static_cast<double>(++done) / static_cast<double>(order.size()), i == cases.size() ? "misuse" : cases[i].name);
    });
    progress.clear();

    int configurations = 0;
    for (const CaseResult& r : results) configurations += r.configurations;
    for (CaseResult& r : misuse) results.push_back(std::move(r));
    if (!o->coverage.empty()) {
      FunctionalBins bins;
      for (const CaseResult& r : results) bins.add(r.bins);
      write_file_atomically(o->coverage + "/bins.json", nlohmann::ordered_json(bins.counts()).dump(2) + "\n");
    }
    int passed = 0, failed = 0;
    nlohmann::ordered_json j = nlohmann::ordered_json::array();
    for (const CaseResult& r : results) {
      r.passed ? ++passed : ++failed;
      if (o->json)
        j.push_back({{"case", r.name}, {"passed", r.passed}, {"configurations", r.configurations}, {"cycles", r.cycles},
                     {"stage", r.stage}, {"message", r.message}});
      else if (r.passed)
        fmt::print("ok      {:<22} {:>2} configuration{} {:>8} cycles\n", r.name, r.configurations, r.configurations == 1 ? " " : "s",
                   r.cycles);
      else
        fmt::print("FAILED  {:<22} {}: {}\n", r.name, r.stage, r.message);
    }
    if (o->json) std::cout << j.dump(2) << "\n";
    else fmt::print("{} configurations, each without stalls, with random stalls, and with bursts over two frames\n{} passed, {} failed\n",
                    configurations, passed, failed);
    if (failed) throw Failed(fmt::format("{} of {} cases failed", failed, results.size()));
  });
}

}  // namespace epim::command

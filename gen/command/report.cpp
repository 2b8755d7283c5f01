// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <iostream>
#include <memory>

#include "gen/base/output_folder.hpp"
#include "gen/command/command.hpp"
#include "gen/command/report_source.hpp"
#include "gen/network/image_file.hpp"
#include "gen/network/input_checks.hpp"
#include "gen/network/synthetic_network.hpp"
#include "gen/report/mapped_network.hpp"
#include "gen/report/page.hpp"
#include "gen/report/results.hpp"
#include "gen/report/values.hpp"
#include "golden/parallel.hpp"

namespace epim::command {
namespace {

using report::Json;

struct ReportArguments {
  std::vector<std::string> sources;
  std::string out, title;
  ReportOptions network;
  double min_snr = 20;
  int images = -1, jobs = 0;
  bool json = false;
};

/// The page's data, section by section; each at most once.
class Data {
 public:
  void add(const std::string& section, Json value, const std::string& source) {
    if (value.is_null()) return;
    if (json_.contains(section))
      throw InputError({source, 0, 0}, "report-twice", fmt::format("a second source for '{}'; legal: one of each kind", section));
    json_[section] = std::move(value);
  }
  void absent(const std::string& section, const std::string& why) {
    if (!json_.contains(section)) missing_.push_back({{"section", section}, {"why", why}});
  }
  bool has(const std::string& section) const { return json_.contains(section); }
  Json finish(Json head) {
    head.update(json_);
    head["absent"] = std::move(missing_);
    return head;
  }

 private:
  Json json_ = Json::object(), missing_ = Json::array();
};

void add_mapped(Data& data, const ReportSource& s, const ReportArguments& o, int jobs) {
  const NetworkOnCores& n = *s.network;
  const EstimateData constants = load_estimate_data(home());
  say_remarks(n.network);
  report::MappedNetwork mapped = n.config ? report::map_configured(n.network, *n.config, constants)
                                          : report::map_for_report(n.network, n.base, n.design, n.weight_bits, constants);
  if (n.run) report::use_run(mapped, n.run->layers, n.run->cycles, n.run->events, constants, s.file);
  const std::vector<Phases> phases = report::phases_of(mapped, jobs);
  data.add("graph", report::graph_section(mapped), s.name);
  data.add("layers", report::layers_section(mapped, phases), s.name);
  data.add("timeline", report::timeline_section(mapped, phases), s.name);
  data.add("energy", report::energy_section(mapped), s.name);
  data.add("epitomes", report::epitomes_section(mapped), s.name);

  Progress progress("golden model");
  const report::Report say = [&](double share, const std::string& layer) { progress.update(share, layer); };
  if (o.images != 0 && n.config) {
    data.add("values", report::values_section(*n.config, o.images > 0 ? o.images : 4, jobs, say), s.name);
  } else if (o.images != 0 && n.run) {
    const RunSetting& r = n.run->setting;
    std::optional<NpzFile> bundle;
    if (!r.weights.empty()) bundle = read_npz(r.weights);
    const IntTensor image = r.image.empty() ? synthetic_image(n.network, r.seed) : read_image(r.image, n.network);
    data.add("values", report::values_section(mapped.plan, image, {r.seed, bundle ? &*bundle : nullptr}, jobs, say), s.name);
  }
}

void say_absent(Data& data, const ReportArguments& o) {
  const char* network = "needs a network on its cores: name a network, a configuration, an import or a run";
  for (const char* section : {"graph", "layers", "timeline", "energy"}) data.absent(section, network);
  data.absent("epitomes", data.has("graph") ? "no layer has an epitome: every weight has cells of its own" : network);
  data.absent("values", o.images == 0 ? "left out by --images 0" : "needs weights and images: a configuration, an import or a run");
  data.absent("fidelity", "needs an import");
  data.absent("accuracy", "needs a folder or the JSON of epim eval");
  data.absent("study", "needs the JSON of scripts/device_study.py");
  data.absent("training", "needs the JSON of study/summary.py");
  data.absent("search", "needs a result of epim search --json, or a design file that a search wrote");
  data.absent("chip", "needs the JSON of epim sim --top network, or of epim estimate --top network --stepped");
  data.absent("balance", "needs a result of epim search --interval --json");
}

void run_report(const ReportArguments& o) {
  if (o.out.empty() && !o.json) throw InputError({"--out", 0, 0}, "missing-argument", "name the HTML file to write, or take --json");
  if (!(o.min_snr >= -1000 && o.min_snr <= 1000)) throw InputError({"--min-snr", 0, 0}, "value-out-of-range", fmt::format("{} dB; legal: -1000..1000", o.min_snr));
  const int jobs = o.jobs > 0 ? o.jobs : processors();
  Data data;
  Json sources = Json::array(), settings = Json::array();
  std::string title;
  bool takes_options = false;
  for (const std::string& name : o.sources) {
    const ReportSource s = read_source(name, o.network);
    sources.push_back({{"kind", s.kind}, {"file", s.file}, {"fnv1a", s.hash}});
    if (s.network) {
      add_mapped(data, s, o, jobs);
      for (const auto& [key, value] : s.network->settings) settings.push_back({{"name", key}, {"value", value}});
      takes_options |= !s.network->config && !s.network->run;
    }
    if (!s.record.is_null()) {
      data.add("formats", report::formats_section(s.record, s.file), name);
      data.add("fidelity", report::fidelity_section(s.record, o.min_snr, s.file), name);
    }
    if (!s.estimate.is_null()) {
      Json sections = report::estimate_sections(s.estimate, s.file);
      for (auto& [section, value] : sections.items()) data.add(section, std::move(value), name);
    }
    if (!s.chip.is_null())
      for (const auto& [section, value] : s.chip.items()) data.add(section, value, name);
    if (!s.accuracy.is_null()) data.add("accuracy", report::accuracy_section(s.accuracy, o.min_snr, s.file), name);
    if (!s.study.is_null()) data.add("study", s.study, name);
    if (!s.training.is_null()) data.add("training", s.training, name);
    if (!s.search.is_null()) data.add("search", s.search, name);
    if (!s.balance.is_null()) data.add("balance", s.balance, name);
    if (title.empty()) title = s.title;
  }
  if (!o.network.given.empty() && !takes_options)
    throw InputError({o.network.given.front(), 0, 0}, "bad-argument", "no source takes it: a run, a configuration and an import say how they are mapped; legal: with a network");
  say_absent(data, o);
  const Json page = data.finish({{"schema", 1}, {"tool", "epim report"}, {"title", o.title.empty() ? title : o.title}, {"sources", std::move(sources)}, {"settings", std::move(settings)}});
  if (!o.out.empty()) write_file_atomically(o.out, report::page(page));
  if (o.json) std::cout << page.dump(1) << "\n";
  else fmt::print("{}: {}\n", o.out, page["title"].get<std::string>());
}

}  // namespace

void add_report(CLI::App& app) {
  auto o = std::make_shared<ReportArguments>();
  CLI::App* verb = app.add_subcommand("report", "One HTML page with pictures of a network, an import, an estimate, a search or a run");
  verb->add_option("source", o->sources,
                   "A network (name or network.json), a configuration (.toml), a folder of epim run, import or eval, a design file, or JSON of estimate "
                   "or search; several are put on one page")
      ->required();
  verb->add_option("-o,--out", o->out, "HTML file to write");
  verb->add_option("--title", o->title, "Heading; default: the network and what the first source is");
  verb->add_option("--min-snr", o->min_snr, "Decibel below which a map of an import or an evaluation is marked")->capture_default_str();
  verb->add_option("--images", o->images,
                   "Images that the golden model evaluates for the box plots; 0: none. Default: 4 of a configuration or import; a run has one")
      ->check(CLI::Range(0, 100000));
  o->network.add(*verb);
  verb->add_option("-j,--jobs", o->jobs, "Threads; default: all processors")->check(CLI::Range(1, 1024));
  verb->add_flag("--json", o->json, "The page's data as JSON on stdout");
  verb->footer("Examples:\n"
               "  epim report resnet50 --out report.html\n"
               "  epim report configs/digits.toml --out digits.html\n"
               "  epim report out/run-resnet50-1a2b3c4d --out run.html\n"
               "  epim report model --out import.html                      # a folder of epim import\n"
               "  epim report model out/eval-model-1a2b3c4d --out model.html  # with accuracy over a sweep\n"
               "  epim report models/device_study.json --out study.html\n"
               "  epim report study/results/summary.json --out training.html\n"
               "  epim search resnet50 --budget 1080 --front --json > search.json\n"
               "  epim report search.json found.json --out search.html     # found.json: its --out");
  verb->callback([o, verb] {
    o->network.note(*verb);
    run_report(*o);
  });
}

}  // namespace epim::command

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/command/command.hpp"
#include "gen/hash.hpp"
#include "golden/energy.hpp"
#include "golden/npz.hpp"
#include "sim/network_jobs.hpp"

namespace epim::command {
namespace {

struct Options {
  std::string network, crossbar = "256x256", design = "1024x256", wrap = "off", image, out;
  std::vector<std::string> set;
  int weight_bits = 9, act_bits = 9, lanes = 16, jobs = 0;
  std::uint64_t seed = 1;
  bool json = false, plan_only = false;
  bool bits_given = false, wrap_given = false;  ///< on the command line
};

DesignChoice design_of(const Options& o) {
  DesignChoice d = design_choice(o.design);
  if (d.file) {
    if (o.bits_given) check_bits(*d.file, o.weight_bits);
    if (o.wrap_given)
      throw InputError({"--wrap", 0, 0}, "contradictory-wrap",
                       o.design + " says how every layer wraps; leave --wrap out or change the file");
  }
  d.wrap = o.wrap == "copies" ? Wrap::copies : o.wrap == "stored_once" ? Wrap::stored_once : Wrap::off;
  return d;
}

nlohmann::ordered_json plan_json(const NetworkPlan& plan) {
  nlohmann::ordered_json j = {{"network", plan.network.name}};
  for (const PlannedCore& c : plan.cores)
    j["cores"].push_back({{"pe_rows", c.hw.pe_rows}, {"pe_cols", c.hw.pe_cols}, {"weight_bits", c.hw.weight_bits}, {"buffer_words", c.hw.buffer_words}, {"layers", c.layers.size()}});
  for (const PlannedLayer& l : plan.layers) {
    const Hardware& hw = plan.cores[static_cast<std::size_t>(l.core)].hw;
    const LayerTables t = build_tables(hw, l.layer);
    j["layers"].push_back({{"name", l.layer.name}, {"cin", l.layer.cin}, {"cout", l.layer.cout}, {"kernel", {l.layer.kh, l.layer.kw}},
                           {"epitome", {l.layer.epitome.e_out, l.layer.epitome.e_in, l.layer.epitome.p, l.layer.epitome.q}},
                           {"space_to_depth", l.space_to_depth}, {"core", l.core}, {"pe_rows", hw.pe_rows}, {"pe_cols", hw.pe_cols},
                           {"weight_bits", hw.weight_bits}, {"patches", t.patches}, {"activations_per_position", t.fired_patches}, {"ifrt_sequences", t.ifrt.size()},
                           {"crossbars", 2 * hw.slices() * hw.pe_rows * hw.pe_cols}, {"wrapping", t.wrapping}});
  }
  return j;
}

void plan_text(const NetworkPlan& plan, const Options& o) {
  fmt::print("{:<22} {:>5} {:>5} {:>6} {:>18} {:>6} {:>7} {:>4} {:>5}  {}\n", "layer", "cin", "cout", "kernel", "epitome", "PEs", "patches", "act", "XBs", "notes");
  int crossbars = 0;
  for (const PlannedLayer& l : plan.layers) {
    const Hardware& hw = plan.cores[static_cast<std::size_t>(l.core)].hw;
    const LayerTables t = build_tables(hw, l.layer);
    const EpitomeShape& e = l.layer.epitome;
    const int xbs = 2 * hw.slices() * hw.pe_rows * hw.pe_cols;
    crossbars += xbs;
    const bool plain = l.layer.patches.size() == 1;
    fmt::print("{:<22} {:>5} {:>5} {:>4}x{} {:>18} {:>4}x{} {:>7} {:>4} {:>5}  {}{}{}\n", l.layer.name, l.layer.cin, l.layer.cout, l.layer.kh, l.layer.kw,
               plain ? "-" : fmt::format("{}x{}x{}x{}", e.e_out, e.e_in, e.p, e.q), hw.pe_rows, hw.pe_cols, t.patches, t.fired_patches, xbs,
               l.space_to_depth > 1 ? fmt::format("space-to-depth {} ", l.space_to_depth) : "", l.layer.wrap == Wrap::off ? "" : t.wrapping,
               hw.weight_bits == o.weight_bits ? "" : fmt::format("{}W{}", l.layer.wrap == Wrap::off ? "" : " ", hw.weight_bits));
  }
  fmt::print("{} layers on {} cores, {} crossbars\n", plan.layers.size(), plan.cores.size(), crossbars);
}

void run(Options o) {
  const auto begin = std::chrono::steady_clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); };
  const Network network = load_network(network_file(o.network));
  const DesignChoice design = design_of(o);
  if (design.file && design.file->weight_bits > 0) o.weight_bits = std::min(design.file->weight_bits, 9);
  NetworkPlan plan = plan_network(network, network_hardware(o.crossbar, o.weight_bits, o.act_bits, o.lanes, o.set), design);
  if (o.plan_only) {
    if (o.json) std::cout << plan_json(plan).dump(2) << "\n";
    else plan_text(plan, o);
    return;
  }
  IntTensor image = o.image.empty() ? synthetic_image(network, o.seed) : read_npy(o.image).ints();
  if (image.shape != std::vector<int>{network.input.channels, network.input.height, network.input.width})
    throw InputError({o.image, 0, 0}, "tensor-shape",
                     fmt::format("an image of {}x{}x{} is needed", network.input.channels, network.input.height, network.input.width));
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  NetworkJobs jobs;
  jobs.jobs = o.jobs > 0 ? o.jobs : cores;
  jobs.build.cache = cache();
  fmt::print(stderr, "golden model and synthetic weights (seed {})...\n", o.seed);
  SynthesisedNetwork net;
  {
    Progress progress("golden");
    net = synthesise_network(plan, image, o.seed, cores, [&](std::size_t l) {
      progress.update(static_cast<double>(l) / static_cast<double>(plan.layers.size()), plan.layers[l].layer.name);
    });
  }
  const double golden_seconds = elapsed();
  std::int64_t cycles = 0;
  double work = 0;
  for (const PlannedLayer& l : plan.layers) {
    const Hardware& hw = plan.cores[static_cast<std::size_t>(l.core)].hw;
    const Timing t = predict_timing(hw, l.layer, 1, false);
    cycles += t.cycles;
    // About 2.5 us per firing PE and cycle at 256 rows, eight magnitude bits and 32 ADCs, plus 1 us for the rest.
    const double pe = 2.5e-6 * hw.xb_rows / 256.0 * hw.slices() * hw.cell_bits / 8.0 * hw.adcs() / 32.0;
    work += static_cast<double>(t.cycles) * (1e-6 + pe * hw.pe_rows * hw.pe_cols);
  }
  fmt::print(stderr, "golden model done in {:.1f} s; the RTL will take about {} k cycles, {:.0f} s on {} threads, after {} builds\n",
             golden_seconds, cycles / 1000, work / jobs.jobs, jobs.jobs, plan.cores.size());
  std::mutex mutex;
  BuiltCores built;
  {
    Progress progress("building");
    jobs.progress = [&](const std::string& what, double share) {
      const std::lock_guard lock(mutex);
      progress.update(share, what);
    };
    built = build_cores(plan, jobs);
  }
  const std::string identity = fmt::format("{} {} {} {} {} {} {} {} {}", network.name, o.crossbar,
                                           design.file ? design_text(*design.file) : o.design, o.wrap, o.weight_bits, o.act_bits,
                                           o.lanes, o.seed, o.image);
  jobs.folder = o.out.empty() ? "out/run-" + network.name + "-" + hash_text(fnv1a(identity)).substr(0, 8) : o.out;
  std::vector<LayerJobResult> results;
  const double before = elapsed();
  {
    Progress progress("simulating");
    jobs.progress = [&](const std::string& what, double share) {
      const std::lock_guard lock(mutex);
      progress.update(share, what);
    };
    results = run_jobs(plan, net, built, jobs);
  }
  const double simulation = elapsed() - before;
  const EnergyTable table = load_energy_table(home() + "/golden/data/energy.toml");
  nlohmann::ordered_json j = {{"network", network.name}, {"design", o.design}, {"wrap", o.wrap}, {"crossbar", o.crossbar},
                              {"weight_bits", o.weight_bits}, {"act_bits", o.act_bits}, {"lanes", o.lanes}, {"seed", o.seed}};
  std::int64_t total_cycles = 0, total_energy = 0, fire = 0;
  int crossbars = 0, resumed = 0;
  double seconds = 0;
  if (!o.json)
    fmt::print("{:<22} {:>5} {:>10} {:>7} {:<8} {:>11} {:>8} {:>9}\n", "layer", "XBs", "cycles", "busy", "bound", "energy", "sim s", "M MAC/s");
  for (std::size_t l = 0; l < results.size(); ++l) {
    const LayerJobResult& r = results[l];
    const Hardware& hw = built.cores[static_cast<std::size_t>(plan.layers[l].core)].parameters.hw;
    const Layer& layer = plan.layers[l].layer;
    const EnergyReport report = energy(r.events, table, hw);
    const double busy = static_cast<double>(r.events.fire_cycles) / static_cast<double>(r.last_fire - r.first_fire + 1);
    const int xbs = 2 * hw.slices() * hw.pe_rows * hw.pe_cols;
    const double macs = static_cast<double>(layer.out_h()) * layer.out_w() * layer.cin * layer.cout * layer.kh * layer.kw;
    crossbars += xbs;
    total_cycles += r.cycles;
    total_energy += report.total;
    fire += r.events.fire_cycles;
    resumed += r.resumed;
    seconds += r.seconds;
    j["layers"].push_back({{"layer", r.name}, {"key", r.key}, {"crossbars", xbs}, {"cycles", r.cycles}, {"busy", busy},
                           {"bound", name_of(r.predicted.bound)}, {"energy_aJ", report.total}, {"output_hash", hash_text(r.output_hash)},
                           {"events", to_json(r.events)}});
    if (!o.json)
      fmt::print("{:<22} {:>5} {:>10} {:>6.1f}% {:<8} {:>8.2f} uJ {:>8.2f} {:>9.0f}\n", r.name, xbs, r.cycles, busy * 100,
                 name_of(r.predicted.bound), static_cast<double>(report.total) * 1e-12, r.seconds, macs / r.seconds / 1e6);
  }
  j["cycles"] = total_cycles;
  j["crossbars"] = crossbars;
  j["energy_aJ"] = total_energy;
  write_file_atomically(jobs.folder + "/result.json", j.dump(1) + "\n");
  rusage self{}, children{};
  getrusage(RUSAGE_SELF, &self);
  getrusage(RUSAGE_CHILDREN, &children);
  if (o.json) {
    std::cout << j.dump(1) << "\n";
    return;
  }
  for (Bound bound : {Bound::loading, Bound::arrival, Bound::drain}) {
    std::string names;
    for (const LayerJobResult& r : results)
      if (r.predicted.bound == bound) names += " " + r.name;
    if (!names.empty()) fmt::print("bound by {} ({}):{}\n", name_of(bound), remedy(bound), names);
  }
  fmt::print("\n{}: {} layers with weights on the RTL, every output, beat cycle and event equal to the golden model\n", network.name, results.size());
  fmt::print("cycles       {} ({:.1f} % fire)\n", total_cycles, 100.0 * static_cast<double>(fire) / static_cast<double>(total_cycles));
  fmt::print("crossbars    {} of {}, W{}A{}\n", crossbars, o.crossbar, o.weight_bits, o.act_bits);
  fmt::print("energy       {:.3f} mJ\n", static_cast<double>(total_energy) * 1e-15);
  fmt::print("wall time    golden {:.1f} s, builds {:.1f} s, simulation {:.1f} s ({:.1f} s of thread time, {} of {} layers taken from disk)\n",
             golden_seconds, built.seconds, simulation, seconds, resumed, results.size());
  fmt::print("peak memory  {:.2f} GiB (largest compiler process {:.2f} GiB)\n", static_cast<double>(self.ru_maxrss) / (1 << 20),
             static_cast<double>(children.ru_maxrss) / (1 << 20));
  fmt::print("result       {}/result.json\n", jobs.folder);
}

Options given(Options o, const CLI::App& verb) {
  o.bits_given = verb.count("--weight-bits") > 0;
  o.wrap_given = verb.count("--wrap") > 0;
  return o;
}

CLI::App* add_options(CLI::App& app, const std::shared_ptr<Options>& o, const char* name, const char* text) {
  CLI::App* verb = app.add_subcommand(name, text);
  verb->add_option("network", o->network, "Name of a network in models/, or a network.json")->required();
  verb->add_option("--design", o->design, "Epitomes: none, uniform ROWSxCOLUMNS, or a design file (docs/design-file.md)")->capture_default_str();
  verb->add_option("--wrap", o->wrap, "Output channel wrapping")->check(CLI::IsMember({"off", "copies", "stored_once"}))->capture_default_str();
  verb->add_option("--crossbar", o->crossbar, "Crossbar size")->capture_default_str();
  verb->add_option("-w,--weight-bits", o->weight_bits, "Weight bits")->capture_default_str();
  verb->add_option("-a,--act-bits", o->act_bits, "Activation bits")->capture_default_str();
  verb->add_option("--lanes", o->lanes, "Channels per word")->capture_default_str();
  verb->add_option("--set", o->set, "Override a hardware key: hardware.key=value (repeatable)");
  verb->add_flag("--json", o->json, "Result as JSON on stdout");
  return verb;
}

}  // namespace

void add_run(CLI::App& app) {
  auto o = std::make_shared<Options>();
  CLI::App* verb = add_options(app, o, "run", "Run a whole network, layer by layer, on the generated RTL with seeded weights");
  verb->add_option("--image", o->image, "Input map, .npy [C][H][W] of integers; default: seeded");
  verb->add_option("--seed", o->seed, "Seed of weights and image")->capture_default_str();
  verb->add_option("-o,--out", o->out, "Folder of results; an interrupted run goes on there");
  verb->add_option("-j,--jobs", o->jobs, "Parallel jobs; default: all cores");
  verb->footer("Examples:\n  epim run resnet50\n  epim run resnet50 --weight-bits 3\n  epim run vgg16 --design none");
  verb->callback([o, verb] { run(given(*o, *verb)); });

  auto m = std::make_shared<Options>();
  m->plan_only = true;
  CLI::App* map = add_options(app, m, "map", "Show how a network maps: epitome, PE array, tables and wrapping of every layer");
  map->footer("Examples:\n  epim map resnet50 --design 1024x256 --wrap copies\n  epim map resnet50 --design found.json");
  map->callback([m, map] { run(given(*m, *map)); });
}

}  // namespace epim::command

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <numeric>
#include <optional>
#include <thread>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "gen/command/command.hpp"
#include "golden/parallel.hpp"
#include "gen/command/run_setting.hpp"
#include "gen/network/input_checks.hpp"
#include "sim/command/network_report.hpp"
#include "gen/base/hash.hpp"
#include "gen/network/image_file.hpp"
#include "gen/base/output_folder.hpp"
#include "gen/network/unwrapped.hpp"
#include "gen/base/interrupt.hpp"

namespace epim::command {
namespace {

struct RunArguments {
  std::string network, crossbar = "256x256", design = "1024x256", wrap = "off", image, weights, device, out;
  std::vector<std::string> set;
  int weight_bits = 9, act_bits = 9, lanes = 16, jobs = 0, max_pes = DesignChoice{}.max_pes, bus_pes = NetworkJobs{}.bus_pes;
  std::uint64_t seed = 1;
  double goal_total = 0, goal_simulation = 0, goal_builds = 0, goal_memory = 0;
  bool json = false, plan_only = false, compare_wrap = false;
  bool bits_given = false, wrap_given = false;  ///< on the command line
};

DesignChoice design_of(const RunArguments& o) {
  DesignChoice d = design_choice(o.design);
  if (d.file) {
    if (o.bits_given) check_bits(*d.file, o.weight_bits);
    if (o.wrap_given)
      throw InputError({"--wrap", 0, 0}, "contradictory-wrap",
                       o.design + " says how every layer wraps; leave --wrap out or change the file");
  }
  d.max_pes = o.max_pes;
  d.wrap = o.wrap == "copies" ? Wrap::copies : o.wrap == "stored_once" ? Wrap::stored_once : Wrap::off;
  return d;
}

/// Wall and processor seconds since it was made.
class Stopwatch {
 public:
  double wall() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }
  double cpu() const { return processor(RUSAGE_SELF) - self_; }                    ///< this process
  double children_cpu() const { return processor(RUSAGE_CHILDREN) - children_; }  ///< compilers that ended

 private:
  static double processor(int who) {
    rusage r{};
    getrusage(who, &r);
    return static_cast<double>(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + 1e-6 * static_cast<double>(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
  }
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double self_ = processor(RUSAGE_SELF), children_ = processor(RUSAGE_CHILDREN);
};

/// Peak resident memory in GiB of this process and of its largest child.
std::pair<double, double> peak_memory() {
  rusage self{}, children{};
  getrusage(RUSAGE_SELF, &self);
  getrusage(RUSAGE_CHILDREN, &children);
  return {static_cast<double>(self.ru_maxrss) / (1 << 20), static_cast<double>(children.ru_maxrss) / (1 << 20)};
}

/// What a run cost; goes to performance.json, since result.json holds nothing that differs from run to run.
struct Cost {
  double golden = 0, golden_cpu = 0, builds_cpu = 0, simulation_cpu = 0, total = 0, total_cpu = 0, memory = 0, child_memory = 0;
  int threads = 1;
};

nlohmann::ordered_json cost_json(const Cost& c, const PreparedJobs& jobs) {
  nlohmann::ordered_json j = {{"threads", c.threads}, {"golden_seconds", c.golden}, {"golden_cpu_seconds", c.golden_cpu},
                              {"build_cpu_seconds", c.builds_cpu}, {"last_build_seconds", jobs.build_seconds},
                              {"simulation_cpu_seconds", c.simulation_cpu}, {"total_seconds", c.total},
                              {"total_cpu_seconds", c.total_cpu}, {"peak_memory_gib", c.memory},
                              {"largest_child_gib", c.child_memory}};
  for (const LayerJobResult& r : jobs.results)
    j["layers"].push_back({{"layer", r.name}, {"seconds", r.seconds}, {"load_seconds", r.load_seconds}, {"resumed", r.resumed}});
  return j;
}

std::string goal_text(double value, double goal, const char* unit) {
  return goal <= 0 ? "" : fmt::format("   goal {:g} {}: {}", goal, unit, value <= goal ? "met" : "NOT met");
}

void print_summary(const RunArguments& o, const Mapping& plan, const PreparedJobs& jobs, const RunTotals& t, const Cost& c,
                   const std::vector<int>& best, const std::string& folder) {
  double load = 0, load_1 = 0;
  for (const LayerJobResult& r : jobs.results) load += r.load_seconds;
  if (getloadavg(&load_1, 1) != 1) load_1 = -1;
  fmt::print("\n{}: {} of {} layers on the RTL: every output, beat cycle and event equal to the golden model\n", plan.network.name,
             jobs.finished(), jobs.results.size());
  fmt::print("MACs         {:.3f} G\n", static_cast<double>(t.macs) * 1e-9);
  fmt::print("cycles       {} ({:.1f} % fire; layers bound by firing: at least {:.1f} % busy)\n", t.cycles,
             100.0 * static_cast<double>(t.events.fire_cycles) / static_cast<double>(t.cycles), t.busy_least * 100);
  fmt::print("crossbars    {}; {}, W{}A{}{}\n", crossbars_text(t.crossbars), o.crossbar, o.weight_bits, o.act_bits,
             t.crossbars.pools > 0 ? fmt::format(", codes of the {} layers with a pool -1 and 1", t.crossbars.pools) : "");
  fmt::print("energy       {:.3f} mJ\n", static_cast<double>(t.energy) * 1e-15);
  fmt::print("output       largest at {}, weights {}\n", fmt::join(best, ", "),
             o.weights.empty() ? fmt::format("seeded ({})", o.seed) : o.weights);
  if (!o.device.empty()) fmt::print("device       {}\n", o.device);
  for (const std::string& line : plan.network.host) fmt::print("left to the host  {}\n", line);
  fmt::print("golden       {:.1f} s ({:.1f} s of processor time)\n", c.golden, c.golden_cpu);
  fmt::print("builds       {:.1f} s of processor time; {} kinds of core, the last one ready after {:.1f} s{}\n", c.builds_cpu, jobs.built,
             jobs.build_seconds, goal_text(c.builds_cpu, o.goal_builds, "s"));
  fmt::print("simulation   {:.1f} s of processor time (of thread time {:.1f} s run, {:.1f} s load){}\n", c.simulation_cpu, t.seconds, load,
             goal_text(c.simulation_cpu, o.goal_simulation, "s"));
  fmt::print("total        {:.1f} s ({:.1f} s of processor time){}\n", c.total, c.total_cpu, goal_text(c.total, o.goal_total, "s"));
  std::vector<std::string> bus;
  for (std::size_t k = 0; k < plan.cores.size(); ++k)
    if (jobs.over_bus[k]) bus.push_back(fmt::format("{}x{}", plan.cores[k].hw.pe_rows, plan.cores[k].hw.pe_cols));
  const std::size_t direct = plan.cores.size() - bus.size();
  fmt::print("cells        {}{}{}\n", direct > 0 ? fmt::format("of {} kinds of core written into the model", direct) : "",
             direct > 0 && !bus.empty() ? "; " : "", bus.empty() ? "" : fmt::format("over the control bus: cores of {} PEs", fmt::join(bus, ", ")));
  fmt::print("resumed      {} of {} layers taken from disk\n", t.resumed, jobs.results.size());
  const double most = std::max(c.memory, c.child_memory * c.threads);
  fmt::print("peak memory  {:.2f} GiB (this process {:.2f}; {} compilers of at most {:.2f} each){}\n", most, c.memory, c.threads,
             c.child_memory, goal_text(most, o.goal_memory, "GiB"));
  fmt::print("machine      {} threads, {} jobs, load {:.1f}\n", std::thread::hardware_concurrency(), c.threads, load_1);
  fmt::print("result       {}/result.json\n", folder);
}

/// Indices of the largest values, largest first; the first one of equals.
std::vector<int> largest(const IntTensor& t, std::size_t count) {
  std::vector<int> order(t.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return t.data[static_cast<std::size_t>(a)] > t.data[static_cast<std::size_t>(b)]; });
  order.resize(std::min(order.size(), count));
  return order;
}

/// Before anything runs: how long it will take. Cycles do not depend on the weights.
void print_prediction(const Mapping& plan, int threads, int bus_pes) {
  const std::vector<bool> over_bus = loaded_over_bus(plan, bus_pes);
  std::int64_t cycles = 0;
  double work = 0;
  for (const MappedLayer& l : plan.layers) {
    const Hardware& hw = plan.cores[static_cast<std::size_t>(l.core)].hw;
    const Timing t = predict_timing(hw, l.layer, 1, false);
    cycles += t.cycles;
    work += predicted_seconds(hw, t, over_bus[static_cast<std::size_t>(l.core)]);
  }
  fmt::print(stderr, "{}: {} layers, {} k cycles: about {:.0f} s of simulation on {} threads, and {} cores to build (cached ones excepted)\n",
             plan.network.name, plan.layers.size(), cycles / 1000, work / threads, threads, plan.cores.size());
}

void run(RunArguments o) {
  const Network network = load_network(network_file(o.network));
  say_remarks(network);
  DesignChoice design = design_of(o);
  if (design.file && design.file->weight_bits > 0) o.weight_bits = std::min(design.file->weight_bits, 9);
  const std::vector<std::string> set = o.set;
  const std::vector<std::string> of_device = take_device_keys(o.set);
  DeviceModel device;
  const auto hardware = [&](int lanes) {
    HardwareRequest core = network_hardware(o.crossbar, o.weight_bits, o.act_bits, lanes, o.set);
    device = network_device(o.device, of_device, core);
    return core;
  };
  const HardwareRequest hw = hardware(o.lanes);
  if (o.compare_wrap && device.any())
    throw InputError({"--compare-wrap", 0, 0}, "bad-argument", "layers with and without wrapping would be other chips, legal: without a device");
  if (o.compare_wrap && design.wrap == Wrap::off) design.wrap = Wrap::stored_once;
  Mapping plan = map_network(network, hw, design);
  const std::vector<Wait> waiting = waits(plan, o.lanes, [&](int lanes) {
    return map_network(network, hardware(lanes), design);
  });
  if (o.plan_only) {
    if (o.json) {
      nlohmann::ordered_json j = plan_json(plan);
      j["waits"] = waits_json(waiting);
      std::cout << j.dump(2) << "\n";
    } else {
      print_plan(plan);
      print_waits(waiting);
    }
    return;
  }
  std::optional<NpzFile> bundle;
  if (!o.weights.empty()) {
    bundle = read_npz(o.weights);
    check_bundle(plan.network, *bundle);
    warn_of_unused_arrays(*bundle, plan.network);
  }
  const IntTensor image = o.image.empty() ? synthetic_image(network, o.seed) : read_image(o.image, network);
  NetworkJobs jobs;
  jobs.jobs = o.jobs > 0 ? o.jobs : processors();
  jobs.build.cache = cache();
  jobs.bus_pes = o.bus_pes;
  const std::string identity = fmt::format("{} {} {} {} {} {} {} {} {} {} {} {}", network.name, o.crossbar, o.design, o.wrap, o.weight_bits,
                                           o.act_bits, o.lanes, o.seed, o.image, o.weights, o.compare_wrap, fmt::join(set, " ")) +
                               (o.device.empty() ? "" : " " + o.device);
  jobs.folder = o.out.empty() ? "out/run-" + network.name + "-" + hash_text(fnv1a(identity)).substr(0, 8) : o.out;
  RunSetting setting;
  setting.network = network.name;
  setting.network_file = network.file;
  setting.design = o.design;
  setting.wrap = design.file ? "off" : wrap_name(design.wrap);
  setting.crossbar = o.crossbar;
  setting.weight_bits = o.weight_bits;
  setting.act_bits = o.act_bits;
  setting.lanes = o.lanes;
  setting.max_pes = o.max_pes;
  setting.set = set;
  setting.device = o.device;
  setting.seed = o.seed;
  setting.weights = o.weights;
  setting.image = o.image;
  setting = with_hashes(setting, hw);
  print_prediction(plan, jobs.jobs, jobs.bus_pes);

  const InterruptGuard guard;
  Cost cost;
  cost.threads = jobs.jobs;
  const Stopwatch golden_watch;
  SynthesisedNetwork net;
  {
    Progress progress("golden model");
    double total = 0, done = 0;
    for (const MappedLayer& l : plan.layers) total += static_cast<double>(l.layer.macs());
    net = synthesise_network(plan, image, {o.seed, bundle ? &*bundle : nullptr, false, &device}, jobs.jobs, [&](std::size_t l) {
      check_interrupt();
      progress.update(done / total, plan.layers[l].layer.name);
      done += static_cast<double>(plan.layers[l].layer.macs());
    });
  }
  cost.golden = golden_watch.wall();
  cost.golden_cpu = golden_watch.cpu();
  std::vector<std::size_t> layers(plan.layers.size()), twin;
  std::iota(layers.begin(), layers.end(), 0);
  if (o.compare_wrap) {
    DesignChoice off = design;
    off.wrap = Wrap::off;
    Network plain = network;
    for (Node& node : plain.nodes) node.wrap = Wrap::off;
    infer_shapes(plain);
    twin = append_unwrapped(plan, net, map_network(plain, hw, off));
  }

  PreparedJobs prepared = prepare_jobs(plan, net, jobs);
  try {
    const Stopwatch watch;
    Progress progress("building and simulating");
    jobs.progress = [&](const std::string& detail, double share) { progress.update(share, detail); };
    run_jobs(plan, net, prepared, jobs);
    jobs.progress = {};
    cost.builds_cpu = watch.children_cpu();
    cost.simulation_cpu = watch.cpu();
  } catch (const Interrupted& e) {
    throw Interrupted(e.signal(), fmt::format("{} of {} layers are kept in {}; the same command goes on there", prepared.finished(),
                                              prepared.results.size(), jobs.folder));
  }
  cost.total = golden_watch.wall();
  cost.total_cpu = golden_watch.cpu() + golden_watch.children_cpu();
  std::tie(cost.memory, cost.child_memory) = peak_memory();

  const EnergyTable table = load_energy_table(home() + "/golden/data/energy.toml");
  const RunTotals t = totals(plan, prepared.results, layers, table);
  const std::vector<int> best = largest(net.results.at(0), 5);
  nlohmann::ordered_json j = to_json(setting);
  j["layers"] = layers_json(plan, prepared.results, layers, table);
  j["cycles"] = t.cycles;
  j["crossbars"] = t.crossbars.per_core;
  if (t.crossbars.pools > 0) j["pools"] = crossbars_json(t.crossbars);
  j["macs"] = t.macs;
  j["energy_aJ"] = t.energy;
  j["largest_outputs"] = best;
  if (plan.network.outputs.size() > 1)
    for (std::size_t i = 0; i < net.results.size(); ++i)
      j["outputs"].push_back({{"node", plan.network.nodes[static_cast<std::size_t>(plan.network.outputs[i])].name},
                              {"largest", largest(net.results[i], 5)}});
  if (!plan.network.host.empty()) j["host"] = plan.network.host;
  j["waits"] = waits_json(waiting);
  if (o.compare_wrap) j["comparison"] = comparison_json(plan, prepared.results, twin, table);
  write_file_atomically(jobs.folder + "/result.json", j.dump(1) + "\n");
  write_file_atomically(jobs.folder + "/performance.json", cost_json(cost, prepared).dump(1) + "\n");
  if (o.json) {
    std::cout << j.dump(1) << "\n";
    return;
  }
  print_layers(plan, prepared.results, layers, table);
  print_waits(waiting);
  if (o.compare_wrap) {
    fmt::print("\nwrapping ({}) beside the same network without; both on the RTL with the same weights and channel parameters:\n",
               design.wrap == Wrap::copies ? "copies" : "stored_once");
    print_comparison(plan, prepared.results, twin, table);
  }
  print_summary(o, plan, prepared, t, cost, best, jobs.folder);
}

RunArguments given(RunArguments o, const CLI::App& verb) {
  o.bits_given = verb.count("--weight-bits") > 0;
  o.wrap_given = verb.count("--wrap") > 0;
  return o;
}

CLI::App* add_options(CLI::App& app, const std::shared_ptr<RunArguments>& o, const char* name, const char* text) {
  CLI::App* verb = app.add_subcommand(name, text);
  verb->add_option("network", o->network, "Name of a network in models/, or a network.json")->required();
  verb->add_option("--design", o->design, "Epitomes or pools: none (as the network file says), uniform ROWSxCOLUMNS, pool:SHARE (weight pools with 1, 0.5, 0.25 or 0.125 of the error), or a design file (docs/design-file.md)")->capture_default_str();
  verb->add_option("--wrap", o->wrap, "Output channel wrapping")->check(CLI::IsMember({"off", "copies", "stored_once"}))->capture_default_str();
  verb->add_option("--crossbar", o->crossbar, "Crossbar size")->capture_default_str();
  verb->add_option("-w,--weight-bits", o->weight_bits, "Weight bits")->capture_default_str();
  verb->add_option("-a,--act-bits", o->act_bits, "Activation bits")->capture_default_str();
  verb->add_option("--lanes", o->lanes, "Channels per word")->capture_default_str();
  verb->add_option("--max-pes", o->max_pes, "A plain layer of more PEs is split along its channels over several cores")
      ->check(CLI::Range(1, 65536))->capture_default_str();
  verb->add_option("--set", o->set, "Override a hardware key: hardware.key=value (repeatable)")->allow_extra_args(false);
  verb->add_option("--device", o->device, "Cells and ADCs that are not ideal: a TOML file with [device], and [hardware] where it needs some (docs/device.md)");
  verb->add_flag("--json", o->json, "Result as JSON on stdout");
  return verb;
}

}  // namespace

void add_run(CLI::App& app) {
  auto o = std::make_shared<RunArguments>();
  CLI::App* verb = add_options(app, o, "run", "Run a whole network, layer by layer, on the generated RTL");
  verb->add_option("--image", o->image, "Input: PNG, PPM, PGM, or .npy [C][H][W] of integers; default: seeded");
  verb->add_option("--weights", o->weights, "Float weights, .npz (docs/networks.md); default: seeded");
  verb->add_option("--seed", o->seed, "Seed of weights and image")->capture_default_str();
  verb->add_flag("--compare-wrap", o->compare_wrap, "Run every wrapped layer without wrapping too, and show both (--wrap, default stored_once)");
  verb->add_option("-o,--out", o->out, "Folder of results; an interrupted run goes on there");
  verb->add_option("-j,--jobs", o->jobs, "Parallel jobs; default: all cores")->check(CLI::Range(1, 1024));
  verb->add_option("--bus-pes", o->bus_pes, "Largest PE array whose cells are written over the control bus, others into the model's memory; "
                   "default: over the bus for one kind of core, that with the fewest cells to load")
      ->check(CLI::Range(0, 65536));
  verb->add_option("--goal-simulation", o->goal_simulation, "Seconds of processor time that the simulation should stay under; stated, not enforced");
  verb->add_option("--goal-builds", o->goal_builds, "Seconds of processor time that the builds should stay under");
  verb->add_option("--goal-total", o->goal_total, "Seconds that all should take at most");
  verb->add_option("--goal-memory", o->goal_memory, "GiB that the peak memory should stay under");
  verb->footer("Examples:\n  epim run resnet50\n  epim run resnet50 --weight-bits 3 --image cat.png\n  epim run vgg16 --design none\n"
               "  epim run resnet50 --compare-wrap\n"
               "  epim run digits_residual --device chip.toml --set device.seed=2\n"
               "  epim run digits --design none --crossbar 64x64 -w 5 -a 8 --lanes 8 --weights models/digits/weights.npz\n"
               "Ended by SIGINT or SIGTERM: exit code 128 + signal; finished layers are kept.");
  verb->callback([o, verb] { run(given(*o, *verb)); });

  auto m = std::make_shared<RunArguments>();
  m->plan_only = true;
  CLI::App* map = add_options(app, m, "map", "Show how a network maps: epitome, PE array, tables, wrapping, predicted cycles of every layer");
  map->footer("Examples:\n  epim map resnet50 --design 1024x256 --wrap copies\n  epim map resnet50 --design found.json");
  map->callback([m, map] { run(given(*m, *map)); });
}

}  // namespace epim::command

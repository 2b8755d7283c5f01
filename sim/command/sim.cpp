// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/command/chip_sim.hpp"
#include "gen/command/command.hpp"
#include "golden/energy.hpp"
#include "golden/graph/float_network.hpp"
#include "golden/files/npz.hpp"
#include "golden/parallel.hpp"
#include "sim/dump.hpp"
#include "gen/network/scale_check.hpp"
#include "sim/network_run.hpp"

namespace epim::command {
namespace {

struct SimArguments {
  ConfigOptions config;
  ChipOptions chip;
  std::string dump, trace, json_file;
  std::string window = "0:2000";
  std::string chip_model = "auto", results;
  int stalls = 0, images = 0, frames = 1, jobs = 0;
  std::uint64_t seed = 1;
  bool no_events = false;
  bool json = false, traceable = false;
};

std::string invocation(const SimArguments& o) {
  std::string s = "epim sim --config " + o.config.config;
  if (o.chip.network()) s += " --top network";
  if (o.chip.depths != "full") s += " --fifo-depths " + o.chip.depths;
  if (o.chip_model != "auto") s += " --model " + o.chip_model;
  for (const std::string& f : o.chip.fifos) s += " --fifo " + f;
  if (!o.config.crossbar.empty()) s += " --crossbar " + o.config.crossbar;
  for (const std::string& v : o.config.set) s += " --set " + v;
  if (o.stalls) s += fmt::format(" --stalls {} --seed {}", o.stalls, o.seed);
  if (o.frames > 1) s += fmt::format(" --frames {}", o.frames);
  if (o.images) s += fmt::format(" --images {}", o.images);
  return s;
}

/// The waveform that is asked for.
std::optional<TraceWindow> window_of(const SimArguments& o) {
  if (o.trace.empty()) return std::nullopt;
  const std::size_t colon = o.window.find(':');
  TraceWindow w;
  w.file = o.trace;
  try {
    if (colon == std::string::npos) throw std::invalid_argument("no colon");
    w.first = std::stoll(o.window.substr(0, colon));
    w.last = std::stoll(o.window.substr(colon + 1));
  } catch (const std::exception&) {
    throw InputError({"--window", 0, 0}, "bad-window", "\"" + o.window + "\" is not FIRST:LAST (two cycle numbers)");
  }
  return w;
}

RunOptions run_options(const SimArguments& o) {
  RunOptions r;
  if (o.stalls) r.stalls = {o.stalls, o.stalls, true, o.seed};
  r.reproduce = invocation(o) + " --trace out/mismatch.fst";
  r.trace = window_of(o);
  return r;
}

/// A GTKWave save file that shows the stages of the core in order. Buses carry their range, as the waveform names them.
void write_waves(const std::string& fst, const CoreParameters& p) {
  struct Wave {
    const char* name;  ///< starts with '-': a heading
    int width;
  };
  const int patch = idx_width(p.max_patches);
  const Wave waves[] = {{"-input stream", 0}, {"s_axis_tvalid_i", 1}, {"s_axis_tready_o", 1}, {"s_axis_tlast_i", 1},
                        {"-address controller", 0}, {"u_front.u_addr_ctrl.state_q", 3}, {"u_front.u_addr_ctrl.oy_q", 16}, {"u_front.u_addr_ctrl.ox_q", 16},
                        {"u_front.u_addr_ctrl.patch_q", patch}, {"u_front.req", 1}, {"u_front.req_pad", 1}, {"u_front.buf_addr", idx_width(p.hw.buffer_words)},
                        {"-input register", 0}, {"u_front.word_q", 1}, {"u_front.word_bank_q", 1}, {"full", 2}, {"-array", 0}, {"en", 1},
                        {"fire", 1}, {"u_array.load", 1}, {"u_array.cstep", p.cstep_width()}, {"step", idx_width(p.hw.steps())},
                        {"-joint module", 0}, {"valid", 1}, {"opens", 1}, {"closes", 1}, {"u_back.u_joint.free_q", 2},
                        {"-output stream", 0}, {"u_back.rd", 1}, {"m_axis_tvalid_o", 1}, {"m_axis_tready_i", 1},
                        {"m_axis_tdata_o", (p.hw.lanes * p.hw.out_bits + 7) / 8 * 8}, {"m_axis_tlast_o", 1}};
  std::string s = fmt::format("[dumpfile] \"{}\"\n[timestart] 0\n", std::filesystem::absolute(fst).string());
  for (const Wave& w : waves) {
    if (w.width == 0) s += fmt::format("{}\n", w.name);
    else s += fmt::format("TOP.epim_observed.u_core.{}{}\n", w.name, w.width > 1 ? fmt::format("[{}:0]", w.width - 1) : "");
  }
  write_file_atomically(std::filesystem::path(fst).replace_extension(".gtkw").string(), s);
}

int crossbars_of(const Hardware& hw, const Layer& layer) {
  const PeArray pe = pe_array_for(hw, layer.epitome);
  return hw.crossbars(pe.rows, pe.cols);
}

nlohmann::ordered_json layer_json(const Hardware& hw, const Layer& layer, const LayerRun& run, const EnergyReport& energy) {
  nlohmann::ordered_json j = {{"layer", layer.name},
                              {"crossbars", crossbars_of(hw, layer)},
                              {"cycles", run.cycles},
                              {"busy", run.predicted.busy()},
                              {"bound", name_of(run.predicted.bound)},
                              {"simulation_seconds", run.seconds},
                              {"energy_aJ", energy.total}};
  if (run.load_words > 0) j["load"] = {{"words", run.load_words}, {"cycles", run.load_cycles}};
  j["events"] = to_json(run.rtl);
  return j;
}

void header() {
  fmt::print("{:<16} {:>6} {:>10} {:>7} {:<8} {:>12} {:>12} {:>9}\n", "layer", "XBs", "cycles", "busy", "bound", "activations",
             "energy", "outputs");
}
void row(const Hardware& hw, const Layer& layer, const LayerRun& run, const EnergyReport& energy) {
  fmt::print("{:<16} {:>6} {:>10} {:>6.1f}% {:<8} {:>12} {:>9.3f} uJ {:>9}\n", layer.name, crossbars_of(hw, layer),
             run.cycles, run.predicted.busy() * 100, name_of(run.predicted.bound), run.rtl.activations,
             static_cast<double>(energy.total) * 1e-12, "identical");
}

void run_single(const SimArguments& o, const Prepared& p, const EnergyTable& table) {
  BuildOptions build;
  build.cache = cache();
  build.trace = !o.trace.empty();
  build.fast = !build.trace;
  const Layer& layer = p.layers[0].layer;
  const Core core = build_core(p.core, {layer}, &p.layers[0].data, build);
  CoreDriver driver(core);
  const std::vector<IntTensor> inputs(static_cast<std::size_t>(std::max(1, o.frames)), p.input);
  const LayerRun run = run_layer(driver, core, layer, p.layers[0].data, inputs, run_options(o));
  const EnergyReport report = energy(run.rtl, table, p.core.hw);
  if (energy(run.golden, table, p.core.hw).total != report.total) throw Failed("energy differs");
  if (!o.dump.empty()) dump_layer(o.dump, p.core.hw, layer, p.layers[0].data, p.input, run);
  if (!o.trace.empty()) write_waves(o.trace, core.parameters);
  if (o.json) {
    std::cout << layer_json(p.core.hw, layer, run, report).dump(2) << "\n";
    return;
  }
  header();
  row(p.core.hw, layer, run, report);
  if (run.load_words > 0) fmt::print("program: {} words of the load port in {} cycles\n", run.load_words, run.load_cycles);
  const double macs = static_cast<double>(layer.macs()) * o.frames;
  fmt::print("simulation: {:.2f} s, {:.1f} kcycle/s, {:.1f} M MAC/s (harness and golden model included)\n", run.seconds,
             static_cast<double>(run.cycles) / run.seconds / 1e3, macs / run.seconds / 1e6);
}

void run_images(const SimArguments& o, const Config& config, const Prepared& p, const EnergyTable& table) {
  const CompiledNetwork& net = *p.network;
  const LabelledImages set = load_images(config, net.network, o.images);
  check_scales(net, set.images);
  const std::vector<IntTensor>& images = set.images;
  const std::vector<std::int64_t>& labels = set.labels;
  const std::size_t count = images.size();
  const bool has_float = net.has_float;

  std::vector<Layer> shapes;
  for (const EmitLayer& l : p.layers) shapes.push_back(l.layer);
  BuildOptions build;
  build.cache = cache();
  fmt::print(stderr, "building the core ({} layers on one core)...\n", shapes.size());
  const Core core = build_core(p.core, shapes, nullptr, build);
  Progress progress("simulating");
  const NetworkRun run = run_network(core, net, images, run_options(o), [&](std::size_t l, double) {
    progress.update(static_cast<double>(l) / static_cast<double>(shapes.size()), shapes[l].name);
  });
  progress.clear();
  const int threads = processors();
  const std::vector<IntTensor> golden = run_network_golden(net, images, threads);
  std::size_t right_float = 0, right_golden = 0, right_rtl = 0, identical = 0;
  std::optional<FloatNetwork> real;
  if (has_float) real.emplace(net.network, net.weights);
  for (std::size_t i = 0; i < count; ++i) {
    if (has_float) {
      const FloatTensor f = real->run(images[i]);
      const auto f_class = std::max_element(f.data.begin(), f.data.end()) - f.data.begin();
      right_float += !labels.empty() && f_class == labels[i];
    }
    if (!labels.empty()) {
      right_golden += argmax(golden[i]) == labels[i];
      right_rtl += argmax(run.outputs[i]) == labels[i];
    }
    identical += golden[i] == run.outputs[i];
  }
  EventCounts total;
  std::int64_t cycles = 0, attojoules = 0;
  int crossbars = 0;
  double seconds = 0;
  nlohmann::ordered_json j = {{"network", net.network.name}, {"images", count}};
  if (!o.json) header();
  for (std::size_t l = 0; l < p.layers.size(); ++l) {
    const EnergyReport report = energy(run.layers[l].rtl, table, p.core.hw);
    if (energy(run.layers[l].golden, table, p.core.hw).total != report.total) throw Failed("energy differs in " + shapes[l].name);
    if (o.json) j["layers"].push_back(layer_json(p.core.hw, shapes[l], run.layers[l], report));
    else row(p.core.hw, shapes[l], run.layers[l], report);
    total += run.layers[l].rtl;
    cycles += run.layers[l].cycles;
    attojoules += report.total;
    seconds += run.layers[l].seconds;
    crossbars += crossbars_of(p.core.hw, shapes[l]);
    if (!o.dump.empty()) {
      // A dump holds one frame: the first image's.
      CoreDriver driver(core);
      RunOptions one_frame = run_options(o);
      one_frame.stalls = {};
      const LayerRun first = run_layer(driver, core, shapes[l], p.layers[l].data, {run.inputs[l][0]}, one_frame);
      dump_layer(o.dump, p.core.hw, shapes[l], p.layers[l].data, run.inputs[l][0], first);
    }
  }
  const auto percent = [&](std::size_t n) { return 100.0 * static_cast<double>(n) / static_cast<double>(count); };
  const double busy = static_cast<double>(total.fire_cycles) / static_cast<double>(cycles);
  if (o.json) {
    j["accuracy"] = {{"float", has_float ? nlohmann::ordered_json(percent(right_float)) : nullptr}, {"golden", percent(right_golden)}, {"rtl", percent(right_rtl)}};
    j["identical_outputs"] = identical;
    j["crossbars"] = crossbars;
    j["cycles"] = cycles;
    j["energy_aJ"] = attojoules;
    j["array_utilisation"] = busy;
    std::cout << j.dump(2) << "\n";
  } else {
    fmt::print("\n{} images of {} through {} layers on one core: every input register, psum, accumulator, beat cycle and event equal\n",
               count, net.network.name, p.layers.size());
    if (!labels.empty())
      fmt::print("accuracy            float {}   golden {:.2f} %   RTL {:.2f} %\n",
                 has_float ? fmt::format("{:.2f} %", percent(right_float)) : "not known", percent(right_golden), percent(right_rtl));
    fmt::print("identical outputs   {} of {}\n", identical, count);
    fmt::print("crossbars           {} of {}x{}, {}-bit cells, W{}A{}\n", crossbars, p.core.hw.xb_rows, p.core.hw.xb_cols,
               p.core.hw.cell_bits, p.core.hw.weight_bits, p.core.hw.act_bits);
    fmt::print("cycles              {} ({} per image)\n", cycles, cycles / static_cast<std::int64_t>(count));
    fmt::print("energy              {:.3f} uJ per image\n", static_cast<double>(attojoules) * 1e-12 / static_cast<double>(count));
    fmt::print("array utilisation   {:.1f} % of all cycles fire\n", busy * 100);
    fmt::print("simulation          {:.1f} s, {:.0f} kcycle/s\n", seconds, static_cast<double>(cycles) / seconds / 1e3);
  }
  if (identical != count) throw Failed(fmt::format("{} of {} outputs differ between RTL and golden model", count - identical, count));
}

}  // namespace

void add_sim(CLI::App& app) {
  auto o = std::make_shared<SimArguments>();
  CLI::App* verb = app.add_subcommand("sim", "Run a layer or a network on the generated RTL and compare every stage");
  o->config.add(*verb);
  o->chip.add(*verb);
  verb->add_option("--dump", o->dump, "Write inputs, parameters, outputs, events and beats of every layer here; of a chip images, maps, outputs, beats and events");
  verb->add_option("--trace", o->trace, "Write a waveform (.fst) and a GTKWave save file; of a [layer], or of a chip of one model");
  verb->add_option("--window", o->window, "Cycles of the waveform, FIRST:LAST")->capture_default_str();
  verb->add_option("--stalls", o->stalls, "Chance in percent that a stream side waits in a cycle")->check(CLI::Range(0, 95));
  verb->add_option("--seed", o->seed, "Seed of the stalls")->capture_default_str();
  verb->add_option("--frames", o->frames, "Input maps back to back ([layer])")->check(CLI::Range(1, 10000))->capture_default_str();
  verb->add_option("--images", o->images, "Only the first N images ([network])")->check(CLI::Range(1, 1000000));
  verb->add_option("--model", o->chip_model,
                   "--top network: flat, the chip as one model; joined, a model per shape of core and one of everything else; together, the same in step with "
                   "each other; auto: joined where the chip is large")
      ->check(CLI::IsMember({"auto", "flat", "joined", "together"}))
      ->capture_default_str();
  verb->add_option("--results", o->results, "Joined: keep the result of every finished core here, and take those that are there");
  verb->add_option("--jobs", o->jobs, "Joined: threads; 0: one per processor")->check(CLI::Range(0, 1024))->capture_default_str();
  verb->add_flag("--no-events", o->no_events, "With --top network: count and compare no events, simulate faster");
  verb->add_flag("--json", o->json, "Result as JSON on stdout");
  verb->footer("Examples: epim sim --config configs/digits.toml --images 20 --dump out/digits\n"
               "          epim sim --top network --config configs/digits_residual.toml --stalls 30");
  verb->callback([o] {
    if (o->chip.network()) {
      if (o->frames > 1) throw InputError({"--frames", 0, 0}, "bad-argument", "does not go with --top network; legal: --images");
      ChipSim what;
      what.images = o->images;
      if (o->stalls) what.stalls = {o->stalls, o->stalls, true, o->seed};
      what.reproduce = invocation(*o);
      what.json = o->json;
      what.model = o->chip_model;
      what.results = o->results;
      what.jobs = o->jobs;
      what.events = !o->no_events;
      what.trace = window_of(*o);
      what.dump = o->dump;
      sim_chip(o->config, o->chip, what);
      return;
    }
    if (o->no_events) throw InputError({"--no-events", 0, 0}, "bad-argument", "is about a chip; legal: with --top network");
    (void)run_options(*o);  // refuses a bad window before anything is built
    const Config config = o->config.load();
    const Prepared p = prepare(config);
    const EnergyTable table = load_energy_table(home() + "/golden/data/energy.toml");
    if (p.network) run_images(*o, config, p, table);
    else run_single(*o, p, table);
  });
}

}  // namespace epim::command

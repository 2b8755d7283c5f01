// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <set>

#include <nlohmann/json.hpp>

#include "gen/command/chip_estimate.hpp"
#include "gen/command/command.hpp"
#include "gen/network/input_checks.hpp"
#include "gen/command/estimate_report.hpp"
#include "gen/command/run_setting.hpp"
#include "gen/network/image_file.hpp"
#include "gen/cost/network_estimate.hpp"
#include "gen/base/output_folder.hpp"
#include "gen/network/synthetic_network.hpp"
#include "gen/cost/mnsim_cases.hpp"
#include "golden/parallel.hpp"

namespace epim::command {
namespace {

struct EstimateArguments {
  std::string network, crossbar = "256x256", design = "1024x256", wrap = "off", model = "both", rule = "physical";
  std::string activations = "patches", traffic = "whole-position", image, weights, against, cases, csv, mnsim_config;
  std::vector<std::string> set, quirks, mnsim_set;
  int weight_bits = 9, act_bits = 9, lanes = 16, classifier_bits = 0, slices = 0, classes = 0, max_pes = DesignChoice{}.max_pes;
  double clock = 100;
  std::uint64_t seed = 1;
  bool compat = false, exact = false, json = false;
  ChipEstimateArguments as_chip;
  bool crossbar_given = false, bits_given = false, wrap_given = false;
  std::vector<std::string> given;  ///< options on the command line that a run decides as well
};

/// Text before and after the first '='. Throws InputError bad-override at `option`.
std::pair<std::string, std::string> key_and_value(const std::string& text, const char* option) {
  const std::size_t equal = text.find('=');
  if (equal == std::string::npos || equal == 0)
    throw InputError({option, 0, 0}, "bad-override", fmt::format("\"{}\": must be name=value", text));
  return {text.substr(0, equal), text.substr(equal + 1)};
}

/// MNSIM's configuration and quirks as the options set them.
void set_mnsim(const EstimateArguments& o, const FixedHardware& base, MnsimData& data, MnsimQuirks& quirks) {
  if (o.compat) quirks = MnsimQuirks::compat();
  else data.config.device_level = 1 << base.cell_bits;  // the cells of our own core; MNSIM's file says one bit
  if (o.crossbar_given) {
    set_mnsim_key(data.config, "Xbar_Size", {double(base.xb_rows), double(base.xb_cols)});
    // As many ADCs and DACs per row and column as before.
    data.config.adc_num = std::max(1, data.config.adc_num * base.xb_cols / 256);
    data.config.dac_num = std::max(1, data.config.dac_num * base.xb_rows / 256);
  }
  if (!o.mnsim_config.empty()) {
    const std::vector<std::string> unread = apply_mnsim_file(data.config, o.mnsim_config);
    if (!unread.empty()) fmt::print(stderr, "{}: no effect on the hardware models: {}\n", o.mnsim_config, fmt::join(unread, " "));
  }
  for (const std::string& text : o.mnsim_set) {
    const auto [key, value] = key_and_value(text, "--mnsim-set");
    JsonValue v;
    v.kind = JsonValue::Kind::object;
    JsonMember m{key, {"--mnsim-set " + text, 0, 0}, {}};
    m.value.kind = JsonValue::Kind::string;
    m.value.text = value;
    m.value.where = m.where;
    v.members.push_back(m);
    apply_mnsim_overrides(data.config, v);
  }
  for (const std::string& text : o.quirks) {
    const auto [name, value] = text.find('=') == std::string::npos ? std::pair{text, std::string("on")}
                                                                    : key_and_value(text, "--quirk");
    if (value != "on" && value != "off")
      throw InputError({"--quirk", 0, 0}, "bad-override", fmt::format("\"{}\": a quirk is on or off", text));
    try {
      set_mnsim_quirk(quirks, name, value == "on");
    } catch (const InputError& e) {
      throw InputError({"--quirk", 0, 0}, e.rule(), e.text());
    }
  }
}

EstimateRequest request_of(const EstimateArguments& o) {
  EstimateRequest r;
  r.rtl = o.model != "mnsim";
  r.bounds = true;
  r.mnsim = o.model != "rtl";
  if (o.weight_bits < 2 || o.weight_bits > 32)
    throw InputError({"--weight-bits", 0, 0}, "value-out-of-range", fmt::format("{}; legal: 2..32", o.weight_bits));
  if (o.act_bits < 1 || o.act_bits > 32)
    throw InputError({"--act-bits", 0, 0}, "value-out-of-range", fmt::format("{}; legal: 1..32", o.act_bits));
  if (r.rtl && (o.weight_bits > 9 || o.act_bits > 9))
    throw InputError({o.weight_bits > 9 ? "--weight-bits" : "--act-bits", 0, 0}, "rtl-bits",
                     fmt::format("{}; the rtl model knows up to 9, take --model mnsim for more",
                                 o.weight_bits > 9 ? o.weight_bits : o.act_bits));
  const auto in_range = [](const char* option, int value, int lo, int hi) {
    if (value != 0 && (value < lo || value > hi))
      throw InputError({option, 0, 0}, "value-out-of-range", fmt::format("{}; legal: {}..{}", value, lo, hi));
  };
  in_range("--slices", o.slices, 1, 64);
  in_range("--classes", o.classes, 1, 1000000);
  in_range("--classifier-bits", o.classifier_bits, 2, r.rtl ? 9 : 32);
  const bool about_mnsim = o.compat || !o.quirks.empty() || !o.mnsim_set.empty() || !o.mnsim_config.empty() || o.slices > 0 ||
                           o.classes > 0 || o.activations != "patches" || o.traffic != "whole-position";
  if (!r.mnsim && about_mnsim)
    throw InputError({"--model", 0, 0}, "bad-argument",
                     "rtl, but --compat, --quirk, --mnsim-set, --mnsim-config, --slices, --classes, --activations and --traffic are about mnsim");
  if (!(o.clock > 0 && o.clock <= 1e6))
    throw InputError({"--clock", 0, 0}, "value-out-of-range", fmt::format("{} MHz; legal: above 0, up to 1e6", o.clock));
  r.base = network_hardware(o.crossbar, std::min(o.weight_bits, 9), std::min(o.act_bits, 9), o.lanes, o.set);
  r.design = design_choice(o.design);
  if (r.design.file) {
    if (o.bits_given) check_bits(*r.design.file, o.weight_bits);
    if (o.wrap_given)
      throw InputError({"--wrap", 0, 0}, "contradictory-wrap",
                       o.design + " says how every layer wraps; leave --wrap out or change the file");
  }
  r.design.wrap = o.wrap == "copies" ? Wrap::copies : o.wrap == "stored_once" ? Wrap::stored_once : Wrap::off;
  r.design.max_pes = o.max_pes;
  r.weight_bits = o.weight_bits;
  r.workload.act_bits = o.act_bits;
  r.workload.slices = o.slices;
  r.workload.classes = o.classes;
  r.workload.activations = o.activations == "rows" ? ActivationRule::rows : ActivationRule::patches;
  r.workload.traffic = o.traffic == "partial-sums" ? Traffic::partial_sums : Traffic::whole_position;
  return r;
}

/// Golden evaluation of a seeded image, as `epim run` does it.
std::vector<EventCounts> count_events(const EstimateArguments& o, const EstimateRequest& request, const Network& network) {
  const IntTensor image = o.image.empty() ? synthetic_image(network, o.seed) : read_image(o.image, network);
  std::optional<NpzFile> bundle;
  if (!o.weights.empty()) bundle = read_npz(o.weights);
  Mapping plan = map_network(network, request.base, request.design);
  const int threads = processors();
  Progress progress("golden");
  return synthesise_network(plan, image, {o.seed, bundle ? &*bundle : nullptr, true}, threads, [&](std::size_t l) {
           progress.update(static_cast<double>(l) / static_cast<double>(plan.layers.size()), plan.layers[l].layer.name);
         }).events;
}

struct RunResult : RunCounters {
  std::int64_t energy = 0;  ///< attojoules
};

/// Reads FOLDER/result.json and takes the options from it that decide what was run. Throws InputError run-result, and
/// other-setting where an option on the command line says something else.
RunResult read_run(EstimateArguments& o) {
  const std::string path = o.against + "/result.json";
  RunResult r;
  try {
    const auto json = nlohmann::ordered_json::parse(read_text(path));
    static_cast<RunCounters&>(r) = run_counters_from(json, path);
    json.at("energy_aJ").get_to(r.energy);
  } catch (const nlohmann::json::exception& e) {
    throw InputError({path, 0, 0}, "run-result", std::string("no result of epim run: ") + e.what());
  }
  const auto take = [&](const char* option, auto& ours, const auto& theirs) {
    if (std::find(o.given.begin(), o.given.end(), option) != o.given.end() && ours != theirs)
      throw InputError({option, 0, 0}, "other-setting", fmt::format("the run of {} had another; legal: leave it out", path));
    ours = theirs;
  };
  if (o.network.empty()) o.network = r.setting.network_file;
  take("--design", o.design, r.setting.design);
  take("--wrap", o.wrap, r.setting.wrap);
  take("--crossbar", o.crossbar, r.setting.crossbar);
  take("--weight-bits", o.weight_bits, r.setting.weight_bits);
  take("--act-bits", o.act_bits, r.setting.act_bits);
  take("--lanes", o.lanes, r.setting.lanes);
  take("--set", o.set, r.setting.set);
  take("--seed", o.seed, r.setting.seed);
  take("--image", o.image, r.setting.image);
  take("--classifier-bits", o.classifier_bits, 0);
  take("--model", o.model, std::string("rtl"));
  o.weights = r.setting.weights;
  o.max_pes = r.setting.max_pes;
  if (std::filesystem::is_regular_file(o.design)) o.wrap_given = o.bits_given = false;  // the same as the run's, by now
  return r;
}

void check_against(const EstimateArguments& o, const NetworkEstimate& e, const RunResult& run) {
  if (run.events.size() != e.layers.size())
    throw Failed(fmt::format("{}/result.json: {} layers, the estimate has {}", o.against, run.events.size(), e.layers.size()));
  int wrong = 0;
  for (std::size_t i = 0; i < e.layers.size(); ++i)
    if (e.layers[i].rtl.timing.cycles != run.cycles[i] && ++wrong <= 20)
      fmt::print("{}: cycles {} estimated, {} on the RTL\n", e.layers[i].name, e.layers[i].rtl.timing.cycles, run.cycles[i]);
  std::map<std::string, std::pair<double, double>> on_data;  // estimated, counted
  for (std::size_t k = 0; k < event_count; ++k)
    if (depends_on_data(k))
      for (std::size_t i = 0; i < e.layers.size(); ++i) {
        auto& [ours, theirs] = on_data[event_list[k].name];
        ours += static_cast<double>(e.layers[i].rtl.events.at(k));
        theirs += static_cast<double>(run.events[i].at(k));
      }
  for (const EventDifference& d : compare_events(e, run.events, true))
    if ((o.exact || !d.on_data) && ++wrong <= 20)
      fmt::print("{}: {} {} estimated, {} on the RTL\n", d.layer, d.event, d.estimated, d.counted);
  fmt::print("{} layers: cycles and {} events{} per layer {}\n", e.layers.size(),
             o.exact ? event_count : event_count - on_data.size(), o.exact ? "" : " that the data do not decide",
             wrong == 0 ? "equal to the RTL counters" : fmt::format("differ from the RTL counters in {} places", wrong));
  if (!o.exact)
    for (const auto& [name, sums] : on_data)
      fmt::print("  {:<18} {:.4g} estimated, {:.4g} counted ({:+.2f} %)\n", name, sums.first, sums.second,
                 sums.second > 0 ? (sums.first / sums.second - 1) * 100 : 0.0);
  const std::int64_t energy = run.energy;
  fmt::print("  energy             {:.6f} mJ estimated, {:.6f} mJ counted ({:+.3f} %)\n", double(e.energy.total) * 1e-15,
             double(energy) * 1e-15, (double(e.energy.total) / double(energy) - 1) * 100);
  if (wrong > 0) throw Failed(fmt::format("the estimate differs from {}/result.json", o.against));
}

/// Every case of a file against the model with all quirks.
void check_cases(const EstimateArguments& o, const EstimateData& shipped) {
  nlohmann::ordered_json j = nlohmann::ordered_json::array();
  if (!o.json)
    fmt::print("{:<44} {:>10} {:>10} {:>12} {:>12} {:>10}\n", "case", "latency", "of layers", "energy", "of layers", "area");
  bool good = true;
  for (const MnsimCase& c : load_mnsim_cases(o.cases)) {
    EstimateData data = shipped;
    MnsimQuirks quirks = MnsimQuirks::compat();
    apply_mnsim_overrides(data.mnsim.config, c.overrides);
    EstimateArguments with = o;
    with.compat = true;
    with.crossbar_given = false;
    set_mnsim(with, FixedHardware{}, data.mnsim, quirks);
    const MnsimResult r = evaluate_mnsim(load_network(network_file(o.network.empty() ? c.network : o.network)), c.workload,
                                         data.mnsim, quirks);
    const MnsimDifference d = compare(r, c);
    const bool fits = d.structure && std::max(d.latency, d.layer_latency) <= 1e-3 && std::max(d.energy, d.layer_energy) <= 5e-3;
    good &= fits;
    if (o.json)
      j.push_back({{"case", c.name}, {"network", c.network}, {"latency", d.latency}, {"layer_latency", d.layer_latency},
                   {"energy", d.energy}, {"layer_energy", d.layer_energy}, {"area", d.area}, {"structure", d.structure},
                   {"latency_ms", r.latency_ms()}, {"energy_mJ", r.energy_mj()}, {"area_mm2", r.area_mm2()}, {"ok", fits}});
    else
      fmt::print("{:<44} {:>10.1e} {:>10.1e} {:>12.1e} {:>12.1e} {:>10.1e} {}{}\n", c.name.substr(0, 44), d.latency,
                 d.layer_latency, d.energy, d.layer_energy, d.area, fits ? "ok" : "FAILED", d.structure ? "" : " " + d.first);
  }
  if (o.json) std::cout << j.dump(1) << "\n";
  else fmt::print("largest relative differences; limits: latency 1e-3, energy 5e-3, PEs, tiles and buffers equal\n");
  if (!good) throw Failed(o.cases + ": not every case is reproduced");
}

void run_estimate(EstimateArguments o) {
  EstimateData data = load_estimate_data(home());
  if (!o.cases.empty()) return check_cases(o, data);
  RunResult against;
  if (!o.against.empty()) against = read_run(o);
  if (o.network.empty()) throw InputError({"network", 0, 0}, "missing-argument", "name a network of models/ or a network.json");
  EstimateRequest request = request_of(o);
  set_mnsim(o, request.base, data.mnsim, request.quirks);
  Network network = load_network(network_file(o.network));
  say_remarks(network);
  if (!o.against.empty()) {
    const std::string result = o.against + "/result.json";
    if (against.setting.network != network.name)
      throw InputError({result, 0, 0}, "other-network", fmt::format("a run of {}, not of {}", against.setting.network, network.name));
    against.setting.network_file = network.file;
    check_unchanged(against.setting, request.base, o.exact, result);
  }
  if (o.classifier_bits > 0 && request.design.file)
    for (const LayerDesign& l : request.design.file->layers)
      if (const int n = network.find(l.node); n >= 0 && network.nodes[static_cast<std::size_t>(n)].role == Role::classifier &&
                                              l.weight_bits > 0 && l.weight_bits != o.classifier_bits)
        throw InputError(l.bits_where, "contradictory-bits",
                         fmt::format("layer '{}' has weight_bits {} in the design, --classifier-bits says {}; leave one of them out",
                                     l.node, l.weight_bits, o.classifier_bits));
  if (o.classifier_bits > 0)
    for (Node& node : network.nodes)
      if (node.role == Role::classifier) node.weight_bits = o.classifier_bits;
  if (request.design.file && request.design.file->weight_bits > 0) request.weight_bits = request.design.file->weight_bits;
  if (o.exact && !request.rtl)
    throw InputError({"--exact", 0, 0}, "bad-argument", "the mnsim model has no events to count; take --model rtl or both");
  NetworkEstimate e = estimate_network(network, request, data);
  if (o.exact) {
    const std::vector<EventCounts> events = count_events(o, request, network);
    for (const EventDifference& d : compare_events(e, events, false))
      if (!d.on_data)
        throw Failed(fmt::format("layer {}: {} is {} by the closed form and {} in the golden model", d.layer, d.event, d.estimated, d.counted));
    use_counted_events(e, request, data, events);
  }
  if (!o.against.empty()) return check_against(o, e, against);
  const EstimateReport report{request, o.rule == "paper" ? CountRule::paper : CountRule::physical, o.clock, o.exact,
                              {{"network", e.network.name}, {"design", o.design}, {"wrap", o.wrap}, {"crossbar", o.crossbar},
                               {"weight_bits", request.weight_bits}, {"act_bits", o.act_bits}, {"lanes", o.lanes}}};
  if (!o.csv.empty()) write_file_atomically(o.csv, csv_of(e, report));
  if (o.json) std::cout << json_of(e, report).dump(1) << "\n";
  else print_text(e, report);
}

}  // namespace

/// Options of the estimate of a chip; `o` holds what both take.
void run_chip_estimate(const EstimateArguments& o, const CLI::App& verb) {
  ChipEstimateArguments chip = o.as_chip;
  for (const CLI::Option* option : verb.get_options())
    if (option->count() > 0) {
      static const std::set<std::string> taken = {"--top", "--config", "--crossbar", "--design", "--set", "--fifo-depths", "--fifo", "--images", "--stepped", "--exact", "--mnsim", "--clock", "--json"};
      if (!taken.count(option->get_name()))
        throw InputError({option->get_name(), 0, 0}, "bad-argument", "does not go with --top network; legal: " + fmt::format("{}", fmt::join(taken, " ")));
    }
  if (chip.config.config.empty()) throw InputError({"--config", 0, 0}, "missing-argument", "--top network needs a configuration");
  if (!(o.clock > 0 && o.clock <= 1e6)) throw InputError({"--clock", 0, 0}, "value-out-of-range", fmt::format("{} MHz; legal: above 0, up to 1e6", o.clock));
  chip.config.crossbar = o.crossbar_given ? o.crossbar : "";
  chip.config.design = verb.count("--design") > 0 ? o.design : "";
  chip.config.set = o.set;
  chip.exact = o.exact;
  chip.clock = o.clock;
  chip.json = o.json;
  estimate_chip_verb(chip);
}

void add_estimate(CLI::App& app) {
  auto o = std::make_shared<EstimateArguments>();
  CLI::App* verb = app.add_subcommand("estimate", "Crossbars, latency, energy and area of a network before any hardware exists");
  verb->add_option("network", o->network, "Name of a network in models/, or a network.json");
  verb->add_option("--design", o->design, "Epitomes or pools: none, uniform ROWSxCOLUMNS, pool:SHARE (weight pools with 1, 0.5, 0.25 or 0.125 of the error), or a design file")->capture_default_str();
  verb->add_option("--wrap", o->wrap, "Output channel wrapping")->check(CLI::IsMember({"off", "copies", "stored_once"}))->capture_default_str();
  verb->add_option("--crossbar", o->crossbar, "Crossbar size")->capture_default_str();
  verb->add_option("-w,--weight-bits", o->weight_bits, "Weight bits, 2..32; 32 = FP32 (rtl model: up to 9)")->capture_default_str();
  verb->add_option("--classifier-bits", o->classifier_bits, "Weight bits of the classifier, where they differ");
  verb->add_option("-a,--act-bits", o->act_bits, "Activation bits, 1..32 (rtl model: up to 9)")->capture_default_str();
  verb->add_option("--lanes", o->lanes, "Channels per word")->capture_default_str();
  verb->add_option("--set", o->set, "Override a key of the core: hardware.key=value (repeatable)")->allow_extra_args(false);
  verb->add_option("--model", o->model, "rtl: our own core, exact; mnsim: MNSIM 2.0")->check(CLI::IsMember({"rtl", "mnsim", "both"}))->capture_default_str();
  verb->add_option("--rule", o->rule, "Which crossbar count utilisation and compression follow")->check(CLI::IsMember({"physical", "paper"}))->capture_default_str();
  verb->add_option("--clock", o->clock, "MHz that turn cycles into time (own choice)")->capture_default_str();
  verb->add_flag("--exact", o->exact, "Count the events that the data decide on a seeded image (golden model), as epim run does");
  verb->add_option("--image", o->image, "With --exact: input, PNG, PPM, PGM, or .npy [C][H][W] of integers");
  verb->add_option("--seed", o->seed, "With --exact: seed of weights and image")->capture_default_str();
  verb->add_option("--against", o->against, "Folder of an epim run: compare cycles and events of every layer with its RTL counters");
  verb->add_flag("--compat", o->compat, "mnsim: all quirks of MNSIM, one bit per cell");
  verb->add_option("--quirk", o->quirks, "mnsim: one quirk, NAME=on or NAME=off (repeatable)")->allow_extra_args(false);
  verb->add_option("--mnsim-set", o->mnsim_set, "mnsim: a key of SimConfig.ini, e.g. ADC_Num=64 (repeatable)")->allow_extra_args(false);
  verb->add_option("--mnsim-config", o->mnsim_config, "mnsim: a SimConfig.ini, or JSON overrides of it");
  verb->add_option("--slices", o->slices, "mnsim: crossbar pairs per weight; default: from bits and cells");
  verb->add_option("--classes", o->classes, "mnsim: outputs of the last layer; default: as in the network");
  verb->add_option("--activations", o->activations, "mnsim: how often an epitome fires")->check(CLI::IsMember({"patches", "rows"}))->capture_default_str();
  verb->add_option("--traffic", o->traffic, "mnsim: what an epitome moves through its buffers; partial-sums is a hypothesis (docs/estimate.md)")
      ->check(CLI::IsMember({"whole-position", "partial-sums"}))->capture_default_str();
  verb->add_option("--mnsim-cases", o->cases, "Compare the mnsim model with every answer of MNSIM in a file");
  o->as_chip.chip.add(*verb);
  verb->add_option("-c,--config", o->as_chip.config.config, "With --top network: configuration of the chip (TOML)");
  verb->add_flag("--stepped", o->as_chip.stepped, "With --top network: size the FIFOs by --fifo-depths and step the whole chip: first image, levels, exactly");
  verb->add_flag("--mnsim", o->as_chip.mnsim, "With --top network: MNSIM's pipelined answer for the same network, its assumptions replaced by ours one after the other");
  verb->add_option("--images", o->as_chip.images, "With --stepped: images back to back; default: 3, with --exact all of the configuration")->check(CLI::Range(1, 1000000));
  verb->add_flag("--json", o->json, "Result as JSON on stdout");
  verb->add_option("--csv", o->csv, "Write one line per layer to a file");
  verb->footer("Examples:\n  epim estimate resnet50\n  epim estimate resnet50 --design none --model mnsim --compat -w 32 -a 32 --slices 16 --classes 10\n"
               "  epim estimate resnet50 --against out/run-resnet50-1a2b3c4d\n  epim estimate --mnsim-cases tb/unit/data/mnsim_cases.json\n"
               "  epim estimate vgg16 --compat --model mnsim --mnsim-set ADC_Num=64 --mnsim-set Tile_Num=96,96\n"
               "  epim estimate --top network --config configs/digits_residual.toml --stepped");
  verb->callback([o, verb] {
    o->crossbar_given = verb->count("--crossbar") > 0;
    o->bits_given = verb->count("--weight-bits") > 0;
    o->wrap_given = verb->count("--wrap") > 0;
    for (const char* option : {"--design", "--wrap", "--crossbar", "--weight-bits", "--act-bits", "--lanes", "--set", "--seed",
                               "--image", "--classifier-bits", "--model"})
      if (verb->count(option) > 0) o->given.push_back(option);
    if (o->as_chip.chip.network()) return run_chip_estimate(*o, *verb);
    for (const char* option : {"--config", "--fifo-depths", "--fifo", "--stepped", "--images", "--mnsim"})
      if (verb->count(option) > 0) throw InputError({option, 0, 0}, "bad-argument", "is about a chip; legal: with --top network");
    run_estimate(*o);
  });
}

}  // namespace epim::command

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/command/command.hpp"
#include "gen/config/unused_keys.hpp"
#include "gen/search/mixed_precision.hpp"
#include "gen/base/output_folder.hpp"
#include "gen/network/golden_network.hpp"
#include "golden/evaluate.hpp"
#include "golden/graph/float_network.hpp"
#include "golden/files/integer_bundle.hpp"
#include "gen/network/scale_check.hpp"
#include "gen/network/walk.hpp"
#include "golden/parallel.hpp"

namespace epim::command {
namespace {

using Json = nlohmann::ordered_json;

struct QuantizeArguments {
  ConfigOptions config;
  std::string network, mode = "per_crossbar", scheme = "symmetric", bits, out;
  int weight_bits = 0;
  std::optional<double> w1, w2;
  std::string choose, traces, rule = "physical", design_out;
  std::int64_t budget = -1;
  bool choosing = false, json = false, accuracy = false;
};

QuantiseOptions quantise_options(const QuantizeArguments& o) {
  QuantiseOptions q;
  q.mode = range_mode_from(o.mode);
  q.affine = o.scheme == "affine";
  for (const auto& [name, w] : {std::pair{"--w1", o.w1}, std::pair{"--w2", o.w2}}) {
    if (!w) continue;
    if (q.mode != RangeMode::overlap)
      throw InputError({name, 0, 0}, "quantisation-weights", fmt::format("{} weighs ranges in mode overlap only; the mode is {}", name, o.mode));
    if (!(*w >= 0) || !std::isfinite(*w))
      throw InputError({name, 0, 0}, "quantisation-weights", fmt::format("{}; legal: a finite number >= 0", *w));
  }
  q.w1 = o.w1.value_or(-1);
  q.w2 = o.w2.value_or(-1);
  if (q.w1 > 1 && q.w2 < 0)
    throw InputError({"--w1", 0, 0}, "quantisation-weights", fmt::format("{} leaves w2 = 1 - w1 negative; legal: 0..1, or any with --w2", q.w1));
  if (q.w1 == 0 && q.w2 == 0)
    throw InputError({"--w1", 0, 0}, "quantisation-weights", "w1 = w2 = 0 leaves no range; legal: one of them > 0");
  return q;
}

/// Widest code of a design; 0 = none named.
int widest(const Design& d) {
  int bits = d.weight_bits;
  for (const LayerDesign& l : d.layers) bits = std::max(bits, l.weight_bits);
  return bits;
}

/// Configuration from --config, or from the network alone.
Config load(QuantizeArguments& o, const std::vector<int>& choices, const QuantiseOptions& q) {
  if (!o.bits.empty()) {
    if (!o.config.design.empty())
      throw InputError({"--bits", 0, 0}, "contradictory-bits", "--bits and --design both name a design file; legal: one of them");
    o.config.design = o.bits;
  }
  int bits = o.weight_bits;
  std::optional<Design> design;
  if (!o.config.design.empty()) design = read_design(o.config.design);
  if (!choices.empty()) {
    if (bits > 0 || (design && widest(*design) > 0))
      throw InputError({"--choose", 0, 0}, "contradictory-bits",
                       fmt::format("--choose picks the widths, and {} gives them; legal: one of the two", bits > 0 ? "--weight-bits" : o.config.design));
    bits = choices.back();
  }
  if (design && o.weight_bits > 0) check_bits(*design, o.weight_bits);
  if (design && bits == 0 && o.config.config.empty()) bits = widest(*design);
  std::vector<std::string>& set = o.config.set;
  if (bits > 0) set.push_back(fmt::format("hardware.weight_bits={}", bits));
  if (q.affine) set.push_back("hardware.zero_point=true");

  std::string file = o.network, weights;
  if (!file.empty()) {
    if (std::filesystem::path(file).extension() == ".npz") {
      weights = file;
      file = (std::filesystem::path(file).parent_path() / "network.json").string();
      if (!std::filesystem::exists(weights)) throw InputError({weights, 0, 0}, "unreadable-file", "no such file");
      if (!std::filesystem::exists(file))
        throw InputError({weights, 0, 0}, "bundle-without-network",
                         "no network.json beside this bundle; name the network, and the bundle by --set network.weights=FILE");
    } else {
      file = network_file(file);
    }
    set.push_back("network.file=" + Json(file).dump());
    if (!weights.empty()) set.push_back("network.weights=" + Json(weights).dump());
  } else if (o.config.config.empty()) {
    throw InputError({"command line", 0, 0}, "bad-argument", "a NETWORK or --config is needed (see epim quantize --help)");
  }
  if (!o.config.config.empty()) {
    Config c = o.config.load();
    c.device.spare_columns = 0;  // columns stay where the network has them
    if (!c.network) throw InputError({o.config.config, 0, 0}, "layer-or-network", "epim quantize needs a configuration with [network]");
    return c;
  }
  refuse_unused_keys(o.config.use, o.config.set);
  const Network network = load_network(file);
  std::vector<std::string> overrides = set;
  if (!o.config.crossbar.empty()) overrides.push_back("hardware.crossbar=" + o.config.crossbar);
  Config options;
  options.path = "quantize options";
  options.positions[""] = {options.path, 0, 0};
  options.name = network.name;
  options.core.hw.act_bits = network.input_bits;
  options.core.hw.act_signed = network.input_signed;
  options.core.hw.out_bits = 16;
  options.network.emplace().file = file;
  options = with_overrides(options, overrides);
  options.network->design = o.config.design;
  return options;
}

BitAssignment choose(const QuantizeArguments& o, const Config& config, CompiledNetwork& net, const std::vector<int>& choices, const QuantiseOptions& q) {
  if (o.traces.empty())
    throw InputError({"--choose", 0, 0}, "missing-traces", "--traces FILE is needed (scripts/hessian_trace.py writes one)");
  if (o.budget < 0)
    throw InputError({"--choose", 0, 0}, "missing-budget", "--budget CROSSBARS is needed");
  const HessianTraces traces = read_traces(o.traces);
  if (traces.network != net.network.name)
    throw InputError({o.traces, 0, 0}, "trace-network", fmt::format("the traces are of network '{}', this one is '{}'", traces.network, net.network.name));
  std::vector<LayerBits> options;
  for (const CompiledLayer& l : net.layers)
    options.push_back(bit_options(net.network, l.node, l.layer, float_epitome(net, l), net.core->hw, choices, traces,
                                  o.rule == "paper" ? CountRule::paper : CountRule::physical, q));
  BitAssignment a = assign_bits(net.network, std::move(options), o.budget);
  for (std::size_t i = 0; i < net.layers.size(); ++i) {
    net.layers[i].weight_bits = a.layers[i].choice().bits;
    net.network.nodes[static_cast<std::size_t>(net.layers[i].node)].weight_bits = a.layers[i].choice().bits;
  }
  return a;
}

/// The design that the assignment makes: widths alone, on top of the design that was given.
Design design_with_bits(const QuantizeArguments& o, const Config& config, const CompiledNetwork& net, const BitAssignment& a) {
  Design d;
  if (!config.network->design.empty()) d = read_design(config.network->design);
  d.network = net.network.name;
  for (const LayerBits& l : a.layers) {
    const std::string& name = net.network.nodes[static_cast<std::size_t>(l.node)].name;
    auto entry = std::find_if(d.layers.begin(), d.layers.end(), [&](const LayerDesign& e) { return e.node == name; });
    if (entry == d.layers.end()) {
      d.layers.push_back({});
      entry = std::prev(d.layers.end());
      entry->node = name;
    }
    entry->weight_bits = l.choice().bits;
  }
  d.provenance = {{"made_by", "epim quantize"}, {"choose", o.choose}, {"budget", o.budget}, {"rule", o.rule}, {"mode", o.mode},
                  {"scheme", o.scheme}, {"crossbar", fmt::format("{}x{}", config.core.hw.xb_rows, config.core.hw.xb_cols)},
                  {"crossbars", a.crossbars}, {"cost", a.cost}};
  return d;
}

Json assignment_json(const CompiledNetwork& net, const BitAssignment& a, const QuantizeArguments& o) {
  Json j = {{"budget", o.budget}, {"rule", o.rule}, {"crossbars", a.crossbars}, {"cost", a.cost}};
  for (const LayerBits& l : a.layers) {
    Json row = {{"layer", net.network.nodes[static_cast<std::size_t>(l.node)].name}, {"trace", l.trace}, {"weight_bits", l.choice().bits}};
    for (const BitOption& b : l.options)
      row["options"].push_back({{"weight_bits", b.bits}, {"crossbars", b.crossbars}, {"error", b.error}, {"cost", b.cost}});
    j["layers"].push_back(std::move(row));
  }
  return j;
}

void assignment_text(const CompiledNetwork& net, const BitAssignment& a, const QuantizeArguments& o) {
  fmt::print("{:<22} {:>11}", "layer", "trace");
  for (const BitOption& b : a.layers.front().options) fmt::print("   W{} XBs        cost", b.bits);
  fmt::print("  chosen\n");
  std::vector<std::int64_t> crossbars(a.layers.front().options.size());
  std::vector<double> cost(crossbars.size());
  for (const LayerBits& l : a.layers) {
    fmt::print("{:<22} {:>11.4g}", net.network.nodes[static_cast<std::size_t>(l.node)].name, l.trace);
    for (std::size_t i = 0; i < l.options.size(); ++i) {
      fmt::print(" {:>8} {:>11.4e}", l.options[i].crossbars, l.options[i].cost);
      crossbars[i] += l.options[i].crossbars;
      cost[i] += l.options[i].cost;
    }
    fmt::print("  W{}\n", l.choice().bits);
  }
  fmt::print("{:<22} {:>11}", "all layers alike", "");
  for (std::size_t i = 0; i < cost.size(); ++i) fmt::print(" {:>8} {:>11.4e}", crossbars[i], cost[i]);
  fmt::print("\nchosen: {} of {} crossbars ({} rule), cost {:.4e}, the least of all choices\n\n", a.crossbars, o.budget, o.rule, a.cost);
}

double share(double part, double whole) { return whole > 0 ? part / whole : 0; }

int crossbars(const CompiledLayer& l) {
  Hardware own = l.hw;
  if (l.weight_bits > 1) own.weight_bits = l.weight_bits;
  return 2 * own.slices() * l.quantised.pe_rows * l.quantised.pe_cols;
}

Json layers_json(const CompiledNetwork& net) {
  Json layers = Json::array();
  for (const CompiledLayer& l : net.layers) {
    const QuantisedEpitome& q = l.quantised;
    Json row = {{"layer", l.layer.name}, {"weight_bits", l.weight_bits}, {"crossbars", crossbars(l)},
                {"error", q.error}, {"relative_error", share(q.error, q.size)}, {"scale_error", l.scale_error},
                {"channel_error", l.channel_error}, {"shift", l.layer.shift}};
    for (const BlockQuantisation& b : q.blocks)
      row["blocks"].push_back({{"pe_row", b.pe_row}, {"pe_col", b.pe_col}, {"alpha", b.alpha}, {"beta", b.beta}, {"w1", b.w1}, {"w2", b.w2},
                               {"scale", b.scale}, {"zero", b.zero}, {"multiplier", l.data.crossbar_scale(b.pe_row, b.pe_col)},
                               {"error", b.error}, {"relative_error", share(b.error, b.size)}, {"clamped", b.clamped}});
    layers.push_back(std::move(row));
  }
  return layers;
}

void layers_text(const CompiledNetwork& net) {
  fmt::print("{:<22} {:>2} {:>5} {:>19} {:>11} {:>4} {:>4} {:>7} {:>11} {:>9}\n", "layer, PE", "W", "XBs", "range", "S", "Z", "M", "clamped", "error",
             "relative");
  double error = 0, size = 0;
  int xbs = 0;
  for (const CompiledLayer& l : net.layers) {
    const QuantisedEpitome& q = l.quantised;
    int clamped = 0;
    for (const BlockQuantisation& b : q.blocks) clamped += b.clamped;
    fmt::print("{:<22} {:>2} {:>5} {:>19} {:>11} {:>4} {:>4} {:>7} {:>11.4e} {:>7.3f} %\n", l.layer.name, l.weight_bits, crossbars(l), "", "",
               "", "", clamped, q.error, 100 * share(q.error, q.size));
    for (const BlockQuantisation& b : q.blocks)
      fmt::print("  {:<20} {:>2} {:>5} {:>19} {:>11.5g} {:>4} {:>4} {:>7} {:>11.4e} {:>7.3f} %\n", fmt::format("{},{}", b.pe_row, b.pe_col), "", "",
                 fmt::format("{:.4f}..{:.4f}", b.alpha, b.beta), b.scale, b.zero, l.data.crossbar_scale(b.pe_row, b.pe_col), b.clamped, b.error,
                 100 * share(b.error, b.size));
    error += q.error;
    size += q.size;
    xbs += crossbars(l);
  }
  fmt::print("{:<22} {:>2} {:>5} {:>19} {:>11} {:>4} {:>4} {:>7} {:>11.4e} {:>7.3f} %\n", "all layers", "", xbs, "", "", "", "", "", error,
             100 * share(error, size));
}

/// Shares of the images that the float network and the golden model on the integers classify as labelled.
std::pair<double, double> accuracies(const Config& config, const CompiledNetwork& net) {
  if (config.network->images.empty() || config.network->labels.empty())
    throw InputError({"--accuracy", 0, 0}, "missing-images", "--accuracy needs a configuration with network.images and network.labels");
  const LabelledImages test = load_images(config, net.network, 0);
  check_scales(net, test.images);
  const FloatNetwork real(net.network, net.weights);
  const GoldenNetwork golden(net, false);
  const std::size_t n = test.images.size(), together = 64;
  std::vector<char> right_float(n), right(n);
  Progress progress("classifying");
  for (std::size_t first = 0; first < n; first += together) {
    progress.update(static_cast<double>(first) / static_cast<double>(n), fmt::format("{} of {} images", first, n));
    parallel(std::min(together, n - first), processors(), [&](std::size_t k) {
      const std::size_t i = first + k;
      const FloatTensor f = real.run(test.images[i]);
      right_float[i] = std::max_element(f.data.begin(), f.data.end()) - f.data.begin() == test.labels[i];
      right[i] = argmax(golden.run(test.images[i], 1, {}, nullptr, static_cast<std::int64_t>(i))) == test.labels[i];
    });
  }
  progress.clear();
  const auto share = [&](const std::vector<char>& v) { return static_cast<double>(std::count(v.begin(), v.end(), 1)) / static_cast<double>(n); };
  return {share(right_float), share(right)};
}

void run_quantize(QuantizeArguments o) {
  const QuantiseOptions q = quantise_options(o);
  const std::vector<int> choices = o.choosing ? parse_bit_set(o.choose, "--choose") : std::vector<int>{};
  if (choices.empty())
    for (const auto& [name, given] : {std::pair{"--budget", o.budget >= 0}, std::pair{"--traces", !o.traces.empty()}, std::pair{"--design-out", !o.design_out.empty()}})
      if (given) throw InputError({name, 0, 0}, "empty-bit-set", "no widths to choose from; name them by --choose, e.g. --choose 3,5");
  Config config = load(o, choices, q);
  if (!config.network->integers.empty())
    throw InputError(config.locate("network.integers"), "contradictory-weights", "network.integers is quantised already; leave it out");
  CompiledNetwork net = lay_out_network(config, policy_for(config));
  if (net.policy == CorePolicy::own && !choices.empty())
    throw InputError({"--choose", 0, 0}, "contradictory-bits", "the network has weight pools, whose codes are -1 and 1; legal: without --choose");
  std::optional<BitAssignment> assignment;
  if (!choices.empty()) assignment = choose(o, config, net, choices, q);
  quantise_network(config, net, q);
  std::optional<std::pair<double, double>> accuracy;
  if (o.accuracy) accuracy = accuracies(config, net);

  if (!o.design_out.empty()) write_file_atomically(o.design_out, design_text(design_with_bits(o, config, net, *assignment)));
  if (!o.out.empty()) {
    std::vector<IntegerBundleLayer> layers;
    for (const CompiledLayer& l : net.layers) layers.push_back({&l.layer, l.weight_bits, &l.data, &l.quantised});
    write_npz(o.out, integer_bundle(config.core.hw, layers));
  }
  const std::string size = fmt::format("{}x{}", config.core.hw.xb_rows, config.core.hw.xb_cols);
  if (o.json) {
    Json j = {{"network", net.network.name}, {"mode", o.mode}, {"scheme", o.scheme}, {"crossbar", size}, {"cell_bits", config.core.hw.cell_bits},
              {"lanes", config.core.hw.lanes}, {"weight_bits", config.core.hw.weight_bits}};
    if (assignment) j["assignment"] = assignment_json(net, *assignment, o);
    j["layers"] = layers_json(net);
    if (accuracy) j["accuracy"] = {{"float", accuracy->first}, {"golden", accuracy->second}};
    std::cout << j.dump(1) << "\n";
    return;
  }
  if (assignment) assignment_text(net, *assignment, o);
  layers_text(net);
  fmt::print("{}: {} {}, {} crossbars, {}-bit cells; error = sum R(e)(Q(e)-e)^2 = squared error of the reconstructed convolution\n", net.network.name,
             o.mode, o.scheme, size, config.core.hw.cell_bits);
  if (accuracy) fmt::print("accuracy: float {:.2f} %, integers on the golden model {:.2f} %\n", 100 * accuracy->first, 100 * accuracy->second);
  if (!o.design_out.empty()) fmt::print("design: {}\n", o.design_out);
  if (!o.out.empty()) fmt::print("integers: {} (epim sim{} --config ... --set network.integers={}{})\n", o.out, net.core ? "" : " --top network", o.out,
                                 q.affine ? " --set hardware.zero_point=true" : "");
}

}  // namespace

void add_quantize(CLI::App& app) {
  auto o = std::make_shared<QuantizeArguments>();
  CLI::App* verb = app.add_subcommand("quantize", "Float bundle to integer bundle, with the error of every layer and crossbar; mixed precision");
  verb->add_option("network", o->network, "Network in models/, a network.json, or a float bundle (.npz) beside one; default: the configuration's");
  o->config.add(*verb, false);
  verb->add_option("--mode", o->mode, "One scale per layer; per crossbar; per crossbar with a range weighted by overlap (paper Eq. 4, 5)")
      ->check(CLI::IsMember({"naive", "per_crossbar", "overlap"}))->capture_default_str();
  verb->add_option("--scheme", o->scheme, "Z = 0; or paper Eq. 2, 3, which need hardware.zero_point")
      ->check(CLI::IsMember({"symmetric", "affine"}))->capture_default_str();
  verb->add_option("-w,--weight-bits", o->weight_bits, "Width of all layers, sign included")->check(CLI::Range(2, 9));
  verb->add_option("--bits", o->bits, "Design file with weight_bits per layer; as --design");
  verb->add_option("--w1", o->w1, "Weight of the elements with most repetitions; default: their share of all repetitions");
  verb->add_option("--w2", o->w2, "Weight of the others; default: 1 - w1");
  auto* choose = verb->add_option("--choose", o->choose, "Mixed precision: pick a width per layer out of these, e.g. 3,5");
  verb->add_option("--budget", o->budget, "Crossbars that the choice may take")->check(CLI::NonNegativeNumber);
  verb->add_option("--traces", o->traces, "Hessian traces per layer, JSON (docs/quantisation.md)");
  verb->add_option("--rule", o->rule, "How crossbars are counted")->check(CLI::IsMember({"physical", "paper"}))->capture_default_str();
  verb->add_option("--design-out", o->design_out, "Write the choice as a design file");
  verb->add_flag("--accuracy", o->accuracy, "Also classify the configuration's images, in floating point and on the golden model");
  verb->add_option("-o,--out", o->out, "Write the integer bundle (.npz)");
  verb->add_flag("--json", o->json, "Result as JSON on stdout");
  verb->footer("Examples:\n  epim quantize --config configs/digits.toml --mode overlap -w 3 --out out/digits-w3.npz\n"
               "  epim sim --config configs/digits.toml --set hardware.weight_bits=3 --set network.integers=out/digits-w3.npz\n"
               "  epim quantize digits --choose 3,5 --budget 32 --traces models/digits/traces.json --design-out out/mixed.json\n"
               "  epim quantize digits --bits out/mixed.json --out out/mixed.npz");
  verb->callback([o, choose] {
    QuantizeArguments copy = *o;
    copy.choosing = choose->count() > 0;
    run_quantize(copy);
  });
}

}  // namespace epim::command

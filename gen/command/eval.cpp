// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/accuracy/evaluation_report.hpp"
#include "gen/base/hash.hpp"
#include "gen/base/interrupt.hpp"
#include "gen/base/output_folder.hpp"
#include "gen/command/command.hpp"
#include "gen/network/input_checks.hpp"
#include "gen/network/scale_check.hpp"
#include "gen/network/synthetic_network.hpp"
#include "golden/parallel.hpp"

namespace epim::command {
namespace {

struct EvalArguments {
  std::string network, images, labels, weights, out;
  ConfigOptions config;
  std::vector<int> weight_bits, adc_bits;
  std::vector<std::string> sweep;
  int seeds = 1;
  int act_bits = 9, lanes = 16, jobs = 0, max_pes = DesignChoice{}.max_pes;
  std::int64_t first = 0, limit = 0;
  std::uint64_t seed = 1;
  bool act_bits_given = false, lanes_given = false, events = false, json = false;
};

/// What a NETWORK or --config turned out to be, and where images and classes come from.
struct Subject {
  std::optional<Config> config;   ///< of --config or of an imported folder
  std::optional<Network> network; ///< else: of a name or file, mapped as `epim run` maps it
  EvaluationSubject said;
};

Subject find_subject(EvalArguments& o) {
  namespace fs = std::filesystem;
  Subject s;
  std::string config = o.config.config;
  if (!o.network.empty() && !config.empty())
    throw InputError({"command line", 0, 0}, "bad-argument", "a NETWORK and --config are both given, legal: one of them");
  if (o.network.empty() && config.empty()) throw InputError({"command line", 0, 0}, "bad-argument", "a NETWORK or --config is needed (see epim eval --help)");
  if (fs::is_directory(o.network)) {
    config = (fs::path(o.network) / "config.toml").string();
    if (!fs::is_regular_file(config))
      throw InputError({o.network, 0, 0}, "unreadable-file", "a folder without config.toml, legal: a folder that epim import wrote, or a network.json");
  }
  s.said.images = o.images;
  s.said.labels = o.labels;
  s.said.first = static_cast<std::size_t>(o.first);
  if (config.empty()) {
    s.network = load_network(network_file(o.network));
    s.said.network_file = s.network->file;
    s.said.weights = o.weights;
  } else {
    for (const auto& [given, name] : {std::pair{o.act_bits_given, "--act-bits"}, {o.lanes_given, "--lanes"}, {!o.weights.empty(), "--weights"}})
      if (given)
        throw InputError({name, 0, 0}, "bad-argument", fmt::format("with a configuration, which says it; legal: --set of its key in {}", config));
    o.config.config = config;
    s.config = o.config.load();
    if (!s.config->network) throw InputError({config, 0, 0}, "layer-or-network", "epim eval needs a configuration with [network]");
    s.said.network_file = s.config->network->file;
    if (s.said.images.empty()) {
      s.said.images = s.config->network->images;
      if (s.said.labels.empty()) s.said.labels = s.config->network->labels;
    }
    s.said.weights = s.config->network->weights;
  }
  if (s.said.images.empty() && !s.said.labels.empty())
    throw InputError({"--labels", 0, 0}, "bad-argument", "classes without images, legal: with --images");
  return s;
}

using Settings = std::vector<std::pair<std::string, std::string>>;

/// Every combination of the values of --sweep, the last key's changing fastest.
std::vector<Settings> swept_settings(const std::vector<std::string>& sweeps) {
  std::vector<Settings> all = {{}};
  if (sweeps.size() > 2) throw InputError({"--sweep", 0, 0}, "bad-argument", fmt::format("{} keys are swept, legal: one or two", sweeps.size()));
  for (const std::string& sweep : sweeps) {
    const std::size_t equals = sweep.find('=');
    if (equals == std::string::npos || equals + 1 == sweep.size())
      throw InputError({"--sweep " + sweep, 0, 0}, "bad-argument", "legal: KEY=VALUE,VALUE,..., as in device.program_sigma=0,0.05,0.1");
    std::vector<Settings> more;
    for (const Settings& s : all) {
      std::stringstream values(sweep.substr(equals + 1));
      for (std::string v; std::getline(values, v, ',');) {
        more.push_back(s);
        more.back().emplace_back(sweep.substr(0, equals), v);
      }
    }
    all = std::move(more);
  }
  return all;
}

/// The network of one pair of widths and of one combination of swept keys; 0: what the configuration says.
CompiledNetwork compile_point(const EvalArguments& o, const Subject& s, const DataSet* data, int weight_bits, int adc_bits, const Settings& swept) {
  std::vector<std::string> set;
  for (const auto& [key, value] : swept) set.push_back(key + "=" + value);
  if (adc_bits > 0) set.push_back(fmt::format("hardware.adc_bits={}", adc_bits));
  if (s.config) {
    if (weight_bits > 0) set.push_back(fmt::format("hardware.weight_bits={}", weight_bits));
    const Config config = with_overrides(*s.config, set);
    return compile_network(config, {}, policy_for(config));
  }
  set.insert(set.begin(), o.config.set.begin(), o.config.set.end());
  const std::vector<std::string> device_keys = take_device_keys(set);
  HardwareRequest hw = network_hardware(o.config.crossbar.empty() ? "256x256" : o.config.crossbar, weight_bits > 0 ? weight_bits : 9, o.act_bits, o.lanes, set);
  const DeviceModel device = network_device(o.config.device, device_keys, hw);
  DesignChoice design = design_choice(o.config.design.empty() ? "1024x256" : o.config.design);
  if (design.file && weight_bits > 0) check_bits(*design.file, weight_bits);
  design.max_pes = o.max_pes;
  Mapping mapping = map_network(*s.network, hw, design);
  std::optional<NpzFile> weights;
  if (!o.weights.empty()) weights = read_npz(o.weights);
  const IntTensor image = data ? data->image(0) : synthetic_image(*s.network, o.seed);
  SynthesisedNetwork integers = synthesise_network(mapping, image, {o.seed, weights ? &*weights : nullptr}, o.jobs > 0 ? o.jobs : processors(), {});
  CompiledNetwork net = synthesised_network(std::move(mapping), std::move(integers), weights ? &*weights : nullptr);
  program_network(net, device);
  return net;
}

/// Network, images and widths before anything is computed. Scales that the network leaves out come from the first image.
std::string calibrated_on(const EvalArguments& o, const Subject& s) {
  if (s.config || o.weights.empty()) return "";
  for (const Node& n : s.network->nodes)
    if (n.has_weights() && n.act_scale <= 0) return fmt::format("image {}", o.first);
  return "";
}

void write_results(const std::string& folder, const nlohmann::ordered_json& json, const EvaluationResult& r, const DataSet& data, double seconds, int jobs) {
  std::vector<std::pair<std::string, NpyArray>> arrays;
  const auto add = [&](const std::string& name, const std::vector<int>& v) {
    IntTensor t({static_cast<int>(v.size())});
    std::copy(v.begin(), v.end(), t.data.begin());
    arrays.emplace_back(name, NpyArray::from(t, DType::i32));
  };
  if (r.reference) add("float", r.reference->top1);
  for (std::size_t p = 0; p < r.points.size(); ++p) add(fmt::format("point{}", p), r.points[p].answers.top1);
  write_npz(folder + "/predictions.npz", arrays);
  write_file_atomically(folder + "/performance.json",
                        nlohmann::ordered_json{{"seconds", seconds}, {"threads", jobs}, {"images", r.images}, {"points", r.points.size()}}.dump(1) + "\n");
  write_file_atomically(folder + "/result.json", json.dump(1) + "\n");
}

void run_eval(EvalArguments o) {
  Subject s = find_subject(o);
  const int jobs = o.jobs > 0 ? o.jobs : processors();
  if (o.weight_bits.empty()) o.weight_bits = {0};
  if (o.adc_bits.empty()) o.adc_bits = {0};
  const Network network = s.config ? load_network(s.config->network->file) : *s.network;
  say_remarks(network);
  const DataSet data = s.said.images.empty() ? DataSet(network, o.seed, o.limit > 0 ? static_cast<std::size_t>(o.limit) : 16)
                                             : DataSet(network, s.said.images, s.said.labels, static_cast<std::size_t>(o.first), static_cast<std::size_t>(o.limit));
  s.said.calibrated_on = calibrated_on(o, s);
  const bool devices = !o.sweep.empty() || o.seeds > 1 || !o.config.device.empty();
  std::vector<CompiledNetwork> nets;
  const std::vector<Settings> combinations = swept_settings(o.sweep);
  nets.reserve(o.weight_bits.size() * o.adc_bits.size() * combinations.size() * static_cast<std::size_t>(o.seeds));
  const InterruptGuard guard;
  for (int weights : o.weight_bits)
    for (int adc : o.adc_bits) {
      check_interrupt();
      for (const Settings& swept : combinations) {
        nets.push_back(compile_point(o, s, &data, weights, adc, swept));
        const CompiledNetwork& first = nets.back();
        const DeviceModel device = first.device;
        for (int chip = 0; chip < o.seeds; ++chip) {
          if (chip > 0) {
            nets.push_back(first);
            DeviceModel other = device;
            other.seed += chip;
            program_network(nets.back(), other);
          }
          s.said.points.push_back(&nets.back());
          if (devices) s.said.settings.push_back({swept, device.seed + chip});
        }
      }
    }
  std::vector<IntTensor> some;
  for (std::size_t i = 0; i < std::min<std::size_t>(4, data.size()); ++i) some.push_back(data.image(i));
  if (nets[0].has_float) check_scales(nets[0], some);

  EvaluationOptions options;
  options.jobs = jobs;
  options.events = o.events;
  options.folder = o.out.empty() ? fmt::format("out/eval-{}-{}", network.name, evaluation_key(s.said.points, data, o.events).substr(0, 8)) : o.out;
  const std::string chunks = options.folder + "/chunks";
  const auto begin = std::chrono::steady_clock::now();
  Progress progress("evaluating");
  options.progress = [&](double share) { progress.update(share, fmt::format("{} of {} images", static_cast<std::size_t>(share * static_cast<double>(data.size())), data.size())); };
  EvaluationResult result;
  try {
    EvaluationOptions in_chunks = options;
    in_chunks.folder = chunks;
    result = evaluate(s.said.points, data, in_chunks);
  } catch (const Interrupted& e) {
    throw Interrupted(e.signal(), fmt::format("what is finished is kept in {}; the same command goes on there", options.folder));
  }
  progress.clear();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const EnergyTable table = load_energy_table(home() + "/golden/data/energy.toml");
  const nlohmann::ordered_json json = json_of(s.said, result, table);
  write_results(options.folder, json, result, data, seconds, jobs);
  if (o.json) {
    std::cout << json.dump(1) << "\n";
    return;
  }
  fmt::print("{}\n{:.1f} s, {:.1f} images/s through {} networks{} on {} threads\nresult: {}/result.json\n", text_of(s.said, result, table), seconds,
             static_cast<double>(result.images) / seconds, result.points.size(), result.reference ? " and the float network" : "", jobs, options.folder);
}

}  // namespace

void add_eval(CLI::App& app) {
  auto o = std::make_shared<EvalArguments>();
  CLI::App* verb = app.add_subcommand("eval", "Accuracy of a network over a data set, on the golden model");
  verb->add_option("network", o->network, "Name of a network in models/, a network.json (mapped as `epim run` does), or a folder that `epim import` wrote");
  o->config.add(*verb, false);
  verb->add_option("--images", o->images, "Images: .npy, .npz ('images', 'input', or the input's name), or IDX, plain or gzip; default: the configuration's, else seeded");
  verb->add_option("--labels", o->labels, "Class of every image: .npy, .npz ('labels'), or IDX");
  verb->add_option("--first", o->first, "Number of the first image")->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 31))->capture_default_str();
  verb->add_option("--limit", o->limit, "So many images at most; default: all (seeded: 16)")->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 31));
  verb->add_option("-w,--weight-bits", o->weight_bits, "Widths of the weights, one or several: 9,5,3; default: the configuration's, else 9")->delimiter(',')->check(CLI::Range(2, 9));
  verb->add_option("--adc-bits", o->adc_bits, "Resolutions of the ADCs, one or several: 8,6; default: the configuration's, else lossless")->delimiter(',')->check(CLI::Range(1, 20));
  auto* act = verb->add_option("-a,--act-bits", o->act_bits, "Bits of maps that have no format of their own (NETWORK by name or file)")->check(CLI::Range(1, 9))->capture_default_str();
  auto* lanes = verb->add_option("--lanes", o->lanes, "Channels per word (NETWORK by name or file)")->capture_default_str();
  verb->add_option("--weights", o->weights, "Float weights, .npz (NETWORK by name or file); default: seeded");
  verb->add_option("--seed", o->seed, "Seed of weights and images")->capture_default_str();
  verb->add_option("--max-pes", o->max_pes, "A plain layer of more PEs is split along its channels over several cores")->check(CLI::Range(1, 65536))->capture_default_str();
  verb->add_option("--sweep", o->sweep, "Values of a key of [device] or [hardware], repeatable once: KEY=V1,V2,...")->allow_extra_args(false);
  verb->add_option("--seeds", o->seeds, "Chips: as many device seeds, from device.seed on; accuracy is their mean, with its 95 % interval")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  verb->add_flag("--events", o->events, "Count all events too: energy of every point and layer");
  verb->add_option("-o,--out", o->out, "Folder of results; an interrupted run goes on there");
  verb->add_option("-j,--jobs", o->jobs, "Threads; default: all processors")->check(CLI::Range(1, 1024));
  verb->add_flag("--json", o->json, "Result as JSON on stdout");
  verb->footer(
      "Every pair of --weight-bits and --adc-bits is a point of the sweep.\n"
      "Examples:\n"
      "  epim eval --config configs/digits.toml --weight-bits 9,5,3 --adc-bits 8,6\n"
      "  epim eval out/fashion --images t10k-images-idx3-ubyte.gz --labels t10k-labels-idx1-ubyte.gz\n"
      "  epim eval digits --design none --crossbar 64x64 -a 8 --lanes 8 --set hardware.out_bits=16 --weights models/digits/weights.npz \\\n"
      "    --images models/digits/test_images.npy --labels models/digits/test_labels.npy\n"
      "  epim eval vgg16 --limit 4 --events\n"
      "  epim eval --config configs/digits.toml --set hardware.fraction_bits=4 --sweep device.program_sigma=0,0.05,0.1,0.2 --seeds 10\n"
      "Ended by SIGINT or SIGTERM: exit code 128 + signal; finished images are kept.");
  verb->callback([o, act, lanes] {
    EvalArguments copy = *o;
    copy.act_bits_given = act->count() > 0;
    copy.lanes_given = lanes->count() > 0;
    run_eval(copy);
  });
}

}  // namespace epim::command

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/network_jobs.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/base/hash.hpp"
#include "gen/base/output_folder.hpp"
#include "gen/base/interrupt.hpp"
#include "golden/parallel.hpp"

namespace epim {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point t) { return std::chrono::duration<double>(Clock::now() - t).count(); }

/// Runs work(i) for every i of `order` on some threads, until an interrupt.
void run_all(const std::vector<std::size_t>& order, int jobs, const std::function<void(std::size_t)>& work) {
  parallel(order.size(), jobs, [&](std::size_t i) {
    check_interrupt();
    work(order[i]);
  });
}

std::uint64_t hash_values(const IntTensor& t, std::uint64_t h) {
  return fnv1a({reinterpret_cast<const char*>(t.data.data()), t.data.size() * sizeof(t.data[0])}, h);
}

std::string key_of(const Core& core, const Layer& layer, const LayerData& data, const IntTensor& input) {
  std::uint64_t h = core.rtl;
  h = fnv1a(fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}", layer.cin, layer.in_period, layer.cout, layer.kh, layer.kw,
                        layer.stride, layer.pad.top, layer.pad.left, layer.pad.bottom, layer.pad.right, layer.h, layer.w,
                        static_cast<int>(layer.wrap), layer.shift, layer.clamp_lo, layer.clamp_hi), h);
  for (const Patch& p : layer.patches)
    h = fnv1a(fmt::format("{} {} {} {} {} {} {} {}", p.p, p.q, p.c_in, p.c_out, p.beta1, p.beta2, p.dst_in, p.dst_out), h);
  for (const IntTensor* t : {&data.epitome, &data.crossbar_scale, &data.zero_point, &data.channel_scale, &data.channel_bias, &input})
    h = hash_values(*t, h);
  return hash_text(h);
}

nlohmann::ordered_json to_json(const LayerJobResult& r) {
  return {{"layer", r.name}, {"key", r.key}, {"cycles", r.cycles}, {"first_fire", r.first_fire}, {"last_fire", r.last_fire},
          {"output_hash", hash_text(r.output_hash)}, {"seconds", r.seconds},
          {"load_seconds", r.load_seconds}, {"events", epim::to_json(r.events)}};
}

bool read_result(const std::string& path, LayerJobResult& r) {
  std::ifstream in(path);
  if (!in) return false;
  try {
    const auto j = nlohmann::ordered_json::parse(in);
    if (j.at("key") != r.key) return false;
    r.cycles = j.at("cycles");
    r.first_fire = j.at("first_fire");
    r.last_fire = j.at("last_fire");
    r.output_hash = std::stoull(j.at("output_hash").get<std::string>(), nullptr, 16);
    r.seconds = j.at("seconds");
    r.load_seconds = j.at("load_seconds");
    r.events = events_from_json(j.at("events"));
    r.resumed = true;
    return true;
  } catch (const std::exception&) {
    return false;  // an incomplete file counts as no result
  }
}

std::string file_of(const NetworkJobs& options, std::size_t l, const std::string& name) {
  return fmt::format("{}/{:03d}-{}.json", options.folder, l, name);
}

Config config_of(const NetworkPlan& plan, const PlannedCore& core, std::vector<Layer>& layers) {
  Config config;
  config.name = fmt::format("core-{}x{}", core.hw.pe_rows, core.hw.pe_cols);  // not the network's: equal cores share a build
  config.hw = core.hw;
  for (int l : core.layers) layers.push_back(plan.layers[static_cast<std::size_t>(l)].layer);
  return config;
}

}  // namespace

int PreparedJobs::finished() const {
  return static_cast<int>(std::count_if(results.begin(), results.end(), [](const LayerJobResult& r) { return r.cycles > 0; }));
}

double predicted_seconds(const Hardware& hw, const Timing& t, int direct_pes) {
  const int pes = hw.pe_rows * hw.pe_cols;
  // About 3.7 us per firing PE and cycle at 256 rows, eight magnitude bits and 32 ADCs, plus 1.5 us for the rest.
  const double pe = 3.7e-6 * hw.xb_rows / 256.0 * hw.slices() * hw.cell_bits / 8.0 * hw.adcs() / 32.0;
  const double run = static_cast<double>(t.cycles) * 1.5e-6 + static_cast<double>(t.fire_cycles) * pe * pes;
  // Cells over the control bus: two writes of two cycles for every 64 cells of one bit, in all PEs.
  const double words = static_cast<double>(pes) * hw.xb_cols * 2 * hw.slices() * hw.cell_bits * ((hw.xb_rows + 63) / 64);
  return run + (pes > direct_pes ? 0.0 : words * 4 * (0.6e-6 + 0.12e-6 * pes));
}

PreparedJobs prepare_jobs(const NetworkPlan& plan, const SynthesisedNetwork& net, const NetworkJobs& options) {
  std::filesystem::create_directories(options.folder);
  // What a killed run was writing.
  for (const auto& entry : std::filesystem::directory_iterator(options.folder))
    if (entry.path().filename().string().find(".json.tmp-") != std::string::npos) std::filesystem::remove(entry.path());
  PreparedJobs prepared;
  for (const PlannedCore& core : plan.cores) {
    std::vector<Layer> layers;
    const Config config = config_of(plan, core, layers);
    prepared.cores.push_back(describe_core(config, layers));
  }
  for (std::size_t l = 0; l < plan.layers.size(); ++l) {
    const PlannedLayer& planned = plan.layers[l];
    const Core& core = prepared.cores[static_cast<std::size_t>(planned.core)];
    LayerJobResult r;
    r.name = planned.layer.name;
    r.predicted = predict_timing(core.parameters.hw, planned.layer, 1, false);
    r.key = key_of(core, planned.layer, net.data[l], net.inputs[l]);
    read_result(file_of(options, l, r.name), r);
    prepared.results.push_back(std::move(r));
  }
  return prepared;
}

double build_cores(const NetworkPlan& plan, PreparedJobs& prepared, const NetworkJobs& options) {
  const auto begin = Clock::now();
  std::vector<std::size_t> order;
  for (std::size_t c = 0; c < plan.cores.size(); ++c) {
    const auto& layers = plan.cores[c].layers;
    if (std::any_of(layers.begin(), layers.end(), [&](int l) { return prepared.results[static_cast<std::size_t>(l)].cycles == 0; }))
      order.push_back(c);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const Hardware &x = plan.cores[a].hw, &y = plan.cores[b].hw;
    return x.pe_rows * x.pe_cols > y.pe_rows * y.pe_cols;
  });
  std::atomic<std::size_t> done{0};
  run_all(order, options.jobs, [&](std::size_t c) {
    std::vector<Layer> layers;
    const Config config = config_of(plan, plan.cores[c], layers);
    prepared.cores[c] = build_core(config, layers, nullptr, options.build);
    const std::size_t n = ++done;
    if (options.progress)
      options.progress(fmt::format("core {} of {} built", n, order.size()), static_cast<double>(n) / static_cast<double>(order.size()));
  });
  return since(begin);
}

void run_jobs(const NetworkPlan& plan, const SynthesisedNetwork& net, PreparedJobs& prepared, const NetworkJobs& options) {
  std::vector<std::size_t> order;
  std::vector<double> weight(plan.layers.size());
  double total = 0, done = 0;
  for (std::size_t l = 0; l < plan.layers.size(); ++l) {
    if (prepared.results[l].cycles > 0) continue;
    order.push_back(l);
    weight[l] = predicted_seconds(prepared.cores[static_cast<std::size_t>(plan.layers[l].core)].parameters.hw, prepared.results[l].predicted,
                                  options.direct_pes);
    total += weight[l];
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return weight[a] > weight[b]; });
  std::mutex mutex;
  const auto options_of = [&](const Core& core) {
    RunOptions run;
    run.direct_cells = core.parameters.hw.pe_rows * core.parameters.hw.pe_cols > options.direct_pes;
    return run;
  };
  run_all(order, options.jobs, [&](std::size_t l) {
    const PlannedLayer& planned = plan.layers[l];
    const Core& core = prepared.cores[static_cast<std::size_t>(planned.core)];
    LayerJobResult& r = prepared.results[l];
    CoreDriver driver(core);
    const auto begin = Clock::now();
    const LayerRun run = run_layer(driver, core, planned.layer, net.data[l], {net.inputs[l]}, options_of(core));
    if (!(run.outputs.at(0) == net.outputs[l]))
      throw CheckFailed("output", fmt::format("layer {}: the map from the RTL is not the map of the golden network", r.name));
    r.first_fire = run.first_fire;
    r.last_fire = run.last_fire;
    r.events = run.rtl;
    r.seconds = run.seconds;
    r.load_seconds = since(begin) - run.seconds;
    r.output_hash = hash_values(run.outputs[0], fnv1a(""));
    r.cycles = run.cycles;
    write_file_atomically(file_of(options, l, r.name), to_json(r).dump(1) + "\n");
    const std::lock_guard lock(mutex);
    done += weight[l];
    if (options.progress) options.progress(r.name, done / total);
  });
}

}  // namespace epim

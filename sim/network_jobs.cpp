// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/network_jobs.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <numeric>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/hash.hpp"
#include "gen/output_folder.hpp"

namespace epim {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point t) { return std::chrono::duration<double>(Clock::now() - t).count(); }

/// Runs work(i) for every i of `order` on some threads; the first exception ends the rest and is thrown again.
void parallel(const std::vector<std::size_t>& order, int jobs, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr error;
  std::mutex mutex;
  std::vector<std::thread> pool;
  for (int j = 0; j < jobs; ++j)
    pool.emplace_back([&] {
      for (std::size_t i; (i = next++) < order.size();) {
        {
          const std::lock_guard lock(mutex);
          if (error) return;
        }
        try {
          work(order[i]);
        } catch (...) {
          const std::lock_guard lock(mutex);
          if (!error) error = std::current_exception();
        }
      }
    });
  for (auto& t : pool) t.join();
  if (error) std::rethrow_exception(error);
}

std::uint64_t hash_values(const IntTensor& t, std::uint64_t h) {
  return fnv1a({reinterpret_cast<const char*>(t.data.data()), t.data.size() * sizeof(t.data[0])}, h);
}

std::string key_of(const Core& core, const Layer& layer, const LayerData& data, const IntTensor& input) {
  std::uint64_t h = fnv1a(core.object);
  h = fnv1a(fmt::format("{} {} {} {} {} {} {} {} {} {} {} {}", layer.cin, layer.cout, layer.kh, layer.kw, layer.stride, layer.pad.top,
                        layer.pad.left, layer.h, layer.w, layer.shift, layer.clamp_lo, layer.clamp_hi), h);
  for (const Patch& p : layer.patches)
    h = fnv1a(fmt::format("{} {} {} {} {} {} {} {}", p.p, p.q, p.c_in, p.c_out, p.beta1, p.beta2, p.dst_in, p.dst_out), h);
  for (const IntTensor* t : {&data.epitome, &data.crossbar_scale, &data.zero_point, &data.channel_scale, &data.channel_bias, &input})
    h = hash_values(*t, h);
  return hash_text(h);
}

nlohmann::ordered_json to_json(const LayerJobResult& r) {
  return {{"layer", r.name}, {"key", r.key}, {"cycles", r.cycles}, {"first_fire", r.first_fire}, {"last_fire", r.last_fire},
          {"output_hash", hash_text(r.output_hash)}, {"seconds", r.seconds}, {"events", epim::to_json(r.events)}};
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
    r.events = events_from_json(j.at("events"));
    r.resumed = true;
    return true;
  } catch (const std::exception&) {
    return false;  // an incomplete file counts as no result
  }
}

}  // namespace

BuiltCores build_cores(const NetworkPlan& plan, const NetworkJobs& options) {
  BuiltCores built;
  built.cores.resize(plan.cores.size());
  const auto begin = Clock::now();
  std::vector<std::size_t> order(plan.cores.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const Hardware &x = plan.cores[a].hw, &y = plan.cores[b].hw;
    return x.pe_rows * x.pe_cols > y.pe_rows * y.pe_cols;
  });
  std::atomic<int> done{0};
  parallel(order, options.jobs, [&](std::size_t c) {
    Config config;
    config.name = fmt::format("{}-{}x{}", plan.network.name, plan.cores[c].hw.pe_rows, plan.cores[c].hw.pe_cols);
    config.hw = plan.cores[c].hw;
    std::vector<Layer> layers;
    for (int l : plan.cores[c].layers) layers.push_back(plan.layers[static_cast<std::size_t>(l)].layer);
    built.cores[c] = build_core(config, layers, nullptr, options.build);
    if (options.progress)
      options.progress(fmt::format("core {} of {} built", ++done, plan.cores.size()), static_cast<double>(done) / static_cast<double>(plan.cores.size()));
  });
  built.seconds = since(begin);
  return built;
}

std::vector<LayerJobResult> run_jobs(const NetworkPlan& plan, const SynthesisedNetwork& net, const BuiltCores& built,
                                     const NetworkJobs& options) {
  std::filesystem::create_directories(options.folder);
  const std::size_t count = plan.layers.size();
  std::vector<LayerJobResult> results(count);
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  double total = 0;
  std::vector<double> weight(count);
  for (std::size_t l = 0; l < count; ++l) {
    const PlannedLayer& planned = plan.layers[l];
    const Core& core = built.cores[static_cast<std::size_t>(planned.core)];
    LayerJobResult& r = results[l];
    r.name = planned.layer.name;
    r.predicted = predict_timing(core.parameters.hw, planned.layer, 1, false);
    r.key = key_of(core, planned.layer, net.data[l], net.inputs[l]);
    weight[l] = static_cast<double>(r.predicted.cycles) * (1.0 + core.parameters.hw.pe_rows * core.parameters.hw.pe_cols);
    total += weight[l];
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return weight[a] > weight[b]; });
  double done = 0;
  std::mutex mutex;
  parallel(order, options.jobs, [&](std::size_t l) {
    const PlannedLayer& planned = plan.layers[l];
    const Core& core = built.cores[static_cast<std::size_t>(planned.core)];
    LayerJobResult& r = results[l];
    const std::string file = fmt::format("{}/{:03d}-{}.json", options.folder, l, r.name);
    if (!read_result(file, r)) {
      CoreDriver driver(core);
      const LayerRun run = run_layer(driver, core, planned.layer, net.data[l], {net.inputs[l]}, {});
      if (!(run.outputs.at(0) == net.outputs[l]))
        throw CheckFailed("output", fmt::format("layer {}: the map from the RTL is not the map of the golden network", r.name));
      r.cycles = run.cycles;
      r.first_fire = run.first_fire;
      r.last_fire = run.last_fire;
      r.events = run.rtl;
      r.seconds = run.seconds;
      r.output_hash = hash_values(run.outputs[0], fnv1a(""));
      write_file_atomically(file, to_json(r).dump(1) + "\n");
    }
    const std::lock_guard lock(mutex);
    done += weight[l];
    if (options.progress) options.progress(r.name, done / total);
  });
  return results;
}

}  // namespace epim

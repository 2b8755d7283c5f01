// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/network_jobs.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <filesystem>
#include <mutex>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/base/hash.hpp"
#include "gen/base/output_folder.hpp"
#include "gen/base/interrupt.hpp"
#include "golden/parallel.hpp"
#include "sim/stored_result.hpp"

namespace epim {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point t) { return std::chrono::duration<double>(Clock::now() - t).count(); }

std::string key_of(const Core& core, const Layer& layer, const LayerData& data, const IntTensor& input) {
  std::uint64_t h = core.rtl;
  h = fnv1a(fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}", layer.cin, layer.in_period, layer.cout, layer.kh, layer.kw,
                        layer.stride.y, layer.stride.x, layer.dilation.y, layer.dilation.x, layer.groups, layer.pad.top, layer.pad.left, layer.pad.bottom, layer.pad.right, layer.h, layer.w,
                        static_cast<int>(layer.wrap), layer.shift, layer.clamp_lo, layer.clamp_hi), h);
  if (layer.act) h = fnv1a(fmt::format("{} {} {}", layer.act->bits, layer.act->is_signed, layer.act->pad), h);
  for (const Patch& p : layer.patches)
    h = fnv1a(fmt::format("{} {} {} {} {} {} {} {}", p.p, p.q, p.c_in, p.c_out, p.beta1, p.beta2, p.dst_in, p.dst_out), h);
  if (layer.pool) h = fnv1a(data.permutation.data, fnv1a(fmt::format("{} {} {}", layer.pool->group, layer.pool->kept_one_in, layer.pool->kept_first), h));
  if (data.analog) {
    h = fnv1a(data.analog->cells, h);
    for (const AdcTrim& a : data.analog->trims) h = fnv1a(fmt::format("{} {} {} {}", a.gain, a.offset, a.noise, a.seed), h);
  }
  if (layer.slopes) h = fnv1a(data.channel_slope.data, h);
  for (const IntTensor* t : {&data.epitome, &data.crossbar_scale, &data.zero_point, &data.channel_scale, &data.channel_bias, &input})
    h = fnv1a(t->data, h);
  return hash_text(h);
}

nlohmann::ordered_json to_json(const LayerJobResult& r) {
  return {{"layer", r.name}, {"key", r.key}, {"cycles", r.cycles}, {"first_fire", r.first_fire}, {"last_fire", r.last_fire},
          {"output_hash", hash_text(r.output_hash)}, {"seconds", r.seconds},
          {"load_seconds", r.load_seconds}, {"events", epim::to_json(r.events)}};
}

bool read_result(const std::string& path, LayerJobResult& r) {
  return read_stored(path, r.key, [&](const nlohmann::ordered_json& j) {
    r.cycles = j.at("cycles");
    r.first_fire = j.at("first_fire");
    r.last_fire = j.at("last_fire");
    r.output_hash = std::stoull(j.at("output_hash").get<std::string>(), nullptr, 16);
    r.seconds = j.at("seconds");
    r.load_seconds = j.at("load_seconds");
    r.events = events_from_json(j.at("events"));
    r.resumed = true;
  });
}

std::string file_of(const NetworkJobs& options, std::size_t l, const std::string& name) {
  return fmt::format("{}/{:03d}-{}.json", options.folder, l, name);
}

CoreSpec spec_of(const MappedCore& core) {
  CoreSpec spec;
  spec.name = fmt::format("core-{}x{}", core.hw.pe_rows, core.hw.pe_cols);  // not the network's: equal cores share a build
  spec.hw = core.hw;
  return spec;
}

std::vector<Layer> layers_of(const Mapping& plan, const MappedCore& core) {
  std::vector<Layer> layers;
  for (int l : core.layers) layers.push_back(plan.layers[static_cast<std::size_t>(l)].layer);
  return layers;
}

}  // namespace

int PreparedJobs::finished() const {
  return static_cast<int>(std::count_if(results.begin(), results.end(), [](const LayerJobResult& r) { return r.cycles > 0; }));
}

std::vector<bool> loaded_over_bus(const Mapping& plan, int bus_pes) {
  std::vector<bool> over_bus(plan.cores.size());
  std::size_t fewest = 0;
  const auto pes = [&](std::size_t c) { return plan.cores[c].hw.pe_rows * plan.cores[c].hw.pe_cols; };
  const auto loads = [&](std::size_t c) { return static_cast<std::size_t>(pes(c)) * plan.cores[c].layers.size(); };
  for (std::size_t c = 0; c < over_bus.size(); ++c) {
    over_bus[c] = pes(c) <= bus_pes;
    if (loads(c) < loads(fewest)) fewest = c;
  }
  if (bus_pes < 0 && !over_bus.empty()) over_bus[fewest] = true;
  return over_bus;
}

double predicted_seconds(const Hardware& hw, const Timing& t, bool over_bus) {
  const int pes = hw.pe_rows * hw.pe_cols;
  // About 3.7 us per firing PE and cycle at 256 rows, eight magnitude bits and 32 ADCs, plus 1.5 us for the rest.
  const double pe = 3.7e-6 * hw.xb_rows / 256.0 * hw.slices() * hw.cell_bits / 8.0 * hw.adcs() / 32.0;
  const double run = static_cast<double>(t.cycles) * 1.5e-6 + static_cast<double>(t.fire_cycles) * pe * pes;
  // Cells over the control bus: two writes of two cycles for every 64 cells of one bit, in all PEs.
  const double words = static_cast<double>(pes) * hw.xb_cols * 2 * hw.slices() * hw.cell_bits * ((hw.xb_rows + 63) / 64);
  return run + (over_bus ? words * 4 * (0.6e-6 + 0.12e-6 * pes) : 0.0);
}

PreparedJobs prepare_jobs(const Mapping& plan, const SynthesisedNetwork& net, const NetworkJobs& options) {
  std::filesystem::create_directories(options.folder);
  // What a killed run was writing.
  for (const auto& entry : std::filesystem::directory_iterator(options.folder))
    if (entry.path().filename().string().find(".json.tmp-") != std::string::npos) std::filesystem::remove(entry.path());
  PreparedJobs prepared;
  prepared.over_bus = loaded_over_bus(plan, options.bus_pes);
  for (const MappedCore& core : plan.cores) prepared.cores.push_back(describe_core(spec_of(core), layers_of(plan, core)));
  for (std::size_t l = 0; l < plan.layers.size(); ++l) {
    const MappedLayer& planned = plan.layers[l];
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

namespace {

/// Builds and layers, dealt to threads: a build while there is one, else the longest layer whose core is ready.
class Queue {
 public:
  Queue(const Mapping& plan, const SynthesisedNetwork& net, PreparedJobs& prepared, const NetworkJobs& options)
      : plan_(plan), net_(net), prepared_(prepared), options_(options), layers_(plan.cores.size()), weight_(plan.layers.size()),
        core_weight_(plan.cores.size()) {
    for (std::size_t l = 0; l < plan.layers.size(); ++l) {
      const auto c = static_cast<std::size_t>(plan.layers[l].core);
      weight_[l] = predicted_seconds(prepared.cores[c].parameters.hw, prepared.results[l].predicted, prepared.over_bus[c]);
      core_weight_[c] += weight_[l];  // finished layers too: a run that goes on finds the models of the one before
      if (prepared.results[l].cycles > 0) continue;
      layers_[c].push_back(l);
      total_ += weight_[l];
      ++waiting_;
    }
    for (std::size_t c = 0; c < layers_.size(); ++c) {
      if (layers_[c].empty()) continue;
      builds_.push_back(c);
      total_ += build_weight(c);
    }
    std::sort(builds_.begin(), builds_.end(), [&](std::size_t a, std::size_t b) { return core_weight_[a] > core_weight_[b]; });
    prepared.built = static_cast<int>(builds_.size());
  }

  void run() {
    parallel(static_cast<std::size_t>(options_.jobs), options_.jobs, [this](std::size_t) { work(); });
    if (error_) std::rethrow_exception(error_);
  }

 private:
  /// Seconds of a build, roughly.
  double build_weight(std::size_t c) const {
    const Hardware& hw = plan_.cores[c].hw;
    return 4 + 0.2 * hw.pe_rows * hw.pe_cols;
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (!error_) {
      std::function<void()> job;
      if (!builds_.empty()) {
        job = [this, c = builds_.front()] { build(c); };
        builds_.erase(builds_.begin());
      } else if (!ready_.empty()) {
        const auto longest = std::max_element(ready_.begin(), ready_.end(), [&](std::size_t a, std::size_t b) { return weight_[a] < weight_[b]; });
        job = [this, l = *longest] { simulate(l); };
        ready_.erase(longest);
        --waiting_;
      } else if (waiting_ > 0) {
        changed_.wait(lock);
        continue;
      } else {
        return;
      }
      lock.unlock();
      std::exception_ptr error;
      try {
        check_interrupt();
        job();
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      if (error && !error_) error_ = error;
      changed_.notify_all();
    }
  }

  void done(double weight, const std::string& what) {
    done_ += weight;
    if (options_.progress) options_.progress(what, done_ / total_);
  }

  void build(std::size_t c) {
    // What optimising saves must be worth what it costs to compile.
    BuildOptions options = options_.build;
    options.fast = core_weight_[c] > 0.1;
    options.brief = core_weight_[c] < 2;
    Core core = build_core(spec_of(plan_.cores[c]), layers_of(plan_, plan_.cores[c]), nullptr, options);
    const std::lock_guard lock(mutex_);
    prepared_.cores[c] = std::move(core);
    prepared_.build_seconds = since(begin_);
    ready_.insert(ready_.end(), layers_[c].begin(), layers_[c].end());
    done(build_weight(c), fmt::format("core {}x{}", plan_.cores[c].hw.pe_rows, plan_.cores[c].hw.pe_cols));
  }

  void simulate(std::size_t l) {
    const MappedLayer& planned = plan_.layers[l];
    const Core& core = prepared_.cores[static_cast<std::size_t>(planned.core)];
    LayerJobResult& r = prepared_.results[l];
    RunOptions options;
    options.direct_cells = !prepared_.over_bus[static_cast<std::size_t>(planned.core)];
    CoreDriver driver(core);
    const auto begin = Clock::now();
    const LayerRun run = run_layer(driver, core, planned.layer, net_.data[l], {net_.inputs[l]}, options);
    if (!(run.outputs.at(0) == net_.outputs[l]))
      throw CheckFailed("output", fmt::format("layer {}: the map from the RTL is not the map of the golden network", r.name));
    r.first_fire = run.first_fire;
    r.last_fire = run.last_fire;
    r.events = run.rtl;
    r.seconds = run.seconds;
    r.load_seconds = since(begin) - run.seconds;
    r.output_hash = fnv1a(run.outputs[0].data, fnv1a(""));
    r.cycles = run.cycles;
    write_file_atomically(file_of(options_, l, r.name), to_json(r).dump(1) + "\n");
    const std::lock_guard lock(mutex_);
    done(weight_[l], r.name);
  }

  const Mapping& plan_;
  const SynthesisedNetwork& net_;
  PreparedJobs& prepared_;
  const NetworkJobs& options_;
  std::vector<std::vector<std::size_t>> layers_;  ///< unfinished ones of every core
  std::vector<double> weight_, core_weight_;      ///< predicted seconds of layers, of all layers of a core
  std::vector<std::size_t> builds_, ready_;
  std::size_t waiting_ = 0;                       ///< layers that no thread has taken yet
  double total_ = 0, done_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::exception_ptr error_;
  Clock::time_point begin_ = Clock::now();
};

}  // namespace

void run_jobs(const Mapping& plan, const SynthesisedNetwork& net, PreparedJobs& prepared, const NetworkJobs& options) {
  Queue(plan, net, prepared, options).run();
}

}  // namespace epim

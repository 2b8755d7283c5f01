// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/chip_joined.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <numeric>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gen/base/hash.hpp"
#include "gen/base/interrupt.hpp"
#include "gen/base/output_folder.hpp"
#include "golden/parallel.hpp"
#include "sim/chip_frame.hpp"
#include "sim/network_jobs.hpp"
#include "sim/stored_result.hpp"

namespace epim {
namespace {

using Clock = std::chrono::steady_clock;
double wall_since(Clock::time_point t) { return std::chrono::duration<double>(Clock::now() - t).count(); }

/// Of everything that a replay depends on.
std::string key_of(const CoreText& text, const std::string& object, const CoreSchedule& schedule, const WordTape& in, const WordTape& out) {
  std::uint64_t h = fnv1a(std::filesystem::path(object).parent_path().filename().string());
  for (const auto& [name, image] : text.images) h = fnv1a(image, fnv1a(name, h));
  for (const ProgramBlock& b : text.program.blocks) h = fnv1a(b.entries, fnv1a(fmt::format("{} {} {}", static_cast<int>(b.kind), b.pe, b.address), h));
  h = fnv1a(schedule.cycles(), h);
  for (const WordTape* t : {&in, &out}) h = fnv1a(t->masks, fnv1a(t->words, h));
  return hash_text(h);
}

bool read_replay(const std::string& path, CoreReplay& r) {
  return read_stored(path, r.key, [&](const nlohmann::ordered_json& j) {
    r.cycles = j.at("cycles");
    r.words_in = j.at("words_in");
    r.words_out = j.at("words_out");
    r.stepped = j.at("stepped");
    r.seconds = j.at("seconds");
    r.resumed = true;
  });
}

void write_replay(const std::string& path, const CoreReplay& r) {
  const nlohmann::ordered_json j = {{"core", r.name}, {"key", r.key}, {"cycles", r.cycles}, {"words_in", r.words_in}, {"words_out", r.words_out},
                                    {"stepped", r.stepped}, {"seconds", r.seconds}};
  write_file_atomically(path, j.dump(1) + "\n");
}

class Joined {
 public:
  Joined(const ChipDesign& chip, const ChipTiming& predicted, const std::vector<IntTensor>& images, const ChipWords& words, const JoinedSettings& settings)
      : chip_(chip), images_(images), words_(words), settings_(settings), foretold_(predicted.deadlock ? 0 : predicted.cycles), weights_(chip.cores.size()), shape_(chip.cores.size()) {
    std::map<std::string, std::size_t> seen;
    for (std::size_t n = 0; n < chip.cores.size(); ++n) {
      texts_.push_back(core_text(chip, n, settings.rtl));
      Timing t;
      t.cycles = predicted.cycles;
      t.fire_cycles = predicted.blocks[static_cast<std::size_t>(chip.cores[n].block)].fire_cycles;
      weights_[n] = predicted_seconds(chip.cores[n].hw, t, false);
      const auto [at, fresh] = seen.emplace(texts_[n].rtl.text, models_.size());
      if (fresh) models_.push_back({n, 0, {}});
      shape_[n] = at->second;
      models_[shape_[n]].weight += weights_[n];
    }
    frame_weight_ = 20 + static_cast<double>(predicted.cycles) * 1e-6 * static_cast<double>(chip.graph.streams.size()) / 10;
    if (chip.loaded()) frame_weight_ += 3e-6 * static_cast<double>(chip.cores.size()) * static_cast<double>(predicted.cycles + static_cast<std::int64_t>(chip_load_words(chip).size()));
    total_ = frame_weight_ + std::accumulate(weights_.begin(), weights_.end(), 0.0);
    for (const Shape& m : models_) total_ += build_weight(m);
  }

  JoinedRun run() {
    JoinedRun r;
    r.shapes = models_.size();
    const auto begin = Clock::now();
    // The frame first: its run takes a thread while the others compile cores. Stepped together it waits for them.
    std::vector<std::size_t> order(models_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return models_[a].weight > models_[b].weight; });
    std::optional<ChipMismatch> first;
    parallel(order.size() + 1, settings_.jobs, [&](std::size_t i) {
      check_interrupt();
      if (i > 0) build(order[i - 1]);
      else if (!settings_.together) frame(r, first);
      else built_ = build_chip(chip_, frame_options(), settings_.rtl, {.cores_outside = true});
    });
    r.build_seconds = wall_since(begin);
    if (settings_.together) {
      std::optional<ChipMismatch> none;
      frame(r, none);
      if (none) throw *none;
      return r;
    }
    const auto replays = Clock::now();
    r.cores.resize(chip_.cores.size());
    std::vector<std::size_t> cores(chip_.cores.size());
    std::iota(cores.begin(), cores.end(), std::size_t{0});
    std::sort(cores.begin(), cores.end(), [&](std::size_t a, std::size_t b) { return weights_[a] > weights_[b]; });
    if (!settings_.folder.empty()) std::filesystem::create_directories(settings_.folder);
    parallel(cores.size(), settings_.jobs, [&](std::size_t i) { replay(cores[i], r.cores[cores[i]], first); });
    r.replay_seconds = wall_since(replays);
    if (first) throw *first;
    return r;
  }

 private:
  struct Shape {
    std::size_t core;  ///< one that has it
    double weight;     ///< predicted seconds of all that have it
    std::string object;
  };

  double build_weight(const Shape& m) const {
    const Hardware& hw = chip_.cores[m.core].hw;
    return 4 + 0.2 * hw.pe_rows * hw.pe_cols;
  }
  BuildOptions frame_options() const {
    BuildOptions build = settings_.build;
    build.brief = true;
    return build;
  }

  void build(std::size_t m) {
    BuildOptions options = settings_.build;
    options.fast = models_[m].weight > 0.1;  // what optimising saves must be worth what it costs to compile
    options.brief = models_[m].weight < 4;
    models_[m].object = build_core_text(texts_[models_[m].core], options);
    done(build_weight(models_[m]), "building core of " + chip_.cores[models_[m].core].layer.name);
  }

  void frame(JoinedRun& r, std::optional<ChipMismatch>& first) {
    if (!settings_.together) built_ = build_chip(chip_, frame_options(), settings_.rtl, {.cores_outside = true});
    ChipRunSettings run = settings_.run;
    run.foretold = foretold_;
    double share = 0;
    run.progress = [&](double now) {
      done(frame_weight_ * (now - share), "streams between the cores");
      share = now;
    };
    if (chip_.loaded()) {
      run.link = [&](ChipHost& host) {
        std::vector<std::string> objects;
        for (const std::size_t shape : shape_) objects.push_back(models_[shape].object);
        return link_cores(chip_, host, objects);
      };
    } else run.cores = [&](Model& model) -> std::unique_ptr<OutsideCores> {
      if (!settings_.together) return predicted_cores(chip_, model, words_, schedules_);
      std::vector<std::unique_ptr<CoreModel>> cores;
      for (std::size_t n = 0; n < chip_.cores.size(); ++n) cores.push_back(std::make_unique<CoreModel>(texts_[n], models_[shape_[n]].object));
      return stepped_cores(chip_, model, std::move(cores));
    };
    try {
      r.chip = run_chip(chip_, built_, images_, words_.outputs, run);
    } catch (const ChipMismatch& m) {
      note(m, first);
    } catch (const CheckFailed& e) {
      if (settings_.together) throw;
      note(ChipMismatch(e.stage(), e.what(), static_cast<std::int64_t>(schedules_.front().cycles().size()) - 1), first);
    }
  }

  void replay(std::size_t n, CoreReplay& r, std::optional<ChipMismatch>& first) {
    check_interrupt();
    const int b = chip_.cores[n].block;
    const int from = chip_.graph.streams[static_cast<std::size_t>(chip_.graph.entering(b).at(0))].from;
    const WordTape &in = words_.sent[static_cast<std::size_t>(from)], &out = words_.sent[static_cast<std::size_t>(b)];
    const std::string& name = chip_.cores[n].layer.name;
    const std::string& object = models_[shape_[n]].object;
    const std::string file = settings_.folder.empty() ? "" : fmt::format("{}/{:03d}-{}.json", settings_.folder, n, chip_.ids[static_cast<std::size_t>(b)]);
    r.name = name;
    r.key = file.empty() ? "" : key_of(texts_[n], object, schedules_[n], in, out);
    if (!file.empty() && read_replay(file, r)) return done(weights_[n], name);
    double share = 0;
    const double cycles = static_cast<double>(std::max<std::size_t>(schedules_[n].cycles().size(), 1));
    try {
      CoreModel core(texts_[n], object);
      const std::string key = r.key;
      r = replay_core(name, core, schedules_[n], in, out, [&](std::int64_t t) {
        const double now = static_cast<double>(t) / cycles;
        done(weights_[n] * (now - share), name);
        share = now;
      });
      r.key = key;
      if (!file.empty()) write_replay(file, r);
    } catch (const ChipMismatch& m) {
      note(m, first);
    }
  }

  /// Keeps the difference that comes first: all before it was as predicted, so it is the chip's own; later ones may follow from it.
  void note(const ChipMismatch& m, std::optional<ChipMismatch>& first) {
    const std::lock_guard lock(mutex_);
    if (!first || m.cycle() < first->cycle()) first.emplace(m);
  }

  void done(double weight, const std::string& what) {
    const std::lock_guard lock(mutex_);
    done_ += weight;
    if (settings_.progress) settings_.progress(what, std::min(done_ / total_, 1.0));
  }

  const ChipDesign& chip_;
  const std::vector<IntTensor>& images_;
  const ChipWords& words_;
  const JoinedSettings& settings_;
  std::int64_t foretold_;
  std::vector<CoreText> texts_;
  std::vector<double> weights_;       ///< predicted seconds of every core
  std::vector<std::size_t> shape_;    ///< of every core
  std::vector<Shape> models_;
  BuiltChip built_;
  std::vector<CoreSchedule> schedules_;
  double frame_weight_ = 0, total_ = 0, done_ = 0;
  std::mutex mutex_;
};

}  // namespace

JoinedRun run_joined(const ChipDesign& chip, const ChipTiming& predicted, const std::vector<IntTensor>& images, const ChipWords& words,
                     const JoinedSettings& settings) {
  return Joined(chip, predicted, images, words, settings).run();
}

}  // namespace epim

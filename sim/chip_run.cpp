// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/chip_run.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gen/base/interrupt.hpp"
#include "sim/staller.hpp"

namespace epim {
namespace {

/// FIFO levels in words, for a message.
std::string fifo_text(const ChipDesign& chip, const Signal& counts) {
  std::vector<std::string> full, empty, between;
  for (std::size_t f = 0; f < chip.graph.streams.size(); ++f) {
    const auto count = static_cast<int>(counts.field(16 * static_cast<int>(f), 16));
    const int depth = chip.graph.streams[f].depth;
    const std::string name = chip.graph.stream_name(static_cast<int>(f));
    if (count >= depth) full.push_back(fmt::format("{} ({})", name, depth));
    else if (count == 0) empty.push_back(name);
    else between.push_back(fmt::format("{} ({} of {})", name, count, depth));
  }
  return fmt::format("full: {}; empty: {}; others: {}", full.empty() ? "none" : fmt::format("{}", fmt::join(full, ", ")),
                     empty.empty() ? "none" : fmt::format("{}", fmt::join(empty, ", ")),
                     between.empty() ? "none" : fmt::format("{}", fmt::join(between, ", ")));
}

/// The counters of core `c`.
EventCounts counted_events(const Signal& counters, std::size_t c) {
  constexpr int kBits = 48;
  EventCounts e;
  for (std::size_t i = 0; i < event_count; ++i) e.at(i) = static_cast<std::int64_t>(counters.field(kBits * static_cast<int>(c * event_count + i), kBits));
  return e;
}

}  // namespace

BuiltChip build_chip(const ChipDesign& chip, const BuildOptions& options, const Sources* rtl, const ChipBuild& what) {
  const Elaboration e = elaborate_chip(chip, {true, std::string(kDataFolder) + "/" + kMemDir, what.cores_outside, what.events});
  return {build_elaborated(e, options, rtl), what.events};
}

namespace {

/// Images through a chip that stands at cycle 0; `cores`: of a frame; `counted`: its cores count events.
ChipRun run_from_start(const ChipDesign& chip, ChipHost& host, OutsideCores* cores, bool counted, const std::vector<IntTensor>& images,
                       const std::vector<IntTensor>& expected, const ChipRunSettings& settings) {
  const ChipGraph& graph = chip.graph;
  const int lanes = graph.lanes, fifos = static_cast<int>(graph.streams.size());
  const StreamType &in_type = chip.types.front(), &out_type = chip.types.back();
  const std::int64_t in_words = graph.blocks.front().out.words(), out_words = graph.blocks.back().in.words();
  const std::int64_t pixels = in_words * static_cast<std::int64_t>(images.size());
  const std::int64_t beats = out_words * static_cast<std::int64_t>(images.size());
  const std::string again = settings.reproduce.empty() ? "" : "\n  reproduce: " + settings.reproduce;

  Model& model = host.model();
  Signal in_valid = model.port("s_axis_tvalid_i"),
         in_ready = model.port("s_axis_tready_o"), in_data = model.port("s_axis_tdata_i"), in_last = model.port("s_axis_tlast_i"),
         out_valid = model.port("m_axis_tvalid_o"), out_ready = model.port("m_axis_tready_i"), out_data = model.port("m_axis_tdata_o"),
         out_last = model.port("m_axis_tlast_o"), error = model.port("error_o"), count = model.port("mon_count_o"),
         push = model.port("mon_push_o"), pop = model.port("mon_pop_o");
  ChipRun run;
  run.high_water.resize(static_cast<std::size_t>(fifos));
  run.words.resize(static_cast<std::size_t>(fifos));
  Staller in_stall(settings.stalls.in_percent, settings.stalls.bursts, settings.stalls.seed * 2 + 1);
  Staller out_stall(settings.stalls.out_percent, settings.stalls.bursts, settings.stalls.seed * 2 + 2);
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::vector<std::int64_t>> in_image;
  std::int64_t word = 0, presented = -1, quiet = 0, cycle = 0;
  bool holding = false, waiting = false, held_last = false;
  std::vector<std::uint64_t> held(static_cast<std::size_t>(lanes));
  IntTensor map, want;
  std::vector<std::vector<std::int64_t>> want_words;
  const auto fail = [&](const char* stage, const std::string& text) { throw CheckFailed(stage, text + again); };
  SteppedChip expected_time(graph);
  while (static_cast<std::int64_t>(run.beats.size()) < beats) {
    const bool offer = word < pixels && (holding || !in_stall.stall());
    in_valid.set(offer);
    if (offer && presented != word) {
      const std::int64_t at = word % in_words;
      const IntTensor& image = images[static_cast<std::size_t>(word / in_words)];
      if (at == 0) in_image = stream_words(image, lanes);
      in_data.clear();
      const auto& w = in_image[static_cast<std::size_t>(at)];
      const std::int64_t blocks = graph.blocks.front().out.blocks;
      for (int l = 0; l < lanes; ++l) {
        // Lanes that the map does not have carry noise: nothing may depend on them.
        const bool there = at % blocks * lanes + l < in_type.channels;
        in_data.put(l * in_type.bits, in_type.bits,
                    static_cast<std::uint64_t>(there ? w[static_cast<std::size_t>(l)] : word * 7 + l * 3 + 1));
      }
      in_last.set(at + 1 == in_words);
      presented = word;
    }
    const bool ready = !out_stall.stall() && cycle >= settings.out_from;
    out_ready.set(ready);
    if (cores) cores->drive(expected_time);
    model.eval();
    if (cores) cores->answered(expected_time, cycle);

    // Levels and words so far of every FIFO say in which cycle every word moved on every stream, stalls or not.
    bool moved = false;
    if (in_ready.high() != expected_time.in_ready() || out_valid.high() != expected_time.out_valid())
      fail("timing", fmt::format("cycle {}: s_axis_tready {}, m_axis_tvalid {}, predicted {} and {}", cycle, in_ready.high(),
                                 out_valid.high(), expected_time.in_ready(), expected_time.out_valid()));
    for (int f = 0; f < fifos; ++f) {
      const auto n = static_cast<std::size_t>(f);
      const int level = static_cast<int>(count.field(16 * f, 16));
      const std::int64_t sent = expected_time.activity(static_cast<std::size_t>(graph.streams[n].from)).words_out;
      if (level != expected_time.counts()[n] || run.words[n] != sent)
        fail("timing", fmt::format("cycle {}: FIFO {} holds {} of {} words, predicted {} of {}", cycle, graph.stream_name(f), level,
                                   run.words[n], expected_time.counts()[n], sent));
      run.high_water[n] = std::max(run.high_water[n], level);
      const bool pushed = push.field(f, 1) != 0;
      run.words[n] += pushed;
      moved |= pushed || pop.field(f, 1) != 0;
    }
    if (error.high()) fail("status", fmt::format("error_o is set in cycle {}", cycle));
    if (waiting && !out_valid.high()) fail("protocol", fmt::format("the waiting output word is withdrawn in cycle {}", cycle));
    if (out_valid.high()) {
      const bool last = out_last.high();
      for (int l = 0; l < lanes; ++l) {
        const std::uint64_t v = out_data.field(l * out_type.bits, out_type.bits);
        if (waiting && (held[static_cast<std::size_t>(l)] != v || held_last != last))
          fail("protocol", fmt::format("the waiting output word changes in cycle {}, lane {}", cycle, l));
        held[static_cast<std::size_t>(l)] = v;
      }
      held_last = last;
      waiting = !out_ready.high();
      if (out_ready.high()) {
        const auto n = static_cast<std::int64_t>(run.beats.size());
        const auto image = static_cast<std::size_t>(n / out_words);
        const std::int64_t at = n % out_words;
        if (at == 0) {
          want = expected[image];
          want_words = stream_words(want, lanes);
          map = IntTensor(want.shape);
        }
        const std::int64_t blocks = graph.blocks.back().in.blocks, position = at / blocks;
        for (int l = 0; l < lanes; ++l) {
          const int channel = static_cast<int>(at % blocks) * lanes + l;
          if (channel >= out_type.channels) continue;
          const std::int64_t v = out_type.is_signed() ? out_data.signed_field(l * out_type.bits, out_type.bits)
                                                      : static_cast<std::int64_t>(held[static_cast<std::size_t>(l)]);
          map(channel, static_cast<int>(position / graph.blocks.back().in.width), static_cast<int>(position % graph.blocks.back().in.width)) = v;
          if (v != want_words[static_cast<std::size_t>(at)][static_cast<std::size_t>(l)])
            fail("output", fmt::format("image {}, output word {}, channel {} (cycle {}): RTL {} golden {}", image, at, channel, cycle, v,
                                       want_words[static_cast<std::size_t>(at)][static_cast<std::size_t>(l)]));
        }
        if (last != (at + 1 == out_words))
          fail("output", fmt::format("image {}, output word {} (cycle {}): tlast is {}", image, at, cycle, last));
        run.beats.push_back(cycle);
        if (last) {
          run.image_end.push_back(cycle);
          run.outputs.push_back(map);
        }
      }
    }
    holding = offer;
    if (offer && in_ready.high()) {
      moved = true;
      holding = false;
      ++word;
    }
    quiet = moved ? 0 : quiet + 1;
    if (quiet > settings.watchdog)
      fail("deadlock", fmt::format("no word moved for {} cycles (cycle {}), nor in the golden model: {} of {} pixel words in, {} of {} output words out; {}", quiet, cycle,
                                   word, pixels, run.beats.size(), beats, fifo_text(chip, count)));
    if (settings.progress && (cycle & 0xFFF) == 0)
      settings.progress(settings.foretold > 0 ? std::min(1.0, static_cast<double>(cycle) / static_cast<double>(settings.foretold))
                                              : static_cast<double>(run.beats.size()) / static_cast<double>(beats));
    if ((cycle & 0xFFF) == 0) check_interrupt();
    expected_time.step(offer, ready);
    if (settings.trace && cycle == settings.trace->first) host.trace(settings.trace->file);
    host.tick();
    if (settings.trace && cycle == settings.trace->last) host.trace_end();
    if (cores) cores->edge();
    ++cycle;
  }
  host.trace_end();
  in_valid.set(0);
  out_ready.set(0);
  model.eval();
  run.cycles = run.beats.empty() ? 0 : run.beats.back() + 1;
  for (std::size_t c = 0; counted && c < chip.cores.size(); ++c) {
    run.events.push_back(counted_events(model.port("mon_events_o"), c));
    if (!settings.events) continue;
    EventCounts golden = settings.events->at(c);
    golden.idle_cycles = cycle - expected_time.activity(static_cast<std::size_t>(chip.cores[c].block)).fire_cycles;
    for (std::size_t i = 0; i < event_count; ++i)
      if (run.events[c].at(i) != golden.at(i))
        fail("events", fmt::format("core {}: {} is {} on the RTL, {} in the golden model, after {} images", graph.blocks[static_cast<std::size_t>(chip.cores[c].block)].name,
                                   event_list[i].name, run.events[c].at(i), golden.at(i), images.size()));
  }
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return run;
}

}  // namespace

ChipRun run_chip(const ChipDesign& chip, const BuiltChip& built, const std::vector<IntTensor>& images,
                 const std::vector<IntTensor>& expected, const ChipRunSettings& settings) {
  ChipHost host(chip, built.object);
  const std::unique_ptr<OutsideCores> cores = settings.cores ? settings.cores(host.model()) : nullptr;
  const std::shared_ptr<void> linked = settings.link ? settings.link(host) : nullptr;
  host.reset();
  if (!chip.loaded()) return run_from_start(chip, host, cores.get(), built.events, images, expected, settings);
  const std::vector<LoadWord> words = chip_load_words(chip);
  const double all = static_cast<double>(words.size()) + static_cast<double>(settings.foretold), part = static_cast<double>(words.size()) / all;
  ChipRunSettings behind = settings;
  if (settings.progress) behind.progress = [&](double share) { settings.progress(part + (1 - part) * share); };
  const std::int64_t load = host.load(words, false, true, [&](double share) {
    if (settings.progress) settings.progress(part * share);
  });
  ChipRun run = run_from_start(chip, host, cores.get(), built.events, images, expected, behind);
  run.load_cycles = load;
  return run;
}

ChipRun run_chip(const ChipDesign& chip, ChipHost& host, const std::vector<IntTensor>& images,
                 const std::vector<IntTensor>& expected, const ChipRunSettings& settings) {
  return run_from_start(chip, host, nullptr, false, images, expected, settings);
}

}  // namespace epim

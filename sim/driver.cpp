// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/driver.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <filesystem>

#include <fmt/format.h>

#include "gen/core/elaborate.hpp"
#include "gen/base/hash.hpp"
#include "gen/core/register_map.hpp"
#include "golden/fast/fast_layer.hpp"
#include "golden/timing/chip_blocks.hpp"
#include "gen/base/interrupt.hpp"
#include "sim/protocol.hpp"
#include "sim/scoreboard.hpp"
#include "sim/staller.hpp"
#include "sim/store_cells.hpp"

namespace epim {

struct CoreDriver::Ports {
  Signal clk, rst, awvalid, awready, awaddr, wvalid, wready, wdata, wstrb, bvalid, bready, bresp, arvalid, arready, araddr,
      rvalid, rready, rdata, rresp, in_valid, in_ready, in_data, in_last, out_valid, out_ready, out_data, out_last, busy, fire,
      load, wl, psum_valid, psum_cstep, psum, acc_we, acc_closes, acc_cstep, acc_group, acc;
  std::optional<Signal> load_valid, load_ready, load_data, load_last;
  std::unique_ptr<ProtocolWatch> watch;  // last: the others are filled in their order
};

CoreDriver::CoreDriver(const Core& core)
    : core_(core), model_(std::make_unique<Model>(core.object)), p_(std::make_unique<Ports>()) {
  const auto at = [&](const char* name) { return model_->port(name); };
  *p_ = {at("clk_i"), at("rst_ni"), at("s_axil_awvalid_i"), at("s_axil_awready_o"), at("s_axil_awaddr_i"),
         at("s_axil_wvalid_i"), at("s_axil_wready_o"), at("s_axil_wdata_i"), at("s_axil_wstrb_i"), at("s_axil_bvalid_o"),
         at("s_axil_bready_i"), at("s_axil_bresp_o"), at("s_axil_arvalid_i"), at("s_axil_arready_o"), at("s_axil_araddr_i"),
         at("s_axil_rvalid_o"), at("s_axil_rready_i"), at("s_axil_rdata_o"), at("s_axil_rresp_o"), at("s_axis_tvalid_i"),
         at("s_axis_tready_o"), at("s_axis_tdata_i"), at("s_axis_tlast_i"), at("m_axis_tvalid_o"), at("m_axis_tready_i"),
         at("m_axis_tdata_o"), at("m_axis_tlast_o"), at("busy_o"), at("mon_fire_o"), at("mon_load_o"), at("mon_wl_o"),
         at("mon_psum_valid_o"), at("mon_psum_cstep_o"), at("mon_psum_o"), at("mon_acc_we_o"), at("mon_acc_closes_o"),
         at("mon_acc_cstep_o"), at("mon_acc_group_o"), at("mon_acc_o"), {}, {}, {}, {}, std::make_unique<ProtocolWatch>(*model_)};
}
CoreDriver::~CoreDriver() {
  if (core_.coverage.empty()) return;
  static std::atomic<int> number{0};
  const std::filesystem::path model = std::filesystem::path(core_.object).parent_path().filename();
  model_->write_coverage(fmt::format("{}/{}-{}.dat", core_.coverage, model.string(), number++));
}

void CoreDriver::tick() {
  const bool load = load_at_ < load_.size();
  if (load) {
    p_->load_valid->set(1);
    p_->load_data->set(load_[load_at_].data);
    p_->load_last->set(load_[load_at_].last);
    model_->eval();
  }
  const bool taken = load && p_->load_ready->high();
  p_->watch->before_edge();
  p_->clk.set(1);
  model_->eval();
  if (tracing_) model_->trace_dump(time_ * 10);
  p_->clk.set(0);
  model_->eval();
  if (tracing_) model_->trace_dump(time_ * 10 + 5);
  ++time_;
  if (taken && ++load_at_ == load_.size()) {
    p_->load_valid->set(0);
    load_.clear();
    load_at_ = 0;
  }
}

void CoreDriver::queue_load(const std::vector<LoadWord>& words) { load_.insert(load_.end(), words.begin(), words.end()); }

void CoreDriver::reset() {
  for (Signal* s : {&p_->awvalid, &p_->wvalid, &p_->arvalid, &p_->in_valid, &p_->out_ready, &p_->in_last, &p_->clk}) s->set(0);
  if (core_.parameters.hw.load_stream && !core_.rom) {
    const auto at = [&](const char* name) { return std::optional<Signal>(model_->port(name)); };
    p_->load_valid = at("s_load_tvalid_i");
    p_->load_ready = at("s_load_tready_o");
    p_->load_data = at("s_load_tdata_i");
    p_->load_last = at("s_load_tlast_i");
    p_->load_valid->set(0);
    load_.clear();
    load_at_ = 0;
  }
  p_->wstrb.set(0xF);
  p_->bready.set(1);
  p_->rready.set(1);
  p_->rst.set(0);
  model_->eval();
  tick();
  tick();
  p_->rst.set(1);
  model_->eval();
  check_identity(*this, core_.hash);
}

bool CoreDriver::try_write(std::uint32_t address, std::uint32_t value) {
  p_->awvalid.set(1);
  p_->wvalid.set(1);
  p_->awaddr.set(address);
  p_->wdata.set(value);
  model_->eval();
  for (int i = 0; !p_->awready.high(); ++i) {
    if (i > 1000) throw CheckFailed("control bus", fmt::format("write of register 0x{:03X}: awready stays low", address));
    tick();
  }
  tick();
  p_->awvalid.set(0);
  p_->wvalid.set(0);
  if (!p_->bvalid.high()) throw CheckFailed("control bus", "no write response after the handshake");
  return p_->bresp.get() == 0;
}

std::uint32_t CoreDriver::read(std::uint32_t address) {
  p_->arvalid.set(1);
  p_->araddr.set(address);
  model_->eval();
  for (int i = 0; !p_->arready.high(); ++i) {
    if (i > 1000) throw CheckFailed("control bus", fmt::format("read of register 0x{:03X}: arready stays low", address));
    tick();
  }
  tick();
  p_->arvalid.set(0);
  if (!p_->rvalid.high() || p_->rresp.get() != 0)
    throw CheckFailed("control bus", fmt::format("read of register 0x{:03X} failed", address));
  return static_cast<std::uint32_t>(p_->rdata.get());
}

/// Cells past the port: parity bits, and the place among programs, are the port's.
bool CoreDriver::store_cells(const ProgramBlock& block) {
  const Hardware& hw = core_.parameters.hw;
  return !hw.parity && hw.program_banks == 1 && epim::store_cells(*model_, core_.parameters, block);
}

void CoreDriver::load(const LayerProgram& program, bool direct_cells) {
  load_cycles_ = load_words_ = 0;
  if (p_->load_valid) {
    const auto words = epim::load_words(load_frames(program, 0, [&](const ProgramBlock& block) { return direct_cells && store_cells(block); }));
    queue_load(words);
    load_words_ = static_cast<std::int64_t>(words.size());
    for (; load_waits() > 0; ++load_cycles_) {
      if (load_cycles_ > 100 * (load_words_ + 10)) throw CheckFailed("load port", fmt::format("{} of {} words are not taken", load_waits(), load_words_));
      if ((load_cycles_ & 0x3FF) == 0) check_interrupt();
      tick();
    }
    // The last words are on their way to the memories.
    std::uint32_t state = read(reg::load_status);
    while ((state & 3) == 1) state = read(reg::load_status);
    if (state != 0)
      throw CheckFailed("load port", fmt::format("after a program load_status is 0x{:08X}, target 0x{:08X}, address 0x{:08X}", state,
                                                 read(reg::load_target), read(reg::load_address)));
    return;
  }
  load_program(*this, program, core_.rom, [&](const ProgramBlock& block) {
    check_interrupt();
    return direct_cells && store_cells(block);
  });
}

namespace {

double thread_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

}  // namespace

LayerRun CoreDriver::run(const GoldenLayer& golden, const std::vector<IntTensor>& inputs, const RunOptions& options) {
  const Hardware& hw = golden.hardware();
  const Layer& layer = golden.layer();
  const std::int64_t frame = frame_words(hw, layer);
  const std::int64_t in_words = frame * static_cast<std::int64_t>(inputs.size());
  const int psum_bits = core_.parameters.psum_width();

  LayerRun result;
  Scoreboard board(golden, inputs);
  Staller in_stall(options.stalls.in_percent, options.stalls.bursts, options.stalls.seed * 2 + 1);
  Staller out_stall(options.stalls.out_percent, options.stalls.bursts, options.stalls.seed * 2 + 2);
  const auto begin = std::chrono::steady_clock::now();
  const double cpu_begin = thread_seconds();

  std::int64_t word = 0;
  const auto present = [&] {
    p_->in_data.clear();
    const IntTensor& x = inputs[static_cast<std::size_t>(word / frame)];
    // Lanes that the map does not have carry noise: the lane mask must keep them out.
    for (int l = 0; l < hw.lanes; ++l)
      p_->in_data.put(l * hw.act_bits, hw.act_bits,
                      static_cast<std::uint64_t>(lane_value(hw, layer, x, word % frame, l, word * 7 + l * 3 + 1)));
    p_->in_last.set((word + 1) % frame == 0);
  };

  write(reg::control, 1);
  // The start pulse is registered: the core is busy from the next cycle, which is cycle 0.
  for (int i = 0; !p_->busy.high(); ++i) {
    if (i > 10) throw CheckFailed("start", fmt::format("the core does not start, status 0x{:04X}", read(reg::status)));
    p_->out_ready.set(1);
    if (word < in_words) present();
    tick();
  }
  result.begun = clocks();
  if (options.load_beside) queue_load(*options.load_beside);
  std::int64_t cycle = 0, quiet = 0;
  bool holding = false;
  if (options.trace && options.trace->first == 0) tracing_ = model_->trace_open(options.trace->file);
  std::int64_t presented = -1;
  while (p_->busy.high()) {
    if (options.trace && cycle == options.trace->first && !tracing_) tracing_ = model_->trace_open(options.trace->file);
    if (options.trace && tracing_ && cycle > options.trace->last) {
      model_->trace_close();
      tracing_ = false;
    }
    // A valid beat stays until it is taken.
    const bool offer = word < in_words && (holding || !in_stall.stall());
    p_->in_valid.set(offer);
    if (offer && presented != word) {
      present();
      presented = word;
    }
    const bool ready = !out_stall.stall();
    p_->out_ready.set(ready);
    if (options.stalls.any()) {
      result.offered.push_back(offer);
      result.ready.push_back(ready);
    }
    model_->eval();

    bool active = false;
    try {
      if (p_->fire.high()) {
        active = true;
        const std::uint8_t* wl = p_->wl.data();
        if (options.check) board.word_lines([&](int bit) { return (wl[bit >> 3] >> (bit & 7) & 1) != 0; }, p_->load.high());
      }
      if (options.check && p_->psum_valid.high())
        board.psums(static_cast<int>(p_->psum_cstep.get()), [&](int t, int u, int l) {
          return p_->psum.signed_field(((t * hw.pe_cols + u) * hw.adcs() + l) * psum_bits, psum_bits);
        });
      if (options.check && p_->acc_we.high())
        board.accumulate(static_cast<int>(p_->acc_cstep.get()), static_cast<int>(p_->acc_group.get()),
                         p_->acc_closes.high(),
                         [&](int u, int i) { return p_->acc.signed_field((u * hw.joint_lanes + i) * hw.acc_bits, hw.acc_bits); });
      if (p_->out_valid.high() && p_->out_ready.high()) {
        active = true;
        result.beats.push_back(cycle);
        if (options.check) board.beat([&](int l) { return p_->out_data.field(l * hw.out_bits, hw.out_bits); }, p_->out_last.high());
      }
    } catch (const Mismatch& m) {
      throw CheckFailed(m.stage(), fmt::format("{} differs in cycle {}: {}{}", m.stage(), cycle, m.what(),
                                               options.reproduce.empty() ? "" : "\n  reproduce: " + options.reproduce));
    }
    result.in_waits += offer && !p_->in_ready.high();
    result.in_gaps += !offer && p_->in_ready.high() && word < in_words;
    result.out_waits += p_->out_valid.high() && !p_->out_ready.high();
    holding = offer;
    if (offer && p_->in_ready.high()) {
      active = true;
      holding = false;
      ++word;
    }
    if (active) quiet = 0;
    else if (++quiet > options.watchdog)
      throw CheckFailed("watchdog",
                        fmt::format("no handshake and no firing for {} cycles (cycle {}): input tvalid {} tready {} ({} of {} words), "
                                    "output tvalid {} tready {} ({} beats){}",
                                    quiet, cycle, p_->in_valid.high(), p_->in_ready.high(), word, in_words,
                                    p_->out_valid.high(), p_->out_ready.high(), result.beats.size(),
                                    options.reproduce.empty() ? "" : "\n  reproduce: " + options.reproduce));
    if ((cycle & 0x3FF) == 0) check_interrupt();
    if (options.progress && (cycle & 0x3FFF) == 0) options.progress(options.progress_self, cycle, 0);
    tick();
    ++cycle;
  }
  if (tracing_) {
    model_->trace_close();
    tracing_ = false;
  }
  p_->in_valid.set(0);
  result.cpu_seconds = thread_seconds() - cpu_begin;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (options.check) result.outputs = board.outputs();
  result.golden = board.events();
  result.golden.input_buffer_writes = in_words;
  if (options.check && !board.done()) throw CheckFailed("output", fmt::format("the run ended after {} beats, before its last output position", result.beats.size()));
  result.rtl = result.golden;  // where nothing counts
  result.cycles = cycle;
  if (!options.registers) return result;
  result.status = read(reg::status);
  if (result.status >> 8)
    throw CheckFailed("status", fmt::format("error bits set after the run: 0x{:04X}", result.status));
  if (!core_.counters) return result;
  for (std::size_t i = 0; i < event_count; ++i)
    result.rtl.at(i) = static_cast<std::int64_t>(read64(reg::events + 8 * static_cast<std::uint32_t>(i)));
  result.cycles = static_cast<std::int64_t>(read64(reg::cycles));
  result.first_fire = static_cast<std::int64_t>(read64(reg::first_fire));
  result.last_fire = static_cast<std::int64_t>(read64(reg::last_fire));
  return result;
}

namespace {

/// The evaluator of whole data sets gives the same maps and counts the same events as the hardware.
void check_fast_evaluator(const Hardware& hw, const Layer& layer, const LayerData& data, const std::vector<IntTensor>& inputs, const LayerRun& run,
                          const std::string& again) {
  if (!has_fast_arithmetic(hw)) {  // maps alone
    const ConvertedLayer converted(hw, layer, data);
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (converted.run(inputs[i], 1, nullptr, static_cast<std::int64_t>(i)) != run.outputs[i])
        throw CheckFailed("output", fmt::format("layer {}: frame {}: the fast evaluator gives another map than the RTL{}", layer.name, i, again));
    return;
  }
  const FastLayer fast(hw, layer, data, true);
  EventCounts counted;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (fast.run(inputs[i], &counted) != run.outputs[i])
      throw CheckFailed("output", fmt::format("layer {}: frame {}: the fast evaluator gives another map than the RTL{}", layer.name, i, again));
  counted.idle_cycles = run.rtl.idle_cycles;  // the timing model's
  for (std::size_t i = 0; i < event_count; ++i)
    if (counted.at(i) != run.rtl.at(i))
      throw CheckFailed("events", fmt::format("layer {}: event {}: RTL {} fast evaluator {}{}", layer.name, event_list[i].name, run.rtl.at(i), counted.at(i), again));
}

}  // namespace

LayerRun run_layer(CoreDriver& driver, const Core& core, const Layer& layer, const LayerData& data,
                   const std::vector<IntTensor>& inputs, const RunOptions& options) {
  const GoldenLayer golden(core.parameters.hw, layer, data);
  for (const IntTensor& x : inputs) golden.check_input(x);
  const LayerProgram program = build_program(core.parameters, layer, data, static_cast<int>(inputs.size()));
  driver.reset();
  driver.load(program, options.direct_cells);
  LayerRun run = driver.run(golden, inputs, options);
  run.load_cycles = driver.load_cycles();
  run.load_words = driver.load_words();
  compare_run(run, core, layer, data, inputs, options);
  return run;
}

void compare_run(LayerRun& run, const Core& core, const Layer& layer, const LayerData& data, const std::vector<IntTensor>& inputs,
                 const RunOptions& options) {
  const Hardware& hw = core.parameters.hw;
  const int frames = static_cast<int>(inputs.size());
  const bool counters = core.counters && options.registers;
  run.predicted = predict_timing(hw, layer, frames);
  if (options.stalls.any()) {
    const Bound bound = run.predicted.bound;
    run.predicted = timing_under_stalls(hw, layer, frames, run.offered, run.ready);
    run.predicted.bound = bound;
  }
  const std::string again = options.reproduce.empty() ? "" : "\n  reproduce: " + options.reproduce;
  for (std::size_t i = 0; i < run.beats.size(); ++i)
    if (i >= run.predicted.beats.size() || run.beats[i] != run.predicted.beats[i])
      throw CheckFailed("timing", fmt::format("layer {}: output beat {} leaves in cycle {}, predicted {}{}", layer.name, i, run.beats[i],
                                              i < run.predicted.beats.size() ? run.predicted.beats[i] : -1, again));
  if (!counters) {
    run.first_fire = run.predicted.first_fire;
    run.last_fire = run.predicted.last_fire;
  }
  if (run.cycles != run.predicted.cycles || run.first_fire != run.predicted.first_fire || run.last_fire != run.predicted.last_fire)
    throw CheckFailed("timing", fmt::format("layer {}: cycles {} first firing {} last firing {}, predicted {} {} {}{}", layer.name,
                                            run.cycles, run.first_fire, run.last_fire, run.predicted.cycles,
                                            run.predicted.first_fire, run.predicted.last_fire, again));
  run.golden.idle_cycles = counters ? run.predicted.idle_cycles() : run.rtl.idle_cycles;
  for (std::size_t i = 0; options.check && i < event_count; ++i)
    if (run.rtl.at(i) != run.golden.at(i))
      throw CheckFailed("events", fmt::format("layer {}: event {}: RTL {} golden {}{}", layer.name, event_list[i].name, run.rtl.at(i),
                                              run.golden.at(i), again));
  if (options.check && (has_fast_arithmetic(hw) || has_converted_arithmetic(hw))) check_fast_evaluator(hw, layer, data, inputs, run, again);
}

namespace {

/// A core and what its model is compiled from.
struct Assembled {
  Core core;
  Elaboration rtl;
};

Assembled assemble(const CoreSpec& spec, const std::vector<Layer>& layers, const LayerData* rom_data, const Sources* blocks) {
  Assembled a;
  Core& core = a.core;
  core.parameters = core_parameters(spec.hw, layers);
  core.hash = hardware_hash(spec);
  core.rom = spec.tables == Tables::rom;
  core.counters = spec.event_counters;
  std::optional<LayerProgram> rom;
  if (core.rom) rom = build_program(core.parameters, layers.at(0), *rom_data);
  a.rtl = elaborate(spec, core.parameters, rom ? &*rom : nullptr, {true, std::string(kDataFolder) + "/" + kMemDir});
  if (blocks) replace_texts(a.rtl.blocks, *blocks);
  core.rtl = fnv1a("");
  for (const auto& [name, text] : a.rtl.sources()) core.rtl = fnv1a(name + "\n" + text, core.rtl);
  for (const auto& [name, text] : a.rtl.images) core.rtl = fnv1a(kMemDir + name + "\n" + text, core.rtl);
  return a;
}

}  // namespace

Core describe_core(const CoreSpec& core, const std::vector<Layer>& layers) { return assemble(core, layers, nullptr, nullptr).core; }

Core build_core_from(const CoreSpec& core, const std::vector<Layer>& layers, const LayerData* rom_data,
                     const BuildOptions& options, const Sources* rtl) {
  Assembled a = assemble(core, layers, rom_data, rtl);
  a.core.coverage = options.coverage;
  a.core.object = build_elaborated(a.rtl, options);
  return a.core;
}

Core build_core(const CoreSpec& core, const std::vector<Layer>& layers, const LayerData* rom_data,
                const BuildOptions& options) {
  return build_core_from(core, layers, rom_data, options, nullptr);
}

}  // namespace epim

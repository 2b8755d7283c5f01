// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// The bench of the misuse checks: one small core, its layer, and the bare moves on its ports.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gen/core/register_map.hpp"
#include "gen/core/synthetic.hpp"
#include "golden/bounds.hpp"
#include "sim/driver.hpp"
#include "sim/regression.hpp"

namespace epim::misuse {

// Status register bits (gen/core/register_map.def).
inline constexpr std::uint32_t busy_bit = 1, done_bit = 2, committed_bit = 4;
inline constexpr std::uint32_t start_refused = 1u << 8, write_refused = 1u << 9, frame_length = 1u << 10,
                               ifat_error = 1u << 11, ifrt_error = 1u << 12, ofat_error = 1u << 13,
                               load_error = 1u << 14, parity_error = 1u << 15, error_bits = 0xFF00;
inline constexpr std::uint32_t start = 1, abort_run = 2, commit = 4;

/// Nine activations per position, three output ranges, partial words, an odd number of activations in a run.
inline constexpr const char* configuration = R"(
schema = 1
name = "misuse"
[hardware]
crossbar = "64x16"
cell_bits = 1
weight_bits = 3
act_bits = 3
cols_per_adc = 4
lanes = 4
out_bits = 8
{}
[layer]
cin = 12
cout = 15
kernel = 3
padding = 1
height = 5
width = 5
[layer.epitome]
e_out = 5
e_in = 4
p = 4
q = 4
sampler = "distinct"
[layer.data]
seed = 45
)";

/// Fails the check unless `ok`. The text is built in any case: it must not move the clock.
inline void require(bool ok, const std::string& stage, const std::string& text) {
  if (!ok) throw CheckFailed(stage, text);
}

/// Table entries by address.
using Entries = std::vector<std::pair<std::uint32_t, std::uint64_t>>;

/// A word of the input stream.
struct Word {
  int frame = 0, index = 0;  ///< index >= the frame's words: a word too many
  bool last = false;
};

/// What a run gave at the output stream.
struct Streamed {
  std::vector<std::vector<std::uint64_t>> beats;  ///< channels of each beat
  std::vector<bool> lasts;
  std::int64_t cycles = 0;
};

/// One small core with its layer, and the bare moves on its ports.
class Bench {
 public:
  /// `keys`: lines more of the hardware. `pool`: the layer's weights come from a weight pool.
  Bench(const std::string& keys, bool pool, const BuildOptions& build, const Sources* rtl) {
    std::string text = configuration;
    text.replace(text.find("{}"), 2, keys);
    if (pool) {
      const auto instead = [&text](std::size_t at, std::size_t end, const char* by) { text.replace(at, end - at, by); };
      instead(text.find("64x16"), text.find("64x16") + 5, "16x16");
      instead(text.find("weight_bits = 3"), text.find("weight_bits = 3") + 15, "weight_bits = 1");
      instead(text.find("[layer.epitome]"), text.find("[layer.data]"), "[layer.pool]\nkept = \"1/2\"\ngroup = 4\n");
    }
    made_ = prepare_layer(parse_config(text, "misuse.toml"));
    core_ = build_core_from(made_.core, {made_.layer}, &made_.data, build, rtl);
    program_ = build_program(core_.parameters, made_.layer, made_.data, 1);
    driver_ = std::make_unique<CoreDriver>(core_);
    const GoldenLayer golden(made_.core.hw, made_.layer, made_.data);
    EventCounts events;
    inputs_ = {made_.input, synthetic_input(made_.layer, made_.core.hw, 46)};
    for (const IntTensor& x : inputs_) outputs_.push_back(golden.run(x, events));
  }

  CoreDriver& driver() { return *driver_; }
  const Core& core() const { return core_; }
  const SyntheticLayer& made() const { return made_; }
  const LayerProgram& program() const { return program_; }
  Signal port(const char* name) { return driver_->model().port(name); }
  std::uint32_t status() { return driver_->read(reg::status); }
  int frame_words() const { return 5 * 5 * 3; }
  int positions() const { return 25; }
  int beats_per_position() const { return 4; }

  /// Reset, then the layer's program, committed.
  void fresh() {
    driver_->reset();
    driver_->load(program_);
  }
  void set_frames(int frames) {
    driver_->write(reg::frames, static_cast<std::uint32_t>(frames));
    if (!core_.rom) driver_->write(reg::control, commit);
  }
  /// Replaces entries of a table and commits again.
  void patch(ProgramKind kind, const Entries& entries) {
    for (const auto& [address, entry] : entries) {
      driver_->write(reg::prog_select, static_cast<std::uint32_t>(kind));
      driver_->write(reg::prog_addr, address);
      driver_->write(reg::prog_data, static_cast<std::uint32_t>(entry));
      driver_->write(reg::prog_data, static_cast<std::uint32_t>(entry >> 32));
    }
    driver_->write(reg::control, commit);
  }
  /// One AXI4-Lite write with all signals chosen; true: OKAY.
  bool write_strobed(std::uint32_t address, std::uint32_t value, unsigned strobe) {
    port("s_axil_wstrb_i").set(strobe);
    const bool ok = driver_->try_write(address, value);
    port("s_axil_wstrb_i").set(0xF);
    return ok;
  }
  /// One AXI4-Lite read; true: OKAY.
  bool try_read(std::uint32_t address) {
    Signal valid = port("s_axil_arvalid_i");
    valid.set(1);
    port("s_axil_araddr_i").set(address);
    driver_->model().eval();
    require(port("s_axil_arready_o").high(), "control bus", "arready low without a read outstanding");
    driver_->tick();
    valid.set(0);
    require(port("s_axil_rvalid_o").high(), "control bus", fmt::format("no data for the read of 0x{:03X}", address));
    return port("s_axil_rresp_o").get() == 0;
  }

  /// The words of `frames` frames, tlast where it belongs.
  std::vector<Word> words(int frames = 1) const {
    std::vector<Word> list;
    for (int f = 0; f < frames; ++f)
      for (int i = 0; i < frame_words(); ++i) list.push_back({f, i, i + 1 == frame_words()});
    return list;
  }

  /// Streams `list` in while the core is busy. `out_period` n > 1: the output is ready in one cycle of n; the beat
  /// that waits must not change. `during` is called once, in cycle 40. Fails when the core is still busy after
  /// `limit` cycles.
  Streamed stream(const std::vector<Word>& list, int out_period = 1, const std::function<void()>& during = {},
                  std::int64_t limit = 20000) {
    Signal valid = port("s_axis_tvalid_i"), ready = port("s_axis_tready_o"), data = port("s_axis_tdata_i"),
           last = port("s_axis_tlast_i"), out_valid = port("m_axis_tvalid_o"), out_ready = port("m_axis_tready_i"),
           out_data = port("m_axis_tdata_o"), out_last = port("m_axis_tlast_o"), busy = port("busy_o");
    const int lanes = made_.core.hw.lanes, bits = made_.core.hw.out_bits;
    Streamed result;
    std::size_t at = 0;
    bool waiting = false, held_last = false;
    std::vector<std::uint64_t> held;
    for (int i = 0; !busy.high(); ++i) {
      require(i < 10, "start", "the core does not become busy after an accepted start");
      driver_->tick();
    }
    while (busy.high()) {
      if (result.cycles == 40 && during) {
        valid.set(0);
        out_ready.set(0);
        driver_->model().eval();
        during();
        if (!busy.high()) break;
      }
      const bool offer = at < list.size();
      valid.set(offer);
      if (offer) {
        const Word& w = list[at];
        data.clear();
        for (int l = 0; l < lanes; ++l) {
          const int block = w.index % 3, x = w.index / 3 % 5, y = w.index / 15;
          const std::int64_t v = y < 5 ? inputs_[static_cast<std::size_t>(w.frame)](block * lanes + l, y, x) : 7;
          data.put(l * made_.core.hw.act_bits, made_.core.hw.act_bits, static_cast<std::uint64_t>(v));
        }
        last.set(w.last);
      }
      out_ready.set(result.cycles % out_period == out_period - 1);
      driver_->model().eval();
      std::vector<std::uint64_t> beat;
      for (int l = 0; l < lanes; ++l) beat.push_back(out_data.field(l * bits, bits));
      if (waiting) {
        require(out_valid.high(), "output handshake",
                fmt::format("tvalid fell before tready in cycle {}", result.cycles));
        require(beat == held, "output handshake",
                fmt::format("tdata changed before tready in cycle {}", result.cycles));
        require(out_last.high() == held_last, "output handshake",
                fmt::format("tlast changed before tready in cycle {}", result.cycles));
      }
      if (out_valid.high() && out_ready.high()) {
        result.beats.push_back(beat);
        result.lasts.push_back(out_last.high());
      }
      waiting = out_valid.high() && !out_ready.high();
      held = beat;
      held_last = out_last.high();
      if (offer && ready.high()) ++at;
      if (result.cycles >= limit)
        throw CheckFailed("watchdog",
                          fmt::format("still busy after {} cycles: {} of {} words taken, {} beats, status 0x{:04X}",
                                                  limit, at, list.size(), result.beats.size(), status()));
      driver_->tick();
      ++result.cycles;
    }
    valid.set(0);
    out_ready.set(0);
    driver_->model().eval();
    return result;
  }

  /// Beats against golden maps, one per frame.
  void expect(const Streamed& got, const std::vector<IntTensor>& want) {
    const std::size_t per_frame = static_cast<std::size_t>(positions() * beats_per_position());
    require(got.beats.size() == want.size() * per_frame, "output",
            fmt::format("{} beats, expected {}", got.beats.size(), want.size() * per_frame));
    for (std::size_t b = 0; b < got.beats.size(); ++b) {
      const int position = static_cast<int>(b % per_frame) / beats_per_position();
      const int word = static_cast<int>(b) % beats_per_position();
      const IntTensor& map = want[b / per_frame];
      for (int l = 0; l < made_.core.hw.lanes; ++l) {
        const int c = word * made_.core.hw.lanes + l;
        const std::uint64_t v = c < 15 ? static_cast<std::uint64_t>(map(c, position / 5, position % 5)) : 0;
        require(got.beats[b][static_cast<std::size_t>(l)] == v, "output",
                fmt::format("beat {} lane {}: {} expected {}", b, l, got.beats[b][static_cast<std::size_t>(l)], v));
      }
      require(got.lasts[b] == ((b + 1) % per_frame == 0), "output",
              fmt::format("beat {}: tlast {}", b, bool{got.lasts[b]}));
    }
  }
  const IntTensor& golden_output(int frame) const { return outputs_[static_cast<std::size_t>(frame)]; }
  /// The golden map of frame 0 with every word from `word` on set to zero.
  IntTensor golden_cut(int word) const {
    IntTensor x = inputs_[0];
    for (int i = word; i < frame_words(); ++i)
      for (int l = 0; l < made_.core.hw.lanes; ++l) x(i % 3 * made_.core.hw.lanes + l, i / 15, i / 3 % 5) = 0;
    EventCounts events;
    return GoldenLayer(made_.core.hw, made_.layer, made_.data).run(x, events);
  }
  /// Starts, streams one frame, compares, and asks for a clean end.
  Streamed clean_run(int out_period = 1) {
    driver_->write(reg::control, start);
    Streamed got = stream(words(), out_period);
    expect(got, {golden_output(0)});
    const std::uint32_t s = status();
    require((s & (busy_bit | done_bit | error_bits)) == done_bit, "status",
            fmt::format("after a clean run: 0x{:04X}, expected done alone", s));
    return got;
  }
  void expect_error(std::uint32_t bit, const char* what) {
    const std::uint32_t s = status();
    require((s & error_bits) == bit, "status",
            fmt::format("{}: error bits 0x{:04X}, expected 0x{:04X}", what, s & error_bits, bit));
  }

 private:
  Config config_;
  SyntheticLayer made_;
  Core core_;
  LayerProgram program_;
  std::unique_ptr<CoreDriver> driver_;
  std::vector<IntTensor> inputs_, outputs_;
};

// Checks of sim/misuse_edges.cpp.
void paths_through(Bench& b);
void start_and_abort(Bench& b);
void frames_of_a_run(Bench& b);
void program_outside(Bench& b);
void half_entry_dropped(Bench& b);
void interrupt(Bench& b);
void reset_release(Bench& b);

}  // namespace epim::misuse

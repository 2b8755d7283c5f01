// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// A chip's model with clock and reset; of one with a load port also its host: bus accesses, programs, and when they are in.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gen/chip/chip.hpp"
#include "sim/core_link.hpp"
#include "sim/model.hpp"
#include "sim/protocol.hpp"
#include "sim/staller.hpp"

namespace epim {

class ChipHost : public CoreLink {
 public:
  ChipHost(const ChipDesign& chip, const std::string& object);

  Model& model() { return model_; }
  /// One clock cycle; a word of the load port is offered if one waits and `stalls` lets it.
  void tick();
  /// Something that drives the streams: called in every clock, before its edge. Empty: nothing.
  void with_traffic(std::function<void()> traffic) { traffic_ = std::move(traffic); }
  /// Cores that are models of their own: called before every edge, when the frame's outputs hold, and after it, to put theirs on the
  /// frame's ports; and when the reset has fallen, which moves outputs without an edge.
  void with_cores(std::function<void()> before_edge, std::function<void()> after_edge, std::function<void()> in_reset) {
    cores_before_ = std::move(before_edge);
    cores_after_ = std::move(after_edge);
    cores_in_reset_ = std::move(in_reset);
  }
  /// A waveform of the clocks from now on, until trace_end() or the end. Of a model built for it.
  void trace(const std::string& file) { tracing_ = model_.trace_open(file); }
  void trace_end();
  std::int64_t cycle() const { return cycle_; }  ///< clocks so far
  /// Reset. A chip of images stands at cycle 0 then; one with a load port waits for its programs.
  void reset();

  // A chip with a load port.
  /// Words that follow those that wait.
  void queue_load(const std::vector<LoadWord>& words) { load_.insert(load_.end(), words.begin(), words.end()); }
  std::size_t load_waits() const { return load_.size(); }
  void stall_load(int percent, std::uint64_t seed) { stalls_.emplace(percent, true, seed); }
  /// Sends `words` and waits for cycle 0. `predicted`: at a word per cycle, every cycle as golden says it is; else only the start after the
  /// last word is. `running`: the chip runs, no image is in it. `progress` is told the share of the words that is taken. Throws CheckFailed
  /// "load port". Returns cycles from the first offer to cycle 0.
  std::int64_t load(const std::vector<LoadWord>& words, bool running, bool predicted = true, const std::function<void(double)>& progress = {});
  bool open() const { return in_ready_.high(); }

  /// Registers: of the chip from address 0, of core k from `window(k)`.
  static std::uint32_t window(int core) { return kRegisterWindow * (static_cast<std::uint32_t>(core) + 1); }
  bool try_write(std::uint32_t address, std::uint32_t value) override;
  std::uint32_t read(std::uint32_t address) override;
  bool try_read(std::uint32_t address, std::uint32_t& value);

 private:
  const ChipDesign& chip_;
  Model model_;
  ProtocolWatch watch_;
  Signal clk_, rst_, in_valid_, in_ready_, out_ready_;
  std::deque<LoadWord> load_;
  std::optional<Staller> stalls_;
  std::function<void()> traffic_, cores_before_, cores_after_, cores_in_reset_;
  bool offered_ = false, tracing_ = false;
  std::int64_t cycle_ = 0, first_taken_ = -1, last_taken_ = -1;
};

}  // namespace epim

// SPDX-FileCopyrightText: 2026 The epim authors
// SPDX-License-Identifier: Apache-2.0
/// One core of a chip as a model of its own: cores of one shape share the compiled code.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gen/chip/chip.hpp"
#include "golden/timing/chip_timing.hpp"
#include "sim/build.hpp"
#include "sim/chip_words.hpp"
#include "sim/core_link.hpp"
#include "sim/model.hpp"

namespace epim {

/// What a core's model is compiled from, and what each core puts into its own instance.
struct CoreText {
  Elaboration rtl;                           ///< without images
  std::map<std::string, std::string> images; ///< by the names in the text
  CoreParameters parameters;
  LayerProgram program;
  bool loaded = false;                       ///< it has a load port: a LinkedCores core, programmed from outside; the text is all
};
/// `rtl`: texts in the place of the built-in blocks.
CoreText core_text(const ChipDesign& chip, std::size_t core, const Sources* rtl = nullptr);
/// Path of the compiled model.
std::string build_core_text(const CoreText& text, const BuildOptions& options);

/// A core that stands at cycle 0 of the chip and is stepped cycle by cycle.
class CoreModel {
 public:
  CoreModel(const CoreText& text, const std::string& object);

  /// Inputs of the cycle; then the outputs hold.
  void drive(bool word, const std::uint64_t* data, bool last, bool room);
  bool ready() const { return s_ready_.high(); }
  bool valid() const { return m_valid_.high(); }
  bool last() const { return m_last_.high(); }
  bool error() const { return error_.high(); }
  /// The offered word; 64-bit words as many as in a WordTape.
  const std::uint64_t* word() {
    m_data_.get_words(word_.data());
    return word_.data();
  }
  /// The rising edge; the falling one comes with the next inputs.
  void edge();
  /// Keeps a copy of all state but the cells, which nothing writes. `same`: whether it is what it was at the last `keep`.
  void keep();
  bool same() const;

 private:
  Model model_;
  Signal clk_, rst_, s_valid_, s_ready_, s_data_, s_last_, m_valid_, m_ready_, m_data_, m_last_, error_;
  std::vector<std::uint64_t> word_;
  std::vector<std::pair<const std::uint8_t*, std::size_t>> parts_;  ///< of the state, between the cells
  std::vector<std::uint8_t> kept_;
};

/// What the ports of a core do in every cycle, as predicted: bits `word`, `room` (inputs), `ready`, `valid` (outputs).
class CoreSchedule {
 public:
  static constexpr std::uint8_t word = 1, room = 2, ready = 4, valid = 8;
  void add(const BlockPorts& p) {
    cycles_.push_back(static_cast<std::uint8_t>((p.word ? word : 0) | (p.room ? room : 0) | (p.ready ? ready : 0) | (p.valid ? valid : 0)));
  }
  const std::vector<std::uint8_t>& cycles() const { return cycles_; }

 private:
  std::vector<std::uint8_t> cycles_;
};

/// A difference, and the cycle in which it was seen.
class ChipMismatch : public CheckFailed {
 public:
  ChipMismatch(std::string stage, const std::string& text, std::int64_t cycle) : CheckFailed(std::move(stage), text), cycle_(cycle) {}
  std::int64_t cycle() const { return cycle_; }

 private:
  std::int64_t cycle_;
};

/// What a core did.
struct CoreReplay {
  std::string name, key;             ///< key: hash of the model, of what is in it and of everything it is compared with
  std::int64_t cycles = 0, words_in = 0, words_out = 0;
  std::int64_t stepped = 0;          ///< cycles that the model was stepped; in the others nothing in it could change
  double seconds = 0;
  bool resumed = false;
};

/// Steps a core through `schedule` and compares both of its output handshakes in every cycle, every word and tlast, and error_o.
/// `progress` is told cycles done. Throws ChipMismatch at the first difference.
CoreReplay replay_core(const std::string& name, CoreModel& core, const CoreSchedule& schedule, const WordTape& in, const WordTape& out,
                       const std::function<void(std::int64_t)>& progress);

}  // namespace epim
